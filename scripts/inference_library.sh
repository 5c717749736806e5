#!/usr/bin/env bash
# scripts/inference_library.sh [-b BUILD] [-o OUT] [MODEL…]: the library that runs models and cannot train, as
# OUT/every_model/libthimble.so, and for each MODEL one with the operators of that model alone, OUT/NAME/libthimble.so; from
# the archives of BUILD (build/release), with no more than the tables of operators compiled again (cmake/tables.cmake).
# Asserts that no library has a symbol of training in it and that all answer alike, and prints their sizes, stripped.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/release out=build/inference
while getopts b:o: option; do
  case $option in
    b) build=$OPTARG ;;
    o) out=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
build=$(realpath "$build")
sample=tests/models/micro/hello_world_int8.tflite
lstm=tests/models/micro/trained_lstm.tflite  # what the library of a model without LSTM must refuse
compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
[ -f "$build/libthimble.a" ] || { echo "inference_library: $build/libthimble.a is missing: make build" >&2; exit 2; }

complain() {
  echo "inference_library: $*" >&2
  exit 1
}

# The functions of operators that only training has, its words, and what the rooms that the library must not reach define.
training=$(sed -nE 's/^(TRAINING|GRADIENT|UPDATE)\(.*, (\w+)\)$/\2/p' src/ops/ops.def | sort -u | paste -sd '|')
training="::($training)\(|_grad|gradient|[Oo]ptimizer|_update([^_]|\$)|[Dd]ropout|fake_quantize|crossentropy"
defined() { nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 && $2 ~ /[TDBR]/ {print $3}' | sort -u; }
foreign=$(mktemp)
trap 'rm -f "$foreign"' EXIT
for archive in "$build"/src/*/libthimble_*.a; do
  case $archive in
    */src/base/* | */src/kernels/* | */src/graph/* | */src/ops/* | */src/formats/* | */src/passes/* | */src/runtime/* | */src/api/*) ;;
    *) defined "$archive" ;;
  esac
done | sort -u >"$foreign"

# library NAME OPERATORS: OUT/NAME/libthimble.so, and its stripped size in $bytes.
library() {
  local folder=$out/$1 launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  mkdir -p "$folder"
  {
    cmake -S cmake/inference -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$compiler" \
      -DTHIMBLE_BUILD="$build" -DTHIMBLE_OPS="$2" "${launcher[@]}" && cmake --build "$folder/build"
  } >"$folder/log" 2>&1 || { tail -n 30 "$folder/log"; complain "$1 does not build"; }
  local whole=$folder/build/libthimble.so found
  found=$(nm -C --defined-only "$whole" | cut -c 20- | grep -E "$training" || true)
  [ -z "$found" ] || complain "$1 has symbols of training:"$'\n'"$found"
  found=$(nm --defined-only "$whole" | awk '{print $3}' | sort -u | comm -12 - "$foreign" | c++filt)
  [ -z "$found" ] || complain "$1 has symbols of rooms that it must not reach:"$'\n'"$found"
  strip -o "$folder/libthimble.so" "$whole"
  bytes=$(stat -c %s "$folder/libthimble.so")
}

row() { printf '%-46s %9s %14s\n' "$@"; }
# answer FOLDER MODEL
answer() { LD_LIBRARY_PATH=$out/$1 "$out/$1/build/run_model" "$2"; }

row library operators 'bytes stripped'
library every_model inference
row 'every model' "$(grep -cE '^(OP|UNARY|UNARY_WITHOUT_BUILTIN)\(' src/ops/ops.def src/ops/unary/unary.def | awk -F: '{n += $2} END {print n}')" "$bytes"
answer every_model $sample >"$out/every_model/answer"
for model in "$@"; do
  name=$(basename "${model%.*}")
  operators=$("$build/thimble" ops --model "$model" --names)
  library "$name" "$operators"
  row "$model" "$(tr ';' '\n' <<<"$operators" | wc -l)" "$bytes"
  answer every_model "$model" >"$out/every_model/answer"
  answer "$name" "$model" | cmp - "$out/every_model/answer" || complain "$model: another answer than the whole library's"
  case $operators in
    *lstm*) ;;
    *) (answer "$name" $lstm 2>&1 || true) | grep -q 'this library was built with' || complain "$name does not refuse $lstm" ;;
  esac
done
