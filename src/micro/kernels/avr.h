// What the kernels of a package do in another way on AVR with a multiplier (ATmega): sums of products of bytes, and the
// upper half of products of 32 bits, for which compilers call functions of 64 bits. The same numbers.
#pragma once

#include "base/c99.h"

#if defined(__AVR_HAVE_MUL__) && defined(__AVR_HAVE_LPMX__)
#define THIMBLE_AVR 1

// sum + Σ x · w over n bytes, w in flash: 12 cycles for a product. The sum of two products has 16 bits and a sign,
// which is what BRGE branches by; 24 bits hold all 255.
static __attribute__((noinline, unused)) int32_t thimble_dot_short(const int8_t* x, const int8_t* w, uint8_t n,
                                                                   int32_t before) {
  int32_t sum = 0;
  int16_t two;
  int8_t a, b;
#define THIMBLE_PRODUCT "ld %[a], X+\n\tlpm %[b], Z+\n\tmuls %[a], %[b]\n\t"
#define THIMBLE_TWO_PRODUCTS             \
  THIMBLE_PRODUCT                        \
  "movw %A[two], r0\n\t" THIMBLE_PRODUCT \
  "add %A[two], r0\n\t"                  \
  "adc %B[two], r1\n\t"                  \
  "brge .+2\n\t"                         \
  "dec %C[sum]\n\t"                      \
  "add %A[sum], %A[two]\n\t"             \
  "adc %B[sum], %B[two]\n\t"             \
  "adc %C[sum], %D[sum]\n\t"  // the upper byte is 0 until the end
  __asm__ volatile(
      "1:\n\t"
      "subi %[n], 8\n\t"
      "brcs 2f\n\t" THIMBLE_TWO_PRODUCTS THIMBLE_TWO_PRODUCTS THIMBLE_TWO_PRODUCTS THIMBLE_TWO_PRODUCTS
      "rjmp 1b\n"
      "2:\n\t"
      "subi %[n], -8\n\t"  // 0 to 7 are left
      "sbrs %[n], 2\n\t"
      "rjmp 3f\n\t" THIMBLE_TWO_PRODUCTS THIMBLE_TWO_PRODUCTS
      "andi %[n], 3\n"
      "3:\n\t"
      "subi %[n], 1\n\t"
      "brcs 4f\n\t" THIMBLE_PRODUCT
      "add %A[sum], r0\n\t"
      "adc %B[sum], r1\n\t"
      "adc %C[sum], %D[sum]\n\t"
      "sbrc r1, 7\n\t"
      "dec %C[sum]\n\t"
      "rjmp 3b\n"
      "4:\n\t"
      "clr r1\n\t"
      "sbrc %C[sum], 7\n\t"
      "com %D[sum]"
      : [sum] "+r"(sum), [n] "+d"(n), [two] "=&r"(two), [a] "=&d"(a), [b] "=&d"(b), "+x"(x), "+z"(w)
      :
      : "r0", "memory");
#undef THIMBLE_TWO_PRODUCTS
#undef THIMBLE_PRODUCT
  return thimble_add(before, sum);
}

static __attribute__((noinline, unused)) int32_t thimble_dot_long(const int8_t* x, const int8_t* w, thimble_dim n,
                                                                  int32_t sum) {
  for (; n > 255; n -= 255, x += 255, w += 255) sum = thimble_dot_short(x, w, 255, sum);
  return thimble_dot_short(x, w, (uint8_t)n, sum);
}

static inline int32_t thimble_dot(const int8_t* x, const int8_t* w, thimble_dim n, int32_t sum) {
  return n > 255 ? thimble_dot_long(x, w, n, sum) : thimble_dot_short(x, w, (uint8_t)n, sum);
}

// The same of weights in memory.
static __attribute__((noinline, unused)) int32_t thimble_dot_in_memory(const int8_t* x, const int8_t* w, thimble_dim n,
                                                                       int32_t sum) {
  for (; n > 0; --n) sum += (int16_t)(*x++ * *w++);
  return sum;
}

