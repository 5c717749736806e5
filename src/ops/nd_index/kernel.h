// gather_nd as C99, for elements of any type; the geometry is scatter_nd's too.
#pragma once

#include "ops/strided_copy_kernel.h"

// `count` places, each of `depth` coordinates in the dimensions `sizes`, pick slices of `bytes`.
typedef struct thimble_nd_index {
  thimble_dim count, depth;
  thimble_dim sizes[THIMBLE_MAX_RANK];
  thimble_dim bytes;
} thimble_nd_index;

// Where the slice at these coordinates lies, in slices; −1 − d where coordinate d is outside its dimension.
static inline thimble_dim thimble_nd_place(const thimble_nd_index* p, const int32_t* at, int flash) {
  thimble_dim place = 0;
  for (thimble_dim d = 0; d < p->depth; ++d) {
    const int32_t index = flash ? thimble_read_s32(at + d) : at[d];
    if (index < 0 || index >= p->sizes[d]) return -1 - d;
    place = place * p->sizes[d] + (thimble_dim)index;
  }
  return place;
}

// Slices whose coordinates are outside stay as they were. x_flash, indices_flash: they are constants.
static inline void thimble_gather_nd_s32(const thimble_nd_index* p, const void* x, const int32_t* indices, void* y,
                                         int x_flash, int indices_flash) {
  if (p->bytes == 0) return;
  for (thimble_dim i = 0; i < p->count; ++i) {
    const thimble_dim place = thimble_nd_place(p, indices + i * p->depth, indices_flash);
    if (place >= 0) thimble_move((uint8_t*)y + i * p->bytes, (const uint8_t*)x + place * p->bytes, p->bytes, x_flash);
  }
}
