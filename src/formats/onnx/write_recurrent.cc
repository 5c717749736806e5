// LSTM layers in ONNX, step by step: ONNX's own LSTM has no bound on the cell, and this way any length is the same
// arithmetic.
#include "formats/onnx/write.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble::onnx {
namespace {

constexpr int64_t kMostSteps = 1024;

// The four gates of a step, i, f, g and o, before their functions.
struct Gates {
  std::string at[4];
};

struct Cell {
  FileWriter& w;
  float clip;
  std::string h, c;

  void step(const Gates& gates) {
    const auto two = [&](const char* op, const std::string& a, const std::string& b) { return w.node(op, {a, b}); };
    const std::string i = w.node("Sigmoid", {gates.at[0]}), f = w.node("Sigmoid", {gates.at[1]});
    const std::string g = w.node("Tanh", {gates.at[2]}), o = w.node("Sigmoid", {gates.at[3]});
    c = two("Add", two("Mul", f, c), two("Mul", i, g));
    if (clip > 0) c = w.node("Clip", {c, w.number(-clip), w.number(clip)});
    h = two("Mul", o, w.node("Tanh", {c}));
  }
};

std::string step_of(FileWriter& w, const std::string& x, int64_t t, int64_t axis) {
  const std::string part = w.node("Slice", {x, w.ints({t}), w.ints({t + 1}), w.ints({axis})});
  return w.node("Squeeze", {part, w.ints({axis})});
}

Status sequence_lstm(NodeWriter& n) {
  namespace s = sequence_lstm;
  FileWriter& w = n.w;
  const auto& attrs = n.node.attrs.as<SequenceLstmAttrs>();
  if (n.in(0).type != DType::f32) return fail(ErrorCode::unsupported, "an LSTM in integers is not written to ONNX");
  if (n.has(s::kPeephole) || attrs.activation != Activation::tanh)
    return fail(ErrorCode::unsupported,
                "an LSTM with peepholes, or another activation than tanh, is not written to ONNX");
  const int64_t axis = attrs.time_major ? 0 : 1, batch = n.in(0).shape[attrs.time_major ? 1 : 0];
  const int64_t steps = n.in(0).shape[static_cast<int>(axis)], units = n.in(s::kHiddenState).shape[1];
  if (steps < 1 || steps > kMostSteps) return fail(ErrorCode::unsupported, format("an LSTM of {} steps", steps));
  std::string weights[4], recurrent[4];
  for (size_t g = 0; g < 4; ++g) {
    weights[g] = w.node("Transpose", {n.real(s::kInputWeights + g)}, {{"perm", std::vector<int64_t>{1, 0}}});
    recurrent[g] = w.node("Transpose", {n.real(s::kRecurrentWeights + g)}, {{"perm", std::vector<int64_t>{1, 0}}});
  }
  const std::vector<float> zeros(static_cast<size_t>(batch * units), 0.0f);
  const std::string zero = w.floats({batch, units}, zeros, "state");
  Cell cell{w, attrs.cell_clip, zero, zero};
  const std::string x = n.real(0);
  Names rows;
  for (int64_t t = 0; t < steps; ++t) {
    const std::string x_t = step_of(w, x, t, axis);
    Gates gates;
    for (size_t g = 0; g < 4; ++g) {
      const std::string sum =
          w.node("Add", {w.node("MatMul", {x_t, weights[g]}), w.node("MatMul", {cell.h, recurrent[g]})});
      gates.at[g] = w.node("Add", {sum, n.real(s::kBias + g)});
    }
    cell.step(gates);
    rows.push_back(w.node("Unsqueeze", {cell.h, w.ints({axis})}));
  }
  w.give_real(n.node.outputs[0], w.node("Concat", rows, {{"axis", axis}}, n.node.name));
  return {};
}

constexpr WriteRule kWriters[] = {
    {Op::unidirectional_sequence_lstm, sequence_lstm},
};

}  // namespace

std::span<const WriteRule> recurrent_writers() { return kWriters; }

}  // namespace thimble::onnx
