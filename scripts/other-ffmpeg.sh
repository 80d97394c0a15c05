#!/bin/sh
# Prints a folder with an ffmpeg and an ffprobe of another version than the machine's, to be put first in PATH. It is
# made once, in the cache of the set-up ($REELMILL_CACHE, or ~/.cache/reelmill); see docs/testing.md.
#
#   scripts/other-ffmpeg.sh debian13    the packages of Debian 13, by debootstrap (as root; needs patchelf, too)
#   scripts/other-ffmpeg.sh current     a static ffmpeg of the Python package imageio-ffmpeg, with ffprobe of Debian 13
set -eu

cache="${REELMILL_CACHE:-$HOME/.cache/reelmill}/ffmpeg"
folder="$cache/${1:-}"
work="$cache/unfinished"

# Programs that load their own libraries wherever the folder is: packages are unpacked only, and nothing of them is run.
make_debian13() {
  debootstrap --foreign --variant=minbase --include=ffmpeg trixie "$work/root" >&2
  for package in "$work"/root/var/cache/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$work/root"
  done
  mkdir -p "$folder.new/bin"
  cp "$work"/root/usr/bin/ffmpeg "$work"/root/usr/bin/ffprobe "$folder.new/bin"
  cp -a "$work/root/usr/lib/x86_64-linux-gnu" "$folder.new/lib"
  libraries="$folder/lib:$folder/lib/blas:$folder/lib/lapack:$folder/lib/pulseaudio"
  patchelf --set-interpreter "$folder/lib/ld-linux-x86-64.so.2" "$folder.new/bin/ffmpeg" "$folder.new/bin/ffprobe"
  # these libraries name folders of the system themselves
  patchelf --force-rpath --set-rpath "$libraries" "$folder.new/bin/ffmpeg" "$folder.new/bin/ffprobe" \
    "$folder.new"/lib/libpulse*.so.? "$folder.new"/lib/pulseaudio/*.so
}

make_current() {
  debian13=$("$0" debian13)
  python3 -m venv "$work"
  "$work/bin/pip" --quiet install imageio-ffmpeg >&2
  mkdir -p "$folder.new/bin"
  cp "$("$work/bin/python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" "$folder.new/bin/ffmpeg"
  ln -s "$debian13/ffprobe" "$folder.new/bin/ffprobe"
}

case "${1:-}" in
  debian13 | current) ;;
  *)
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
if [ ! -e "$folder" ]; then
  rm -rf "$work" "$folder.new"
  "make_$1"
  rm -rf "$work"
  mv "$folder.new" "$folder"
fi
"$folder/bin/ffmpeg" -version >/dev/null
echo "$folder/bin"
