// softmax and log_softmax as C99: the scalar loops behind softmax.h, which says what they compute.
#pragma once

#include <float.h>
#include <math.h>

#include "base/c99.h"
#include "ops/fixed_function_kernel.h"

typedef struct thimble_softmax {
  thimble_dim rows, n;  // n values in each row
  float beta;           // float32 softmax
  // 8 bits, by the 256 differences d to a row's largest value: −d · scale · beta in Q5.26 (log_softmax) and e to the
  // power of it in Q0, both 0 where d is above −`lowest`: there the exponent is below what Q5.26 can hold.
  const int32_t* exponents;
  const int32_t* exponentials;
  int32_t lowest, reverse_multiplier;  // log_softmax: from an exponent back to −d
  int reverse_shift;
} thimble_softmax;

enum { THIMBLE_SOFTMAX_SUM_BITS = 12 };  // sums are Q12.19

// Of one row, bytes read as thimble_byte does.
THIMBLE_INLINE int32_t thimble_softmax_top(const thimble_softmax* p, const int8_t* x, int flip) {
  int32_t top = (int32_t)flip - 128;
  for (thimble_dim c = 0; c < p->n; ++c) {
    const int32_t v = thimble_byte(x[c], flip);
    if (v > top) top = v;
  }
  return top;
}

// Exponentials are not negative, so that adding a half rounds them.
THIMBLE_INLINE int32_t thimble_softmax_sum(const thimble_softmax* p, const int8_t* x, int32_t top, int flip) {
  uint32_t sum = 0;
  for (thimble_dim c = 0; c < p->n; ++c) {
    const int32_t e = thimble_read_s32(p->exponentials + (top - thimble_byte(x[c], flip)));
    sum += ((uint32_t)e + ((uint32_t)1 << (THIMBLE_SOFTMAX_SUM_BITS - 1))) >> THIMBLE_SOFTMAX_SUM_BITS;
  }
  return (int32_t)sum;
}

// What turns exponentials of one row into probabilities: a reciprocal in Q0 and the bits to shift by.
typedef struct thimble_softmax_share {
  int32_t reciprocal;
  int shift;
} thimble_softmax_share;

THIMBLE_INLINE thimble_softmax_share thimble_softmax_share_of(const thimble_softmax* p, const int8_t* x, int32_t top,
                                                              int flip, int bits) {
  int power = 0;
  thimble_softmax_share s = {0, 0};
  s.reciprocal = thimble_reciprocal(thimble_softmax_sum(p, x, top, flip), THIMBLE_SOFTMAX_SUM_BITS, &power);
  s.shift = power + 31 - bits < 0 ? 0 : power + 31 - bits > 31 ? 31 : power + 31 - bits;
  return s;
}

THIMBLE_INLINE uint32_t thimble_softmax_probability(thimble_softmax_share s, int32_t exponential) {
  const uint32_t half = s.shift > 0 ? (uint32_t)1 << (s.shift - 1) : 0;
  const int32_t v = (int32_t)(((int64_t)s.reciprocal * exponential + ((int64_t)1 << 30)) >> 31);
  return v < 0 ? 0 : ((uint32_t)v + half) >> s.shift;  // below 0 where a sum of too many wraps
}

// Probabilities in units of 1/256, counted from the type's lowest value.
THIMBLE_INLINE void thimble_softmax_bytes(const thimble_softmax* p, const int8_t* x, int8_t* y, int flip) {
  const int32_t low = (int32_t)flip - 128;
  for (thimble_dim r = 0; r < p->rows; ++r, x += p->n, y += p->n) {
    const int32_t top = thimble_softmax_top(p, x, flip);
    const thimble_softmax_share share = thimble_softmax_share_of(p, x, top, flip, 8);
    for (thimble_dim c = 0; c < p->n; ++c) {
      const int32_t e = thimble_read_s32(p->exponentials + (top - thimble_byte(x[c], flip)));
      const uint32_t q = thimble_softmax_probability(share, e);
      y[c] = (int8_t)(low + (int32_t)(q < 255 ? q : 255));
    }
  }
}

