// rfft2d(x, lengths): the discrete Fourier transform of real matrices, of which half is given since the other half is
// its conjugate: y[…, u, v] = Σ_j Σ_i x[…, j, i] · exp(−2πi (u·j / height + v·i / width))
//   x        float32 [..., rows, columns], rank 2 and more; cut, or filled up with zeros behind, to [height, width]
//   lengths  two constant int32: height and width, powers of two
//   y        complex64 [..., height, width / 2 + 1]
// Computed in double, rounded once. A transform of one row is what sound models take of their frames.
// Source: TensorFlow Lite RFFT2D.
#pragma once

#include "ops/op.h"

struct thimble_rfft2d {
  thimble_dim matrices, rows, columns;  // of x
  thimble_dim height, width;            // of the transform
};

namespace thimble {

// Doubles of working memory: the rows of one matrix, two rows of complex numbers, and the roots of unity.
inline int64_t rfft2d_bins(const thimble_rfft2d& p) { return p.width / 2 + 1; }
inline int64_t rfft2d_longest(const thimble_rfft2d& p) { return p.height > p.width ? p.height : p.width; }

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_rfft2d& p) {
  v.number("matrices", p.matrices);
  v.number("rows of x", p.rows);
  v.number("columns of x", p.columns);
  v.number("height", p.height);
  v.number("width", p.width);
}
