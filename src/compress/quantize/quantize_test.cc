// float16 and dynamic range; what all forms keep; errors.
#include "compress/quantize/quantize.h"

#include "compress/size_report.h"
#include "compress/test_graphs.h"
#include "formats/tflite/tflite.h"
#include "passes/pipeline.h"

namespace thimble {
namespace {

using namespace test;

Result<Quantized> quantized(const Graph& graph, QuantizeTo to, int64_t min_elements = 1024) {
  return quantize(graph, {.to = to, .min_elements = min_elements}, random_samples());
}

const TensorSize* size_of(const Quantized& q, const std::string& name) {
  for (const TensorSize& s : q.sizes)
    if (s.name == name) return &s;
  return nullptr;
}

TEST(Float16, HalvesWeightsAndFoldsAwayWhenLoaded) {
  const Graph graph = small_cnn(1);
  const auto q = quantized(graph, QuantizeTo::float16);
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_EQ(find(q->graph, "conv_2/w")->type, DType::f16);
  EXPECT_EQ(size_of(*q, "conv_2/w")->after * 2, size_of(*q, "conv_2/w")->before);
  EXPECT_EQ(find(q->graph, "conv_2/b")->type, DType::f32);  // 16 values
  EXPECT_NE(size_of(*q, "conv_2/b")->why, "");
  const auto input = random_values(432, 5);
  EXPECT_LT(largest_difference(run_floats(q->graph, input), run_floats(graph, input)), 1e-3);
  const auto ready = prepare_for_inference(q->graph);
  ASSERT_TRUE(ready) << ready.error().to_string();
  EXPECT_EQ(count(ready->graph, Op::dequantize), 0);
  EXPECT_GT(count(q->graph, Op::dequantize), 3);
  EXPECT_EQ(run(ready->graph, input), run(q->graph, input));
}

TEST(Float16, WeightsThatDoNotFitStay) {
  Net net(3);
  std::vector<float> huge(200, 70000.0f);
  const TensorId x = net.input({1, 20});
  const TensorId w = net.builder.constant_f32("w", {10, 20}, huge);
  const Graph graph = net.finish(net.add(Op::fully_connected, {x, w}, FullyConnectedAttrs{}, "dense"));
  const auto q = quantized(graph, QuantizeTo::float16);
  ASSERT_TRUE(q);
  EXPECT_EQ(find(q->graph, "w")->type, DType::f32);
  EXPECT_NE(q->left.at(0).why.find("65504"), std::string::npos);
}

// What float16 cannot hold is kept, or said.
TEST(Float16, VanishingValuesAreKeptOrSaid) {
  const auto halved = [](float usual, float tiny, size_t tiny_ones, bool along = false) {
    std::vector<float> values(200, usual);
    std::fill_n(values.begin(), tiny_ones, tiny);
    Net net(3);
    TensorId y;
    if (along)
      y = net.add(Op::mul, {net.input({1, 200}, "x2"), net.builder.constant_f32("w", {200}, values)}, BinaryAttrs{},
                  "mul");
    else
      y = net.add(Op::fully_connected, {net.input({1, 20}), net.builder.constant_f32("w", {10, 20}, values)},
                  FullyConnectedAttrs{}, "dense");
    auto q = quantized(net.finish(y), QuantizeTo::float16);
    EXPECT_TRUE(q);
    return std::move(*q);
  };
  const Quantized small = halved(3e-5f, 3e-5f, 0), many = halved(0.5f, 1e-9f, 20, true), one = halved(0.5f, 1e-9f, 1);
  EXPECT_EQ(find(small.graph, "w")->type, DType::f32);
  EXPECT_NE(small.left.at(0).why.find("float16 loses digits"), std::string::npos) << small.left.at(0).why;
  EXPECT_EQ(find(many.graph, "w")->type, DType::f32);
  EXPECT_NE(many.left.at(0).why.find("20 of its 200 values would become 0"), std::string::npos);
  EXPECT_EQ(find(one.graph, "w")->type, DType::f16);
  EXPECT_NE(size_of(one, "w")->why.find("1 of its 200 values became 0"), std::string::npos) << size_of(one, "w")->why;
  EXPECT_EQ(size_of(halved(0.5f, 0.5f, 0), "w")->why, "");
}

// Each kind of constant has a reason that is true of it.
TEST(Sizes, ReasonsFitTheTensor) {
  const auto reason = [](DType type, Shape shape, bool quantised) {
    Tensor t{.name = "t", .type = type, .shape = shape};
    if (quantised) t.quant = {{0.5f}, {0}};
    return unchanged_reason(t);
  };
  EXPECT_EQ(reason(DType::i32, {8}, true), "bias: int32, the type of the accumulator");
  EXPECT_EQ(reason(DType::i32, {2}, false), "not a weight: shape, axis or index data");
  EXPECT_EQ(reason(DType::i64, {2}, false), "not a weight: shape, axis or index data");
  EXPECT_EQ(reason(DType::f32, {1}, false), "a single value");
  EXPECT_EQ(reason(DType::f32, {4, 4}, false), "float32 before and after");
  EXPECT_EQ(reason(DType::i8, {4, 4}, true), "int8 before and after");
}

TEST(Float16, CanBeQuantisedFurther) {
  const auto half = quantized(small_cnn(1), QuantizeTo::float16);
  ASSERT_TRUE(half);
  const auto q = quantized(half->graph, QuantizeTo::int8);
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_EQ(q->left.size(), 0u);
}

TEST(Dynamic, ObeysMinElements) {
  const Graph graph = small_cnn(1);
  const auto q = quantized(graph, QuantizeTo::dynamic, 300);
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_EQ(find(q->graph, "conv_1/w")->type, DType::i8);        // 432 values
  EXPECT_EQ(find(q->graph, "depthwise_1/w")->type, DType::f32);  // 144
  EXPECT_EQ(find(q->graph, "dense_1/b")->type, DType::f32);
  EXPECT_NE(size_of(*q, "depthwise_1/w")->why.find("min_elements = 300"), std::string::npos);
  EXPECT_EQ(size_of(*q, "conv_1/w")->why, "");
  const auto all = quantized(graph, QuantizeTo::dynamic, 0);
  ASSERT_TRUE(all);
  EXPECT_EQ(find(all->graph, "depthwise_1/w")->type, DType::i8);
  for (const UnquantizedTensor& t : all->left) EXPECT_NE(t.name.find("/b"), std::string::npos) << t.name;
  const auto input = random_values(432, 5);
  EXPECT_LT(largest_difference(run_floats(all->graph, input), run_floats(graph, input)), 0.03);
  EXPECT_LT(largest_difference(run_floats(q->graph, input), run_floats(graph, input)), 0.03);
}

TEST(Quantize, ChosenLayersOnly) {
  const auto q = quantize(small_cnn(1), {.to = QuantizeTo::dynamic, .min_elements = 0, .layers = {"dense_1"}});
  ASSERT_TRUE(q);
  EXPECT_EQ(find(q->graph, "dense_1/w")->type, DType::i8);
  EXPECT_EQ(find(q->graph, "conv_1/w")->type, DType::f32);
  EXPECT_EQ(size_of(*q, "conv_1/w")->why, "not among the chosen layers");
  const auto wrong = quantize(small_cnn(1), {.to = QuantizeTo::dynamic, .layers = {"dense_7"}});
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("dense_7"), std::string::npos);
  EXPECT_NE(wrong.error().hint, "");
}

TEST(Quantize, EveryConstantHasALineAndEveryLineThatDidNotShrinkAReason) {
  const Graph graph = small_cnn(2);
  for (QuantizeTo to : {QuantizeTo::float16, QuantizeTo::dynamic, QuantizeTo::int8}) {
    const auto q = quantized(graph, to);
    ASSERT_TRUE(q) << q.error().to_string();
    size_t constants = 0;
    for (const Tensor& t : graph.tensors) constants += t.constant();
    EXPECT_EQ(q->sizes.size(), constants + 1);  // conv_3 got a bias
    for (const TensorSize& s : q->sizes) EXPECT_EQ(s.why.empty(), s.after < s.before) << s.name << " " << s.why;
    const auto report = size_report(q->graph, q->sizes);
    ASSERT_TRUE(report);
    int64_t raw = 0;
    for (const TensorBytes& t : report->tensors) raw += t.raw;
    EXPECT_EQ(raw, report->weight_bytes);
    EXPECT_GT(report->file_bytes, raw);
    EXPECT_LT(report->file_deflated, report->file_bytes);
    for (const TensorBytes& t : report->tensors) EXPECT_TRUE(t.raw < t.before || !t.why.empty()) << t.name;
  }
}

TEST(SizeReport, CountsZerosAndValuesOfEveryType) {
  const auto counts = [](DType type, std::vector<uint8_t> bytes, int64_t elements,
                         std::vector<int32_t> zero_points = {}) {
    const ValueCounts c = count_values({.type = type,
                                        .shape = {elements},
                                        .quant = {std::vector<float>(zero_points.size(), 1.0f), zero_points},
                                        .data = Data::copy(bytes)});
    return std::vector<int64_t>{c.elements, c.zeros, c.distinct};
  };
  const float f[] = {0.0f, -0.0f, 1.5f, 1.5f, -1.5f};
  const auto* p = reinterpret_cast<const uint8_t*>(f);
  EXPECT_EQ(counts(DType::f32, {p, p + sizeof f}, 5), (std::vector<int64_t>{5, 2, 3}));
  EXPECT_EQ(counts(DType::f16, {0, 0, 0, 0x80, 1, 0}, 3), (std::vector<int64_t>{3, 2, 2}));
  EXPECT_EQ(counts(DType::i8, {0xff, 0, 3, 0xff}, 4, {-1}), (std::vector<int64_t>{4, 2, 3}));
  EXPECT_EQ(counts(DType::i8, {0xff, 0, 3, 0xff}, 4, {0, 0}), (std::vector<int64_t>{4, 1, 3}));
  EXPECT_EQ(counts(DType::i4, {0x20, 0x02}, 3), (std::vector<int64_t>{3, 1, 2}));
  EXPECT_EQ(counts(DType::f32, {1, 2}, 5), (std::vector<int64_t>{5, 0, 0})) << "too short to be read";
}

TEST(Quantize, KeepsNamesSignatureMetadataAndBatch) {
  const Graph graph = small_cnn(2);
  for (QuantizeTo to : {QuantizeTo::float16, QuantizeTo::dynamic, QuantizeTo::int8}) {
    const auto q = quantized(graph, to);
    ASSERT_TRUE(q);
    EXPECT_EQ(q->graph.input_names, graph.input_names);
    EXPECT_EQ(q->graph.output_names, graph.output_names);
    EXPECT_EQ(q->graph.metadata, graph.metadata);
    EXPECT_EQ(q->graph.at(q->graph.inputs[0]).name, "x");
    EXPECT_EQ(q->graph.at(q->graph.outputs[0]).name, "probabilities");
    EXPECT_TRUE(q->graph.at(q->graph.inputs[0]).batch_unknown);
    EXPECT_TRUE(q->graph.at(q->graph.outputs[0]).batch_unknown);
    // Through a file and back: the same bits.
    const auto file = write_tflite(q->graph);
    ASSERT_TRUE(file);
    const auto again = read_tflite(*file);
    ASSERT_TRUE(again) << again.error().to_string();
    const auto input = random_values(432, 9);
    EXPECT_EQ(run(*again, input), run(q->graph, input));
  }
}

TEST(Quantize, RefusesWhatIsQuantisedAlready) {
  const auto q = quantized(small_cnn(2), QuantizeTo::int8);
  ASSERT_TRUE(q);
  const auto twice = quantized(q->graph, QuantizeTo::dynamic);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::unsupported);
}

TEST(Quantize, RefusesNonFiniteWeights) {
  Net net(3);
  const std::vector<float> bad{1, NAN};
  const TensorId x = net.input({1, 2});
  const TensorId w = net.builder.constant_f32("broken", {1, 2}, bad);
  const Graph graph = net.finish(net.add(Op::fully_connected, {x, w}, FullyConnectedAttrs{}, "dense"));
  const auto q = quantized(graph, QuantizeTo::dynamic);
  ASSERT_FALSE(q);
  EXPECT_NE(q.error().message.find("broken"), std::string::npos);
}

}  // namespace
}  // namespace thimble
