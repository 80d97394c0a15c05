#!/usr/bin/env bash
# deploy/compose/backup.sh DIR   backs the compose installation up while it runs; see deploy/operations.md
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 077
read -ra compose <<<"${COMPOSE:-docker compose}"
secrets=${COMPOSE_ENV_FILES:-.env}
folder=$(realpath -m "${1:?usage: deploy/compose/backup.sh DIR}")
mkdir -p "$folder"
dump=database-$(date -u +%Y-%m-%dT%H-%M-%SZ).sql.gz

# the database first: whatever it names is in the store by then
"${compose[@]}" exec -T mysql sh -c 'MYSQL_PWD=$MYSQL_PASSWORD exec mysqldump --user=reelmill --single-transaction \
  --quick --skip-lock-tables --no-tablespaces --hex-blob --default-character-set=utf8mb4 reelmill' |
  gzip -1 >"$folder/$dump.new"
mv "$folder/$dump.new" "$folder/$dump"
"${compose[@]}" run --rm --no-deps -T --user "$(id -u):$(id -g)" --volume "$folder:/backup" --entrypoint node server \
  server/src/backup/main.ts backup /backup --dump "$dump"
install -m 600 "$secrets" "$folder/env"
echo "The secrets are in $folder/env: keep the folder where nobody else reads it."
