// NumPy broadcasting of two operands: shapes are aligned at their last dimension, a dimension of 1
// (or a missing one) repeats.
#pragma once

#include <algorithm>
#include <array>

#include "base/format.h"
#include "graph/type.h"

namespace thimble {

inline Result<Shape> broadcast_shape(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::array<int64_t, Shape::kMaxRank> dims{};
  for (int i = 1; i <= rank; ++i) {
    const int64_t p = i <= a.rank() ? a.dim(-i) : 1, q = i <= b.rank() ? b.dim(-i) : 1;
    if (p != q && p != 1 && q != 1)
      return fail(ErrorCode::bad_file,
                  format("shapes {} and {} do not broadcast: {} against {}", a.to_string(), b.to_string(), p, q));
    dims[static_cast<size_t>(rank - i)] = p == 1 ? q : p;
  }
  return Shape::make(std::span<const int64_t>(dims.data(), static_cast<size_t>(rank)));
}

// The result as `outer` runs of `inner` contiguous elements; neighbouring dimensions in which both
// operands go on in the same manner are one. In a run an operand's stride is 0 or 1.
struct Broadcast {
  int rank = 0;  // of the outer dimensions
  std::array<int64_t, Shape::kMaxRank> dims{}, a_strides{}, b_strides{};
  int64_t outer = 1, inner = 1;
  int a_step = 0, b_step = 0;

  struct Offsets {
    int64_t a, b;
  };
  // Where run i begins in each operand.
  Offsets at(int64_t i) const {
    Offsets o{0, 0};
    for (int d = rank - 1; d >= 0; --d) {
      const auto k = static_cast<size_t>(d);
      const int64_t index = i % dims[k];
      i /= dims[k];
      o.a += index * a_strides[k];
      o.b += index * b_strides[k];
    }
    return o;
  }
};

inline Broadcast plan_broadcast(const Shape& a, const Shape& b, const Shape& y) {
  struct Dim {
    int64_t size, a, b;
  };
  std::array<Dim, Shape::kMaxRank> merged{};  // innermost first
  int count = 0;
  int64_t a_stride = 1, b_stride = 1;
  for (int i = 1; i <= y.rank(); ++i) {
    const int64_t size = y.dim(-i), p = i <= a.rank() ? a.dim(-i) : 1, q = i <= b.rank() ? b.dim(-i) : 1;
    const Dim dim{size, p == 1 ? 0 : a_stride, q == 1 ? 0 : b_stride};
    a_stride *= p;
    b_stride *= q;
    if (size == 1) continue;
    if (count > 0) {
      Dim& last = merged[static_cast<size_t>(count - 1)];
      if (dim.a == last.a * last.size && dim.b == last.b * last.size) {
        last.size *= size;
        continue;
      }
    }
    merged[static_cast<size_t>(count++)] = dim;
  }
  Broadcast plan;
  if (count > 0) {
    plan.inner = merged[0].size;
    plan.a_step = static_cast<int>(merged[0].a);
    plan.b_step = static_cast<int>(merged[0].b);
  }
  plan.rank = count > 0 ? count - 1 : 0;
  for (int d = 0; d < plan.rank; ++d) {
    const Dim& dim = merged[static_cast<size_t>(count - 1 - d)];
    const auto k = static_cast<size_t>(d);
    plan.dims[k] = dim.size;
    plan.a_strides[k] = dim.a;
    plan.b_strides[k] = dim.b;
    plan.outer *= dim.size;
  }
  return plan;
}

}  // namespace thimble
