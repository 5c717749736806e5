// Functions of bools as C99: the scalar loops behind logic.h, which says what they compute.
#pragma once

#include "base/c99.h"
#include "ops/broadcast_kernel.h"

typedef struct thimble_logic {
  thimble_broadcast broadcast;  // of the one operand with itself for logical_not
} thimble_logic;

// thimble_logical_FUNCTION: 1 where `holds` of u and v, else 0.
#define THIMBLE_LOGICAL(function, holds)                                                                     \
  THIMBLE_INLINE void thimble_logical_##function(const thimble_logic* p, const uint8_t* a, const uint8_t* b, \
                                                 uint8_t* y) {                                               \
    const thimble_broadcast* const c = &p->broadcast;                                                        \
    thimble_dim index[THIMBLE_MAX_RANK] = {0}, at_a = 0, at_b = 0;                                           \
    for (thimble_dim run = 0; run < c->outer; ++run) {                                                       \
      for (thimble_dim i = 0; i < c->inner; ++i) {                                                           \
        const uint8_t u = a[at_a + i * c->a_step], v = b[at_b + i * c->b_step];                              \
        *y++ = (uint8_t)((holds) ? 1 : 0);                                                                   \
      }                                                                                                      \
      thimble_broadcast_next(c, index, &at_a, &at_b);                                                        \
    }                                                                                                        \
  }

THIMBLE_LOGICAL(and, u != 0 && v != 0)
THIMBLE_LOGICAL(or, u != 0 || v != 0)
#undef THIMBLE_LOGICAL

THIMBLE_INLINE void thimble_logical_not(const thimble_logic* p, const uint8_t* x, uint8_t* y) {
  const thimble_dim n = p->broadcast.outer * p->broadcast.inner;
  for (thimble_dim i = 0; i < n; ++i) y[i] = x[i] == 0 ? 1 : 0;
}
