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
  if (!ctx.may_take(ConstantForm::palette)) return {};
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

}  // namespace

bool lower_palette_f32(LowerContext& ctx, const GemmShape& s) {
  const Tensor& w = ctx.in(1);
  if (!w.constant() || s.images != 1 || s.taps != 1 || !s.offsets.empty() || s.weights_transposed || s.m < 1 ||
      s.m > kPaletteRows || s.n < 1 || s.k < 1)
    return false;
  const Choice choice = choose(ctx, s.m, s.n, s.k);
  if (!choice.taken) return false;
  float values[kPaletteValues] = {};
  const std::vector<uint8_t> codes = codes_of(w.data.as<float>(), values);
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

}  // namespace thimble::gemm_lowering
