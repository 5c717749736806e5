#include "compress/squeeze_ranges.h"

#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"
#include "ops/axes.h"
#include "ops/binary/binary.h"
#include "ops/concatenation/concatenation.h"
#include "ops/conv2d/conv2d.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/pool2d/pool2d.h"
#include "ops/unary/unary.h"
#include "ops/weighted.h"

namespace thimble::compress {

std::vector<TapRange> tap_ranges(const WindowAxis& axis) {
  std::vector<TapRange> ranges;
  for (int64_t o = 0; o < axis.out; ++o) {
    TapRange r{0, 0};
    bool any = false;
    for (int64_t t = 0; t < axis.kernel; ++t) {
      const int64_t at = axis.input_of(o, t);
      if (at < 0 || at >= axis.in) continue;
      if (!any) r.first = t;
      r.last = t + 1;
      any = true;
    }
    if (std::ranges::find(ranges, r) == ranges.end()) ranges.push_back(r);
  }
  return ranges;
}

namespace {

using Ranges = std::vector<ValueRange>;
using Zeros = std::vector<char>;

bool is_8_bit(const Tensor& t) {
  return (t.type == DType::i8 || t.type == DType::u8) && t.quant.scale.size() == 1 && t.quant.zero_point.size() == 1;
}
ValueRange whole(DType type) { return type == DType::u8 ? ValueRange{0, 255} : ValueRange{-128, 127}; }
int64_t last_axis(const Tensor& t) { return t.shape.rank() > 0 ? t.shape.dim(-1) : 1; }
int32_t element(const Tensor& t, int64_t i) {
  return t.type == DType::u8 ? t.data.bytes[i] : t.data.as<int8_t>()[static_cast<size_t>(i)];
}
ValueRange join(ValueRange a, ValueRange b) { return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)}; }

// The integers that runtimes may give for the real numbers [lo, hi] (in units of the output, before the zero point).
ValueRange rounded(double lo, double hi, double slack, int32_t zero, ValueRange clamp) {
  const auto to_int = [&](double v) {
    return static_cast<int32_t>(std::clamp(std::round(v) + zero, double(clamp.lo), double(clamp.hi)));
  };
  return {to_int(lo - slack - std::fabs(lo) * 0x1p-20), to_int(hi + slack + std::fabs(hi) * 0x1p-20)};
}

// A convolution, depthwise convolution or dense layer of 8-bit numbers with constant weights.
class Weighted {
 public:
  Weighted(const Graph& g, const Node& n) : graph_(g), node_(n) {}

  bool known() const {
    const Tensor &x = in(0), &w = in(1), &y = graph_.at(node_.outputs[0]);
    const WeightedKind kind = weighted_kind(x, w);
    if (bits(w.type) != 8) return false;
    return (kind == WeightedKind::s8 || kind == WeightedKind::u8) && is_8_bit(x) && is_8_bit(y) && w.constant() &&
           (!has_bias() || in(2).constant());
  }

  Ranges run(const Ranges& x) {
    const bool depthwise = node_.op == Op::depthwise_conv2d;
    const Tensor& w = in(1);
    outputs_ = depthwise ? w.shape[3] : w.shape[0];
    if (node_.op == Op::fully_connected) {
      taps_h_ = taps_w_ = {{0, 1}};
    } else {
      const auto window = conv_window(node_.attrs.as<Conv2dAttrs>(), in(0).shape, w.shape);
      if (!window) return Ranges(static_cast<size_t>(outputs_), whole(in(0).type));
      taps_h_ = tap_ranges(window->h);
      taps_w_ = tap_ranges(window->w);
      kernel_h_ = window->h.kernel;
      kernel_w_ = window->w.kernel;
    }
    Ranges y;
    for (int64_t o = 0; o < outputs_; ++o) y.push_back(output(o, x, depthwise));
    return y;
  }

 private:
  const Tensor& in(size_t i) const { return graph_.at(node_.inputs[i]); }
  bool has_bias() const { return node_.inputs.size() > 2 && node_.inputs[2] != kNoTensor; }

  struct Sum {
    int64_t lo = 0, hi = 0;
  };

