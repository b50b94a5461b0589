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

drop() { # drop CONTAINER… : SIGTERM, the time that docker-compose.yml gives them, then away
  [ $# -eq 0 ] || { docker stop "$@" >/dev/null && docker rm "$@" >/dev/null; }
}

# shellcheck disable=SC2046,SC2086  # ids have no blanks
roll() { # roll SERVICE REPLICAS
  old=$(docker compose ps --quiet "$1")
  running=$(printf '%s' "$old" | grep -c . || true)
  # Two first: a version that does not start must not cost more than two containers.
  docker compose up --detach --no-deps --no-recreate --scale "$1=$((running + 2))" "$1"
  new=$(docker compose ps --quiet "$1" | grep --invert-match --line-regexp --fixed-strings "${old:-none}")
  if ! scripts/health-check.sh $new; then
    drop $new
    echo "The new version of $1 did not become ready; the old one goes on." >&2
    exit 1
  fi
  drop $old
  docker compose up --detach --no-deps --no-recreate --scale "$1=$2" "$1"
  scripts/health-check.sh $(docker compose ps --quiet "$1")
}

docker compose build
docker compose run --rm setup
roll web "$replicas"
# Only where streams have replicas of their own.
streams=$(docker compose ps --quiet streams | grep -c . || true)
[ "$streams" -eq 0 ] || roll streams "$streams"
docker compose up --detach --no-deps worker beat nginx
