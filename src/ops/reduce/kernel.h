// The reductions as C99: the scalar loops behind reduce.h, which says what they compute. Results are finished one after
// the other, so that no memory is needed.
#pragma once

#include <float.h>

#include "base/c99.h"

// Positions in row-major order: dimensions, outermost first, and how far neighbours in each lie apart.
typedef struct thimble_nest {
  int rank;
  thimble_dim count;  // positions in all
  thimble_dim dims[THIMBLE_MAX_RANK], strides[THIMBLE_MAX_RANK];
} thimble_nest;

// From one position to the next: `index`, THIMBLE_MAX_RANK numbers that are 0 at the first, and its element.
THIMBLE_INLINE void thimble_nest_next(const thimble_nest* n, thimble_dim* index, thimble_dim* element) {
  for (int d = n->rank - 1; d >= 0; --d) {
    *element += n->strides[d];
    if (++index[d] < n->dims[d]) return;
    *element -= n->dims[d] * n->strides[d];
    index[d] = 0;
  }
}

// How the sum of raw values becomes a raw result.
typedef struct thimble_reduce_finish {
  int32_t x_zero, y_zero, lo, hi;
  int32_t multiplier;  // mean
  int shift;
  float scale, bias;  // sum
} thimble_reduce_finish;

typedef struct thimble_reduce {
  thimble_nest kept;     // one position for each result
  thimble_nest reduced;  // of the runs that make up a result
  thimble_dim run, run_stride;
  thimble_dim n;                 // values of a result
  thimble_reduce_finish finish;  // 8 bits, mean and sum
} thimble_reduce;

THIMBLE_INLINE int32_t thimble_mean_finish(const thimble_reduce_finish* f, int32_t sum, thimble_dim n) {
  if (n < 1) return 0;
  const int32_t centred = thimble_sub(sum, (int32_t)((uint32_t)f->x_zero * (uint32_t)n));
  const int32_t v = thimble_rescale(centred, f->multiplier, f->shift);
  return thimble_clamp(thimble_saturate((int64_t)v + f->y_zero), f->lo, f->hi);
}

// round(sum · scale + bias), half away from zero, within ±10^9. The product is rounded before the bias is added, also
// where a machine could do both at once.
static inline int32_t thimble_sum_finish(const thimble_reduce_finish* f, int32_t sum) {
  const volatile float product = (float)sum * f->scale;
  const float exact = product + f->bias, v = exact < -1e9f ? -1e9f : exact > 1e9f ? 1e9f : exact;
  const int32_t whole = (int32_t)v;
  const float rest = v - (float)whole;
  const int32_t rounded = rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1 : whole;
  return thimble_clamp(thimble_add(rounded, f->y_zero), f->lo, f->hi);
}

// Of one result, whose first value x is; bytes are read as thimble_byte does. infer sees to it that the sum fits.
THIMBLE_INLINE int32_t thimble_reduce_sum(const thimble_reduce* p, const int8_t* x, int flip) {
  thimble_dim index[THIMBLE_MAX_RANK] = {0}, at = 0;
  int32_t sum = 0;
  for (thimble_dim r = 0; r < p->reduced.count; ++r) {
    for (thimble_dim i = 0; i < p->run; ++i) sum += thimble_byte(x[at + i * p->run_stride], flip);
    thimble_nest_next(&p->reduced, index, &at);
  }
  return sum;
}

// The largest value, or with `least` the smallest; of nothing the type's lowest or highest.
THIMBLE_INLINE int32_t thimble_reduce_extremum(const thimble_reduce* p, const int8_t* x, int least, int flip) {
  thimble_dim index[THIMBLE_MAX_RANK] = {0}, at = 0;
  int32_t best = (int32_t)flip + (least ? 127 : -128);
  for (thimble_dim r = 0; r < p->reduced.count; ++r) {
    for (thimble_dim i = 0; i < p->run; ++i) {
      const int32_t v = thimble_byte(x[at + i * p->run_stride], flip);
      if (least ? v < best : v > best) best = v;
    }
    thimble_nest_next(&p->reduced, index, &at);
  }
  return best;
}

