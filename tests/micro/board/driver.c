// Runs an exported package over the samples of a file and writes its answers, and holds it to its contract: nothing
// outside the arena and the outputs changes, an arena that is too small is refused, and what the arena held before does
// not matter. The file is one byte, with which the memory is filled before each run, and the samples; answers are
// followed by two numbers of 32 bits: bytes of stack and of the arena.
//
// package.h is written by package.py: ARENA_BYTES, RUN, and INPUTS and OUTPUTS, a PART(bytes, place in the arena) each.
// With IN_ARENA they lie inside the arena.
#include "board.h"
#include "package.h"

enum { GUARD = 16, PAINT = 0xC5 };

typedef struct {
  size_t bytes, place;
} part;

#define ROW(bytes, place) {bytes, place},
static const part inputs[] = {INPUTS(ROW)}, outputs[] = {OUTPUTS(ROW)};
enum { IN = sizeof inputs / sizeof *inputs, OUT = sizeof outputs / sizeof *outputs };

// A part beside the arena, with a guard behind it, ends at a multiple of 16.
#define SPAN(bytes) (((size_t)(bytes) + GUARD + 15) / 16 * 16)
#define PLUS_SPAN(bytes, place) +SPAN(bytes)

static struct {
  uint8_t before[GUARD];
  uint8_t bytes[ARENA_BYTES] __attribute__((aligned(16)));
  uint8_t after[GUARD];  // follows without a gap
} arena;
#ifndef IN_ARENA
static uint8_t in_memory[0 INPUTS(PLUS_SPAN)] __attribute__((aligned(16)));
static struct {
  uint8_t before[GUARD];
  uint8_t bytes[0 OUTPUTS(PLUS_SPAN)] __attribute__((aligned(16)));
} out_memory;
#endif

static void *in[IN], *out[OUT];

// One sample's instructions are counted from the first of the run function to the call of this.
__attribute__((noinline)) void board_ran(void) { __asm__ volatile(""); }

// Called behind each layer where these are counted.
void board_layer(void);
__attribute__((noinline)) void board_layer(void) { __asm__ volatile(""); }

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

static void fill(void* at, size_t bytes, uint8_t value) {
  for (size_t i = 0; i < bytes; ++i) ((uint8_t*)at)[i] = value;
}

static int filled(const uint8_t* at, size_t bytes, uint8_t value) {
  size_t i = 0;
  while (i < bytes && at[i] == value) ++i;
  return i == bytes;
}

static void place(const part* parts, void** at, size_t count, uint8_t* memory) {
  for (size_t i = 0; i < count; ++i) {
#ifdef IN_ARENA
    at[i] = memory + parts[i].place;
#else
    at[i] = memory;
    memory += SPAN(parts[i].bytes);
#endif
  }
}

// All inputs of a sample; 0 at the end of the file.
static int read_sample(void) {
  for (size_t i = 0; i < IN; ++i) {
    const size_t got = board_read(in[i], inputs[i].bytes);
    if (got == 0 && i == 0) return 0;
    if (got != inputs[i].bytes) board_exit(BOARD_SHORT_INPUT);
  }
  return 1;
}

static uint32_t sum_of_inputs(void) {
  uint32_t sum = 1;
  for (size_t i = 0; i < IN; ++i)
    for (size_t k = 0; k < inputs[i].bytes; ++k) sum = sum * 31 + ((const uint8_t*)in[i])[k];
  return sum;
}

// One run, with the stack below this frame painted before and looked at after it.
static __attribute__((noinline)) void run(uint32_t* deepest) {
  volatile uint8_t* const sp = stack_pointer();
  const size_t room = board_stack_room((const uint8_t*)sp);
  for (size_t i = 1; i <= room; ++i) sp[-(ptrdiff_t)i] = PAINT;
  const int error = RUN(arena.bytes, ARENA_BYTES, in, out);
  board_ran();
  size_t used = room;
  while (used > 0 && sp[-(ptrdiff_t)used] == PAINT) --used;
  if (error != 0) board_exit(BOARD_REFUSED);
  if (room > 0 && used == room) board_exit(BOARD_STACK_FULL);
  if (used > *deepest) *deepest = (uint32_t)used;
}

static void check_memory(uint8_t before, uint32_t sum) {
  if (!filled(arena.before, GUARD, before) || !filled(arena.after, GUARD, before)) board_exit(BOARD_ARENA_OVERRUN);
#ifdef IN_ARENA
  (void)sum;  // the places of the inputs may be used again
#else
  if (!filled(out_memory.before, GUARD, before)) board_exit(BOARD_OUTPUT_OVERRUN);
  for (size_t i = 0; i < OUT; ++i)
    if (!filled((uint8_t*)out[i] + outputs[i].bytes, SPAN(outputs[i].bytes) - outputs[i].bytes, before))
      board_exit(BOARD_OUTPUT_OVERRUN);
  if (sum_of_inputs() != sum) board_exit(BOARD_INPUT_CHANGED);
#endif
}

int main(void) {
  uint32_t report[2] = {0, ARENA_BYTES};
  uint8_t before = 0;
#ifdef IN_ARENA
  place(inputs, in, IN, arena.bytes);
  place(outputs, out, OUT, arena.bytes);
#else
  place(inputs, in, IN, in_memory);
  place(outputs, out, OUT, out_memory.bytes);
#endif
  board_read(&before, 1);
  for (;;) {
    fill(&arena, sizeof arena, before);
#ifndef IN_ARENA
    fill(&out_memory, sizeof out_memory, before);
#endif
    if (!read_sample()) break;
    const uint32_t sum = sum_of_inputs();
    run(&report[0]);
    check_memory(before, sum);
    for (size_t i = 0; i < OUT; ++i) board_write(out[i], outputs[i].bytes);
  }
  if (ARENA_BYTES > 0 && RUN(arena.bytes, ARENA_BYTES - 1, in, out) == 0) board_exit(BOARD_SMALL_ARENA_TAKEN);
  board_write(report, sizeof report);
  board_exit(0);
}
