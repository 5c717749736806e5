#include "formats/thim/guess.h"

namespace thimble::thim {
namespace {

constexpr size_t kLstmWeights = 1, kLstmRecurrent = 5, kLstmPeephole = 9, kLstmBias = 12, kLstmState = 18;

bool weighted(Op op) { return op == Op::conv2d || op == Op::depthwise_conv2d || op == Op::fully_connected; }

const Tensor* operand(const Graph& graph, const Node& node, size_t i) {
  return i < node.inputs.size() && node.inputs[i] != kNoTensor ? &graph.at(node.inputs[i]) : nullptr;
}

// Output channels that weights make.
int64_t channels_of(Op op, const Shape& w) {
  if (w.rank() == 0) return -1;
  return op == Op::depthwise_conv2d ? w.dim(-1) : w[0];
}

}  // namespace

Guess guess_operand(const Graph& graph, const Node& node, size_t position) {
  Guess guess;
  const Tensor* x = operand(graph, node, 0);
  if (!x) return guess;
  guess.type = x->type;
  guess.dims.fill(-1);
  if (position == 0) return guess;
  if (weighted(node.op)) {
    if (position == 1 && node.op == Op::fully_connected) {
      guess.rank = 2;
      if (x->shape.rank() > 0) guess.dims[1] = x->shape.dim(-1);
    } else if (position == 1) {
      guess.rank = 4;
      if (x->shape.rank() == 4) guess.dims[3] = x->shape[3];
      if (node.op == Op::depthwise_conv2d) guess.dims[0] = 1;
    } else if (position == 2) {
      guess.type = x->type == DType::f32 ? DType::f32 : DType::i32;
      guess.rank = 1;
      if (const Tensor* w = operand(graph, node, 1)) guess.dims[0] = channels_of(node.op, w->shape);
    }
  } else if (node.op == Op::unidirectional_sequence_lstm) {
    const Tensor* w = operand(graph, node, kLstmWeights);
    const int64_t units = w && w->shape.rank() > 0 ? w->shape[0] : -1;
    guess.rank = 2;
    if (w) guess.type = w->type;
    if (position < kLstmRecurrent) {
      guess.dims = {units, x->shape.rank() > 0 ? x->shape.dim(-1) : -1};
    } else if (position < kLstmPeephole) {
      guess.dims = {units, units};
    } else if (position < kLstmBias + 4) {
      guess.rank = 1;
      guess.dims[0] = units;
      guess.type = x->type == DType::f32 ? DType::f32 : DType::i32;
    } else {
      guess.type = position == kLstmState + 1 && x->type == DType::i8 ? DType::i16 : x->type;
      guess.dims = {x->shape.rank() > 0 ? x->shape[0] : -1, units};
    }
  } else if (node.op == Op::reshape || node.op == Op::mean || node.op == Op::pad || node.op == Op::transpose ||
             node.op == Op::strided_slice || node.op == Op::slice || node.op == Op::expand_dims) {
    guess.type = DType::i32;
    guess.rank = node.op == Op::pad ? 2 : node.op == Op::expand_dims ? 0 : 1;
    guess.dims[0] = x->shape.rank();
    guess.dims[1] = 2;
  }
  return guess;
}

uint64_t usual_inputs(Op op) {
  if (weighted(op)) return 3;
  switch (op) {
    case Op::unidirectional_sequence_lstm: return 24;
    case Op::strided_slice: return 4;
    case Op::slice:
    case Op::split_v: return 3;
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::maximum:
    case Op::minimum:
    case Op::squared_difference:
    case Op::concatenation:
    case Op::pad:
    case Op::mean:
    case Op::sum:
    case Op::reduce_max:
    case Op::reduce_min:
    case Op::transpose:
    case Op::split:
    case Op::prelu:
    case Op::expand_dims: return 2;
    default: return 1;
  }
}

DType guess_output_type(const Graph& graph, const Node& node) {
  if (node.op == Op::dequantize) return DType::f32;
  if (node.op == Op::quantize) return DType::i8;
  const Tensor* x = operand(graph, node, node.op == Op::split ? 1 : 0);
  return x ? x->type : DType::f32;
}

Quantization derived_operand(const Graph& graph, const Node& node, size_t position) {
  size_t weights = 0;
  if (weighted(node.op) && position == 2)
    weights = 1;
  else if (node.op == Op::unidirectional_sequence_lstm && position >= kLstmBias && position < kLstmBias + 4)
    weights = kLstmWeights + position - kLstmBias;
  const Tensor* x = operand(graph, node, 0);
  const Tensor* w = weights ? operand(graph, node, weights) : nullptr;
  if (!x || !w || x->quant.scale.size() != 1) return {};
  Quantization q;
  for (const float s : w->quant.scale) {
    q.scale.push_back(x->quant.scale[0] * s);
    q.zero_point.push_back(0);
  }
  return q;
}

Quantization derived_output(const Graph& graph, const Node& node, DType type) {
  const bool unsigned8 = type == DType::u8;
  if (type == DType::i8 || unsigned8) {
    switch (node.op) {
      case Op::softmax:
      case Op::sigmoid: return {{1.0f / 256}, {unsigned8 ? 0 : -128}, 0};
      case Op::log_softmax: return {{16.0f / 256}, {unsigned8 ? 255 : 127}, 0};
      case Op::tanh: return {{1.0f / 128}, {unsigned8 ? 128 : 0}, 0};
      default: break;
    }
  }
  size_t from = 0;
  if (node.op == Op::split) from = 1;
  if (node.op == Op::unidirectional_sequence_lstm) from = kLstmState;
  const Tensor* x = operand(graph, node, from);
  return x && x->type == type ? x->quant : Quantization{};
}

}  // namespace thimble::thim
