#!/usr/bin/env bash
# scripts/install_test.sh [BUILD]: installs BUILD (default build/release) into a temporary prefix, moves
# the prefix (it must be relocatable), builds tests/install/main.cc with find_package and with pkg-config,
# runs both on a model, does the same with the program of examples/custom_operator, and checks that nothing installed names this source tree and that the program finds what came along.
set -euo pipefail
cd "$(dirname "$0")/.."
repo=$PWD
build=${1:-build/release}
if [ -z "$(ls include/thimble/*.h 2>/dev/null)" ]; then
  echo "install_test: skipped, include/thimble has no public header yet"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >"$work/log" || { cat "$work/log"; exit 1; }
mv "$work/first" "$work/moved"
prefix=$work/moved
libdir=$(dirname "$(find "$prefix" -name libthimble.a)")

model=$repo/tests/models/micro/hello_world_int8.tflite
launcher=$(command -v ccache >/dev/null && echo -DCMAKE_CXX_COMPILER_LAUNCHER=ccache || true)
cmake -S tests/install -B "$work/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" $launcher >"$work/log" \
  || { cat "$work/log"; exit 1; }
cmake --build "$work/cmake" >"$work/log" || { cat "$work/log"; exit 1; }
"$work/cmake/install_test" "$model" | tee "$work/one"

flags=$(PKG_CONFIG_PATH="$libdir/pkgconfig" pkg-config --cflags --libs --static thimble)
# shellcheck disable=SC2086
g++ -std=c++20 -O1 tests/install/main.cc $flags -o "$work/with_pkg_config"
"$work/with_pkg_config" "$model" >"$work/two"
cmp "$work/one" "$work/two"

# A program with an operator of its own.
cmake -S examples/custom_operator -B "$work/custom" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" \
  $launcher >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/custom" >"$work/log" || { cat "$work/log"; exit 1; }
"$work/custom/custom_operator" examples/custom_operator/maxout.tflite | tee "$work/three"
printf 'without the operator: unsupported\nwith it: 0.1974 0.3799 0.5370\n' | cmp - "$work/three"

if grep -rIl -- "$repo" "$prefix"; then
  echo "install_test: the files above name the source tree"
  exit 1
fi
if [ -x "$prefix/bin/thimble" ]; then  # it finds its recipes and data sets, and the documentation came along
  "$prefix/bin/thimble" --version
  test -f "$prefix/share/doc/thimble/docs/recipe.md"
  (cd "$work" && "$prefix/bin/thimble" words presets studies/fashion_cnn.toml | grep -q ^quick)
  for study in own_table own_photos; do  # with the data and the model that they name
    (cd "$work" && "$prefix/bin/thimble" train studies/$study.toml --preset ci -o $study.tflite -q >/dev/null)
  done
  (cd "$work" && "$prefix/bin/thimble" data show digits --json | grep -q '"samples":300')
fi
echo "install_test: find_package and pkg-config both work from a moved prefix"
