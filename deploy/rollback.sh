#!/usr/bin/env bash
# rollback.sh SERVICE [REVISION] [--dry-run]: give traffic back to the revision before, after the same check as a deploy.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
tipoff_deploy rollback "$@"
