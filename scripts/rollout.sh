#!/bin/sh
# A new version beside the old one: build, migrate, start new web containers next to the running ones, wait until they are ready, then let
# the old ones drain. Streams are told to come back (their clients resume where they were), pages never see a closed door.
#
#   scripts/rollout.sh [REPLICAS]                        how many web containers in the end, 4 unless said
#
# When the new ones do not become ready they are removed and the old ones go on. Migrations only add (docs/runbook.md "A bad deploy"), so
# the old code works with the new tables.
set -eu
cd "$(dirname "$0")/.."

replicas=${1:-4}
old=$(docker compose ps --quiet web)
running=$(printf '%s' "$old" | grep -c . || true)

docker compose build
docker compose run --rm setup

drop() { # drop CONTAINER… : SIGTERM, the time that docker-compose.yml gives them, then away
  [ $# -eq 0 ] || { docker stop "$@" >/dev/null && docker rm "$@" >/dev/null; }
}

# Two first: a version that does not start must not cost more than two containers.
docker compose up --detach --no-deps --no-recreate --scale "web=$((running + 2))" web
new=$(docker compose ps --quiet web | grep --invert-match --line-regexp --fixed-strings "${old:-none}")
# shellcheck disable=SC2086  # ids have no blanks
if ! scripts/health-check.sh $new; then
  drop $new
  echo "The new version did not become ready; the old one goes on." >&2
  exit 1
fi
# shellcheck disable=SC2086
drop $old
docker compose up --detach --no-deps --no-recreate --scale "web=$replicas" web
scripts/health-check.sh
docker compose up --detach --no-deps worker beat nginx
