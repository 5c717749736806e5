#include "runtime/lower_gemm_sparse.h"

#include <cstring>

#include "base/numbers.h"

namespace thimble::gemm_lowering {
namespace {

// "Numbers" are floats, or groups of four bytes, which are turned as floats: turning moves bits. The turned image of a
// window holds one plane per number of a pixel: the padded image, row by row. A position is an output pixel in that
// numbering, so each tap lies at one distance; the positions at the end of each row that are no output pixels are
// computed and dropped.
struct Geometry {
  const KernelTable* kernels;
  int64_t images, k;                 // numbers of a pixel
  int64_t in_h, in_w, pad_h, pad_w;  // of an image; rows and columns of padding before it
  int64_t out_h, out_w, width;       // of the output; of a plane's row
  int64_t positions, plane, block;   // positions computed at once
  bool padded;
  uint8_t pad;  // byte of the padding
};

struct TurnParams {
  Geometry g;
  const float* x;
  float* planes;
};

void run_turn(const TurnParams& p, int part, int parts) {
  const Geometry& g = p.g;
  const Range r = part_range(g.k, part, parts, 16);
  if (r.begin == r.end) return;
  const auto transpose = g.kernels->gemm_f32.transpose;
  for (int64_t image = 0; image < g.images; ++image) {
    const float* x = p.x + image * g.in_h * g.in_w * g.k + r.begin;
    float* planes = p.planes + (image * g.k + r.begin) * g.plane;
    if (!g.padded) {
      transpose(x, g.in_h * g.in_w, r.end - r.begin, g.k, planes, g.plane);
      continue;
    }
    std::memset(planes, g.pad, static_cast<size_t>((r.end - r.begin) * g.plane) * sizeof(float));
    for (int64_t y = 0; y < g.in_h; ++y)
      transpose(x + y * g.in_w * g.k, g.in_w, r.end - r.begin, g.k, planes + (y + g.pad_h) * g.width + g.pad_w,
                g.plane);
  }
}

struct SparseParams {
  Geometry g;
  const float* x;       // rows, turned block by block; or
  const float* planes;  // turned already
  float* scratch;
  int64_t part_numbers;  // scratch of one part
  SparseF32Args f32;
  float* y;
  SparseS8Args s8;
  GemmS8Args requant;
};

// Calls body(image, turned activations of the block, positions, sums, first output pixel, output pixels) where
// turn(sums, n, to) puts the sums of the output pixels into rows.
template <class Body>
void for_blocks(const SparseParams& p, int part, int parts, Body body) {
  const Geometry& g = p.g;
  float* turned = p.scratch + part * p.part_numbers;
  float* sums = p.planes != nullptr ? turned : turned + g.k * g.block;
  for_rows(g.images, g.positions, kSparseRows, part, parts, [&](int64_t image, int64_t begin, int64_t count) {
    for (int64_t at = begin; at < begin + count; at += g.block) {
      const int64_t n = std::min(g.block, begin + count - at);
      if (p.planes != nullptr) {
        body(image, p.planes + image * g.k * g.plane + at, at, n, sums);
      } else {
        g.kernels->gemm_f32.transpose(p.x + (image * g.positions + at) * g.k, n, g.k, g.k, turned, g.block);
        body(image, turned, at, n, sums);
      }
    }
  });
}

// Sums of positions [at, at + count) to rows of n numbers, output pixel by output pixel. Returns how many there are.
int64_t turn_back(const Geometry& g, const float* sums, int64_t n, int64_t at, int64_t count, float* rows) {
  int64_t pixels = 0;
  for (int64_t i = 0; i < count;) {
    const int64_t column = (at + i) % g.width, left = g.out_w - column, run = std::min(left, count - i);
    if (run > 0) g.kernels->gemm_f32.transpose(sums + i, n, run, g.block, rows + pixels * n, n);
    if (run > 0) pixels += run;
    i += g.width - column;
  }
  return pixels;
}

// Output pixels before a position.
int64_t pixels_before(const Geometry& g, int64_t position) {
  return position / g.width * g.out_w + std::min(position % g.width, g.out_w);
}

void run_sparse_f32(const SparseParams& p, int part, int parts) {
  const Geometry& g = p.g;
  for_blocks(p, part, parts, [&](int64_t image, const float* turned, int64_t at, int64_t count, float* sums) {
    SparseF32Args a = p.f32;
    a.m = round_up(count, kSparseRows);
    a.a = turned;
    a.c = sums;
    g.kernels->sparse.f32(a);
    turn_back(g, sums, a.n, at, count, p.y + (image * g.out_h * g.out_w + pixels_before(g, at)) * a.n);
  });
}

void run_sparse_s8(const SparseParams& p, int part, int parts) {
  const Geometry& g = p.g;
  for_blocks(p, part, parts, [&](int64_t image, const float* turned, int64_t at, int64_t count, float* sums) {
    SparseS8Args a = p.s8;
    a.m = round_up(count, kSparseRows);
    a.a = reinterpret_cast<const uint8_t*>(turned);
    a.c = reinterpret_cast<int32_t*>(sums);
    g.kernels->sparse.s8(a);
    float* rows = sums + a.n * g.block;
    GemmS8Args requant = p.requant;
    requant.m = turn_back(g, sums, a.n, at, count, rows);
    requant.c_quantized += (image * g.out_h * g.out_w + pixels_before(g, at)) * a.n;
    g.kernels->sparse.requantise(requant, reinterpret_cast<const int32_t*>(rows), a.n);
  });
}

// A few rows of a dense layer, each as it lies.
struct RowParams {
  const KernelTable* kernels;
  int64_t m, k;
  SparseRowS8Args row;  // the first
  GemmS8Args requant;
};

void run_rows_s8(const RowParams& p, int, int) {
  for (int64_t i = 0; i < p.m; ++i) {
    SparseRowS8Args a = p.row;
    a.a += i * p.k;
    a.c += i * a.n;
    p.kernels->sparse.row_s8(a);
  }
  p.kernels->sparse.requantise(p.requant, p.row.c, p.row.n);
}

bool lower_rows_s8(LowerContext& ctx, const GemmShape& s, const RequantArgs& requant, const int32_t* bias,
                   ScratchId biased) {
  const int64_t rows = s.images * s.m, blocks = ceil_div<int64_t>(s.k, 16);
  if (!ctx.may_take(ConstantForm::sparse) || s.taps != 1 || !s.offsets.empty() || s.weights_transposed ||
      rows >= kSparseRows || s.n * s.k > INT32_MAX)
    return false;
  const int8_t* w = ctx.in(1).data.as<int8_t>().data();
  std::vector<int32_t> begin{0}, block;
  for (int64_t j = 0; j < s.n; ++j) {
    for (int64_t b = 0; b < blocks; ++b)
      if (std::any_of(w + j * s.k + b * 16, w + j * s.k + std::min(b * 16 + 16, s.k), [](int8_t v) { return v != 0; }))
        block.push_back(static_cast<int32_t>(b));
    begin.push_back(static_cast<int32_t>(block.size()));
  }
  const SparseRowCost& cost = ctx.kernels.sparse.row_s8_cost;
  const auto entries = static_cast<int64_t>(block.size());
  const double sparse = static_cast<double>(entries) * cost.entry + static_cast<double>(s.n) * cost.column;
  if (ctx.form == ConstantForm::automatic &&
      (cost.entry == 0 || sparse > 0.9 * static_cast<double>(s.n) * static_cast<double>(s.k) / 4))
    return false;
  auto* value = ctx.constant<int8_t>(entries * 16);
  for (int64_t j = 0, e = 0; j < s.n; ++j)
    for (; e < begin[static_cast<size_t>(j) + 1]; ++e) {
      const int64_t at = int64_t{16} * block[static_cast<size_t>(e)];
      std::copy_n(w + j * s.k + at, std::min<int64_t>(16, s.k - at), value + e * 16);
    }
  const ScratchId sums = ctx.scratch(rows * s.n * 4 + 64);
  auto* p = ctx.step<run_rows_s8>();
  p->kernels = &ctx.kernels;
  p->m = p->requant.m = rows;
  p->k = s.k;
  p->row.n = p->requant.n = p->requant.ldc = s.n;
  p->row.begin = ctx.constant(begin);
  p->row.block = ctx.constant(block);
  p->row.value = value;
  p->row.bias = bias;
  p->requant.requant = requant;
  ctx.bind_scratch(&p->row.a, biased);
  ctx.bind_scratch(&p->row.c, sums);
  ctx.bind_out(&p->requant.c_quantized);
  ctx.takes_flipped(&p->requant.requant.flip);
  return true;
}

template <class T>
int64_t count_entries(const T* w, int64_t groups, int group) {
  int64_t count = 0;
  for (int64_t g = 0; g < groups; ++g, w += group) count += std::any_of(w, w + group, [](T v) { return v != T{}; });
  return count;
}

// Weights in compressed columns: groups of `group` weights along a run that are not all zero, each with its place among
// the weights (in groups) and the distance of its activations.
struct Columns {
  std::vector<int32_t> begin{0}, offset;
  std::vector<int64_t> place;
};
template <class T>
Columns compress(const T* w, const GemmShape& s, const Geometry& g, int group) {
  Columns c;
  const int64_t step_h = s.window ? s.window->h.dilation * g.width : 0, step_w = s.window ? s.window->w.dilation : 0;
  const int64_t across = s.window ? s.window->w.kernel : 1, plane = s.window ? g.plane : g.block;
  int64_t place = 0;
  for (int64_t j = 0; j < s.n; ++j) {
    for (int64_t t = 0; t < s.taps; ++t)
      for (int64_t r = 0; r < g.k; ++r, ++place) {
        const T* four = w + place * group;
        if (std::all_of(four, four + group, [](T v) { return v == T{}; })) continue;
        c.offset.push_back(static_cast<int32_t>(r * plane + t / across * step_h + t % across * step_w));
        c.place.push_back(place);
      }
    c.begin.push_back(static_cast<int32_t>(c.offset.size()));
  }
  return c;
}

// False where the shape has no sparse form: weights that change, windows that jump, int8 runs not of whole groups.
bool geometry_of(const LowerContext& ctx, const GemmShape& s, int64_t group, Geometry* g) {
  if (!ctx.may_take(ConstantForm::sparse) || !ctx.in(1).constant() || s.weights_transposed || s.k % group != 0 ||
      s.n * s.taps * s.k > INT32_MAX || (!s.offsets.empty() && s.window == nullptr))
    return false;
  *g = {};
  g->kernels = &ctx.kernels;
  g->images = s.images;
  g->k = s.k / group;
  if (s.window != nullptr) {
    const WindowAxis &h = s.window->h, &w = s.window->w;
    if (h.stride != 1 || w.stride != 1) return false;
    const int64_t height = h.out + (h.kernel - 1) * h.dilation;
    g->in_h = h.in, g->in_w = w.in, g->pad_h = h.pad, g->pad_w = w.pad, g->out_h = h.out, g->out_w = w.out;
    g->width = w.out + (w.kernel - 1) * w.dilation;
    g->padded = height != h.in || g->width != w.in;
    if (height < h.in + h.pad || g->width < w.in + w.pad) return false;  // larger than what is read
    g->positions = (g->out_h - 1) * g->width + g->out_w;
    g->plane = round_up(height * g->width + kSparseRows, kSparseRows);
  } else {
    g->out_h = 1;
    g->out_w = g->width = g->positions = s.m;
  }
  const int64_t near = s.window != nullptr ? s.n : g->k + s.n;  // numbers of a position that are in use at once
  g->block = std::min(near * 512 <= 128 * 1024 ? int64_t{128} : int64_t{64}, round_up(g->positions, kSparseRows));
  return g->images * g->k * g->plane < INT32_MAX / 8 && g->k * g->block < INT32_MAX / 8;
}

double count(int64_t v) { return static_cast<double>(v); }

// Of n positions, in rows of SparseCost.
double product_rows(const SparseCost& cost, int64_t n) {
  double rows = 0;
  for (int64_t left = round_up(n, kSparseRows), chunk = cost.most; chunk >= kSparseRows; chunk /= 2)
    for (; left >= chunk; left -= chunk) rows += count(chunk) + cost.start;
  return rows;
}

// A tenth of the dense time is kept as a margin. The taps of a window read lines that are not aligned, and it is turned
// row by row, where short rows cost as much as sixteen pixels: measured factors of 1.3 and 2.
bool pays(const LowerContext& ctx, const SparseCost& cost, const GemmShape& s, const Geometry& g, int64_t entries) {
  if (ctx.form == ConstantForm::sparse) return true;
  if (cost.entry == 0) return false;
  const bool window = s.window != nullptr;
  const double rows =
      count(g.positions / g.block) * product_rows(cost, g.block) + product_rows(cost, g.positions % g.block);
  const int64_t in = window ? g.in_h * round_up<int64_t>(g.in_w, 16) : s.m;
  const int64_t out = window ? g.out_h * round_up<int64_t>(g.out_w, 16) : s.m;
  const double sparse = rows * count(entries) * cost.entry * (window ? 1.3 : 1) +
                        (count(in) * count(g.k) + count(out) * count(s.n)) * cost.turn * (window ? 2 : 1);
  return sparse < 0.9 * count(s.m) * count(s.n) * count(s.taps * g.k);
}

// The steps of both kinds: turning, where a window needs it, and the product, whose parameters are returned.
// `sums`: numbers of scratch that the results of a position take.
template <auto Run, class Bind>
SparseParams* add_steps(LowerContext& ctx, const GemmShape& s, const Geometry& g, int64_t entries, int64_t sums,
                        Bind bind_x) {
  const double work = static_cast<double>(g.images * g.positions) * static_cast<double>(entries) / 25;
  const int parts = g.images * g.positions > kSparseRows ? ctx.parts_for(work) : 1;
  ScratchId planes;
  if (s.window != nullptr) {
    planes = ctx.scratch((g.images * g.k * g.plane + 128) * 4);
    auto* turn = ctx.step<run_turn>(g.k > 16 ? ctx.parts_for(static_cast<double>(g.images * g.k * g.plane) / 8) : 1);
    turn->g = g;
    bind_x(&turn->x);
    ctx.bind_scratch(&turn->planes, planes);
  }
  const int64_t part_numbers = ((s.window ? 0 : g.k) + sums) * g.block + 16;
  const ScratchId scratch = ctx.scratch(parts * part_numbers * 4 + 64);
  auto* step = ctx.step<Run>(parts);
  step->g = g;
  step->part_numbers = part_numbers;
  if (s.window != nullptr)
    ctx.bind_scratch(&step->planes, planes);
  else
    bind_x(&step->x);
  ctx.bind_scratch(&step->scratch, scratch);
  return step;
}

}  // namespace

bool lower_sparse_f32(LowerContext& ctx, const GemmShape& s) {
  Geometry g;
  if (!geometry_of(ctx, s, 1, &g)) return false;
  const float* w = ctx.in(1).data.as<float>().data();
  const int64_t entries = count_entries(w, s.n * s.taps * s.k, 1);
  if (!pays(ctx, ctx.kernels.sparse.f32_cost, s, g, entries)) return false;
  const Columns columns = compress(w, s, g, 1);
  auto* value = ctx.constant<float>(entries);
  for (size_t e = 0; e < columns.place.size(); ++e) value[e] = w[columns.place[e]];
  SparseParams* p = add_steps<run_sparse_f32>(ctx, s, g, entries, s.n, [&](const float** x) { ctx.bind_in(x, 0); });
  SparseF32Args& a = p->f32;
  a.n = s.n;
  a.begin = ctx.constant(columns.begin);
  a.offset = ctx.constant(columns.offset);
  a.value = value;
  a.ldc = g.block;
  activation_range(s.activation, &a.lo, &a.hi);
  ctx.bind_in(&a.bias, 2);
  ctx.bind_out(&p->y);
  return true;
}

bool lower_sparse_s8(LowerContext& ctx, const GemmShape& s, const RequantArgs& requant, const int32_t* bias,
                     ScratchId biased) {
  if (lower_rows_s8(ctx, s, requant, bias, biased)) return true;
  Geometry g;
  if (!geometry_of(ctx, s, 4, &g)) return false;
  g.pad = static_cast<uint8_t>(ctx.in(0).quant.zero_point[0] + 128);
  const int64_t bytes = ctx.kernels.sparse.group_bytes;
  const int8_t* w = ctx.in(1).data.as<int8_t>().data();
  const int64_t entries = count_entries(w, s.n * s.taps * g.k, 4);
  if (!pays(ctx, ctx.kernels.sparse.s8_cost, s, g, entries)) return false;
  const Columns columns = compress(w, s, g, 4);
  auto* value = ctx.constant<int8_t>(entries * bytes);
  for (size_t e = 0; e < columns.place.size(); ++e)
    ctx.kernels.sparse.pack_group(w + columns.place[e] * 4, value + static_cast<int64_t>(e) * bytes);
  SparseParams* p =
      add_steps<run_sparse_s8>(ctx, s, g, entries, 2 * s.n, [&](const float** x) { ctx.bind_scratch(x, biased); });
  SparseS8Args& a = p->s8;
  a.n = p->requant.n = p->requant.ldc = s.n;
  a.begin = ctx.constant(columns.begin);
  a.offset = ctx.constant(columns.offset);
  a.value = value;
  a.bias = bias;
  a.ldc = g.block;
  p->requant.requant = requant;
  ctx.bind_out(&p->requant.c_quantized);
  ctx.takes_flipped(&p->requant.requant.flip);
  return true;
}

}  // namespace thimble::gemm_lowering
