// gather as C99, for elements of any type.
#pragma once

#include "ops/strided_copy_kernel.h"

// x as [batches, outer, length] entries, the indices as [batches, count], y as [batches, outer, count] entries.
typedef struct thimble_gather {
  thimble_dim batches, outer, length, count;
  thimble_dim bytes;  // of an entry
} thimble_gather;

// y's entry number `to` becomes x's entry number `from`.
static inline void thimble_gather_entry(const thimble_gather* p, const void* x, thimble_dim from, void* y,
                                        thimble_dim to, int flash) {
  if (p->bytes > 0) thimble_move((uint8_t*)y + to * p->bytes, (const uint8_t*)x + from * p->bytes, p->bytes, flash);
}

// Gives the position of the first index that is outside the axis, whose entries of y are left as they were, or −1.
// x_flash, indices_flash: they are constants.
static inline thimble_dim thimble_gather_s32(const thimble_gather* p, const void* x, const int32_t* indices, void* y,
                                             int x_flash, int indices_flash) {
  thimble_dim fault = -1, row = 0;
  for (thimble_dim b = 0; b < p->batches; ++b)
    for (thimble_dim o = 0; o < p->outer; ++o, ++row)
      for (thimble_dim k = 0; k < p->count; ++k) {
        const thimble_dim at = b * p->count + k;
        const int32_t index = indices_flash ? thimble_read_s32(indices + at) : indices[at];
        if (index >= 0 && index < p->length)
          thimble_gather_entry(p, x, row * p->length + (thimble_dim)index, y, row * p->count + k, x_flash);
        else if (fault < 0)
          fault = at;
      }
  return fault;
}

// Indices of 64 bits, which are in memory.
static inline thimble_dim thimble_gather_s64(const thimble_gather* p, const void* x, const int64_t* indices, void* y,
                                             int x_flash) {
  thimble_dim fault = -1, row = 0;
  for (thimble_dim b = 0; b < p->batches; ++b)
    for (thimble_dim o = 0; o < p->outer; ++o, ++row)
      for (thimble_dim k = 0; k < p->count; ++k) {
        const thimble_dim at = b * p->count + k;
        const int64_t index = indices[at];
        if (index >= 0 && index < p->length)
          thimble_gather_entry(p, x, row * p->length + (thimble_dim)index, y, row * p->count + k, x_flash);
        else if (fault < 0)
          fault = at;
      }
  return fault;
}
