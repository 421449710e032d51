#!/usr/bin/env bash
# deploy.sh [--dry-run] [--percent N]: build the scraper, deploy it without traffic, check it, switch traffic to it, check again.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../run.sh" service scraper "$@"
