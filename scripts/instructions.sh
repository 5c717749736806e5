#!/usr/bin/env bash
# scripts/instructions.sh TARGET MODEL…: instructions of one inference of each model on an emulated processor, a line each:
# what can be said of speed where the clock says nothing. Counted by a plugin of qemu-user over runs of
# dist/thimble-run-ARCH (`make dist`), one thread: (all of 6 runs − all of 1) / 5, so that loading is not in it.
# TARGET: a board (pi5, pi4, pi3, zero2) or ARCH:CPU as QEMU names it (aarch64:cortex-a72, armv7:cortex-a7, riscv64:rv64).
# THIMBLE_ISA=scalar counts the kernels without vectors. THIMBLE_RUN names another program of that architecture.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
target=$1
shift
case $target in
  pi5) target=aarch64:cortex-a76 ;;
  pi4) target=aarch64:cortex-a72 ;;
  pi3 | zero2) target=aarch64:cortex-a53 ;;
esac
architecture=${target%%:*} cpu=${target#*:}
case $architecture in
  aarch64 | riscv64) emulator=qemu-$architecture ;;
  armv7) emulator=qemu-arm ;;
  *) echo "instructions: '$target' is neither a board (pi5, pi4, pi3, zero2) nor ARCH:CPU (aarch64, armv7, riscv64)" >&2; exit 2 ;;
esac
program=${THIMBLE_RUN:-$root/dist/thimble-run-$architecture}
for needed in "$emulator" cc; do
  command -v "$needed" > /dev/null || { echo "instructions: $needed is missing: scripts/setup.sh dist" >&2; exit 2; }
done
[ -f "$program" ] || { echo "instructions: $program is missing: make dist ARCHS=$architecture" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -shared -fPIC -o "$work/instructions.so" "$(dirname "$0")/instructions.c"
# all RUNS MODEL
all() {
  "$emulator" -cpu "$cpu" -plugin "$work/instructions.so,counts=$work/count" "$program" bench "$2" --quiet --json \
    --num_threads=1 --num_runs="$1" --min_secs=0 --warmup_runs=1 --warmup_min_secs=0 --max_secs=1e6 > "$work/said" || {
    cat "$work/said" >&2
    exit 1
  }
  cat "$work/count"
}
for model in "$@"; do
  few=$(all 1 "$model")
  many=$(all 6 "$model")
  echo $(((many - few) / 5))
done
