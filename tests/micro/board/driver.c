// Runs an exported package over the samples of a file and writes its answers, and holds it to its contract: nothing
// outside the arena and the output changes, an arena that is too small is refused, and what the arena held before does
// not matter. The file is one byte, with which the arena is filled before each run, and the samples; answers are
// followed by four numbers of 32 bits: stack, arena, bytes of an input, bytes of an output.
//
// Macros: PACKAGE_HEADER ("kws.h"), PACKAGE_RUN (kws_run), PACKAGE_MACROS (KWS), PACKAGE_IN and PACKAGE_OUT (element
// types), and IN_ARENA where input and output shall lie inside the arena.
#include "board.h"
#include PACKAGE_HEADER

#define JOINED(a, b) a##b
#define JOIN(a, b) JOINED(a, b)
#define PACKAGE(name) JOIN(PACKAGE_MACROS, name)

enum {
  ARENA = PACKAGE(_ARENA_BYTES),
  INPUT = PACKAGE(_INPUT_SIZE) * sizeof(PACKAGE_IN),
  OUTPUT = PACKAGE(_OUTPUT_SIZE) * sizeof(PACKAGE_OUT),
  GUARD = 16,
  PAINT = 0xC5,
};

#define GUARDED(bytes_)                                 \
  static struct {                                       \
    uint8_t before[GUARD];                              \
    uint8_t bytes[bytes_] __attribute__((aligned(16))); \
    uint8_t after[GUARD]; /* follows without a gap */   \
  }

GUARDED(ARENA) arena;
#ifdef IN_ARENA
#define input (arena.bytes + PACKAGE(_INPUT_OFFSET))
#define output (arena.bytes + PACKAGE(_OUTPUT_OFFSET))
#else
GUARDED(INPUT) guarded_input;
GUARDED(OUTPUT) guarded_output;
#define input guarded_input.bytes
#define output guarded_output.bytes
#endif

// One sample's instructions are counted from the first of the run function to the call of this.
__attribute__((noinline)) void board_ran(void) { __asm__ volatile(""); }

static inline __attribute__((always_inline)) uint8_t* stack_pointer(void) {
  uint8_t* sp;
#if defined(__AVR__)
  __asm__ volatile("in %A0, __SP_L__\n\tin %B0, __SP_H__" : "=r"(sp));
  ++sp;  // there it points to the next free byte, not to the last one used
#elif defined(__x86_64__)
  __asm__ volatile("mov %%rsp, %0" : "=r"(sp));
#elif defined(__riscv)
  __asm__ volatile("mv %0, sp" : "=r"(sp));
#else
  __asm__ volatile("mov %0, sp" : "=r"(sp));
#endif
  return sp;
}

static void fill(uint8_t* at, size_t bytes, uint8_t value) {
  for (size_t i = 0; i < bytes; ++i) at[i] = value;
}

static int filled(const uint8_t* at, size_t bytes, uint8_t value) {
  size_t i = 0;
  while (i < bytes && at[i] == value) ++i;
  return i == bytes;
}

// One run, with the stack below this frame painted before and looked at after it.
static __attribute__((noinline)) void run(uint32_t* deepest) {
  volatile uint8_t* const sp = stack_pointer();
  const size_t room = board_stack_room((const uint8_t*)sp);
  for (size_t i = 1; i <= room; ++i) sp[-(ptrdiff_t)i] = PAINT;
  const int error = PACKAGE_RUN(arena.bytes, ARENA, (const PACKAGE_IN*)input, (PACKAGE_OUT*)output);
  board_ran();
  size_t used = room;
  while (used > 0 && sp[-(ptrdiff_t)used] == PAINT) --used;
  if (error != 0) board_exit(BOARD_REFUSED);
  if (room > 0 && used == room) board_exit(BOARD_STACK_FULL);
  if (used > *deepest) *deepest = (uint32_t)used;
}

static uint32_t sum(const uint8_t* at, size_t bytes) {
  uint32_t value = 1;
  for (size_t i = 0; i < bytes; ++i) value = value * 31 + at[i];
  return value;
}

int main(void) {
  uint32_t report[4] = {0, ARENA, INPUT, OUTPUT};
  uint8_t before = 0;
  board_read(&before, 1);
  for (;;) {
    fill((uint8_t*)&arena, sizeof arena, before);
#ifndef IN_ARENA
    fill((uint8_t*)&guarded_output, sizeof guarded_output, before);
#endif
    const size_t got = board_read(input, INPUT);
    if (got == 0) break;
    if (got != INPUT) board_exit(BOARD_SHORT_INPUT);
    const uint32_t was = sum(input, INPUT);
    run(&report[0]);
    if (!filled(arena.before, GUARD, before) || !filled(arena.after, GUARD, before)) board_exit(BOARD_ARENA_OVERRUN);
#ifdef IN_ARENA
    (void)was;  // the input's place may be used again
#else
    if (!filled(guarded_output.before, GUARD, before) || !filled(guarded_output.after, GUARD, before))
      board_exit(BOARD_OUTPUT_OVERRUN);
    if (sum(input, INPUT) != was) board_exit(BOARD_INPUT_CHANGED);
#endif
    board_write(output, OUTPUT);
  }
  if (ARENA > 0 && PACKAGE_RUN(arena.bytes, ARENA - 1, (const PACKAGE_IN*)input, (PACKAGE_OUT*)output) == 0)
    board_exit(BOARD_SMALL_ARENA_TAKEN);
  board_write(report, sizeof report);
  board_exit(0);
}
