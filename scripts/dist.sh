#!/usr/bin/env bash
# scripts/dist.sh [ARCH…]: programs that need nothing but a Linux kernel, for x86_64, aarch64 and riscv64 (all, where none
# is named), in dist/: thimble-ARCH (not for riscv64), thimble-run-ARCH, packages of both, checksums, and the list of
# what is inside (SPDX). Each is run once, under emulation where it is not this machine's.
set -euo pipefail
cd "$(dirname "$0")/.."
architectures=("${@:-x86_64}")
[ $# -gt 0 ] || architectures=(x86_64 aarch64 riscv64)
out=$PWD/dist
mkdir -p "$out"
jobs=${JOBS:-$(nproc)}
launcher=
if command -v ccache > /dev/null; then launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi

# debian NAME ARCH FILE DEBIAN_ARCH
debian() {
  local tree version
  tree=$(mktemp -d)
  version=$("${run[@]}" "$out/thimble-run-$2" --version | awk 'NR == 1 {print $2}')
  install -D -m 755 "$3" "$tree/usr/bin/$1"
  install -D -m 644 LICENSE "$tree/usr/share/doc/$1/copyright"
  mkdir -p "$tree/DEBIAN"
  cat > "$tree/DEBIAN/control" << CONTROL
Package: $1
Version: $version
Architecture: $4
Maintainer: Thimble
Section: science
Priority: optional
Description: train, compress, measure and run small neural networks
CONTROL
  dpkg-deb --root-owner-group -Zxz --build "$tree" "$out/$1_${version}_$4.deb" > /dev/null
  tar -C "$tree/usr" -czf "$out/$1-$version-$2.tar.gz" --owner 0 --group 0 bin share
  rm -rf "$tree"
}

for architecture in "${architectures[@]}"; do
  run=() targets=(thimble thimble-run)
  case $architecture in
    x86_64) debian=amd64 triplet= ;;
    aarch64) debian=arm64 triplet=aarch64-linux-gnu run=(qemu-aarch64 -cpu cortex-a53) ;;
    riscv64) debian=riscv64 triplet=riscv64-linux-gnu run=(qemu-riscv64) targets=(thimble-run) ;;
    *) echo "dist: there is no architecture '$architecture': x86_64, aarch64, riscv64" >&2; exit 2 ;;
  esac
  [ -z "$triplet" ] || scripts/sysroot.sh $debian
  build=build/dist-$architecture
  mkdir -p "$build"
  cmake --preset "dist-$architecture" $launcher > "$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
  cmake --build "$build" -j "$jobs" --target "${targets[@]}"
  for target in "${targets[@]}"; do
    "${triplet:+$triplet-}strip" -o "$out/$target-$architecture" "$build/$target"
    "${run[@]}" "$out/$target-$architecture" --version > /dev/null
  done
  for target in "${targets[@]}"; do debian "$target" "$architecture" "$out/$target-$architecture" $debian; done
done

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
                     'licenseDeclared': 'NOASSERTION', 'licenseComments': part.get('licence', part.get('license', '')),
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
(cd "$out" && sha256sum thimble-* ./*.deb > SHA256SUMS 2> /dev/null || true)
ls -l "$out" | awk 'NR > 1 {printf "%11s  %s\n", $5, $9}'
