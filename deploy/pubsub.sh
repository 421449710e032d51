#!/usr/bin/env bash
# pubsub.sh [--dry-run]: topics, subscriptions, dead letters, push identities and their permissions.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
tipoff_deploy pubsub "$@"
