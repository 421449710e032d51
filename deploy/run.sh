#!/usr/bin/env bash
# What every script of this folder calls: run.sh setup|service|rollback|pubsub|schedules|check [ARGUMENT]...
# The work is done by the Python package beside this file, which reads the same registries as the services.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Variables of deploy/.env (see env.example); those that are set already win.
load_environment() {
  local file="${DEPLOY_ENV:-deploy/.env}" line name
  [ -f "$file" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case "$line" in
      '' | '#'*) continue ;;
    esac
    name="${line%%=*}"
    if [ -z "${!name:-}" ]; then
      export "$name=${line#*=}"
    fi
  done <"$file"
}

# The checkout's own interpreter, or a new enough one: the package needs nothing but the standard library.
find_python() {
  local python
  for python in .venv/bin/python python3 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$python"
      return 0
    fi
  done
  echo "error: Python 3.11 or newer is needed: install one, or run make" >&2
  return 1
}

load_environment
python="$(find_python)"
PATH="$PATH:$PWD/.venv/bin" # set-up calls tipoff
exec "$python" -m deploy "$@"
