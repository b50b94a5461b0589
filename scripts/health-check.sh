#!/bin/sh
# Waits until the panel is ready: every address named, or every running web container of docker-compose.yml, answers 200 at /health/ready.
#
#   scripts/health-check.sh [--within SECONDS] [URL…]        scripts/health-check.sh https://painel.example.com
#
# Ends with 0 when all were ready within the time (120 s unless said), else with 1 and the names of those that were not.
set -eu

within=120
if [ "${1:-}" = "--within" ]; then
  within=$2
  shift 2
fi
until=$(($(date +%s) + within))

ready() { # ready URL | ready NUMBER-OF-A-CONTAINER
  case $1 in
    http*) curl --fail --silent --show-error --max-time 5 --output /dev/null "${1%/}/health/ready" 2>/dev/null ;;
    *) docker exec "$1" python deploy/healthcheck.py >/dev/null 2>&1 ;;
  esac
}

if [ $# -eq 0 ]; then
  # shellcheck disable=SC2046  # ids have no blanks
  set -- $(docker compose ps --quiet web)
  [ $# -gt 0 ] || { echo "No web container runs here, and no URL was named." >&2; exit 1; }
fi

missing=
for each in "$@"; do
  until ready "$each"; do
    if [ "$(date +%s)" -ge "$until" ]; then
      missing="$missing $each"
      break
    fi
    sleep 1
  done
done
if [ -n "$missing" ]; then
  echo "Not ready within $within s:$missing" >&2
  exit 1
fi
echo "Ready: $*"
