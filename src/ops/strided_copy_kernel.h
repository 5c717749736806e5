// Moving elements as C99: what concatenation, split, slice, pad, transpose and gather share. Elements are bytes of some
// width; `flash`: what is read is a constant (THIMBLE_FLASH), which matters where flash has an address space of its
// own.
#pragma once

#include <string.h>

#include "base/c99.h"

static inline void thimble_move(void* to, const void* from, thimble_dim bytes, int flash) {
#if defined(__AVR__)
  if (flash) {
    memcpy_P(to, from, (size_t)bytes);
    return;
  }
#endif
  (void)flash;
  memcpy(to, from, (size_t)bytes);
}

// Rows of `run` bytes that begin x_row and y_row bytes apart.
static inline void thimble_copy_rows(const uint8_t* x, thimble_dim x_row, uint8_t* y, thimble_dim y_row,
                                     thimble_dim run, thimble_dim rows, int flash) {
  if (run == 1) {
    for (thimble_dim r = 0; r < rows; ++r)
      y[r * y_row] = flash ? (uint8_t)thimble_read_s8((const int8_t*)x + r * x_row) : x[r * x_row];
    return;
  }
  for (thimble_dim r = 0; r < rows; ++r) thimble_move(y + r * y_row, x + r * x_row, run, flash);
}

// n elements of `width` bytes, each as the one at `value`.
static inline void thimble_fill(void* y, thimble_dim n, thimble_dim width, const uint8_t* value) {
  if (n > 0 && width == 1) {
    memset(y, value[0], (size_t)n);
    return;
  }
  for (thimble_dim i = 0; i < n; ++i) memcpy((uint8_t*)y + i * width, value, (size_t)width);
}

// y[Σ i·y_strides] = x[Σ i·x_strides] for every index i of a box. Strides and offsets are in bytes; strides may be
// negative or, in x, 0 (repeats); the written elements are distinct.
typedef struct thimble_strided_copy {
  thimble_dim rank;  // of the dimensions around a run
  thimble_dim dims[THIMBLE_MAX_RANK], x_strides[THIMBLE_MAX_RANK], y_strides[THIMBLE_MAX_RANK];
  thimble_dim x_offset, y_offset;  // of index 0
  thimble_dim run;                 // bytes that lie together in both; 0: the box is empty
} thimble_strided_copy;

static inline void thimble_copy_strided(const thimble_strided_copy* p, const void* x, void* y, int flash) {
  thimble_dim at[THIMBLE_MAX_RANK] = {0};
  thimble_dim from = p->x_offset, to = p->y_offset;
  const thimble_dim inner = p->rank - 1;
  if (p->run == 0) return;
  if (inner < 0) {
    thimble_move((uint8_t*)y + to, (const uint8_t*)x + from, p->run, flash);
    return;
  }
  for (;;) {
    thimble_dim d = inner - 1;
    thimble_copy_rows((const uint8_t*)x + from, p->x_strides[inner], (uint8_t*)y + to, p->y_strides[inner], p->run,
                      p->dims[inner], flash);
    for (; d >= 0; --d) {
      from += p->x_strides[d];
      to += p->y_strides[d];
      if (++at[d] < p->dims[d]) break;
      from -= at[d] * p->x_strides[d];
      to -= at[d] * p->y_strides[d];
      at[d] = 0;
    }
    if (d < 0) return;
  }
}

// One tensor and the parts that it falls into along one axis: `rows` times a piece of every part, one after the other.
typedef struct thimble_parts {
  thimble_dim rows, row;     // row: bytes of the whole
  thimble_dim count;         // of the parts
  const thimble_dim* begin;  // where each part's piece begins in a row, and behind the last where the row ends
} thimble_parts;

static inline thimble_dim thimble_part_begin(const thimble_parts* p, thimble_dim part) {
  return thimble_read_dim(p->begin + part);
}
// Bytes of a part's piece.
static inline thimble_dim thimble_part_run(const thimble_parts* p, thimble_dim part) {
  return thimble_part_begin(p, part + 1) - thimble_part_begin(p, part);
}

static inline void thimble_join_part(const thimble_parts* p, thimble_dim part, const void* x, void* whole, int flash) {
  const thimble_dim run = thimble_part_run(p, part);
  if (run == 0) return;
  thimble_copy_rows((const uint8_t*)x, run, (uint8_t*)whole + thimble_part_begin(p, part), p->row, run, p->rows, flash);
}

static inline void thimble_take_part(const thimble_parts* p, thimble_dim part, const void* whole, void* y, int flash) {
  const thimble_dim run = thimble_part_run(p, part);
  if (run == 0) return;
  thimble_copy_rows((const uint8_t*)whole + thimble_part_begin(p, part), p->row, (uint8_t*)y, run, run, p->rows, flash);
}
