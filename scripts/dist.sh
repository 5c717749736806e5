#!/usr/bin/env bash
# scripts/dist.sh [ARCH…]: programs that need nothing but a Linux kernel, for x86_64, aarch64, armv7 and riscv64 (all, where none
# is named), in dist/:
#   thimble-ARCH (not for riscv64), thimble-run-ARCH
#   thimble-tools_VERSION_ARCH.deb         both programs (thimble-run alone for riscv64), thimble-run of every other
#                                          architecture that lies in dist/, studies, documentation
#   thimble-run_VERSION_ARCH.deb           the program for devices alone
#   libthimble-dev_VERSION_ARCH.deb        the static library, headers, CMake package, pkg-config file
#   NAME-VERSION-ARCH.tar.gz of each, SHA256SUMS, sbom.spdx.json (what is inside, SPDX)
# Each program runs MNIST pictures, under emulation where it is not this machine's: integer outputs must be those of
# thimble-run-x86_64 to the bit. SAMPLES=N takes another number of them than 1,000 (0: none).
set -euo pipefail
cd "$(dirname "$0")/.."
architectures=("$@")
[ $# -gt 0 ] || architectures=(x86_64 aarch64 armv7 riscv64)
out=$PWD/dist
mkdir -p "$out"
jobs=${JOBS:-$(nproc)}
samples=${SAMPLES:-1000}
launcher=()
if command -v ccache > /dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# package NAME DEBIAN_ARCH ARCH DESCRIPTION: the tree in $work/NAME as .deb and .tar.gz
package() {
  local tree=$work/$1
  install -D -m 644 LICENSE "$tree/usr/share/doc/$1/copyright"
  tar -C "$tree/usr" -czf "$out/$1-$version-$3.tar.gz" --owner 0 --group 0 --sort name .
  mkdir -p "$tree/DEBIAN"
  cat > "$tree/DEBIAN/control" << CONTROL
Package: $1
Version: $version
Architecture: $2
Maintainer: Thimble
Section: science
Priority: optional
Installed-Size: $(du -sk "$tree/usr" | cut -f 1)
Description: $4
CONTROL
  dpkg-deb --root-owner-group -Zxz --build "$tree" "$out/$1_${version}_$2.deb" > /dev/null
  rm -rf "$tree"
}

# The integers that `program…` answers to pictures of MNIST, as one checksum.
answers() {
  "$@" run tests/micro/mnist_uno.tflite --input "0=$work/pictures.npy" --output-dir "$work/answers" --quiet > /dev/null
  sha256sum < "$work/answers/0.npy"
}

for architecture in "${architectures[@]}"; do
  run=() targets=(thimble thimble-run)
  case $architecture in
    x86_64) debian=amd64 triplet= ;;
    aarch64) debian=arm64 triplet=aarch64-linux-gnu run=(qemu-aarch64 -cpu cortex-a53) ;;
    armv7) debian=armhf triplet=arm-linux-gnueabihf run=(qemu-arm -cpu cortex-a7) ;;
    riscv64) debian=riscv64 triplet=riscv64-linux-gnu run=(qemu-riscv64) targets=(thimble-run) ;;
    *) echo "dist: there is no architecture '$architecture': x86_64, aarch64, armv7, riscv64" >&2; exit 2 ;;
  esac
  [ -z "$triplet" ] || scripts/sysroot.sh $debian
  build=build/dist-$architecture
  mkdir -p "$build"
  cmake --preset "dist-$architecture" "${launcher[@]}" > "$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
  cmake --build "$build" -j "$jobs" --target "${targets[@]}" thimble_archive
  for target in "${targets[@]}"; do
    "${triplet:+$triplet-}strip" -o "$out/$target-$architecture" "$build/$target"
    "${run[@]}" "$out/$target-$architecture" --version > /dev/null
  done
done

for architecture in "${architectures[@]}"; do
  run=()
  case $architecture in
    x86_64) debian=amd64 ;;
    aarch64) debian=arm64 run=(qemu-aarch64 -cpu cortex-a53) ;;
    armv7) debian=armhf run=(qemu-arm -cpu cortex-a7) ;;
    riscv64) debian=riscv64 run=(qemu-riscv64) ;;
  esac
  version=$("${run[@]}" "$out/thimble-run-$architecture" --version | awk 'NR == 1 {print $2}')
  build=build/dist-$architecture

  install -D -m 755 "$out/thimble-run-$architecture" "$work/thimble-run/usr/bin/thimble-run"
  package thimble-run $debian "$architecture" "runs, measures and evaluates small neural networks on a device"

  mkdir -p "$work/thimble-tools/usr"
  if [ -f "$out/thimble-$architecture" ]; then
    DESTDIR=$work/tools cmake --install "$build" --prefix /usr --component program > /dev/null
    mv "$work/tools/usr" "$work/thimble-tools/"
    rm -rf "$work/tools"
    install -m 755 "$out/thimble-$architecture" "$work/thimble-tools/usr/bin/thimble"
    for other in "$out"/thimble-run-*; do
      case $other in *.tar.gz) continue ;; esac
      install -D -m 755 "$other" "$work/thimble-tools/usr/lib/thimble/$(basename "$other")"
    done
    package thimble-tools $debian "$architecture" "train, compress, measure and run small neural networks"
  fi

  DESTDIR=$work/dev cmake --install "$build" --prefix /usr --component Unspecified > /dev/null
  mkdir -p "$work/libthimble-dev"
  mv "$work/dev/usr" "$work/libthimble-dev/"
  package libthimble-dev $debian "$architecture" "library that runs small neural networks: archive and headers"
