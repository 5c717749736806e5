// conv2d with the DSP extension: the sums of two outputs (rows) under three windows (conv2d_fast.h).
#pragma once

#include "micro/kernels/simd.h"
#include "ops/conv2d/kernel.h"

#if defined(THIMBLE_DSP) && defined(THIMBLE_THUMB)
#define THIMBLE_ROW_LOOPS 1

// What the loop over rows works with; assembly knows the order.
typedef struct thimble_row_sums {
  const int16_t* rest;  // end of what is taken two weights at a time before others are by eights; 0: nothing is
  const int8_t* w;
  const int16_t* end;
  const int32_t* bias;
  int32_t *sums, *sums_end;
  const int16_t* x;
} thimble_row_sums;

// Two weights of both rows, which are in V: 12 products.
#define THIMBLE_TWO(V)          \
  "ldmia r0!, {r4, r5, r6}\n\t" \
  "sxtb16 r7, " V               \
  "\n\t"                        \
  "sxtb16 " V ", " V            \
  ", ror #8\n\t"                \
  "smlad r8, r4, r7, r8\n\t"    \
  "smlad r9, r5, r7, r9\n\t"    \
  "smlad r10, r6, r7, r10\n\t"  \
  "smlad r11, r4, " V           \
  ", r11\n\t"                   \
  "smlad r12, r5, " V           \
  ", r12\n\t"                   \
  "smlad lr, r6, " V ", lr\n\t"
#define THIMBLE_FOUR "ldmia r1!, {r2, r3}\n\t" THIMBLE_TWO("r2") THIMBLE_TWO("r3")

// The sums of `count` rows, for each those of three windows.
THIMBLE_APART void thimble_sum_rows(const int16_t* x, thimble_dim n, const int8_t* w, const int32_t* bias,
                                    thimble_dim count, int32_t* sums) {
  const thimble_dim even = n + n % 2;
  const thimble_row_sums s = {even % 8 ? x + even % 8 * 3 : 0, w, x + even * 3, bias, sums,
                              sums + (count + count % 2) * 3,  x};
  const thimble_row_sums* at = &s;
  // r7 may be the compiler's, and there is no other for it. On the stack: rest, end, bias, sums, sums_end, x, r7.
  __asm__ volatile(
      "ldm %[s], {r0, r1, r2, r3, r4, r5, r6}\n\t"
      "push {r0, r2, r3, r4, r5, r6, r7}\n\t"
      "1:\n\t"
      "ldr r7, [sp, #8]\n\t"
      "ldr r0, [sp, #20]\n\t"
      "ldm r7!, {r8, r11}\n\t"
      "str r7, [sp, #8]\n\t"
      "mov r9, r8\n\t"
      "mov r10, r8\n\t"
      "mov r12, r11\n\t"
      "mov lr, r11\n\t"
      "ldr r7, [sp]\n\t"
      "cbz r7, 3f\n\t"
      "2:\n\t"
      "ldr r2, [r1], #4\n\t" THIMBLE_TWO("r2")
      "ldrd r7, r2, [sp]\n\t"
      "cmp r0, r7\n\t"
      "bne 2b\n\t"
      "cmp r0, r2\n\t"
      "beq 4f\n\t"
      "3:\n\t" THIMBLE_FOUR THIMBLE_FOUR
      "ldr r7, [sp, #4]\n\t"
      "cmp r0, r7\n\t"
      "bne 3b\n\t"
      "4:\n\t"
      "ldrd r7, r2, [sp, #12]\n\t"
      "stmia r7!, {r8, r9, r10, r11, r12, lr}\n\t"
      "str r7, [sp, #12]\n\t"
      "cmp r7, r2\n\t"
      "bne 1b\n\t"
      "add sp, sp, #24\n\t"
      "pop {r7}"
      : [s] "+h"(at)
      :
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "cc", "memory");
}
#undef THIMBLE_TWO
#undef THIMBLE_FOUR

// What outputs are made with; assembly knows the order.
typedef struct thimble_row_scales {
  int8_t *a, *b, *c;
  const int32_t* sums;
  const int32_t* multipliers;
  const int8_t* shifts;
  int32_t offset;
  const int8_t* end;  // of a
} thimble_row_scales;

// thimble_scaled_byte of the sum in R.
#define THIMBLE_SCALE(R, Y) \
  "lsl " R ", " R           \
  ", #1\n\t"                \
  "smmulr " R ", " R        \
  ", r12\n\t"               \
  "add " R ", " R ", " R    \
  ", asr #31\n\t"           \
  "smmlsr " R ", " R        \
  ", lr, r10\n\t"           \
  "ssat " R ", #8, " R      \
  "\n\t"                    \
  "strb " R ", [" Y "], #1\n\t"

static inline thimble_row_scales thimble_row_scales_of(const thimble_requantize* r, int32_t* sums, int8_t* const y[3]) {
  const thimble_row_scales s = {y[0], y[1], y[2], sums, r->multiplier, r->shift, thimble_offset_of(r->zero), y[0]};
  return s;
}

// The next `count` outputs of three windows.
static inline void thimble_scale_rows(thimble_row_scales* s, thimble_dim count) {
  s->end = s->a + count;
  __asm__ volatile(
      "push {r7, r12}\n\t"
      "mvn r7, #0\n\t"
      "ldm r12, {r0, r1, r2, r3, r8, r9, r10, r11}\n\t"
      "1:\n\t"
      "ldrsb lr, [r9], #1\n\t"
      "ldr r12, [r8], #4\n\t"
      "ldmia r3!, {r4, r5, r6}\n\t"
      "add lr, lr, #32\n\t"
      "lsl lr, r7, lr\n\t" THIMBLE_SCALE("r4", "r0") THIMBLE_SCALE("r5", "r1") THIMBLE_SCALE("r6", "r2")
      "cmp r0, r11\n\t"
      "bne 1b\n\t"
      "pop {r7, r12}\n\t"
      "stm r12, {r0, r1, r2}\n\t"
      "strd r8, r9, [r12, #16]"
      :
      : [s] "h"(s)  // which is r12: all others are named
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "cc", "memory");
}
#undef THIMBLE_SCALE
#endif
