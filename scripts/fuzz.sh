#!/usr/bin/env bash
# scripts/fuzz.sh SECONDS [NAME…]: builds the fuzz targets with clang and sanitizers in build/fuzz and
# runs each (or those named) for that long, starting from tests/fuzz/corpus. New inputs stay in
# build/fuzz/corpus; a crash is written beside them and ends the run with its exit status.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
cmake -S . -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER=clang++ \
  -DTHIMBLE_FUZZ=ON -DTHIMBLE_TESTS=OFF $(command -v ccache >/dev/null && echo -DCMAKE_CXX_COMPILER_LAUNCHER=ccache) \
  -DCMAKE_CXX_FLAGS="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" >/dev/null
names=("$@")
if [ ${#names[@]} = 0 ]; then
  for source in tests/fuzz/*_fuzz.cc; do
    name=$(basename "$source" _fuzz.cc)
    names+=("$name")
  done
fi
cmake --build build/fuzz --target "${names[@]/%/_fuzz}"
for name in "${names[@]}"; do
  echo "fuzz: $name, $seconds s"
  mkdir -p "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name"
  "build/fuzz/tests/fuzz/${name}_fuzz" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
    -artifact_prefix="build/fuzz/corpus/$name/" -print_final_stats=1 -verbosity=0 \
    "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name"
done
