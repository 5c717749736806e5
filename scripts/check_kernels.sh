#!/usr/bin/env bash
# The scalar definitions of operators (src/ops/*/kernel.h and what they include) and the fast ones (src/micro/kernels) go
# into C packages for small machines: each must be C99 and C++11 without a warning and stand alone, and all of them together
# in one file too, as those of one model do (no two names alike), for the host and, where their compilers are installed,
# for Cortex-M and AVR, and call nothing but memcpy, memmove, memset and float functions: no double, no heap, no printing.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0
object=$(mktemp)
trap 'rm -f "$object"' EXIT
strict=(-Isrc -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -c -o "$object" -)

complain() {
  echo "check_kernels: $*"
  bad=1
}

# compile "HEADER…" COMPILER FLAGS…; false where that compiler is not there.
compile() {
  local included=$1
  shift
  command -v "$1" >/dev/null || return 1
  # shellcheck disable=SC2086
  printf '#include "%s"\n' $included | "$@" "${strict[@]}" || complain "does not compile: $* $included"
}

# calls NM ALLOWED: what the object, which holds every function, calls.
calls() {
  local names
  names=$("$1" -u "$object" | awk '{print $NF}' | grep -vE "^($2)$")
  # shellcheck disable=SC2086
  [ -z "$names" ] || complain "some call" $names
}

shopt -s nullglob
headers=(src/base/c99*.h src/ops/*_kernel.h src/ops/*/kernel.h src/micro/kernels/*.h)
headers=("${headers[@]#src/}")
for header in "${headers[@]}"; do
  compile "$header" "${CC:-cc}" -std=c99 -x c -Wdouble-promotion
done
together="${headers[*]}"
compile "$together" "${CXX:-c++}" -std=c++11 -x c++
compile "$together" gcc -std=c99 -x c -fkeep-inline-functions &&
  calls nm 'mem(cpy|set|move)|[a-z0-9]+f|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail'
for core in cortex-m0 cortex-m3 'cortex-m55 -mfloat-abi=hard'; do
  # shellcheck disable=SC2086
  compile "$together" arm-none-eabi-gcc -std=c99 -x c -mthumb -mcpu=$core
  # shellcheck disable=SC2086
  compile "$together" arm-none-eabi-g++ -std=c++11 -x c++ -mthumb -mcpu=$core
done
compile "$together" clang -std=c99 -x c
compile "$together" arm-none-eabi-gcc -std=c99 -x c -mcpu=cortex-m4 -mthumb -fkeep-inline-functions &&
  calls arm-none-eabi-nm 'mem(cpy|set|move)|[a-z0-9]+f|__aeabi_(f(add|sub|mul|div|cmp..|2u?iz)|u?i2f|[a-z]*idiv(mod)?|u?ldivmod|l[a-z]+|mem[a-z0-9]+)'
compile "$together" avr-gcc -std=c99 -x c -mmcu=atmega328p
[ $bad = 0 ] && echo "check_kernels: ${#headers[@]} headers are C99 and C++11, one by one and together"
exit $bad
