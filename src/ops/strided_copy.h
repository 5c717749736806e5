// Plans of moving elements between two strided layouts (strided_copy_kernel.h): what stands behind concatenation,
// split, slice, strided_slice, pad, transpose and broadcasting. Element types matter only by their width.
#pragma once

#include <array>
#include <string_view>

#include "graph/type.h"
#include "ops/plan.h"
#include "ops/strided_copy_kernel.h"

namespace thimble {

static_assert(THIMBLE_MAX_RANK == Shape::kMaxRank);

// The copy of a box of `shape`: strides in elements of `width` bytes (1, 2, 4 or 8), offsets in elements. Dimensions
// that go on in both layouts are merged; of a transposition, the dimension that is contiguous in x stands before the
// last.
thimble_strided_copy plan_copy(const Shape& shape, int64_t width, std::span<const int64_t> x_strides,
                               std::span<const int64_t> y_strides, int64_t x_offset = 0, int64_t y_offset = 0);

// `rows` runs of bytes that begin x_row and y_row bytes apart.
thimble_strided_copy plan_rows(int64_t rows, int64_t run, int64_t x_row, int64_t y_row, int64_t x_offset,
                               int64_t y_offset);

// A tensor of shape `whole` and the parts that it falls into along one axis, whose lengths there are `sizes`.
void plan_parts(Plan& plan, const Shape& whole, int axis, std::span<const int64_t> sizes, int64_t width,
                thimble_parts* parts);

// Strides of a densely stored tensor, in elements.
std::array<int64_t, Shape::kMaxRank> dense_strides(const Shape& shape);

}  // namespace thimble

void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_strided_copy& c);
void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_parts& p);
