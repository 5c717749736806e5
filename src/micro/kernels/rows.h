// Layers that are computed some rows at a time, so that the image between two of them is never there as a whole. Rows
// are known by their numbers in the whole image.
#pragma once

#include <string.h>

#include "base/c99.h"

// Rows [from, to).
typedef struct thimble_rows {
  thimble_dim from, to;
} thimble_rows;

// The rows of a layer's input that the windows of its output rows y look at.
static inline thimble_rows thimble_rows_under(const thimble_axis* h, thimble_rows y) {
  thimble_rows x = y;
  if (y.to - y.from < 1) return x;
  x.from = y.from * h->stride - h->pad;
  x.to = (y.to - 1) * h->stride - h->pad + (h->kernel - 1) * h->dilation + 1;
  if (x.from < 0) x.from = 0;
  if (x.to > h->in) x.to = h->in;
  return x;
}

// Makes of a layer's h one that gives its rows y from the rows x that they look at.
static inline void thimble_only_rows(thimble_axis* h, thimble_rows y, thimble_rows x) {
  h->pad += x.from - y.from * h->stride;
  h->in = x.to - x.from;
  h->out = y.to - y.from;
}

// What is there of an image: rows that lie one behind the other.
typedef struct thimble_lines {
  uint8_t* at;
  thimble_dim bytes;  // of a row
  thimble_rows rows;
} thimble_lines;

// Makes room for the rows `wanted`: those that are there already move to their place among them. Returns the others,
// which are to be written; they are all in front of what was there or all behind it.
static inline thimble_rows thimble_lines_move(thimble_lines* lines, thimble_rows wanted) {
  const thimble_dim bytes = lines->bytes;
  thimble_rows kept = lines->rows, missing = wanted;
  if (wanted.to - wanted.from < 1) return missing;
  if (kept.from < wanted.from) kept.from = wanted.from;
  if (kept.to > wanted.to) kept.to = wanted.to;
  if (kept.from < kept.to) {
    memmove(lines->at + (kept.from - wanted.from) * bytes, lines->at + (kept.from - lines->rows.from) * bytes,
            (size_t)((kept.to - kept.from) * bytes));
    if (kept.from > wanted.from)
      missing.to = kept.from;
    else
      missing.from = kept.to;
  }
  lines->rows = wanted;
  return missing;
}
