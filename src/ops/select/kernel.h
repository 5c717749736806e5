// select as C99: the scalar loop behind select.h, which says what it computes.
#pragma once

#include "base/c99.h"

typedef struct thimble_select {
  int rank;                                                                   // at least 1
  thimble_dim runs;                                                           // of count[rank − 1] elements
  int width;                                                                  // bytes of an element
  thimble_dim count[THIMBLE_MAX_RANK];                                        // of the result, outermost first
  thimble_dim c[THIMBLE_MAX_RANK], x[THIMBLE_MAX_RANK], y[THIMBLE_MAX_RANK];  // strides of the operands
} thimble_select;

// Elements of any type, as the bytes that they are. `to` may be x or y where that is as long.
THIMBLE_INLINE void thimble_select_elements(const thimble_select* p, const uint8_t* c, const uint8_t* x,
                                            const uint8_t* y, uint8_t* to) {
  const int last = p->rank - 1;
  thimble_dim index[THIMBLE_MAX_RANK] = {0}, at_c = 0, at_x = 0, at_y = 0;
  for (thimble_dim run = 0; run < p->runs; ++run) {
    for (thimble_dim i = 0; i < p->count[last]; ++i) {
      const uint8_t* const from =
          c[at_c + i * p->c[last]] ? x + (at_x + i * p->x[last]) * p->width : y + (at_y + i * p->y[last]) * p->width;
      for (int b = 0; b < p->width; ++b) *to++ = from[b];
    }
    for (int d = last - 1; d >= 0; --d) {
      at_c += p->c[d];
      at_x += p->x[d];
      at_y += p->y[d];
      if (++index[d] < p->count[d]) break;
      at_c -= p->count[d] * p->c[d];
      at_x -= p->count[d] * p->x[d];
      at_y -= p->count[d] * p->y[d];
      index[d] = 0;
    }
  }
}
