#include "ops/strided_copy.h"

#include <algorithm>
#include <cstring>

namespace thimble {
namespace {

constexpr int64_t kTile = 16;

template <class T>
void copy_line(const uint8_t* x, int64_t x_stride, uint8_t* y, int64_t y_stride, int64_t n) {
  for (int64_t i = 0; i < n; ++i, x += x_stride, y += y_stride) std::memcpy(y, x, sizeof(T));
}

void line(const StridedCopy& c, size_t d, const uint8_t* x, uint8_t* y, int64_t n) {
  const int64_t sx = c.x_strides[d], sy = c.y_strides[d];
  switch (c.run) {
    case 1: return copy_line<uint8_t>(x, sx, y, sy, n);
    case 2: return copy_line<uint16_t>(x, sx, y, sy, n);
    case 4: return copy_line<uint32_t>(x, sx, y, sy, n);
    case 8: return copy_line<uint64_t>(x, sx, y, sy, n);
    default:
      for (int64_t i = 0; i < n; ++i, x += sx, y += sy) std::memcpy(y, x, static_cast<size_t>(c.run));
  }
}

// Dimensions d and d + 1, of which one is contiguous in x and the other in y: tiles keep both sides'
// cache lines in use.
void tiles(const StridedCopy& c, size_t d, const uint8_t* x, uint8_t* y, int64_t rows) {
  for (int64_t i = 0; i < rows; i += kTile)
    for (int64_t j = 0; j < c.dims[d + 1]; j += kTile) {
      const int64_t last = std::min(i + kTile, rows), n = std::min(kTile, c.dims[d + 1] - j);
      for (int64_t r = i; r < last; ++r)
        line(c, d + 1, x + r * c.x_strides[d] + j * c.x_strides[d + 1], y + r * c.y_strides[d] + j * c.y_strides[d + 1],
             n);
    }
}

// Indices [begin, end) of dimension d and all of those inside it.
void level(const StridedCopy& c, int d, const uint8_t* x, uint8_t* y, int64_t begin, int64_t end) {
  const auto k = static_cast<size_t>(d);
  x += begin * c.x_strides[k];
  y += begin * c.y_strides[k];
  if (d + 1 == c.rank) return line(c, k, x, y, end - begin);
  if (c.tiled && d + 2 == c.rank) return tiles(c, k, x, y, end - begin);
  for (int64_t i = begin; i < end; ++i, x += c.x_strides[k], y += c.y_strides[k])
    level(c, d + 1, x, y, 0, c.dims[k + 1]);
}

}  // namespace

void StridedCopy::copy(const uint8_t* x, uint8_t* y, int64_t begin, int64_t end) const {
  if (run == 0 || begin >= end) return;
  x += x_offset;
  y += y_offset;
  if (rank == 0) {
    std::memcpy(y + begin, x + begin, static_cast<size_t>(end - begin));
  } else {
    level(*this, 0, x, y, begin, end);
  }
}

double StridedCopy::nanoseconds() const {
  double runs = 1;
  for (int d = 0; d < rank; ++d) runs *= static_cast<double>(dims[static_cast<size_t>(d)]);
  return runs * ((run > 8 ? 4 : tiled ? 1 : 0.7) + static_cast<double>(run) * 0.1);
}

StridedCopy plan_copy(const Shape& shape, int64_t width, std::span<const int64_t> x_strides,
                      std::span<const int64_t> y_strides, int64_t x_offset, int64_t y_offset) {
  StridedCopy c;
  c.x_offset = x_offset * width;
  c.y_offset = y_offset * width;
  if (shape.elements() == 0) return c;
  c.run = width;
  struct Dim {
    int64_t size, x, y;
  };
  std::array<Dim, Shape::kMaxRank> merged{};  // innermost first
  size_t count = 0;
  for (int i = shape.rank(); i-- > 0;) {
    const auto k = static_cast<size_t>(i);
    const Dim dim{shape[i], x_strides[k] * width, y_strides[k] * width};
    if (dim.size == 1) continue;
    if (count == 0 && dim.x == c.run && dim.y == c.run) {
      c.run *= dim.size;
    } else if (count > 0 && dim.x == merged[count - 1].x * merged[count - 1].size &&
               dim.y == merged[count - 1].y * merged[count - 1].size) {
      merged[count - 1].size *= dim.size;
    } else {
      merged[count++] = dim;
    }
  }
  // A transposition: bring the dimension that is contiguous in x next to the one contiguous in y.
  if (count > 1 && merged[0].y == c.run)
    for (size_t i = 1; i < count; ++i)
      if (merged[i].x == c.run) {
        std::rotate(merged.begin() + 1, merged.begin() + static_cast<std::ptrdiff_t>(i),
                    merged.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        c.tiled = true;
        break;
      }
  c.rank = static_cast<int>(count);
  for (size_t d = 0; d < count; ++d) {
    const Dim& dim = merged[count - 1 - d];
    c.dims[d] = dim.size;
    c.x_strides[d] = dim.x;
    c.y_strides[d] = dim.y;
  }
  return c;
}

std::array<int64_t, Shape::kMaxRank> dense_strides(const Shape& shape) {
  std::array<int64_t, Shape::kMaxRank> strides{};
  int64_t stride = 1;
  for (int i = shape.rank(); i-- > 0;) {
    strides[static_cast<size_t>(i)] = stride;
    stride *= shape[i];
  }
  return strides;
}

void fill_elements(uint8_t* y, int64_t n, int64_t width, const uint8_t* value) {
  if (n <= 0) return;
  const bool uniform = std::all_of(value, value + width, [&](uint8_t b) { return b == value[0]; });
  if (uniform) {
    std::memset(y, value[0], static_cast<size_t>(n * width));
    return;
  }
  for (int64_t i = 0; i < n; ++i) std::memcpy(y + i * width, value, static_cast<size_t>(width));
}

}  // namespace thimble