  // What the products under one tap add up to.
  Sum tap(int64_t o, int64_t at, const Ranges& x, bool depthwise) const {
    const Tensor& w = in(1);
    const int32_t zx = in(0).quant.zero_point[0];
    const int32_t zw = w.quant.zero_point[w.quant.per_axis() ? static_cast<size_t>(o) : 0];
    Sum sum;
    const auto add = [&](int64_t weight, ValueRange v) {
      const int64_t factor = element(w, weight) - zw;
      const int64_t a = factor * (v.lo - zx), b = factor * (v.hi - zx);
      sum.lo += std::min(a, b);
      sum.hi += std::max(a, b);
    };
    if (depthwise) {
      const auto multiplier = outputs_ / static_cast<int64_t>(x.size());
      add(at * outputs_ + o, x[static_cast<size_t>(o / multiplier)]);
      return sum;
    }
    const int64_t inner = w.shape.dim(-1), channels = static_cast<int64_t>(x.size());
    // A dense layer's columns repeat the channels of an unflattened input; a group reads its own channels.
    const int64_t first = node_.op == Op::conv2d ? o / (outputs_ / std::max<int64_t>(channels / inner, 1)) * inner : 0;
    const int64_t base = (o * kernel_h_ * kernel_w_ + at) * inner;
    for (int64_t i = 0; i < inner; ++i) add(base + i, x[static_cast<size_t>((first + i) % channels)]);
    return sum;
  }

  ValueRange output(int64_t o, const Ranges& x, bool depthwise) const {
    std::vector<Sum> sums;
    for (int64_t t = 0; t < kernel_h_ * kernel_w_; ++t) sums.push_back(tap(o, t, x, depthwise));
    const int64_t bias = has_bias() ? in(2).data.as<int32_t>()[static_cast<size_t>(o)] : 0;
    ValueRange all{INT32_MAX, INT32_MIN};
    for (const TapRange& h : taps_h_)
      for (const TapRange& w : taps_w_) {
        Sum sum{bias, bias};
        for (int64_t i = h.first; i < h.last; ++i)
          for (int64_t j = w.first; j < w.last; ++j) {
            sum.lo += sums[static_cast<size_t>(i * kernel_w_ + j)].lo;
            sum.hi += sums[static_cast<size_t>(i * kernel_w_ + j)].hi;
          }
        all = join(all, requantised(o, sum));
      }
    return all;
  }

  ValueRange requantised(int64_t o, Sum sum) const {
    const Tensor& y = graph_.at(node_.outputs[0]);
    const Tensor &x = in(0), &w = in(1);
    const Activation activation = node_.op == Op::fully_connected ? node_.attrs.as<FullyConnectedAttrs>().activation
                                                                  : node_.attrs.as<Conv2dAttrs>().activation;
    ValueRange clamp;
    quantized_activation_range(activation, y.type, y.quant, &clamp.lo, &clamp.hi);
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

  const Graph& graph_;
  const Node& node_;
  int64_t outputs_ = 0, kernel_h_ = 1, kernel_w_ = 1;
  std::vector<TapRange> taps_h_, taps_w_;
};

class Interpreter {
 public:
  explicit Interpreter(const Graph& graph) : graph_(graph) {
    result_.integer.resize(graph.tensors.size());
    result_.zero.resize(graph.tensors.size());
  }

  GraphRanges run() {
    for (size_t t = 0; t < graph_.tensors.size(); ++t) start(static_cast<TensorId>(t));
    for (const Node& node : graph_.nodes) step(node);
    return std::move(result_);
  }

 private:
  Ranges& ints(TensorId t) { return result_.integer[static_cast<size_t>(t)]; }
  Zeros& zeros(TensorId t) { return result_.zero[static_cast<size_t>(t)]; }

  // What is known without looking at a tensor's producer: its type, and a constant's data.
  void start(TensorId id) {
    const Tensor& t = graph_.at(id);
    const auto n = static_cast<size_t>(last_axis(t));
    if (n > (size_t{1} << 24)) return;
    if (t.type == DType::f32) zeros(id).assign(n, 0);
    if (!is_8_bit(t)) return;
    ints(id).assign(n, whole(t.type));
    if (!t.constant() || n == 0) return;
    ints(id).assign(n, ValueRange{INT32_MAX, INT32_MIN});
    for (int64_t i = 0; i < t.shape.elements(); ++i) {
      ValueRange& r = ints(id)[static_cast<size_t>(i) % n];
      r = join(r, {element(t, i), element(t, i)});
    }
  }

