// Ranges of convolutions, depthwise convolutions and dense layers with constant weights.
#include <cmath>

#include "base/fixed_point.h"
#include "compress/squeeze/ranges.h"
#include "ops/conv2d/conv2d.h"
#include "ops/weighted.h"

namespace thimble::compress {
namespace {

struct Sum {
  int64_t lo = 0, hi = 0;
};

class Weighted {
 public:
  Weighted(const RangeContext& ctx, const WeightedLayer& layer) : ctx_(ctx), layer_(layer) {}

  bool known() const {
    const Tensor &x = ctx_.in(0), &w = ctx_.in(1);
    const WeightedKind kind = weighted_kind(x, w);
    if (bits(w.type) != 8) return false;
    return (kind == WeightedKind::s8 || kind == WeightedKind::u8) && is_8_bit(x) && is_8_bit(ctx_.out()) &&
           w.constant() && (!ctx_.has(2) || ctx_.in(2).constant());
  }

  // Of output channel o.
  ValueRange output(int64_t o) const {
    const int64_t columns = layer_.kernel_w;
    std::vector<Sum> sums;
    for (int64_t t = 0; t < layer_.kernel_h * columns; ++t) sums.push_back(tap(o, t));
    const int64_t bias = ctx_.has(2) ? ctx_.in(2).data.as<int32_t>()[static_cast<size_t>(o)] : 0;
    ValueRange all{INT32_MAX, INT32_MIN};
    for (const TapRange& h : layer_.taps_h)
      for (const TapRange& w : layer_.taps_w) {
        Sum sum{bias, bias};
        for (int64_t i = h.first; i < h.last; ++i)
          for (int64_t j = w.first; j < w.last; ++j) {
            sum.lo += sums[static_cast<size_t>(i * columns + j)].lo;
            sum.hi += sums[static_cast<size_t>(i * columns + j)].hi;
          }
        all = join(all, requantised(o, sum));
      }
    return all;
  }

 private:
  // What the products under one tap add up to.
  Sum tap(int64_t o, int64_t at) const {
    const Tensor& w = ctx_.in(1);
    const Ranges& x = ctx_.ranges(0);
    const auto outputs = static_cast<int64_t>(ctx_.channels);
    const int32_t zx = ctx_.in(0).quant.zero_point[0];
    const int32_t zw = w.quant.zero_point[w.quant.per_axis() ? static_cast<size_t>(o) : 0];
    Sum sum;
    const auto add = [&](int64_t weight, ValueRange v) {
      const int64_t factor = element(w, weight) - zw;
      const int64_t a = factor * (v.lo - zx), b = factor * (v.hi - zx);
      sum.lo += std::min(a, b);
      sum.hi += std::max(a, b);
    };
    if (layer_.depthwise) {
      const auto multiplier = outputs / static_cast<int64_t>(x.size());
      add(at * outputs + o, x[static_cast<size_t>(o / multiplier)]);
      return sum;
    }
    // A dense layer's columns repeat the channels of an unflattened input.
    const int64_t inner = w.shape.dim(-1), channels = static_cast<int64_t>(x.size());
    const int64_t first = layer_.grouped ? o / (outputs / std::max<int64_t>(channels / inner, 1)) * inner : 0;
    const int64_t base = (o * layer_.kernel_h * layer_.kernel_w + at) * inner;
    for (int64_t i = 0; i < inner; ++i) add(base + i, x[static_cast<size_t>((first + i) % channels)]);
    return sum;
  }

  ValueRange requantised(int64_t o, Sum sum) const {
    const Tensor &x = ctx_.in(0), &w = ctx_.in(1), &y = ctx_.out();
    ValueRange clamp;
    quantized_activation_range(layer_.activation, y.type, y.quant, &clamp.lo, &clamp.hi);
    const ChannelScale s = channel_scale(x.type, x.quant.scale[0], w.quant, y.quant.scale[0], o);
    const int left = std::max(s.shift, 0);
    const int64_t limit = int64_t{INT32_MAX} >> left;
    if (sum.lo < -limit || sum.hi > limit) return clamp;  // could wrap
    const double real = dense_scale(x.quant.scale[0], w.quant, y.quant.scale[0], o);
    const int32_t zero = y.quant.zero_point[0];
    const ValueRange any =
        rounded(static_cast<double>(sum.lo) * real, static_cast<double>(sum.hi) * real, 0x1p-8, zero, clamp);
    const auto own = [&](int64_t acc) {
      const int64_t q =
          int64_t{zero} + multiply_by_quantized_multiplier(static_cast<int32_t>(acc), s.multiplier, s.shift);
      return static_cast<int32_t>(std::clamp<int64_t>(q, clamp.lo, clamp.hi));
    };
    return join(any, {own(sum.lo), own(sum.hi)});
  }

  const RangeContext& ctx_;
  const WeightedLayer& layer_;
};

}  // namespace

Ranges weighted_ranges(const RangeContext& ctx, const WeightedLayer& layer) {
  const Weighted weighted(ctx, layer);
  if (!weighted.known()) return {};
  Ranges y;
  for (size_t o = 0; o < ctx.channels; ++o) y.push_back(weighted.output(static_cast<int64_t>(o)));
  return y;
}

Ranges convolution_ranges(const RangeContext& ctx, WeightedLayer layer) {
  const auto window = conv_window(ctx.node.attrs.as<Conv2dAttrs>(), ctx.in(0).shape, ctx.in(1).shape);
  if (!window) return {};
  layer.kernel_h = window->h.kernel;
  layer.kernel_w = window->w.kernel;
  layer.taps_h = tap_ranges(window->h);
  layer.taps_w = tap_ranges(window->w);
  return weighted_ranges(ctx, layer);
}

Zeros weighted_zeros(const RangeContext& ctx, const WeightedLayer& layer) {
  const Tensor& w = ctx.in(1);
  const size_t n = ctx.channels;
  if (!w.constant() || w.type != DType::f32 || (ctx.has(2) && !ctx.in(2).constant())) return {};
  const Zeros& x = ctx.zeros(0);
  if (x.empty() || n == 0) return {};
  const auto weights = w.data.as<float>();
  const auto inner = static_cast<size_t>(w.shape.dim(-1));
  Zeros silent(n, 1);
  for (size_t i = 0; i < weights.size(); ++i) {
    const size_t o = layer.depthwise ? i % n : i / (weights.size() / n);
    const size_t channel = layer.depthwise ? o / (n / x.size()) : (i % inner) % x.size();
    // Groups read other channels than their position says: only zero weights count there.
    const bool plain = !layer.grouped || inner == x.size();
    if (weights[i] != 0 && !(plain && x[channel])) silent[o] = 0;
  }
  float lo, hi;
  activation_range(layer.activation, &lo, &hi);
  for (size_t o = 0; o < n; ++o) {
    const float bias = ctx.has(2) ? ctx.in(2).data.as<float>()[o] : 0.0f;
    const bool stays_zero = (bias == 0 && !std::signbit(bias)) || (lo == 0 && bias < 0);
    silent[o] = silent[o] && stays_zero;
  }
  return silent;
}

}  // namespace thimble::compress
