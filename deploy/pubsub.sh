#!/usr/bin/env bash
# pubsub.sh [--dry-run]: topics, subscriptions, dead letters, push identities and their permissions.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" pubsub "$@"