  void step(const Node& node) {
    if (node.outputs.size() != 1 || node.inputs.empty() || node.inputs[0] == kNoTensor) return;
    const Tensor& y = graph_.at(node.outputs[0]);
    if (y.type == DType::f32 && graph_.at(node.inputs[0]).type == DType::f32) return step_float(node);
    if (!is_8_bit(y) || y.shape.elements() == 0) return;
    const auto n = static_cast<size_t>(last_axis(y));
    if (ints(node.inputs[0]).empty()) return;
    Ranges r;
    switch (node.op) {
      case Op::conv2d:
      case Op::depthwise_conv2d:
      case Op::fully_connected:
        if (Weighted weighted(graph_, node); weighted.known()) r = weighted.run(ints(node.inputs[0]));
        break;
      case Op::max_pool:
      case Op::average_pool: r = pool(node); break;
      case Op::add:
      case Op::sub:
      case Op::mul:
      case Op::maximum:
      case Op::minimum: r = binary(node, n); break;
      case Op::pad: r = pad(node, n); break;
      case Op::mean: r = mean(node, n); break;
      case Op::concatenation: r = concatenation(node, n); break;
      case Op::reshape:
      case Op::squeeze:
      case Op::expand_dims:
      case Op::transpose:
      case Op::slice:
      case Op::strided_slice: r = moved(node, n); break;
      default:
        if (is_unary(node.op)) r = unary(node);
    }
    if (r.size() == n) ints(node.outputs[0]) = std::move(r);
  }

  Ranges pool(const Node& node) {
    const Tensor& y = graph_.at(node.outputs[0]);
    int32_t lo, hi;
    pool_clamp(node.attrs.as<Pool2dAttrs>().activation, y.type, y.quant, &lo, &hi);
    Ranges r = ints(node.inputs[0]);
    for (ValueRange& v : r) v = {std::clamp(v.lo, lo, hi), std::clamp(v.hi, lo, hi)};
    return r;
  }

  // Each function is monotone in each operand: the extremes are at the corners.
  Ranges binary(const Node& node, size_t n) {
    const Tensor &a = graph_.at(node.inputs[0]), &b = graph_.at(node.inputs[1]), &y = graph_.at(node.outputs[0]);
    const Ranges &ra = ints(node.inputs[0]), &rb = ints(node.inputs[1]);
    if ((ra.size() != n && ra.size() != 1) || (rb.size() != n && rb.size() != 1)) return {};
    if (!is_8_bit(a) || !is_8_bit(b)) return {};
    const BinaryFn fn = binary_fn(node.op);
    const BinaryInteger f =
        binary_integer(fn, node.attrs.as<BinaryAttrs>().activation, y.type, a.quant, b.quant, y.quant);
    const bool raw = fn == BinaryFn::maximum || fn == BinaryFn::minimum;
    Ranges r;
    for (size_t k = 0; k < n; ++k) {
      const ValueRange p = ra[ra.size() == 1 ? 0 : k], q = rb[rb.size() == 1 ? 0 : k];
      ValueRange all{INT32_MAX, INT32_MIN};
      for (const int32_t i : {p.lo, p.hi})
        for (const int32_t j : {q.lo, q.hi}) {
          const int32_t own = f(i, j);
          all = join(all, {own, own});
          if (raw) continue;
          const double u = double(a.quant.scale[0]) * (i - f.za), v = double(b.quant.scale[0]) * (j - f.zb);
          const double value = (fn == BinaryFn::add ? u + v : fn == BinaryFn::sub ? u - v : u * v) / y.quant.scale[0];
          all = join(all, rounded(value, value, 0x1p-6, f.zy, {f.lo, f.hi}));
        }
      r.push_back(all);
    }
    return r;
  }

