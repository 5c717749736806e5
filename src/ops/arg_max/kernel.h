// arg_max and arg_min as C99: the scalar loops behind arg_max.h, which says what they compute.
#pragma once

#include "base/c99.h"

typedef struct thimble_arg_max {
  thimble_dim outer, depth, inner;
} thimble_arg_max;

// thimble_FUNCTION_FORM: of every row along the axis, the first place whose value no other `beats`. The answer has 32
// bits, or 64 with `wide`.
#define THIMBLE_ARG(function, form, type, value, beats)                                                          \
  THIMBLE_INLINE void thimble_##function##_##form(const thimble_arg_max* p, const type* x, int flip, int32_t* y, \
                                                  int64_t* wide) {                                               \
    for (thimble_dim o = 0; o < p->outer; ++o)                                                                   \
      for (thimble_dim i = 0; i < p->inner; ++i) {                                                               \
        const type* const row = x + o * p->depth * p->inner + i;                                                 \
        thimble_dim best = 0;                                                                                    \
        for (thimble_dim d = 1; d < p->depth; ++d)                                                               \
          if (value(row[d * p->inner], flip) beats value(row[best * p->inner], flip)) best = d;                  \
        if (wide) {                                                                                              \
          wide[o * p->inner + i] = best;                                                                         \
        } else {                                                                                                 \
          y[o * p->inner + i] = (int32_t)best;                                                                   \
        }                                                                                                        \
      }                                                                                                          \
  }

THIMBLE_INLINE float thimble_arg_float(float x, int flip) {
  (void)flip;
  return x;
}

THIMBLE_ARG(arg_max, bytes, int8_t, thimble_byte, >)
THIMBLE_ARG(arg_min, bytes, int8_t, thimble_byte, <)
THIMBLE_ARG(arg_max, f32, float, thimble_arg_float, >)
THIMBLE_ARG(arg_min, f32, float, thimble_arg_float, <)
#undef THIMBLE_ARG
