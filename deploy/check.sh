#!/usr/bin/env bash
# check.sh [--dry-run]: everything that is deployed otherwise than this checkout says; exit code 1 if anything.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" check "$@"
