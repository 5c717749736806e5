#include "runtime/lower_copy.h"

#include <algorithm>
#include <cstring>

namespace thimble {
namespace {

// ---- strided copies ----
constexpr int64_t kTile = 16;

struct CopyParams {
  thimble_strided_copy plan;
  bool tiled;  // the last two dimensions transpose: copied in square tiles
  const uint8_t* x;
  uint8_t* y;
  uint8_t flip;  // of both: bytes are moved
};

template <class T>
void copy_line(const uint8_t* x, int64_t x_stride, uint8_t* y, int64_t y_stride, int64_t n) {
  for (int64_t i = 0; i < n; ++i, x += x_stride, y += y_stride) std::memcpy(y, x, sizeof(T));
}

void line(const thimble_strided_copy& c, int64_t d, const uint8_t* x, uint8_t* y, int64_t n) {
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

// Dimensions d and d + 1, of which one is contiguous in x and the other in y: tiles keep both sides' cache lines in
// use.
void tiles(const thimble_strided_copy& c, int64_t d, const uint8_t* x, uint8_t* y, int64_t rows) {
  for (int64_t i = 0; i < rows; i += kTile)
    for (int64_t j = 0; j < c.dims[d + 1]; j += kTile) {
      const int64_t last = std::min(i + kTile, rows), n = std::min<int64_t>(kTile, c.dims[d + 1] - j);
      for (int64_t r = i; r < last; ++r)
        line(c, d + 1, x + r * c.x_strides[d] + j * c.x_strides[d + 1], y + r * c.y_strides[d] + j * c.y_strides[d + 1],
             n);
    }
}

// Indices [begin, end) of dimension d and all of those inside it.
void level(const CopyParams& p, int64_t d, const uint8_t* x, uint8_t* y, int64_t begin, int64_t end) {
  const thimble_strided_copy& c = p.plan;
  x += begin * c.x_strides[d];
  y += begin * c.y_strides[d];
  if (d + 1 == c.rank) return line(c, d, x, y, end - begin);
  if (p.tiled && d + 2 == c.rank) return tiles(c, d, x, y, end - begin);
  for (int64_t i = begin; i < end; ++i, x += c.x_strides[d], y += c.y_strides[d])
    level(p, d + 1, x, y, 0, c.dims[d + 1]);
}

// How finely the work can be split: rows of the outermost dimension, or bytes of the only run.
int64_t units(const thimble_strided_copy& c) { return c.rank > 0 ? c.dims[0] : c.run; }

void run_copy(const CopyParams& p, int part, int parts) {
  const thimble_strided_copy& c = p.plan;
  const Range r = part_range(units(c), part, parts, c.rank == 0 ? 64 : 1);
  if (r.begin >= r.end) return;
  const uint8_t* x = p.x + c.x_offset;
  uint8_t* y = p.y + c.y_offset;
  if (c.rank == 0) {
    std::memcpy(y + r.begin, x + r.begin, static_cast<size_t>(r.end - r.begin));
  } else {
    level(p, 0, x, y, r.begin, r.end);
  }
}

// One core's time for all of it; for the decision to split.
double nanoseconds(const thimble_strided_copy& c, bool tiled) {
  double runs = 1;
  for (int64_t d = 0; d < c.rank; ++d) runs *= static_cast<double>(c.dims[d]);
  return runs * ((c.run > 8 ? 4 : tiled ? 1 : 0.7) + static_cast<double>(c.run) * 0.1);
}

// ---- fills ----
struct FillParams {
  const uint8_t* value;
  uint8_t* y;
  int64_t n, width;
};

void run_fill(const FillParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  uint8_t* y = p.y + r.begin * p.width;
  const int64_t n = r.end - r.begin;
  if (n > 0 && std::all_of(p.value, p.value + p.width, [&](uint8_t b) { return b == p.value[0]; }))
    return thimble_fill(y, n * p.width, 1, p.value);
  thimble_fill(y, n, p.width, p.value);
}

}  // namespace

void lower_copy(LowerContext& ctx, const thimble_strided_copy& plan, TensorId from, TensorId to) {
  if (plan.run == 0) return;
  const int64_t rank = plan.rank;
  const bool tiled = rank > 1 && plan.y_strides[rank - 1] == plan.run && plan.x_strides[rank - 2] == plan.run;
  auto* p = ctx.step<run_copy>(units(plan) > 1 ? ctx.parts_for(nanoseconds(plan, tiled)) : 1);
  p->plan = plan;
  p->tiled = tiled;
  ctx.bind(&p->x, from);
  ctx.takes_flipped(&p->flip);
  ctx.bind(&p->y, to);
  ctx.takes_flipped(&p->flip);
}

void lower_fill(LowerContext& ctx, const uint8_t* value, TensorId value_tensor, TensorId to) {
  const Tensor& y = ctx.graph.at(to);
  const int64_t n = y.shape.elements(), width = bits(y.type) / 8;
  if (n == 0) return;
  auto* p = ctx.step<run_fill>(ctx.parts_for(static_cast<double>(n * width) * 0.05));
  p->value = value;
  p->n = n;
  p->width = width;
  if (value_tensor != kNoTensor) ctx.bind(&p->value, value_tensor);
  ctx.bind(&p->y, to);
}

}  // namespace thimble