  Ranges unary(const Node& node) {
    const Tensor &x = graph_.at(node.inputs[0]), &y = graph_.at(node.outputs[0]);
    if (!is_8_bit(x)) return {};
    const auto& attrs = node.attrs.as<UnaryAttrs>();
    uint8_t table[256];
    unary_table(unary_fn(node.op, attrs), attrs.alpha, y.type, x.quant, y.quant, table);
    // Clamps of one and the same quantisation are exact everywhere; other tables may differ by one step.
    const bool clamp = node.op == Op::relu || node.op == Op::relu6 || node.op == Op::relu_n1_to_1;
    const int32_t slack = clamp && x.quant == y.quant ? 0 : 1;
    const ValueRange limits = whole(y.type);
    Ranges r;
    for (const ValueRange v : ints(node.inputs[0])) {
      ValueRange all{INT32_MAX, INT32_MIN};
      for (int32_t i = v.lo; i <= v.hi; ++i) {
        const uint8_t raw = table[static_cast<uint8_t>(i)];
        const int32_t q = y.type == DType::u8 ? raw : static_cast<int8_t>(raw);
        all = join(all, {q - slack, q + slack});
      }
      r.push_back({std::max(all.lo, limits.lo), std::min(all.hi, limits.hi)});
    }
    return r;
  }

  Ranges pad(const Node& node, size_t n) {
    const Tensor& amount = graph_.at(node.inputs[1]);
    const Tensor& x = graph_.at(node.inputs[0]);
    if (!amount.constant()) return {};
    const IntList list(amount.type, amount.data.bytes, amount.shape.elements());
    int32_t value = x.quant.zero_point[0];
    if (node.inputs.size() > 2 && node.inputs[2] != kNoTensor) {
      if (!graph_.at(node.inputs[2]).constant()) return {};
      value = element(graph_.at(node.inputs[2]), 0);
    }
    const auto before = static_cast<size_t>(list.values[list.count - 2]);
    const Ranges& from = ints(node.inputs[0]);
    const bool around = std::ranges::any_of(list.span().first(list.count - 2), [](int64_t v) { return v != 0; });
    Ranges r(n, ValueRange{value, value});
    for (size_t k = 0; k < from.size(); ++k) r[before + k] = around ? join(from[k], {value, value}) : from[k];
    return r;
  }

  Ranges mean(const Node& node, size_t n) {
    const Tensor &x = graph_.at(node.inputs[0]), &y = graph_.at(node.outputs[0]);
    const Ranges& from = ints(node.inputs[0]);
    if (!is_8_bit(x) || from.size() != n || x.shape.elements() == 0) return {};
    const double ratio = double(x.quant.scale[0]) / y.quant.scale[0];
    const int32_t zx = x.quant.zero_point[0];
    Ranges r;
    for (const ValueRange v : from)  // implementations differ by up to one step
      r.push_back(rounded((v.lo - zx) * ratio, (v.hi - zx) * ratio, 1, y.quant.zero_point[0], whole(y.type)));
    return reduces_channels(node) ? Ranges{} : r;
  }

  bool reduces_channels(const Node& node) const {
    const Tensor& axes = graph_.at(node.inputs[1]);
    const int rank = graph_.at(node.inputs[0]).shape.rank();
    const IntList list(axes.type, axes.data.bytes, axes.constant() ? axes.shape.elements() : 0);
    return !axes.constant() ||
           std::ranges::any_of(list.span(), [&](int64_t a) { return (a < 0 ? a + rank : a) == rank - 1; });
  }

  Ranges concatenation(const Node& node, size_t n) {
    const Tensor& y = graph_.at(node.outputs[0]);
    const int axis = node.attrs.as<ConcatenationAttrs>().axis, rank = y.shape.rank();
    Ranges r;
    for (TensorId t : node.inputs)
      if (!(graph_.at(t).quant == y.quant)) return {};
    if ((axis < 0 ? axis + rank : axis) == rank - 1) {
      for (TensorId t : node.inputs) r.insert(r.end(), ints(t).begin(), ints(t).end());
      return r;
    }
    r.assign(n, ValueRange{INT32_MAX, INT32_MIN});
    for (TensorId t : node.inputs) {
      if (ints(t).size() != n) return {};
      for (size_t k = 0; k < n; ++k) r[k] = join(r[k], ints(t)[k]);
    }
    return r;
  }

