#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/reduce/reduce.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {
namespace {

// The element at a position.
int64_t offset(const thimble_nest& n, int64_t i) {
  int64_t sum = 0;
  for (int d = n.rank - 1; d >= 0; --d) {
    sum += i % n.dims[d] * n.strides[d];
    i /= n.dims[d];
  }
  return sum;
}

// y[k, j] = the reduction over (r, m) of x[kept(k) + reduced(r) + m·row_stride + j]. Where x's innermost
// dimension is reduced, `columns` is 1 and `run` its length; else run is 1.
struct ReducePlan {
  ReducePlan() = default;
  explicit ReducePlan(const thimble_reduce& p) : kept(p.kept), reduced(p.reduced), n(p.n) {
    if (p.run > 1 && p.run_stride == 1) {
      run = p.run;
      return;
    }
    rows = p.run;
    row_stride = p.run_stride;
    if (kept.rank == 0) return;
    columns = kept.dims[--kept.rank];
    kept.count /= columns;
  }
  thimble_nest kept{}, reduced{};
  int64_t rows = 1, row_stride = 0, columns = 1, run = 1;
  int64_t n = 1;  // values per result
};

// The shares of the work: kept positions, or columns where there is only one.
template <class F>
void share(const ReducePlan& p, int part, int parts, F f) {
  if (p.kept.count == 1 && p.columns > 1) {
    const Range r = part_range(p.columns, part, parts, 16);
    if (r.begin < r.end) f(0, r.begin, r.end - r.begin);
    return;
  }
  const Range r = part_range(p.kept.count, part, parts);
  for (int64_t k = r.begin; k < r.end; ++k) f(k, 0, p.columns);
}

struct FloatParams {
  const ReduceKernels* kernels;
  ReducePlan plan;
  const float* x;
  float* y;
  Op op;
};

void run_sum(const FloatParams& p, int part, int parts) {
  share(p.plan, part, parts, [&](int64_t k, int64_t column, int64_t columns) {
    const float* x = p.x + offset(p.plan.kept, k) + column;
    float* y = p.y + k * p.plan.columns + column;
    std::fill_n(y, columns, 0.0f);
    for (int64_t r = 0; r < p.plan.reduced.count; ++r) {
      const float* block = x + offset(p.plan.reduced, r);
      if (p.plan.run > 1) {
        *y += p.kernels->sum_f32(block, p.plan.run);
      } else {
        p.kernels->sum_rows_f32(block, p.plan.rows, columns, p.plan.row_stride, y);
      }
    }
    if (p.op == Op::mean)
      for (int64_t j = 0; j < columns; ++j) y[j] /= static_cast<float>(p.plan.n);
  });
}

void run_extremum(const FloatParams& p, int part, int parts) {
  const bool max = p.op == Op::reduce_max;
  const float start = max ? -INFINITY : INFINITY;
  const auto take = [&](float* y, float v) {
    if (v != v || (max ? v > *y : v < *y)) *y = *y == *y ? v : *y;
  };
  share(p.plan, part, parts, [&](int64_t k, int64_t column, int64_t columns) {
    const float* x = p.x + offset(p.plan.kept, k) + column;
    float* y = p.y + k * p.plan.columns + column;
    std::fill_n(y, columns, start);
    for (int64_t r = 0; r < p.plan.reduced.count; ++r) {
      const float* block = x + offset(p.plan.reduced, r);
      if (p.plan.run > 1) {
        take(y, max ? p.kernels->max_f32(block, p.plan.run) : p.kernels->min_f32(block, p.plan.run));
      } else {
        for (int64_t m = 0; m < p.plan.rows; ++m)
          for (int64_t j = 0; j < columns; ++j) take(y + j, block[m * p.plan.row_stride + j]);
      }
    }
  });
}

struct ByteParams {
  ReducePlan plan;
  thimble_reduce_finish finish;
  const void* x;
  void* y;
  Op op;
};

// Results are formed in runs of at most kChunk columns, whose accumulators lie on the stack.
template <class T>
void run_bytes(const ByteParams& p, int part, int parts) {
  constexpr int64_t kChunk = 256;
  const bool sums = p.op == Op::mean || p.op == Op::sum, max = p.op == Op::reduce_max;
  share(p.plan, part, parts, [&](int64_t k, int64_t first, int64_t all) {
    for (int64_t c = 0; c < all; c += kChunk) {
      const int64_t columns = std::min(kChunk, all - c);
      const T* x = static_cast<const T*>(p.x) + offset(p.plan.kept, k) + first + c;
      T* y = static_cast<T*>(p.y) + k * p.plan.columns + first + c;
      int32_t acc[kChunk];
      std::fill_n(acc, columns, sums ? 0 : max ? INT32_MIN : INT32_MAX);
      const auto row = [&](const T* values, int64_t step, int64_t n) {
        if (sums) {
          for (int64_t j = 0; j < n; ++j) acc[j * step] += values[j];
        } else if (max) {
          for (int64_t j = 0; j < n; ++j) acc[j * step] = std::max<int32_t>(acc[j * step], values[j]);
        } else {
          for (int64_t j = 0; j < n; ++j) acc[j * step] = std::min<int32_t>(acc[j * step], values[j]);
        }
      };
      for (int64_t r = 0; r < p.plan.reduced.count; ++r) {
        const T* block = x + offset(p.plan.reduced, r);
        if (p.plan.run > 1) {
          row(block, 0, p.plan.run);
        } else {
          for (int64_t m = 0; m < p.plan.rows; ++m) row(block + m * p.plan.row_stride, 1, columns);
        }
      }
      for (int64_t j = 0; j < columns; ++j)
        y[j] = static_cast<T>(p.op == Op::mean  ? thimble_mean_finish(&p.finish, acc[j], p.plan.n)
                              : p.op == Op::sum ? thimble_sum_finish(&p.finish, acc[j])
                                                : acc[j]);
    }
  });
}

}  // namespace

