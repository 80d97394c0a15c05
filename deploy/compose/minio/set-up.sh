#!/bin/sh
# Makes the bucket and its users, each with a policy of its own. Repeating it changes what has changed: a policy, a
# secret. Secrets come by the environment and go by standard input, so that no list of processes shows them.
#
#   MC_HOST_store                                     http://ROOT:SECRET@HOST:PORT
#   SERVER_SECRET_KEY, WORKER_SECRET_KEY              of the users reelmill-server and reelmill-worker
#   UPLOAD_SECRET_KEY, PLAYBACK_SECRET_KEY            of reelmill-upload and reelmill-playback, who sign the URLs that
#                                                     creators and players get and can do nothing else
set -eu

: "${MC_HOST_store:?}" "${SERVER_SECRET_KEY:?}" "${WORKER_SECRET_KEY:?}"
: "${UPLOAD_SECRET_KEY:?}" "${PLAYBACK_SECRET_KEY:?}"
policies=$(dirname "$0")
export MC_CONFIG_DIR="${TMPDIR:-/tmp}/mc"

make_user() {
  user=$1 policy=$1
  # what it answers would bring the secret into the log
  printf '%s\n%s\n' "$user" "$2" | mc --json admin user add store >/dev/null
  mc --json admin policy create store "$policy" "$policies/${user#reelmill-}-policy.json"
  # attaching again what is attached is an error
  mc --json admin user info store "$user" | grep -q "\"policyName\":\"$policy\"" ||
    mc --json admin policy attach store "$policy" --user "$user"
}

mc --json mb --ignore-existing store/reelmill
make_user reelmill-server "$SERVER_SECRET_KEY"
make_user reelmill-worker "$WORKER_SECRET_KEY"
make_user reelmill-upload "$UPLOAD_SECRET_KEY"
make_user reelmill-playback "$PLAYBACK_SECRET_KEY"
