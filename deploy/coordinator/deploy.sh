#!/usr/bin/env bash
# deploy.sh [--dry-run]: build the coordinator, deploy it without traffic, check who answers, switch traffic to it.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../run.sh" service coordinator "$@"
