#!/usr/bin/env bash
# setup.sh [--dry-run]: everything a project needs before the first deploy, from APIs to tables; prints the first API key.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" setup "$@"
