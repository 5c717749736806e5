#include "runtime/lower_gemm_palette.h"

#include <bit>

#include "base/numbers.h"

namespace thimble::gemm_lowering {
namespace {

struct PaletteParams {
  const PaletteKernels* kernels;
  PaletteF32Args args;
};

// Split by columns: the weights are what takes time.
void run_palette(const PaletteParams& p, int part, int parts) {
  const int64_t columns = palette_columns(p.args.half);
  const Range r = part_range(p.args.n, part, parts, columns);
  if (r.begin == r.end) return;
  PaletteF32Args a = p.args;
  a.n = r.end - r.begin;
  a.b += r.begin / columns * palette_tile_bytes(a.k, a.half);
  if (a.bias) a.bias += r.begin;
  a.c += r.begin;
  p.kernels->f32(a);
}

// What was measured for so many rows and dense weights of about this size; null where nothing was.
const PaletteCost* cost_of(const PaletteKernels& kernels, int64_t rows, int64_t bytes) {
  const PaletteCost* found = nullptr;
  for (const PaletteCost& cost : kernels.costs)
    if (cost.rows == rows && cost.bytes <= bytes) found = &cost;
  return found;
}

struct Choice {
  bool taken = false, half = false;
  double nanoseconds = 0;
};

// A tenth of the dense time is kept as a margin. The last tile computes columns that do not exist.
Choice choose(const LowerContext& ctx, int64_t rows, int64_t n, int64_t k) {
  const bool forced = ctx.form == ConstantForm::palette;
  const PaletteCost* cost = cost_of(ctx.kernels.palette, rows, n * k * int64_t{sizeof(float)});
  if (cost == nullptr) return {forced, rows == 1, 0};
  const auto nanoseconds = [&](double per_thousand, int64_t columns) {
    return per_thousand * 1e-3 * static_cast<double>(columns) * static_cast<double>(k);
  };
  const int64_t run = kPaletteRun, halves = (n + run - 1) / (2 * run) * (2 * run);  // columns in tiles of both kinds
  const double all = nanoseconds(cost->all, round_up(n, run));
  const double half =
      nanoseconds(cost->half, halves) + nanoseconds(cost->all, round_up(std::max<int64_t>(n - halves, 0), run));
  const bool take_half = cost->half > 0 && half < all;
  const double best = take_half ? half : all;
  return {forced || best < 0.9 * nanoseconds(cost->dense, n), take_half, best};
}

// The place of each weight among the values, by their bits (zeros of both signs differ); empty where they are too many.
// A guess by a hash spares the search: millions of weights are looked at while a model loads.
std::vector<uint8_t> codes_of(std::span<const float> weights, float (&values)[kPaletteValues]) {
  std::vector<uint8_t> codes;
  codes.reserve(weights.size());
  std::ptrdiff_t count = 0;
  uint32_t bits[kPaletteValues] = {};
  uint8_t guesses[1024] = {};
  for (const float w : weights) {
    const auto pattern = std::bit_cast<uint32_t>(w);
    uint8_t& guess = guesses[pattern * 2654435761u >> 22];
    if (guess >= count || bits[guess] != pattern) {
      const std::ptrdiff_t at = std::find(bits, bits + count, pattern) - bits;
      if (at == kPaletteValues) return {};
      if (at == count) {
        values[count] = w;
        bits[count++] = pattern;
      }
      guess = static_cast<uint8_t>(at);
    }
    codes.push_back(guess);
  }
  return codes;
}

// One row: sums, then requantised as the dense kernel does it.
struct PaletteS8Params {
  const KernelTable* kernels;
  PaletteS8Args args;
  GemmS8Args requant;
};

void run_palette_s8(const PaletteS8Params& p, int, int) {
  p.kernels->palette.s8(p.args);
  p.kernels->sparse.requantise(p.requant, p.args.c, p.args.n);
}

bool pays_s8(const LowerContext& ctx, int64_t weights, bool small) {
  if (ctx.form == ConstantForm::palette) return true;
  const PaletteS8Cost* cost = nullptr;
  for (const PaletteS8Cost& c : ctx.kernels.palette.s8_costs)
    if (c.weights <= weights) cost = &c;
  return cost != nullptr && (small ? cost->small : cost->any) < 0.9 * cost->dense;
}

// Plain products with constant weights that are not turned.
bool is_plain(const LowerContext& ctx, const GemmShape& s) {
  return ctx.in(1).constant() && s.images == 1 && s.taps == 1 && s.offsets.empty() && !s.weights_transposed &&
         s.m >= 1 && s.n >= 1 && s.k >= 1 && ctx.may_take(ConstantForm::palette);
}

}  // namespace

bool lower_palette_f32(LowerContext& ctx, const GemmShape& s) {
  if (!is_plain(ctx, s) || s.m > kPaletteRows) return false;
  const Choice choice = choose(ctx, s.m, s.n, s.k);
  if (!choice.taken) return false;
  float values[kPaletteValues] = {};
  const std::vector<uint8_t> codes = codes_of(ctx.in(1).data.as<float>(), values);
  if (codes.empty()) return false;
  const PaletteKernels& kernels = ctx.kernels.palette;
  auto* packed = ctx.constant<uint8_t>(palette_bytes(s.n, s.k, choice.half));
  kernels.pack({.n = s.n, .k = s.k, .codes = codes.data(), .values = values, .half = choice.half, .packed = packed});
  auto* p = ctx.step<run_palette>(ctx.parts_for(choice.nanoseconds));
  p->kernels = &kernels;
  PaletteF32Args& a = p->args;
  a.m = s.m;
  a.n = s.n;
  a.k = a.lda = s.k;
  a.b = packed;
  a.values = ctx.constant(std::vector<float>(values, values + kPaletteValues));
  a.half = choice.half;
  a.ldc = s.n;
  activation_range(s.activation, &a.lo, &a.hi);
  ctx.bind_in(&a.a, 0);
  ctx.bind_in(&a.bias, 2);
  ctx.bind_out(&a.c);
  return true;
}

bool lower_palette_s8(LowerContext& ctx, const GemmShape& s, const RequantArgs& requant, const int32_t* bias,
                      ScratchId biased) {
  const PaletteKernels& kernels = ctx.kernels.palette;
  if (kernels.s8 == nullptr || s.m != 1 || !is_plain(ctx, s) || !pays_s8(ctx, s.n * s.k, true)) return false;
  const std::span<const int8_t> weights = ctx.in(1).data.as<int8_t>();
  std::vector<int8_t> values;
  std::vector<uint8_t> code(256), codes;
  codes.reserve(weights.size());
  bool seen[256] = {}, small = true;
  for (const int8_t w : weights) {
    const auto byte = static_cast<uint8_t>(w);
    if (!seen[byte]) {
      if (values.size() == kPaletteValues) return false;
      seen[byte] = true;
      code[byte] = static_cast<uint8_t>(values.size());
      values.push_back(w);
      small = small && w >= -64 && w <= 64;
    }
    codes.push_back(code[byte]);
  }
  if (!pays_s8(ctx, s.n * s.k, small)) return false;
  values.resize(kPaletteValues);
  auto* packed = ctx.constant<uint8_t>(palette_s8_bytes(s.n, s.k));
  kernels.pack_s8(codes.data(), s.n, s.k, packed);
  const ScratchId sums = ctx.scratch(round_up<int64_t>(s.n, 16) * 4 + 64);
  auto* p = ctx.step<run_palette_s8>();
  p->kernels = &ctx.kernels;
  p->args.n = p->requant.n = p->requant.ldc = s.n;
  p->args.k = s.k;
  p->args.b = packed;
  p->args.values = ctx.constant(values);
  p->args.bias = bias;
  p->requant.m = 1;
  p->requant.requant = requant;
  ctx.bind_scratch(&p->args.a, biased);
  ctx.bind_scratch(&p->args.c, sums);
  ctx.bind_out(&p->requant.c_quantized);
  ctx.takes_flipped(&p->requant.requant.flip);
  return true;
}

}  // namespace thimble::gemm_lowering
