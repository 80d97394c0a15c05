#!/usr/bin/env bash
# deploy/compose/restore.sh DIR   restores a backup into an empty compose installation; see deploy/operations.md
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 077
read -ra compose <<<"${COMPOSE:-docker compose}"
secrets=${COMPOSE_ENV_FILES:-.env}
folder=$(realpath "${1:?usage: deploy/compose/restore.sh DIR}")
dump=$(sed -n 's/^ *"database": "\(.*\)",\{0,1\}$/\1/p' "$folder/backup.json")
[[ -n $dump && -e $folder/$dump ]] || { echo "There is no finished backup in $folder." >&2; exit 1; }
[[ -e $secrets ]] || install -m 600 "$folder/env" "$secrets"

client() {
  "${compose[@]}" exec -T mysql sh -c \
    'MYSQL_PWD=$MYSQL_PASSWORD exec mysql --user=reelmill --default-character-set=utf8mb4 "$@" reelmill' mysql "$@"
}
step() {
  "${compose[@]}" run --rm -T --user "$(id -u):$(id -g)" --volume "$folder:/backup" --entrypoint node server \
    server/src/backup/main.ts restore /backup --step "$1"
}

if [[ -n $("${compose[@]}" ps -q --status running server worker) ]]; then
  echo 'Server and workers must not run: docker compose stop server worker' >&2
  exit 1
fi
"${compose[@]}" up -d --wait mysql
if [[ -n $(client --skip-column-names --execute 'SHOW TABLES') ]]; then
  echo 'The database has tables already. A backup is restored into an empty installation only.' >&2
  exit 1
fi
step objects
gunzip -c "$folder/$dump" | client
step settle
echo 'Restored. Start everything: docker compose up -d'
