// conv2d with MVE: the sums of two outputs (rows) under three windows, and outputs from sums (conv2d_fast.h).
#pragma once

#include "micro/kernels/simd.h"
#include "ops/conv2d/kernel.h"

#if defined(THIMBLE_MVE)
enum { THIMBLE_ROWS = 16 };  // of sums that are kept, for each of three windows
typedef const int8_t* thimble_windows[3];

// What the loop over rows works with; assembly knows the order.
typedef struct thimble_row_sums {
  const int8_t *a, *b, *c, *w;  // windows, weights
  int32_t* sums;
  const int32_t* end;
  thimble_dim n, left, blocks;  // weights of a row: left + 16 · blocks, or 16 more where left is 0
  uint32_t lanes;               // the compiler's p0, which no list of assembly can name
} thimble_row_sums;

// 16 weights of two rows: 96 products in 12 instructions, of which compilers make 36. M is vmladav at the beginning of
// a row, else vmladava. r1, r3, r5: the windows, r9: weights; sums are in r0 … r10.
#define THIMBLE_BLOCK(M)                                                                                            \
  "vld20.8 {q0, q1}, [r9]\n\t"                                                                                      \
  "vldrb.u8 q2, [r1], #16\n\t"                                                                                      \
  "vld21.8 {q0, q1}, [r9]!\n\t"                                                                                     \
  "vldrb.u8 q3, [r3], #16\n\t" THIMBLE_PRODUCTS(M, "q2", "r0", "r2") "vldrb.u8 q2, [r5], #16\n\t" THIMBLE_PRODUCTS( \
      M, "q3", "r4", "r6") THIMBLE_PRODUCTS(M, "q2", "r8", "r10")
#define THIMBLE_PRODUCTS(M, X, U, V) M ".s8 " U ", " X ", q0\n\t" M ".s8 " V ", " X ", q1\n\t"
// The first `left` weights of a row. Behind one of an odd number are two zeros.
#define THIMBLE_PIECE \
  "add r9, r9, #3\n\t"                                                    \
  "bic r9, r9, #3\n\t"                                                    \
  "ldr lr, [%[s], #28]\n\t"                                               \
  "vld20.8 {q0, q1}, [r9]\n\t"                                            \
  "vctp.8 lr\n\t"                                                         \
  "vld21.8 {q0, q1}, [r9]\n\t"                                            \
  "vpstt\n\t"                                                             \
  "vldrbt.u8 q2, [r1]\n\t"                                                \
  "vldrbt.u8 q3, [r3]\n\t" THIMBLE_PRODUCTS("vmladav", "q2", "r0", "r2")  \
  "vpst\n\t"                                                              \
  "vldrbt.u8 q2, [r5]\n\t" THIMBLE_PRODUCTS("vmladav", "q3", "r4", "r6")  \
  THIMBLE_PRODUCTS("vmladav", "q2", "r8", "r10")                          \
  "add r1, r1, lr\n\t"                                                    \
  "add r3, r3, lr\n\t"                                                    \
  "add r5, r5, lr\n\t"                                                    \
  "add r9, r9, lr, lsl #1\n\t"
// All rows, which begin with FIRST.
#define THIMBLE_ROW_SUMS(FIRST) \
  __asm__ volatile(                                                                                           \
      "vmrs lr, p0\n\tstr lr, [%[s], #36]\n\tldm %[s], {r1, r3, r5, r9, r11}\n\t"                                                                   \
      "1:\n\t" FIRST                                                                                          \
      "ldr lr, [%[s], #32]\n\t"                                                                               \
      "wls lr, lr, 3f\n\t"                                                                                    \
      "2:\n\t" THIMBLE_BLOCK("vmladava")                                                                      \
      "le lr, 2b\n\t"                                                                                         \
      "3:\n\t"                                                                                                \
      "strd r4, r6, [r11, #64]\n\t"                                                                           \
      "strd r8, r10, [r11, #128]\n\t"                                                                         \
      "strd r0, r2, [r11], #8\n\t"                                                                            \
      "ldrd r2, lr, [%[s], #20]\n\t"                                                                          \
      "sub r1, r1, lr\n\t"                                                                                    \
      "sub r3, r3, lr\n\t"                                                                                    \
      "sub r5, r5, lr\n\t"                                                                                    \
      "cmp r11, r2\n\t"                                                                                       \
      "bne 1b\n\tldr lr, [%[s], #36]\n\tvmsr p0, lr"                                                                                                \
      :                                                                                                       \
      : [s] "r"(&s)                                                                                           \
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "q0", "q1", "q2", "q3", "cc", \
        "memory")

