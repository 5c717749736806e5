// What each channel of each activation can be, whatever the model is fed: interval arithmetic on the integers of a
// quantised graph, from the inputs' whole range to the outputs. How an operator's output follows from its inputs
// stands in src/ops/NAME/ranges.cc.
#pragma once

#include <algorithm>

#include "ops/check.h"
#include "ops/operands.h"
#include "ops/window.h"

namespace thimble::compress {

// Every value that a channel takes, at every position, lies in [lo, hi].
struct ValueRange {
  int32_t lo = 0, hi = 0;
  bool constant() const { return lo == hi; }
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};
using Ranges = std::vector<ValueRange>;  // by entry of the last axis
using Zeros = std::vector<char>;         // the same: +0 at every position for all finite inputs

struct GraphRanges {
  std::vector<Ranges> integer;  // by tensor; empty for tensors that are not int8 or uint8
  std::vector<Zeros> zero;      // by tensor; empty for tensors that are not float32
};

// A sum of products requantises to [round(v − e), round(v + e)] with a small e, joined with what Thimble's own
// arithmetic gives, so that a channel is called constant only where every runtime's rounding (gemmlowp's double
// rounding, one rounding, XNNPACK's float) agrees. Accumulators that could leave int32 count as unknown.
// Convolutions are evaluated for every way in which their window can hang over the border.
GraphRanges value_ranges(const Graph& graph);

// Which taps of a window lie inside the image: the distinct ranges [first, last) over all output positions.
struct TapRange {
  int64_t first = 0, last = 0;
  friend bool operator==(const TapRange&, const TapRange&) = default;
};
std::vector<TapRange> tap_ranges(const WindowAxis& axis);

// One node whose output is int8 or uint8 with one scale (ranges) or float32 (zeros).
struct RangeContext {
  const Graph& graph;
  const Node& node;
  const GraphRanges& known;
  size_t channels;  // of the output

  const Tensor& in(size_t i) const { return graph.at(node.inputs[i]); }
  const Tensor& out() const { return graph.at(node.outputs[0]); }
  bool has(size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoTensor; }
  const Ranges& ranges(size_t i) const { return known.integer[static_cast<size_t>(node.inputs[i])]; }
  const Zeros& zeros(size_t i) const { return known.zero[static_cast<size_t>(node.inputs[i])]; }
};

// An operator's rule: empty where nothing is known of the output.
struct RangeRule {
  Ranges (*integer)(const RangeContext&) = nullptr;
  Zeros (*zero)(const RangeContext&) = nullptr;
};

bool is_8_bit(const Tensor& t);  // int8 or uint8, one scale
ValueRange whole(DType type);
int32_t element(const Tensor& t, int64_t i);  // of an 8-bit constant
inline ValueRange join(ValueRange a, ValueRange b) { return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)}; }
// The integers that runtimes may give for the real numbers [lo, hi] (in units of the output, before the zero point).
ValueRange rounded(double lo, double hi, double slack, int32_t zero, ValueRange clamp);

// The same elements in other places: channel by channel where both are row-major, else any of them anywhere.
template <class T, class Join>
std::vector<T> moved(const std::vector<T>& x, size_t channels, bool row_major, Join merge) {
  if (x.empty() || channels == 0) return {};
  T all = x[0];
  for (const T& v : x) all = merge(all, v);
  std::vector<T> y(channels, all);
  if (!row_major || (x.size() % channels != 0 && channels % x.size() != 0)) return y;
  std::vector<char> seen(channels, 0);
  for (size_t i = 0; i < std::max(channels, x.size()); ++i) {
    T& to = y[i % channels];
    const T& from = x[i % x.size()];
    to = seen[i % channels] ? merge(to, from) : from;
    seen[i % channels] = 1;
  }
  return y;
}

// A layer of constant weights, [outputs, taps, inputs] or, depthwise, [taps, outputs].
struct WeightedLayer {
  Activation activation = Activation::none;
  bool depthwise = false;
  bool grouped = false;  // with fewer inputs than channels, a group reads its own channels
  int64_t kernel_h = 1, kernel_w = 1;
  std::vector<TapRange> taps_h = {{0, 1}}, taps_w = {{0, 1}};
};
Ranges weighted_ranges(const RangeContext& ctx, const WeightedLayer& layer);
// The same of a convolution, plain or depthwise, with the taps of its window; without a window (its geometry overflows)
// nothing is known.
Ranges convolution_ranges(const RangeContext& ctx, WeightedLayer layer);
// Filters that multiply nothing but zeros, where the bias and the clamp leave +0.
Zeros weighted_zeros(const RangeContext& ctx, const WeightedLayer& layer);

}  // namespace thimble::compress
