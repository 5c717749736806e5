// For operators that quantise themselves (QuantRule::observe and ::quantize): fused operators with
// state and values inside, such as LSTM. Their activation input 0 and their outputs are treated like
// any other's: observed, given an int8 scale and zero point, joined to their neighbours. What is
// theirs alone (weights, biases, states, intermediates) is theirs to do:
//
//   Status observe(ObserveContext& ctx)      once per calibration sample, before the node's first
//     step, with the float values of every input (states included). Computes what is inside, for
//     instance by its own reference, and calls ctx.inner(i, values) for each value of interest.
//   Status quantize(QuantizeContext& ctx)    once, when all ranges are known. ctx.node already reads
//     and writes the int8 activations; the function replaces weights and biases by ctx.add(...),
//     gives state tensors their types, and appends node.intermediates whose quant carries a scale.
#pragma once

#include "compress/calibrate/observer.h"
#include "compress/quantize/params.h"
#include "ops/op.h"

namespace thimble {

class ObserveContext {
 public:
  ObserveContext(const Graph& g, const Node& n, std::span<const TensorView> inputs, std::vector<Observer>& observers)
      : graph(g), node(n), in(inputs), inner_(observers) {}

  const Graph& graph;
  const Node& node;
  std::span<const TensorView> in;  // one per node input; null data for an optional one left out

  // Values of the i-th inner quantity (the operator's own numbering).
  void inner(size_t i, std::span<const float> values) {
    if (i >= inner_.size()) inner_.resize(i + 1, inner_.empty() ? Observer() : inner_[0].fresh());
    inner_[i].see(values);
  }

 private:
  std::vector<Observer>& inner_;
};

class QuantizeContext {
 public:
  QuantizeContext(const Graph& f, const Node& fn, Graph& g, Node& n, std::span<const ValueRange> ranges,
                  int weight_bits = 8, const std::map<TensorId, std::vector<float>>* given = nullptr,
                  int bits_of_scales = 23)
      : float_graph(f),
        float_node(fn),
        graph(g),
        node(n),
        inner(ranges),
        bits(weight_bits),
        scale_bits(bits_of_scales),
        scales_(given) {}

  const Graph& float_graph;  // as given, with float constants
  const Node& float_node;
  Graph& graph;  // being built: new tensors go here
  Node& node;    // inputs: int8 activation at 0, outputs: int8; other inputs still the float constants' copies
  std::span<const ValueRange> inner;  // of ObserveContext::inner, clipped by the chosen calibration
  const int bits, scale_bits;         // of the node's weights

  bool has(size_t i) const { return i < float_node.inputs.size() && float_node.inputs[i] != kNoTensor; }
  const Tensor& float_in(size_t i) const { return float_graph.at(float_node.inputs[i]); }
  // Weights i in the form that the options ask for; bias and x_scale as in quantize_weights.
  Tensor weights(size_t i, int axis, const Tensor* bias = nullptr, double x_scale = 0) const {
    WeightForm form{.bits = bits, .scale = {}, .scale_bits = scale_bits};
    if (scales_)
      if (const auto it = scales_->find(float_node.inputs[i]); it != scales_->end()) form.scale = it->second;
    return quantize_weights(float_in(i), axis, bias, x_scale, form);
  }
  // Puts a tensor into the graph in place of input i.
  void replace(size_t i, Tensor tensor) { node.inputs[i] = graph.add(std::move(tensor)); }

 private:
  const std::map<TensorId, std::vector<float>>* scales_ = nullptr;
};

}  // namespace thimble
