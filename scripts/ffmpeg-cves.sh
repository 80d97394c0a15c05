#!/bin/sh
# Prints which ffmpeg is used, and what its package's changelog says of CVEs; see docs/ffmpeg.md.
#
#   scripts/ffmpeg-cves.sh              the ffmpeg of this machine (the first one in PATH)
#   scripts/ffmpeg-cves.sh --compose    that of the worker's image
#   scripts/ffmpeg-cves.sh --image NAME that of another image
#
# Exit code 1 where there is no ffmpeg. What no package installed has no changelog here, and that is said.
set -eu

# the same everywhere: it runs inside an image, too
look='
command -v ffmpeg >/dev/null 2>&1 || { echo "There is no ffmpeg in PATH." >&2; exit 1; }
program=$(readlink -f "$(command -v ffmpeg)")
echo "program: $program"
echo "version: $(ffmpeg -version | sed -n 1p)"
package=$(dpkg-query --search "$program" 2>/dev/null | sed "s/:.*//" | sed -n 1p) || true
if [ -z "$package" ]; then
  echo "package: none known to dpkg; ask whoever made this build which fixes it has"
  exit 0
fi
dpkg-query --show --showformat="package: \${Package} \${Version}, source \${source:Package} \${source:Version}\n" "$package"
changelog=/usr/share/doc/$package/changelog.Debian.gz
if [ -e "$changelog" ]; then
  text=$(zcat "$changelog")
else
  # slim images leave documentation out
  text=$( (apt-get update && apt-get changelog "$package") 2>/dev/null) || true
fi
if [ -z "$text" ]; then
  echo "changelog: not in this image, and not to be had from here: apt-get changelog $package on a machine with a network"
  exit 0
fi
echo "CVEs in the changelog, by the version that fixed them:"
printf "%s\n" "$text" | awk "/^[a-z0-9.+-]+ \\(/ { version = \$2 } /CVE-[0-9]+-[0-9]+/ {
  line = \$0
  while (match(line, /CVE-[0-9]+-[0-9]+/)) {
    print \"  \" version \" \" substr(line, RSTART, RLENGTH)
    line = substr(line, RSTART + RLENGTH)
  }
}"
'

case ${1:-} in
'') exec sh -c "$look" ;;
--compose) image=reelmill.invalid/worker ;;
--image) image=${2:?the name of an image} ;;
*) echo 'usage: scripts/ffmpeg-cves.sh [--compose | --image NAME]' >&2; exit 2 ;;
esac
exec docker run --rm --pull never --entrypoint sh --user 0:0 "$image" -c "$look"
