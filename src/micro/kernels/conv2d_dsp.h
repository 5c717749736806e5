// conv2d with the DSP extension: the sums of two outputs (rows) under three windows (conv2d_fast.h).
#pragma once

#include "micro/kernels/simd.h"

#if defined(THIMBLE_DSP) && defined(THIMBLE_THUMB)
#define THIMBLE_ROW_LOOPS 1

// What the loop over rows works with; assembly knows the order.
typedef struct thimble_row_sums {
  const int16_t* blocks;  // end of what is taken eight weights at a time
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
  "smlad r10, r5, r7, r10\n\t"  \
  "smlad r12, r6, r7, r12\n\t"  \
  "smlad r9, r4, " V            \
  ", r9\n\t"                    \
  "smlad r11, r5, " V           \
  ", r11\n\t"                   \
  "smlad lr, r6, " V ", lr\n\t"
#define THIMBLE_FOUR "ldmia r1!, {r2, r3}\n\t" THIMBLE_TWO("r2") THIMBLE_TWO("r3")

// The sums of `count` rows and three windows, behind each other for each window.
THIMBLE_APART void thimble_sum_rows(const int16_t* x, thimble_dim n, const int8_t* w, const int32_t* bias,
                                    thimble_dim count, int32_t* sums) {
  const int16_t* const end = x + 3 * (n + n % 2);
  const thimble_row_sums s = {x + n / 8 * 24, w, end, bias, sums, sums + count + count % 2, x};
  const thimble_row_sums* at = &s;
  // r7 may be the compiler's, and there is no other for it. On the stack: blocks, end, bias, sums, sums_end, x, r7.
  __asm__ volatile(
      "ldm %[s], {r0, r1, r2, r3, r4, r5, r6}\n\t"
      "push {r0, r2, r3, r4, r5, r6, r7}\n\t"
      "1:\n\t"
      "ldr r7, [sp, #8]\n\t"
      "ldr r0, [sp, #20]\n\t"
      "ldm r7!, {r8, r9}\n\t"
      "str r7, [sp, #8]\n\t"
      "ldr r7, [sp]\n\t"
      "mov r10, r8\n\t"
      "mov r12, r8\n\t"
      "mov r11, r9\n\t"
      "mov lr, r9\n\t"
      "cmp r0, r7\n\t"
      "beq 3f\n\t"
      "2:\n\t" THIMBLE_FOUR THIMBLE_FOUR
      "ldr r7, [sp]\n\t"
      "cmp r0, r7\n\t"
      "bne 2b\n\t"
      "3:\n\t"
      "ldr r7, [sp, #4]\n\t"
      "cmp r0, r7\n\t"
      "beq 5f\n\t"
      "4:\n\t"
      "ldr r2, [r1], #4\n\t" THIMBLE_TWO("r2")
      "ldr r7, [sp, #4]\n\t"
      "cmp r0, r7\n\t"
      "bne 4b\n\t"
      "5:\n\t"
      "ldrd r7, r2, [sp, #12]\n\t"
      "strd r10, r11, [r7, #64]\n\t"
      "strd r12, lr, [r7, #128]\n\t"
      "strd r8, r9, [r7], #8\n\t"
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
#endif