// The first NaN where there is one.
THIMBLE_INLINE float thimble_reduce_extremum_f32(const thimble_reduce* p, const float* x, int least) {
  thimble_dim index[THIMBLE_MAX_RANK] = {0}, at = 0;
  float best = p->n > 0 ? *x : least ? FLT_MAX : -FLT_MAX;
  for (thimble_dim r = 0; r < p->reduced.count; ++r) {
    for (thimble_dim i = 0; i < p->run; ++i) {
      const float v = x[at + i * p->run_stride];
      if (best == best && ((least ? v < best : v > best) || v != v)) best = v;
    }
    thimble_nest_next(&p->reduced, index, &at);
  }
  return best;
}

// The sum with what each addition loses added in the end (Neumaier). The host's definition adds in double; this is
// within u · |sum| + n² · u² · Σ|x| of it, u = 2^−24.
THIMBLE_INLINE float thimble_reduce_sum_f32(const thimble_reduce* p, const float* x) {
  thimble_dim index[THIMBLE_MAX_RANK] = {0}, at = 0;
  float sum = 0, lost = 0;
  for (thimble_dim r = 0; r < p->reduced.count; ++r) {
    for (thimble_dim i = 0; i < p->run; ++i) {
      const float v = x[at + i * p->run_stride], next = sum + v;
      const float size = sum < 0 ? -sum : sum, own = v < 0 ? -v : v;
      lost += size >= own ? (sum - next) + v : (v - next) + sum;
      sum = next;
    }
    thimble_nest_next(&p->reduced, index, &at);
  }
  return lost == lost ? sum + lost : sum;  // infinite sums lose nothing
}

// thimble_FUNCTION_bytes, thimble_FUNCTION_s8 and thimble_FUNCTION_f32: `value` and `value_f32` for each position of
// what is kept.
#define THIMBLE_REDUCE(function, value, value_f32)                                                               \
  static inline void thimble_##function##_bytes(const thimble_reduce* p, const int8_t* x, int8_t* y, int flip) { \
    thimble_dim index[THIMBLE_MAX_RANK] = {0}, at = 0;                                                           \
    for (thimble_dim k = 0; k < p->kept.count; ++k) {                                                            \
      *y++ = (int8_t)(value);                                                                                    \
      thimble_nest_next(&p->kept, index, &at);                                                                   \
    }                                                                                                            \
  }                                                                                                              \
  static inline void thimble_##function##_s8(const thimble_reduce* p, const int8_t* x, int8_t* y) {              \
    thimble_##function##_bytes(p, x, y, 0);                                                                      \
  }                                                                                                              \
  static inline void thimble_##function##_f32(const thimble_reduce* p, const float* x, float* y) {               \
    thimble_dim index[THIMBLE_MAX_RANK] = {0}, at = 0;                                                           \
    for (thimble_dim k = 0; k < p->kept.count; ++k) {                                                            \
      *y++ = value_f32;                                                                                          \
      thimble_nest_next(&p->kept, index, &at);                                                                   \
    }                                                                                                            \
  }

THIMBLE_REDUCE(mean, thimble_mean_finish(&p->finish, thimble_reduce_sum(p, x + at, flip), p->n),
               thimble_reduce_sum_f32(p, x + at) / (float)p->n)
THIMBLE_REDUCE(sum, thimble_sum_finish(&p->finish, thimble_reduce_sum(p, x + at, flip)),
               thimble_reduce_sum_f32(p, x + at))
THIMBLE_REDUCE(reduce_max, thimble_reduce_extremum(p, x + at, 0, flip), thimble_reduce_extremum_f32(p, x + at, 0))
THIMBLE_REDUCE(reduce_min, thimble_reduce_extremum(p, x + at, 1, flip), thimble_reduce_extremum_f32(p, x + at, 1))
#undef THIMBLE_REDUCE
