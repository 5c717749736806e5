// NumPy broadcasting of two operands: shapes are aligned at their last dimension, a dimension of 1
// (or a missing one) repeats.
#pragma once

#include <algorithm>
#include <array>

#include "base/format.h"
#include "graph/type.h"
#include "ops/broadcast_kernel.h"
#include "ops/plan.h"

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

// The result in runs, as ops/broadcast_kernel.h has it; neighbouring dimensions in which both
// operands go on in the same manner are one.
struct Broadcast : thimble_broadcast {
  Broadcast() : thimble_broadcast{.outer = 1, .inner = 1} {}
  Broadcast(const thimble_broadcast& b) : thimble_broadcast(b) {}

  struct Offsets {
    int64_t a, b;
  };
  // Where run i begins in each operand.
  Offsets at(int64_t i) const {
    Offsets o{0, 0};
    for (int d = rank - 1; d >= 0; --d) {
      const int64_t index = i % dims[d];
      i /= dims[d];
      o.a += index * a_strides[d];
      o.b += index * b_strides[d];
    }
    return o;
  }
};

static_assert(THIMBLE_MAX_RANK == Shape::kMaxRank);

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
    plan.dims[d] = dim.size;
    plan.a_strides[d] = dim.a;
    plan.b_strides[d] = dim.b;
    plan.outer *= dim.size;
  }
  return plan;
}

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_broadcast& b) {
  v.begin(name);
  v.number("runs", b.outer);
  v.number("run", b.inner);
  v.number("step of a", b.a_step);
  v.number("step of b", b.b_step);
  v.number("rank", b.rank);
  fields(v, "dimensions", b.dims, b.rank);
  fields(v, "strides of a", b.a_strides, b.rank);
  fields(v, "strides of b", b.b_strides, b.rank);
  v.end();
}
