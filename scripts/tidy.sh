#!/usr/bin/env bash
# scripts/tidy.sh BUILD [all]: clang-tidy over the units that differ from the last commit of main's
# history that is a day old, or over all of src.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
if [ "${2:-}" = all ]; then
  files=$(git ls-files 'src/*.cc')
else
  base=$(git rev-list -1 --before='1 day ago' HEAD || true)
  base=${base:-$(git rev-list --max-parents=0 HEAD | tail -n 1)}
  files=$(git diff --name-only --diff-filter=d "$base" -- 'src/*.cc')
fi
[ -z "$files" ] && exit 0
echo "$files" | xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet --warnings-as-errors='*' 2>/dev/null
