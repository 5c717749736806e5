// pad as C99, for elements of any type.
#pragma once

#include "ops/strided_copy_kernel.h"

typedef struct thimble_pad {
  thimble_dim elements, width;  // of y, and bytes of each
  uint8_t value[8];             // what stands around x: `width` bytes of it
  thimble_strided_copy copy;    // of x into the middle
} thimble_pad;

// value: an element given at run time, or null; `flash`: x is a constant.
static inline void thimble_pad_elements(const thimble_pad* p, const void* x, const void* value, void* y, int flash) {
  thimble_fill(y, p->elements, p->width, value ? (const uint8_t*)value : p->value);
  thimble_copy_strided(&p->copy, x, y, flash);
}
