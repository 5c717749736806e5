// conv2d with the DSP extension: the sums of two outputs (rows) under three windows (conv2d_fast.h).
#pragma once

#include "micro/kernels/simd.h"

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

// An output of three windows (thimble_scaled_byte): their sums lie beside each other.
THIMBLE_WITHIN void thimble_scale_row(const int32_t** sums, int32_t multiplier, int32_t scale, int32_t offset,
                                      int8_t** a, int8_t** b, int8_t** c) {
  const int32_t* from = *sums;
  int8_t *ya = *a, *yb = *b, *yc = *c;
#define THIMBLE_SCALE(R, Y) \
  "lsl " R ", " R           \
  ", #1\n\t"                \
  "smmulr " R ", " R        \
  ", %[m]\n\t"              \
  "add " R ", " R ", " R    \
  ", asr #31\n\t"           \
  "smmlsr " R ", " R        \
  ", %[s], %[o]\n\t"        \
  "ssat " R ", #8, " R      \
  "\n\t"                    \
  "strb " R ", [" Y "], #1\n\t"
  __asm__ volatile("ldmia %[from]!, {r4, r5, r6}\n\t" THIMBLE_SCALE("r4", "%[a]") THIMBLE_SCALE("r5", "%[b]")
                       THIMBLE_SCALE("r6", "%[c]")
                   : [from] "+r"(from), [a] "+r"(ya), [b] "+r"(yb), [c] "+r"(yc)
                   : [m] "r"(multiplier), [s] "r"(scale), [o] "r"(offset)
                   : "r4", "r5", "r6", "cc", "memory");
#undef THIMBLE_SCALE
  *sums = from;
  *a = ya;
  *b = yb;
  *c = yc;
}
#endif