  // The same elements in other places: channel by channel where the last axis keeps its order, else any of them.
  template <class T, class Join>
  std::vector<T> moved_as(const Node& node, const std::vector<T>& x, size_t n, Join merge) {
    if (x.empty() || n == 0) return {};
    const bool row_major = node.op == Op::reshape || node.op == Op::squeeze || node.op == Op::expand_dims;
    const bool reshaped = row_major && (x.size() % n == 0 || n % x.size() == 0);
    T all = x[0];
    for (const T& v : x) all = merge(all, v);
    std::vector<T> y(n, all);
    if (!reshaped) return y;
    std::vector<char> seen(n, 0);
    for (size_t i = 0; i < std::max(n, x.size()); ++i) {
      y[i % n] = seen[i % n] ? merge(y[i % n], x[i % x.size()]) : x[i % x.size()];
      seen[i % n] = 1;
    }
    return y;
  }
  Ranges moved(const Node& node, size_t n) { return moved_as(node, ints(node.inputs[0]), n, join); }

  void step_float(const Node& node) {
    const auto n = static_cast<size_t>(last_axis(graph_.at(node.outputs[0])));
    const Zeros& x = zeros(node.inputs[0]);
    Zeros r;
    switch (node.op) {
      case Op::conv2d:
      case Op::depthwise_conv2d:
      case Op::fully_connected: r = float_weighted(node, n); break;
      case Op::max_pool:
      case Op::average_pool:
      case Op::relu:
      case Op::relu6:
      case Op::relu_n1_to_1:
      case Op::leaky_relu:
      case Op::abs: r = x; break;
      case Op::add:
        if (const Zeros& b = zeros(node.inputs[1]); b.size() == n && x.size() == n)
          for (size_t k = 0; k < n; ++k) r.push_back(x[k] && b[k]);
        break;
      case Op::mean:
        if (!reduces_channels(node)) r = x;
        break;
      case Op::reshape: r = moved_as(node, x, n, [](char a, char b) { return static_cast<char>(a && b); }); break;
      default: break;
    }
    if (r.size() == n) zeros(node.outputs[0]) = std::move(r);
  }

  // Filters that multiply nothing but zeros, where the bias and the clamp leave +0.
  Zeros float_weighted(const Node& node, size_t n) {
    const Tensor& w = graph_.at(node.inputs[1]);
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoTensor;
    if (!w.constant() || w.type != DType::f32 || (has_bias && !graph_.at(node.inputs[2]).constant())) return {};
    const Zeros& x = zeros(node.inputs[0]);
    if (x.empty() || n == 0) return {};
    const auto weights = w.data.as<float>();
    const bool depthwise = node.op == Op::depthwise_conv2d;
    const auto inner = static_cast<size_t>(w.shape.dim(-1));
    Zeros silent(n, 1);
    for (size_t i = 0; i < weights.size(); ++i) {
      const size_t o = depthwise ? i % n : i / (weights.size() / n);
      const size_t channel = depthwise ? o / (n / x.size()) : (i % inner) % x.size();
      // Grouped convolutions read other channels than their position says: only zero weights count there.
      const bool plain = depthwise || node.op == Op::fully_connected || inner == x.size();
      if (weights[i] != 0 && !(plain && x[channel])) silent[o] = 0;
    }
    const Activation activation = node.op == Op::fully_connected ? node.attrs.as<FullyConnectedAttrs>().activation
                                                                 : node.attrs.as<Conv2dAttrs>().activation;
    float lo, hi;
    activation_range(activation, &lo, &hi);
    for (size_t o = 0; o < n; ++o) {
      const float bias = has_bias ? graph_.at(node.inputs[2]).data.as<float>()[o] : 0.0f;
      const bool stays_zero = (bias == 0 && !std::signbit(bias)) || (lo == 0 && bias < 0);
      silent[o] = silent[o] && stays_zero;
    }
    return silent;
  }

  const Graph& graph_;
  GraphRanges result_;
};

}  // namespace

GraphRanges value_ranges(const Graph& graph) { return Interpreter(graph).run(); }

}  // namespace thimble::compress
