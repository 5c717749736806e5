// Moving elements between two strided layouts: the one routine behind concatenation, split, slice,
// strided_slice, pad, transpose and broadcasting. Element types matter only by their width.
#pragma once

#include <array>

#include "graph/type.h"

namespace thimble {

// y[Σ i·y_strides] = x[Σ i·x_strides] for every index i of a box. Strides are in bytes and may be
// negative or, in x, 0 (repeats); the written elements are distinct.
struct StridedCopy {
  int rank = 0;  // of the dimensions around a run
  std::array<int64_t, Shape::kMaxRank> dims{}, x_strides{}, y_strides{};
  int64_t x_offset = 0, y_offset = 0;  // of index 0, in bytes
  int64_t run = 0;                     // bytes that lie together in both; 0: the box is empty
  bool tiled = false;                  // the last two dimensions transpose: copied in square tiles

  // How finely the work can be split: rows of the outermost dimension, or bytes of the only run.
  int64_t units() const { return rank > 0 ? dims[0] : run; }
  // A share of it, [begin, end) of units().
  void copy(const uint8_t* x, uint8_t* y, int64_t begin, int64_t end) const;
  void copy(const uint8_t* x, uint8_t* y) const { copy(x, y, 0, units()); }
  // One core's time for all of it, in nanoseconds; for the decision to split.
  double nanoseconds() const;
};

// Plans the copy of a box of `shape`: strides in elements of `width` bytes (1, 2, 4 or 8), offsets in
// elements. Dimensions that go on in both layouts are merged.
StridedCopy plan_copy(const Shape& shape, int64_t width, std::span<const int64_t> x_strides,
                      std::span<const int64_t> y_strides, int64_t x_offset = 0, int64_t y_offset = 0);

// Strides of a densely stored tensor, in elements.
std::array<int64_t, Shape::kMaxRank> dense_strides(const Shape& shape);

// Sets n elements of `width` bytes to the one at `value`.
void fill_elements(uint8_t* y, int64_t n, int64_t width, const uint8_t* value);

}  // namespace thimble
