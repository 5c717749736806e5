#!/usr/bin/env bash
# scripts/sysroot.sh ARCH [PACKAGE…]: the libraries that a cross build links, for ARCH (arm64, armhf, riscv64), in
# build/sysroot/ARCH: unpacked from Debian's packages, or built from its sources where it has none (riscv64). With
# PACKAGEs, those in build/sysroot/ARCH-extra, for scripts that run programs of ARCH; one of the form /REGEX/ is the
# newest of the names that match. Lists and downloads are its own: apt of this machine keeps its state and architectures.
set -euo pipefail
cd "$(dirname "$0")/.."
arch=${1:?"usage: scripts/sysroot.sh arm64|armhf|riscv64 [PACKAGE…]"}
shift
root=$PWD/build/sysroot/$arch
packages=(libminizip-dev libsodium-dev libstb-dev libwebp-dev zlib1g-dev)
sources=()
if [ $# -gt 0 ]; then
  root=$root-extra
  packages=("$@")
elif [ "$arch" = riscv64 ]; then
  packages=()
  sources=(libsodium libstb libwebp minizip zlib)
fi
stamp=$root/.complete
wanted="${packages[*]-} ${sources[*]-}"
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0

for tool in apt-get dpkg-deb; do
  command -v $tool > /dev/null || { echo "sysroot: $tool is missing: this needs a Debian system" >&2; exit 2; }
done
state=$PWD/build/sysroot/apt-$arch
mkdir -p "$state"/{lists/partial,cache/archives/partial,files,etc} "$root"
: > "$state/status"
private=(-o "Dir::State=$state" -o "Dir::State::Lists=$state/lists" -o "Dir::State::status=$state/status"
  -o "Dir::Cache=$state/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root)
echo "sysroot: $wanted for $arch" >&2

from_packages() {
  private+=(-o "APT::Architecture=$arch" -o "APT::Architectures=$arch")
  [ -n "$(find "$state/lists" -maxdepth 1 -name '*_Packages*' -mtime -1)" ] || apt-get -qq "${private[@]}" update >&2 \
    || echo "sysroot: one list is missing (a mirror between two states?): the packages come from the others" >&2
  local names=() package file
  for package in "${packages[@]}"; do
    if [[ $package == /*/ ]]; then
      package=${package#/}
      package=$(apt-cache "${private[@]}" pkgnames | grep -E "^${package%/}\$" | sort -V | tail -1)
    fi
    names+=("$package")
  done
  (cd "$state/files" && apt-get -qq "${private[@]}" download "${names[@]}" >&2)
  for package in "${names[@]}"; do
    for file in "$state/files/${package}"_*.deb; do dpkg-deb -x "$file" "$root"; done
  done
}

# build NAME COMMAND…: the unpacked source of that name, in its folder; its output only where it fails.
build() {
  local name=$1 log=$state/$1.log
  shift
  mkdir -p "$state/build/$name"
  tar -xf "$state/files/${name}"_*.orig.tar.* -C "$state/build/$name" --strip-components=1
  (cd "$state/build/$name" && set -e && "$@") > "$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
}
from_sources() {
  local triplet=$arch-linux-gnu file
  local cc=$triplet-gcc ar=$triplet-ar usr=$root/usr flags="-O2 -ffunction-sections -fdata-sections"
  for file in /etc/apt/sources.list.d/*.sources; do sed 's/^Types: .*/Types: deb-src/' "$file" > "$state/etc/${file##*/}"; done
  sed 's/^deb /deb-src /' /etc/apt/sources.list > "$state/etc/list.list" 2> /dev/null || true
  private+=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$state/etc")
  apt-get -qq "${private[@]}" update >&2
  (cd "$state/files" && rm -f ./*.orig.tar.*asc && apt-get -qq "${private[@]}" source --download-only "${sources[@]}" >&2)
  rm -rf "$state/build" "$state/files"/*.asc
  mkdir -p "$usr"/{lib,include/stb,include/minizip}
  build zlib env CC="$cc" AR="$ar" CFLAGS="$flags" sh -c './configure --static --prefix="$0" && make -j2 install' "$usr"
  build minizip sh -c "$cc $flags -I$usr/include -c -Dunix unzip.c ioapi.c && $ar rcs $usr/lib/libminizip.a unzip.o ioapi.o && cp unzip.h ioapi.h $usr/include/minizip/"
  build libsodium env CFLAGS="$flags" sh -c 'autoreconf -fi && ./configure --host="$0" --prefix="$1" --disable-shared --enable-minimal && make -j2 install' "$triplet" "$usr"
  build libwebp env CFLAGS="$flags" sh -c 'autoreconf -fi && ./configure --host="$0" --prefix="$1" --disable-shared && make -C sharpyuv && make -C src -j2 install' "$triplet" "$usr"
  build libstb sh -c "cp stb_image.h $usr/include/stb/ && $cc $flags -x c -DSTB_IMAGE_IMPLEMENTATION -c stb_image.h -o stb_image.o && $ar rcs $usr/lib/libstb.a stb_image.o"
}
[ ${#packages[@]} -eq 0 ] || from_packages
[ ${#sources[@]} -eq 0 ] || from_sources
echo "$wanted" > "$stamp"
