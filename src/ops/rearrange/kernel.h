// Elements at other places, as C99: what mirrored padding, tiling, reversing, nearest neighbours and the exchange of
// space with depth or batches share. Elements are bytes of some width.
#pragma once

#include "ops/strided_copy_kernel.h"

// One tensor is walked in its order, in runs of bytes; where a run lies in the other is the sum of one entry per
// dimension of the walk: places[0 … dims[0]) for the first, those of the second behind them, and so on.
typedef struct thimble_rearrange {
  thimble_dim rank;  // of the dimensions around a run
  thimble_dim dims[THIMBLE_MAX_RANK];
  thimble_dim run;              // bytes that lie together in both; 0: nothing is moved
  const thimble_dim* places;    // in bytes
  thimble_dim base;             // in bytes, added to all of them
  thimble_dim scatters;         // 0: y is walked, every element has a place in x; 1: x is walked, the others are filled
  thimble_dim elements, width;  // scatters: of y, and bytes of each
  uint8_t value[8];             // scatters: what stands where nothing comes from x
} thimble_rearrange;

// `flash`: x is a constant.
static inline void thimble_rearrange_elements(const thimble_rearrange* p, const void* x, void* y, int flash) {
  thimble_dim at[THIMBLE_MAX_RANK] = {0};
  const thimble_dim* table[THIMBLE_MAX_RANK] = {0};
  const uint8_t* from = (const uint8_t*)x;
  uint8_t* to = (uint8_t*)y;
  thimble_dim place = p->base, d = 0;
  if (p->scatters) thimble_fill(y, p->elements, p->width, p->value);
  if (p->run == 0) return;
  for (const thimble_dim* t = p->places; d < p->rank; t += p->dims[d++]) {
    table[d] = t;
    place += thimble_read_dim(t);
  }
  for (;;) {
    thimble_move(p->scatters ? to + place : to, p->scatters ? from : from + place, p->run, flash);
    if (p->scatters)
      from += p->run;
    else
      to += p->run;
    for (d = p->rank - 1; d >= 0; --d) {
      place -= thimble_read_dim(table[d] + at[d]);
      at[d] = at[d] + 1 < p->dims[d] ? at[d] + 1 : 0;
      place += thimble_read_dim(table[d] + at[d]);
      if (at[d] != 0) break;
    }
    if (d < 0) return;
  }
}
