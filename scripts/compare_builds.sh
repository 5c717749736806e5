#!/usr/bin/env bash
# Whether two builds write the same files: runs the `ci` presets of all studies with both programs and compares every
# .tflite and .thim, byte for byte. For changes that must not be seen from outside.
#   scripts/compare_builds.sh OLD/thimble NEW/thimble [STUDY.toml…]
# Exit status 1 where a file differs or is missing.
set -uo pipefail
cd "$(dirname "$0")/.."
old=$1 new=$2
shift 2
studies=("$@")
[ ${#studies[@]} -gt 0 ] || mapfile -t studies < <(grep -l '^\[preset\.ci\]' studies/*.toml)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
differ=0 same=0
for study in "${studies[@]}"; do
  name=$(basename "$study" .toml)
  for side in old new; do
    "${!side}" study "$study" --preset ci --out "$work/$side/$name" >"$work/$side.log" 2>&1 ||
      { echo "$name: the $side build fails"; tail -n 3 "$work/$side.log"; differ=1; }
  done
  while IFS= read -r -d '' file; do
    if cmp -s "$work/old/$name/$file" "$work/new/$name/$file"; then
      same=$((same + 1))
    else
      echo "$name: $file differs"
      differ=1
    fi
  done < <(cd "$work/old/$name" 2>/dev/null && find . \( -name '*.tflite' -o -name '*.thim' \) -print0)
  echo "$name: compared"
done
echo "$same files are the same"
exit $differ
