#include "ops/strided_copy.h"

#include <algorithm>

namespace thimble {

thimble_strided_copy plan_copy(const Shape& shape, int64_t width, std::span<const int64_t> x_strides,
                               std::span<const int64_t> y_strides, int64_t x_offset, int64_t y_offset) {
  thimble_strided_copy c{};
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
        break;
      }
  c.rank = static_cast<thimble_dim>(count);
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

thimble_strided_copy plan_rows(int64_t rows, int64_t run, int64_t x_row, int64_t y_row, int64_t x_offset,
                               int64_t y_offset) {
  thimble_strided_copy c{};
  c.x_offset = x_offset;
  c.y_offset = y_offset;
  if (rows == 0) return c;
  c.run = run;
  if (rows == 1) return c;
  if (x_row == run && y_row == run) {
    c.run = rows * run;
    return c;
  }
  c.rank = 1;
  c.dims[0] = rows;
  c.x_strides[0] = x_row;
  c.y_strides[0] = y_row;
  return c;
}

void plan_parts(Plan& plan, const Shape& whole, int axis, std::span<const int64_t> sizes, int64_t width,
                thimble_parts* parts) {
  const int64_t entry = whole.elements(axis + 1, whole.rank()) * width;
  parts->rows = whole.elements(0, axis);
  parts->row = whole[axis] * entry;
  parts->count = static_cast<thimble_dim>(sizes.size());
  auto* begin = plan.array<thimble_dim>(parts->count + 1);
  for (size_t i = 0; i < sizes.size(); ++i) begin[i + 1] = begin[i] + sizes[i] * entry;
  parts->begin = begin;
}

}  // namespace thimble

namespace {

void dims(thimble::PlanVisitor& v, std::string_view name, const thimble_dim (&values)[THIMBLE_MAX_RANK]) {
  v.begin(name);
  for (const thimble_dim value : values) v.number("", value);
  v.end();
}

}  // namespace

void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_strided_copy& c) {
  v.begin(name);
  v.number("rank", c.rank);
  dims(v, "dimensions", c.dims);
  dims(v, "strides in x", c.x_strides);
  dims(v, "strides in y", c.y_strides);
  v.number("offset in x", c.x_offset);
  v.number("offset in y", c.y_offset);
  v.number("run", c.run);
  v.end();
}

void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_parts& p) {
  v.begin(name);
  v.number("rows", p.rows);
  v.number("row", p.row);
  v.number("count", p.count);
  v.positions("begins", p.begin, p.count + 1);
  v.end();
}
