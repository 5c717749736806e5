// LSTM through the quantiser: the whole-operator rule of dynamic range, the hybrid and the 8x8_16 form
// against the float layer, and what a written file says of them.
#include "ops/lstm/lstm.h"
#include "compress/test_graphs.h"
#include "formats/tflite/tflite.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"
#include "passes/lower_lstm.h"

namespace thimble::test {
namespace {

using sequence_lstm::kCellState;
using sequence_lstm::kHiddenState;

// The MNIST network: 28 rows of 28 → LSTM 20 → flatten → dense 10 → softmax.
Graph mnist_lstm(bool sequences) {
  Net net(11);
  const TensorId x = net.input({1, 28, 28});
  const TensorId kernel = net.constant("lstm/kernel", {80, 28}, 0.15),
                 recurrent = net.constant("lstm/recurrent_kernel", {80, 20}, 0.2),
                 bias = net.constant("lstm/bias", {80}, 0.3);
  auto lstm = net.builder.node(Op::lstm, {x, kernel, recurrent, bias}, LstmAttrs{sequences}, "lstm", 5);
  EXPECT_TRUE(lstm) << lstm.error().to_string();
  TensorId flat = (*lstm)[0];
  const int32_t dims[] = {1, sequences ? 560 : 20};
  flat = net.add(Op::reshape, {flat, net.builder.constant_i32("flat/shape", dims)}, ReshapeAttrs{}, "flat");
  const TensorId w = net.constant("dense/w", {10, dims[1]}, 0.1), b = net.constant("dense/b", {10}, 0.1);
  const TensorId y = net.add(Op::fully_connected, {flat, w, b}, FullyConnectedAttrs{}, "dense");
  net.graph.outputs = {net.add(Op::softmax, {y}, SoftmaxAttrs{}, "softmax")};
  const auto lowered = lower_lstm(net.graph);
  EXPECT_TRUE(lowered) << lowered.error().to_string();
  return net.graph;
}

bool picture(int64_t i, std::span<float> x) {
  for (size_t k = 0; k < x.size(); ++k)
    x[k] = static_cast<float>(static_cast<double>(random_bits(3, static_cast<uint64_t>(i), k) >> 11) * 0x1p-53);
  return i < 40;
}

// Outputs of every picture, each from fresh states.
std::vector<float> run_all(const Graph& graph, bool reference_only) {
  auto program = Program::plan(graph, {.reference_only = reference_only});
  EXPECT_TRUE(program) << program.error().to_string();
  auto session = Session::create(*program);
  std::vector<float> x(784), all;
  for (int64_t i = 0; picture(i, x); ++i) {
    (*session)->reset_variables();
    std::memcpy((*session)->input(0).data(), x.data(), x.size() * 4);
    (*session)->run();
    const auto out = (*session)->output(0);
    const auto* y = reinterpret_cast<const float*>(out.data());
    all.insert(all.end(), y, y + out.size() / 4);
  }
  return all;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(double(a[i]) - b[i]));
  return worst;
}

const Node& lstm_of(const Graph& graph) {
  for (const Node& node : graph.nodes)
    if (node.op == Op::unidirectional_sequence_lstm) return node;
  ADD_FAILURE() << "no LSTM in\n" << dump(graph);
  return graph.nodes[0];
}

TEST(QuantizeLstm, DynamicKeepsAWholeLayerInFloatOrNone) {
  const Graph source = mnist_lstm(true);
  const auto kept = quantize(source, {.to = QuantizeTo::dynamic});
  ASSERT_TRUE(kept) << kept.error().to_string();
  for (size_t i = 1; i < 9; ++i) EXPECT_EQ(kept->graph.at(lstm_of(kept->graph).inputs[i]).type, DType::f32);
  size_t reasons = 0;
  for (const UnquantizedTensor& t : kept->left)
    reasons += t.name.ends_with("_weights") && t.why.find("min_elements") != std::string::npos;
  EXPECT_EQ(reasons, 8u);

  const auto all = quantize(source, {.to = QuantizeTo::dynamic, .min_elements = 0});
  ASSERT_TRUE(all) << all.error().to_string();
  for (size_t i = 1; i < 9; ++i) {
    const Tensor& w = all->graph.at(lstm_of(all->graph).inputs[i]);
    EXPECT_EQ(w.type, DType::i8);
    EXPECT_EQ(w.quant.scale.size(), 1u);
  }
  EXPECT_EQ(all->graph.at(lstm_of(all->graph).inputs[kCellState]).type, DType::f32);
  const std::vector<float> exact = run_all(source, false);
  EXPECT_LT(largest_difference(run_all(kept->graph, false), exact), 0.01);
  EXPECT_LT(largest_difference(run_all(all->graph, false), exact), 0.02);
  EXPECT_LT(largest_difference(run_all(all->graph, false), run_all(all->graph, true)), 5e-3);
}

TEST(QuantizeLstm, Int8IsCloseToFloatAndExactAgainstItsReference) {
  for (const bool sequences : {true, false}) {
    const Graph source = mnist_lstm(sequences);
    const auto q = quantize(source, {.to = QuantizeTo::int8}, picture);
    ASSERT_TRUE(q) << q.error().to_string();
    const Node& lstm = lstm_of(q->graph);
    const auto in = [&](size_t i) -> const Tensor& { return q->graph.at(lstm.inputs[i]); };
    for (size_t i = 1; i < 9; ++i) EXPECT_EQ(in(i).type, DType::i8);
    for (size_t i = 12; i < 16; ++i) EXPECT_EQ(in(i).type, DType::i32);
    EXPECT_EQ(in(kHiddenState).type, DType::i8);
    EXPECT_EQ(in(kHiddenState).quant, q->graph.at(lstm.outputs[0]).quant);
    EXPECT_EQ(in(kCellState).type, DType::i16);
    int power = 0;
    EXPECT_EQ(std::frexp(in(kCellState).quant.scale[0], &power), 0.5f);
    EXPECT_EQ(lstm.intermediates.size(), 5u);
    EXPECT_LT(largest_difference(run_all(q->graph, false), run_all(source, false)), 0.03);
    EXPECT_EQ(run_all(q->graph, false), run_all(q->graph, true));
    const auto file = write_tflite(q->graph);
    ASSERT_TRUE(file) << file.error().to_string();
    const auto again = read_tflite(*file);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(run_all(*again, false), run_all(q->graph, false));
  }
}

}  // namespace
}  // namespace thimble::test
