#!/bin/sh
# The whole way of a video with curl and jq alone: curlFlow.sh SERVER FILE. Prints the master playlist.
set -eu
base="$1/api/v1"
file="$2"
email="curl-$(date +%s)-$$@example.org"

call() {
  curl --silent --show-error --fail-with-body --max-time 60 "$@"
}

call -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/json' \
  -d "{\"nickname\": \"curl\", \"email\": \"$email\", \"password\": \"curl and jq only\"}" \
  "$base/users/register" | grep -qx 201

token=$(call -H 'Content-Type: application/json' \
  -d "{\"email\": \"$email\", \"password\": \"curl and jq only\"}" \
  "$base/users/login" | jq -er .token)
bearer="Authorization: Bearer $token"

call -H "$bearer" "$base/me" | jq -e '.user_id and .role == "creator"' >/dev/null

begun=$(call -H "$bearer" -H 'Content-Type: application/json' \
  -d "$(jq -n --arg name "$(basename "$file")" '{file_name: $name, title: "By curl"}')" \
  "$base/videos/upload/initiate")
video_id=$(printf %s "$begun" | jq -er .video_id)
upload_url=$(printf %s "$begun" | jq -er .upload_url)

call -o /dev/null -T "$file" "$upload_url"

for again in 1 2; do
  call -w '\n%{http_code}\n' -H "$bearer" -H 'Content-Type: application/json' \
    -d "{\"video_id\": $video_id}" "$base/videos/upload/complete" | tail -n 1 | grep -qx 202
done

tries=0
while :; do
  detail=$(call -H "$bearer" "$base/videos/$video_id")
  status=$(printf %s "$detail" | jq -er .video.status)
  echo "$status $(printf %s "$detail" | jq -r '"\(.video.phase) \(.video.progress)"')" >&2
  case "$status" in
    online) break ;;
    transcoding) ;;
    *) printf '%s\n' "$detail" >&2; exit 1 ;;
  esac
  tries=$((tries + 1))
  [ "$tries" -lt 180 ] || exit 1
  sleep 1
done

call -H "$bearer" "$base/videos?limit=1&offset=0" | jq -e ".total == 1 and .videos[0].id == $video_id" >/dev/null
printf %s "$detail" | jq -e '.sources | length > 0 and all(.format == "HLS" and (.quality | test("^[0-9]+p$")))' >/dev/null

playlist=$(call "$(printf %s "$detail" | jq -er .video.playback_url)")
printf '%s\n' "$playlist"

# every address in a playlist is good as it stands, down to the bytes
rendition=$(call "$(printf %s "$detail" | jq -er '.sources[-1].url')")
printf '%s\n' "$rendition" | grep -v '^#' | while read -r segment; do
  call -o /dev/null "$segment"
done
call -o /dev/null "$(printf %s "$detail" | jq -er .video.cover_url)"
