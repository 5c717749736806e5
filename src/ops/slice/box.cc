#include <algorithm>

#include "ops/op.h"
#include "ops/slice/slice.h"

namespace thimble {

Result<SliceBox> slice_box(const Shape& x, std::span<const int64_t> begin, std::span<const int64_t> size) {
  const auto rank = static_cast<size_t>(x.rank());
  if (begin.size() != rank || size.size() != rank)
    return fail(ErrorCode::bad_file,
                format("begin has {} entries and size {}, the input {} dimensions", begin.size(), size.size(), rank));
  SliceBox box;
  for (size_t d = 0; d < rank; ++d) {
    const int64_t dim = x[static_cast<int>(d)];
    if (begin[d] < 0 || begin[d] > dim)
      return fail(ErrorCode::bad_file,
                  format("dimension {} of {}: begin {} is outside it", d, x.to_string(), begin[d]));
    const int64_t count = size[d] == -1 ? dim - begin[d] : size[d];
    if (count < 0 || count > dim - begin[d])
      return fail(ErrorCode::bad_file, format("dimension {} of {}: {} elements from {} on are not there", d,
                                              x.to_string(), size[d], begin[d]));
    box.begin[d] = begin[d];
    box.stride[d] = 1;
    box.count.push_back(count);
  }
  box.shape = box.count;
  return box;
}

namespace {

// One dimension of strided_slice; 32-bit numbers in 64-bit arithmetic cannot overflow.
struct Entry {
  int64_t begin, end, stride;
  bool no_begin, no_end, shrink, offset;
};

Status take(const Entry& e, int64_t dim, SliceBox* box) {
  if (e.stride == 0 || std::abs(e.stride) > INT32_MAX || std::abs(e.begin) > int64_t{1} << 32 ||
      std::abs(e.end) > int64_t{1} << 32)
    return fail(ErrorCode::bad_file, format("begin {}, end {}, stride {} are not a range", e.begin, e.end, e.stride));
  const int64_t lo = e.stride > 0 ? 0 : -1, hi = e.stride > 0 ? dim : dim - 1;
  const auto place = [&](int64_t v) { return std::clamp(v < 0 ? v + dim : v, lo, std::max(lo, hi)); };
  const auto d = static_cast<size_t>(box->count.rank());
  box->stride[d] = e.stride;
  if (e.shrink) {
    const int64_t at = e.no_begin ? (e.stride > 0 ? 0 : dim - 1) : e.begin < 0 ? e.begin + dim : e.begin;
    if (at < 0 || at >= dim)
      return fail(ErrorCode::bad_file, format("index {} is outside a dimension of {}", e.begin, dim));
    box->begin[d] = at;
    box->count.push_back(1);
    return {};
  }
  const int64_t begin = e.no_begin ? (e.stride > 0 ? 0 : dim - 1) : place(e.begin);
  const int64_t end = e.no_end ? (e.stride > 0 ? dim : -1) : place(e.offset ? begin + e.end : e.end);
  const int64_t span = e.stride > 0 ? end - begin : begin - end, step = std::abs(e.stride);
  box->begin[d] = begin;
  box->count.push_back(span > 0 ? (span + step - 1) / step : 0);
  box->shape.push_back(box->count.dim(-1));
  return {};
}

}  // namespace

Result<SliceBox> strided_slice_box(const Shape& x, std::span<const int64_t> begin, std::span<const int64_t> end,
                                   std::span<const int64_t> strides, const StridedSliceAttrs& attrs) {
  const size_t n = begin.size();
  if (end.size() != n || strides.size() != n || n > IntList::kMax)
    return fail(ErrorCode::bad_file,
                format("begin, end and strides have {}, {} and {} entries", n, end.size(), strides.size()));
  const auto bit = [](int64_t mask, size_t i) { return (mask >> i & 1) != 0; };
  size_t taken = 0, ellipses = 0, added = 0;  // dimensions of x that entries stand for
  for (size_t i = 0; i < n; ++i) {
    const bool ellipsis = bit(attrs.ellipsis_mask, i), fresh = !ellipsis && bit(attrs.new_axis_mask, i);
    ellipses += ellipsis;
    added += fresh;
    taken += !ellipsis && !fresh;
  }
  const auto rank = static_cast<size_t>(x.rank());
  if (ellipses > 1) return fail(ErrorCode::bad_file, "more than one ellipsis");
  if (taken > rank || rank + added > Shape::kMaxRank)
    return fail(ErrorCode::bad_file,
                format("{} ranges and {} new dimensions for an input {}", taken, added, x.to_string()));
  SliceBox box;
  const auto whole = [&] { return take({0, 0, 1, true, true, false, false}, x[box.count.rank()], &box); };
  for (size_t i = 0; i < n; ++i) {
    if (bit(attrs.ellipsis_mask, i)) {
      for (size_t k = taken; k < rank; ++k) THIMBLE_TRY(whole());
    } else if (bit(attrs.new_axis_mask, i)) {
      box.shape.push_back(1);
    } else {
      THIMBLE_TRY(take({begin[i], end[i], strides[i], bit(attrs.begin_mask, i), bit(attrs.end_mask, i),
                        bit(attrs.shrink_axis_mask, i), attrs.offset},
                       x[box.count.rank()], &box));
    }
  }
  while (box.count.rank() < x.rank()) THIMBLE_TRY(whole());
  return box;
}

Result<SliceBox> slice_box(const Node& node, const Shape& x, std::span<const IntList> operands) {
  if (node.op == Op::slice) return slice_box(x, operands[0].span(), operands[1].span());
  return strided_slice_box(x, operands[0].span(), operands[1].span(), operands[2].span(),
                           node.attrs.as<StridedSliceAttrs>());
}

SliceBox slice_box(const SliceGradAttrs& attrs) {
  SliceBox box;
  for (size_t d = 0; d < attrs.count.size(); ++d) {
    box.count.push_back(attrs.count[d]);
    box.begin[d] = attrs.begin[d];
    box.stride[d] = attrs.stride[d];
  }
  return box;
}

thimble_strided_copy plan_slice(const SliceBox& box, const Shape& x, int64_t width, bool into_x) {
  const auto dense = dense_strides(box.count);
  auto strides = dense_strides(x);
  int64_t offset = 0;
  for (size_t d = 0; d < static_cast<size_t>(x.rank()); ++d) {
    offset += box.begin[d] * strides[d];
    strides[d] *= box.stride[d];
  }
  return into_x ? plan_copy(box.count, width, dense, strides, 0, offset)
                : plan_copy(box.count, width, strides, dense, offset, 0);
}

}  // namespace thimble
