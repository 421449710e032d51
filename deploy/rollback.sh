#!/usr/bin/env bash
# rollback.sh SERVICE [REVISION] [--dry-run]: give traffic back to the revision before, after the same check as a deploy.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" rollback "$@"
