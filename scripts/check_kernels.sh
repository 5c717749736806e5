#!/usr/bin/env bash
# The scalar definitions of operators (src/ops/*/kernel.h and what they include) go into C packages for small machines:
# each must be C99 and C++11 without a warning, for the host and, where their compilers are installed, for Cortex-M and
# AVR, and use no double, no heap, no printing and no state of its own.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0
strict=(-Isrc -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -c -o /dev/null -)

# compile HEADER COMPILER FLAGS…; a compiler that is not there is passed over.
compile() {
  local header=$1
  shift
  command -v "$1" >/dev/null || return 0
  if ! echo "#include \"${header#src/}\"" | "$@" "${strict[@]}"; then
    echo "check_kernels: $header does not compile: $*"
    bad=1
  fi
}

shopt -s nullglob
headers=(src/base/c99.h src/ops/*_kernel.h src/ops/*/kernel.h)
for header in "${headers[@]}"; do
  compile "$header" "${CC:-cc}" -std=c99 -x c -Wdouble-promotion
  compile "$header" "${CXX:-c++}" -std=c++11 -x c++
  compile "$header" arm-none-eabi-gcc -std=c99 -x c -mcpu=cortex-m4 -mthumb -Wdouble-promotion
  compile "$header" avr-gcc -std=c99 -x c -mmcu=atmega328p
done
# Words of the code, comments left out.
for header in "${headers[@]}"; do
  if sed 's|//.*||' "$header" | grep -nEw 'double|malloc|calloc|free|printf|goto|static (int|float|int32_t|int8_t) [a-z_]+( =|;)'; then
    echo "check_kernels: $header uses what small machines do not have"
    bad=1
  fi
done
[ $bad = 0 ] && echo "check_kernels: ${#headers[@]} headers are C99 and C++11"
exit $bad