// The sums of `count` rows and three windows without bias, behind each other for each window.
THIMBLE_APART void thimble_sum_rows(const thimble_windows x, thimble_dim n, const int8_t* w, thimble_dim count,
                                    int32_t* sums) {
  const thimble_dim left = n % 16;
  thimble_row_sums s = {x[0], x[1], x[2], w, sums, sums + count + count % 2, n, left, left > 0 ? n / 16 : n / 16 - 1,
                        0};
  if (left > 0)
    THIMBLE_ROW_SUMS(THIMBLE_PIECE);
  else
    THIMBLE_ROW_SUMS(THIMBLE_BLOCK("vmladav"));
}

// What outputs are made with; assembly knows the order.
typedef struct thimble_row_scales {
  int8_t *a, *b, *c;
  const int8_t* shifts;
  const int32_t *multipliers, *bias, *sums;
  int32_t zero;
  thimble_dim count;
  int32_t lo, hi;
} thimble_row_scales;

// Outputs of one window, four at a time.
#define THIMBLE_SCALE(SUMS, Y)                                                                               \
  "vldrw.u32 q3, " SUMS                                                                                      \
  "\n\t"                                                                                                     \
  "vadd.i32 q3, q3, q2\n\t"                                                                                  \
  "vqrdmulh.s32 q3, q3, q0\n\t"                                                                              \
  "vshr.s32 q4, q3, #31\n\t"                                                                                 \
  "vadd.i32 q3, q3, q4\n\t" /* the shift rounds half up: one less makes negative halves go away from zero */ \
  "vrshl.s32 q3, q3, q1\n\t"                                                                                 \
  "vadd.i32 q3, q3, r8\n\t"                                                                                  \
  "vmax.s32 q3, q3, q5\n\t"                                                                                  \
  "vmin.s32 q3, q3, q6\n\t"                                                                                  \
  "vstrb.32 q3, [" Y "], #4\n\t"

static inline thimble_row_scales thimble_row_scales_of(const thimble_requantize* r, const int32_t* bias, int32_t* sums,
                                                       int8_t* const y[3]) {
  const thimble_row_scales s = {y[0], y[1], y[2], r->shift, r->multiplier, bias, sums, r->zero, 0, r->lo, r->hi};
  return s;
}

// The next `count` outputs of three windows.
static inline void thimble_scale_rows(thimble_row_scales* s, thimble_dim count) {
  s->count = count;
  __asm__ volatile(
      "ldm %[s], {r0, r1, r2, r3, r4, r5, r6, r8, r9, r10, r11}\n\t"
      "vdup.32 q5, r10\n\t"
      "vdup.32 q6, r11\n\t"
      "dlstp.32 lr, r9\n\t"
      "1:\n\t"
      "vldrw.u32 q0, [r4], #16\n\t"
      "vldrb.s32 q1, [r3], #4\n\t"
      "vldrw.u32 q2, [r5], #16\n\t" THIMBLE_SCALE("[r6, #64]", "r1") THIMBLE_SCALE("[r6, #128]", "r2")
          THIMBLE_SCALE("[r6], #16", "r0") "letp lr, 1b\n\tstm %[s], {r0, r1, r2, r3, r4, r5}"
      :
      : [s] "r"(s)
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "q0", "q1", "q2", "q3", "q4", "q5",
        "q6", "cc", "memory");
}
#undef THIMBLE_SCALE
#undef THIMBLE_PRODUCTS
#undef THIMBLE_BLOCK
#undef THIMBLE_PIECE
#undef THIMBLE_ROW_SUMS
#endif
