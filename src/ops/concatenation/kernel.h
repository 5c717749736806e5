// concatenation as C99, for elements of any type.
#pragma once

#include "ops/strided_copy_kernel.h"

typedef struct thimble_concatenation {
  thimble_parts inputs;
} thimble_concatenation;

// Puts input number i in its place; `flash`: it is a constant.
static inline void thimble_concatenation_input(const thimble_concatenation* p, thimble_dim i, const void* x, void* y,
                                               int flash) {
  thimble_join_part(&p->inputs, i, x, y, flash);
}
