#!/usr/bin/env bash
# schedules.sh [--dry-run]            create or update the schedules
# schedules.sh check                  what is deployed otherwise than shared/registries/schedules.py says; exit code 1 if anything
# schedules.sh pause|resume NAME
# schedules.sh executions [NAME]      the last week's executions
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" schedules "$@"
