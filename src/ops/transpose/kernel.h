// transpose as C99, for elements of any type.
#pragma once

#include "ops/strided_copy_kernel.h"

typedef struct thimble_transpose {
  thimble_strided_copy copy;
} thimble_transpose;

// `flash`: x is a constant.
static inline void thimble_transpose_elements(const thimble_transpose* p, const void* x, void* y, int flash) {
  thimble_copy_strided(&p->copy, x, y, flash);
}
