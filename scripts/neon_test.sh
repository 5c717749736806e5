#!/bin/sh
# Builds base and the kernels for 64-bit Arm with Debian's cross compiler and runs the kernels' contract
# tests in user-mode emulation. Needs googletest and the packages of group cross (scripts/packages.txt).
#   scripts/neon_test.sh [arguments of kernels_test]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build="$root/build/neon"
googletest=/usr/src/googletest

for tool in aarch64-linux-gnu-g++ qemu-aarch64 cmake ninja; do
  command -v "$tool" > /dev/null || { echo "neon_test: $tool is missing: scripts/setup.sh cross" >&2; exit 1; }
done
[ -f "$googletest/CMakeLists.txt" ] || { echo "neon_test: $googletest is missing: install googletest" >&2; exit 1; }

launcher=
if command -v ccache > /dev/null; then launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
mkdir -p "$build"
cmake -S "$root/cmake/neon" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release $launcher \
  -DCMAKE_TOOLCHAIN_FILE="$root/cmake/aarch64.cmake" -DTHIMBLE_GOOGLETEST="$googletest" \
  > "$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" --target kernels_test
exec qemu-aarch64 -L /usr/aarch64-linux-gnu "$build/kernels/kernels_test" --gtest_brief=1 "$@"
