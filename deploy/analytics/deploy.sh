#!/usr/bin/env bash
# deploy.sh [--dry-run]: build the analytics, deploy it without traffic, check who answers, switch traffic to it.
set -euo pipefail
# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tipoff_deploy service analytics "$@"