// The same in units of 1/65536.
THIMBLE_INLINE void thimble_softmax_s8_s16(const thimble_softmax* p, const int8_t* x, int16_t* y) {
  for (thimble_dim r = 0; r < p->rows; ++r, x += p->n, y += p->n) {
    const int32_t top = thimble_softmax_top(p, x, 0);
    const thimble_softmax_share share = thimble_softmax_share_of(p, x, top, 0, 16);
    for (thimble_dim c = 0; c < p->n; ++c) {
      const int32_t e = thimble_read_s32(p->exponentials + (top - thimble_byte(x[c], 0)));
      const uint32_t q = thimble_softmax_probability(share, e);
      y[c] = (int16_t)(-32768 + (int32_t)(q < 65535 ? q : 65535));
    }
  }
}

// In units of 1/16, counted from the type's lowest value.
THIMBLE_INLINE void thimble_log_softmax_bytes(const thimble_softmax* p, const int8_t* x, int8_t* y, int flip) {
  const int32_t low = (int32_t)flip - 128;
  for (thimble_dim r = 0; r < p->rows; ++r, x += p->n, y += p->n) {
    const int32_t top = thimble_softmax_top(p, x, flip);
    const int32_t log_sum =
        thimble_log_of_at_least_one(thimble_softmax_sum(p, x, top, flip), THIMBLE_SOFTMAX_SUM_BITS, 5);
    // What lies above it can be represented at all.
    const int32_t reach = thimble_rescale(thimble_add(log_sum, INT32_MIN), p->reverse_multiplier, p->reverse_shift);
    const int32_t lowest = reach > p->lowest - 1 ? reach : p->lowest - 1;
    for (thimble_dim c = 0; c < p->n; ++c) {
      const int32_t d = top - thimble_byte(x[c], flip);
      int32_t q = 0;
      if (-d > lowest) {
        const int32_t v = thimble_sub(thimble_read_s32(p->exponents + d), log_sum);
        q = thimble_clamp(thimble_divide_by_power(v, 31 - 5 - 4) + 255, 0, 255);
      }
      y[c] = (int8_t)(low + q);
    }
  }
}

THIMBLE_INLINE void thimble_softmax_s8(const thimble_softmax* p, const int8_t* x, int8_t* y) {
  thimble_softmax_bytes(p, x, y, 0);
}
THIMBLE_INLINE void thimble_log_softmax_s8(const thimble_softmax* p, const int8_t* x, int8_t* y) {
  thimble_log_softmax_bytes(p, x, y, 0);
}

// −FLT_MAX where nothing is larger, as TFLite has it.
THIMBLE_INLINE float thimble_softmax_top_f32(const thimble_softmax* p, const float* x) {
  float top = -FLT_MAX;
  for (thimble_dim c = 0; c < p->n; ++c)
    if (x[c] > top) top = x[c];
  return top;
}

static inline void thimble_softmax_f32(const thimble_softmax* p, const float* x, float* y) {
  for (thimble_dim r = 0; r < p->rows; ++r, x += p->n, y += p->n) {
    const float top = thimble_softmax_top_f32(p, x);
    float sum = 0;
    for (thimble_dim c = 0; c < p->n; ++c) {
      y[c] = expf((x[c] - top) * p->beta);
      sum += y[c];
    }
    for (thimble_dim c = 0; c < p->n; ++c) y[c] /= sum;
  }
}

static inline void thimble_log_softmax_f32(const thimble_softmax* p, const float* x, float* y) {
  for (thimble_dim r = 0; r < p->rows; ++r, x += p->n, y += p->n) {
    const float top = thimble_softmax_top_f32(p, x);
    float sum = 0;
    for (thimble_dim c = 0; c < p->n; ++c) sum += expf(x[c] - top);
    const float log_sum = logf(sum);
    for (thimble_dim c = 0; c < p->n; ++c) y[c] = x[c] - top - log_sum;
  }
}
