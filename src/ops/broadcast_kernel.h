// Two operands that broadcast, as C99: what the elementwise operators of two operands share.
#pragma once

#include "base/c99.h"

// The result is `outer` runs of `inner` elements; in a run an operand goes on by its step, 0 or 1, and from run to run
// by its strides in the outer dimensions.
typedef struct thimble_broadcast {
  thimble_dim outer, inner;
  int a_step, b_step;
  int rank;  // of the outer dimensions
  thimble_dim dims[THIMBLE_MAX_RANK], a_strides[THIMBLE_MAX_RANK], b_strides[THIMBLE_MAX_RANK];
} thimble_broadcast;

// From one run to the next: `index`, THIMBLE_MAX_RANK numbers that are 0 before the first, and where the operands go
// on.
THIMBLE_INLINE void thimble_broadcast_next(const thimble_broadcast* p, thimble_dim* index, thimble_dim* a,
                                           thimble_dim* b) {
  for (int d = p->rank - 1; d >= 0; --d) {
    *a += p->a_strides[d];
    *b += p->b_strides[d];
    if (++index[d] < p->dims[d]) return;
    *a -= p->dims[d] * p->a_strides[d];
    *b -= p->dims[d] * p->b_strides[d];
    index[d] = 0;
  }
}