// Integers of 32 and 64 bits occur in shape arithmetic only, products and bools hardly anywhere: the reference does
// them.
Result<bool> reduce(LowerContext& ctx) {
  const Tensor& x = ctx.in(0);
  const Op op = ctx.node.op;
  const bool fast = op == Op::mean || op == Op::sum || op == Op::reduce_max || op == Op::reduce_min;
  if (!fast || x.shape.elements() == 0 || (x.type != DType::f32 && x.type != DType::i8 && x.type != DType::u8))
    return false;
  const ReducePlan plan(ctx.plan<thimble_reduce>());
  const bool one_piece = plan.kept.count == 1 && plan.columns < 32;
  const int parts = one_piece ? 1 : ctx.parts_for(static_cast<double>(x.shape.elements()) * 0.3);
  if (x.type == DType::f32) {
    const ReduceKernels& kernels = ctx.kernels.reduce;
    if (!kernels.sum_f32 || !kernels.sum_rows_f32 || !kernels.max_f32 || !kernels.min_f32) return false;
    const bool sums = ctx.node.op == Op::mean || ctx.node.op == Op::sum;
    auto* p = sums ? ctx.step<run_sum>(parts) : ctx.step<run_extremum>(parts);
    p->kernels = &kernels;
    p->plan = plan;
    p->op = ctx.node.op;
    ctx.bind_in(&p->x, 0);
    ctx.bind_out(&p->y);
    return true;
  }
  auto* p = x.type == DType::i8 ? ctx.step<run_bytes<int8_t>>(parts) : ctx.step<run_bytes<uint8_t>>(parts);
  p->plan = plan;
  p->op = ctx.node.op;
  p->finish = ctx.plan<thimble_reduce>().finish;
  ctx.bind_in(&p->x, 0);
  ctx.bind_out(&p->y);
  return true;
}

// A copy whose source stands still in the repeated dimensions.
Result<bool> broadcast_to_shape(LowerContext& ctx) {
  const Shape &x = ctx.in(0).shape, &y = ctx.out().shape;
  if (y.elements() == 0) return false;
  const auto to = dense_strides(y);
  const auto dense = dense_strides(x);
  std::array<int64_t, Shape::kMaxRank> from{};
  for (int d = 0; d < x.rank(); ++d)
    if (x[d] > 1) from[static_cast<size_t>(d + y.rank() - x.rank())] = dense[static_cast<size_t>(d)];
  lower_copy(ctx, plan_copy(y, 4, from, to), ctx.node.inputs[0], ctx.node.outputs[0]);
  return true;
}

}  // namespace thimble::lowering