done

# The same integers everywhere.
if [ "$samples" -gt 0 ] && [ -f "$out/thimble-run-x86_64" ]; then
  python3 - "$work/pictures.npy" "$samples" << 'PICTURES'
import gzip, struct, sys
path, count = sys.argv[1], int(sys.argv[2])
import glob
found = (glob.glob('datasets/mnist/t10k-images*') + glob.glob('datasets/*/t10k-images*') + glob.glob('/usr/share/dataset-*/t10k-images*'))[0]
with (gzip.open if found.endswith('.gz') else open)(found, 'rb') as file:
    pixels = file.read()[16:16 + 784 * count]
signed = bytes(p ^ 0x80 for p in pixels)
header = "{'descr': '|i1', 'fortran_order': False, 'shape': (%d, 28, 28, 1), }" % count
header += ' ' * (63 - (10 + len(header)) % 64) + '\n'
with open(path, 'wb') as file:
    file.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + signed)
PICTURES
  wanted=$(answers "$out/thimble-run-x86_64")
  for architecture in "${architectures[@]}"; do
    case $architecture in
      x86_64) continue ;;
      aarch64) emulators=("qemu-aarch64 -cpu cortex-a53" "qemu-aarch64 -cpu cortex-a72" "qemu-aarch64 -cpu cortex-a76") ;;
      armv7) emulators=("qemu-arm -cpu cortex-a7") ;;
      riscv64) emulators=("qemu-riscv64") ;;
    esac
    for emulator in "${emulators[@]}"; do
      # shellcheck disable=SC2086
      [ "$(answers $emulator "$out/thimble-run-$architecture")" = "$wanted" ] \
        || { echo "dist: thimble-run-$architecture ($emulator) answers otherwise than thimble-run-x86_64" >&2; exit 1; }
      echo "$emulator: $samples answers, all those of x86_64"
    done
  done
fi

# What is inside, from what the program says of itself.
python3 - "$out" << 'SBOM'
import json, os, re, subprocess, sys
out = sys.argv[1]
program = os.path.join(out, 'thimble-run-x86_64')
if not os.path.exists(program):
    sys.exit(0)
said = json.loads(subprocess.run([program, '--version', '--json'], capture_output=True, text=True, check=True).stdout)
ident = lambda text: 'SPDXRef-' + re.sub(r'[^A-Za-z0-9.-]', '-', text)
parts = [p for p in said['licences'] if p['name'] != 'thimble']
packages = [{'SPDXID': ident('thimble'), 'name': 'thimble', 'versionInfo': said['version'], 'licenseDeclared': 'Apache-2.0',
             'downloadLocation': 'NOASSERTION', 'filesAnalyzed': False}]
for part in parts:
    packages.append({'SPDXID': ident(part['name']), 'name': part['name'], 'versionInfo': part.get('version', 'NOASSERTION'),
                     'licenseDeclared': part['licence'],
                     'downloadLocation': 'NOASSERTION', 'filesAnalyzed': False})
document = {'spdxVersion': 'SPDX-2.3', 'dataLicense': 'CC0-1.0', 'SPDXID': 'SPDXRef-DOCUMENT', 'name': 'thimble-' + said['version'],
            'documentNamespace': 'https://spdx.org/spdxdocs/thimble-' + said['version'],
            'creationInfo': {'created': '1970-01-01T00:00:00Z', 'creators': ['Tool: scripts/dist.sh']},
            'packages': packages,
            'relationships': [{'spdxElementId': 'SPDXRef-DOCUMENT', 'relationshipType': 'DESCRIBES', 'relatedSpdxElement': ident('thimble')}]
            + [{'spdxElementId': ident('thimble'), 'relationshipType': 'STATIC_LINK', 'relatedSpdxElement': p['SPDXID']} for p in packages[1:]]}
with open(os.path.join(out, 'sbom.spdx.json'), 'w') as file:
    json.dump(document, file, indent=1)
SBOM
(cd "$out" && rm -f SHA256SUMS && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum > SHA256SUMS)
find "$out" -maxdepth 1 -type f -printf '%11s  %P\n' | sort -k 2