// thimble_high_mul for b of 0 and more: 16 products of bytes, column by column of their sum.
static inline int32_t thimble_high_mul_positive(int32_t a, int32_t b) {
  int32_t y;
  uint8_t rest, half = 0x40, zero = 0;  // rest: bits 24 to 31 of the product, where the half is added
#define THIMBLE_TERM(u, v, low, high, carry) \
  "mul %" u "[a], %" v                       \
  "[b]\n\t"                                  \
  "add " low                                 \
  ", r0\n\t"                                 \
  "adc " high                                \
  ", r1\n\t"                                 \
  "adc " carry ", %[zero]\n\t"
  __asm__(
      "mul %A[a], %A[b]\n\t"
      "mov %A[y], r1\n\t"
      "clr %B[y]\n\t"
      "clr %[rest]\n\t"  // bits 8 to 15 in A
      THIMBLE_TERM("A", "B", "%A[y]", "%B[y]", "%[rest]")
      THIMBLE_TERM("B", "A", "%A[y]", "%B[y]", "%[rest]")
      "clr %A[y]\n\t"  // bits 16 to 23 in B
      THIMBLE_TERM("A", "C", "%B[y]", "%[rest]", "%A[y]")
      THIMBLE_TERM("B", "B", "%B[y]", "%[rest]", "%A[y]")
      THIMBLE_TERM("C", "A", "%B[y]", "%[rest]", "%A[y]")
      "clr %B[y]\n\t"
      "add %[rest], %[half]\n\t"
      "adc %A[y], %[zero]\n\t"
      "adc %B[y], %[zero]\n\t"
      THIMBLE_TERM("A", "D", "%[rest]", "%A[y]", "%B[y]")
      THIMBLE_TERM("B", "C", "%[rest]", "%A[y]", "%B[y]")
      THIMBLE_TERM("C", "B", "%[rest]", "%A[y]", "%B[y]")
      THIMBLE_TERM("D", "A", "%[rest]", "%A[y]", "%B[y]")
      "clr %C[y]\n\t"  // bits 32 to 39 in A
      THIMBLE_TERM("B", "D", "%A[y]", "%B[y]", "%C[y]")
      THIMBLE_TERM("C", "C", "%A[y]", "%B[y]", "%C[y]")
      THIMBLE_TERM("D", "B", "%A[y]", "%B[y]", "%C[y]")
      "clr %D[y]\n\t"
      THIMBLE_TERM("C", "D", "%B[y]", "%C[y]", "%D[y]")
      THIMBLE_TERM("D", "C", "%B[y]", "%C[y]", "%D[y]")
      "mul %D[a], %D[b]\n\t"
      "add %C[y], r0\n\t"
      "adc %D[y], r1\n\t"
      "clr r1\n\t"
      "sbrs %D[a], 7\n\t"  // bytes have no sign: a stood for a + 2^32 where it is negative
      "rjmp 1f\n\t"
      "sub %A[y], %A[b]\n\t"
      "sbc %B[y], %B[b]\n\t"
      "sbc %C[y], %C[b]\n\t"
      "sbc %D[y], %D[b]\n"
      "1:\n\t"
      "lsl %[rest]\n\t"
      "rol %A[y]\n\t"
      "rol %B[y]\n\t"
      "rol %C[y]\n\t"
      "rol %D[y]"
      : [y] "=&r"(y), [rest] "=&r"(rest)
      : [a] "r"(a), [b] "r"(b), [half] "r"(half), [zero] "r"(zero)
      : "r0");
#undef THIMBLE_TERM
  return y;
}

// thimble_requantized for shifts of −1 and below, and multipliers that are not negative.
static inline int8_t thimble_requantized_avr(const thimble_requantize* r, int32_t acc, thimble_dim channel) {
  uint8_t right = (uint8_t)(-1 - thimble_read_s8(r->shift + channel));
  int32_t v = thimble_high_mul_positive(acc, thimble_read_s32(r->multiplier + channel));
  if (v < 0) --v;
  for (; right >= 8; right = (uint8_t)(right - 8)) v >>= 8;  // moves bytes
  v = ((v >> right) + 1) >> 1;
  return (int8_t)thimble_clamp(v + r->zero, r->lo, r->hi);
}
#endif
