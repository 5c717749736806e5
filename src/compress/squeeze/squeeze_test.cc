#include "compress/squeeze/squeeze.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "compress/squeeze/ranges.h"
#include "compress/test_graphs.h"
#include "formats/tflite/attached.h"
#include "formats/tflite/tflite.h"
#include "passes/merge_constants.h"

namespace thimble {
namespace {

using namespace test;

std::vector<uint8_t> model_file(const std::string& name) {
  std::ifstream in("tests/models/" + name, std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_FALSE(bytes.empty()) << name;
  return bytes;
}

int64_t sum_of_parts(const TfliteParts& p) {
  return p.data + p.duplicate_buffers + p.unused_buffers + p.sparse_index + p.scales + p.zero_points + p.min_max +
         p.shapes + p.names + p.metadata + p.attached + p.structure;
}

Squeezed squeezed(const std::vector<uint8_t>& file, SqueezeOptions options = {}) {
  auto s = squeeze(file, options);
  EXPECT_TRUE(s) << s.error().to_string();
  if (!s) return {};
  EXPECT_TRUE(s->proof.equal);
  EXPECT_EQ(s->proof.runs, options.proof.runs);
  EXPECT_EQ(sum_of_parts(s->before), static_cast<int64_t>(file.size()));
  EXPECT_EQ(sum_of_parts(s->after), static_cast<int64_t>(s->file.size()));
  EXPECT_EQ(s->after.min_max, 0);
  EXPECT_LE(s->file.size(), file.size());
  return std::move(*s);
}

// Makes some filters of an int8 convolution all zero, with a bias each.
void silence(Graph& graph, const std::string& layer, std::initializer_list<int64_t> filters, int32_t bias) {
  for (Node& node : graph.nodes) {
    if (!node.name.starts_with(layer) || node.op != Op::conv2d) continue;
    Tensor &w = graph.at(node.inputs[1]), &b = graph.at(node.inputs[2]);
    std::vector<int8_t> weights(w.data.as<int8_t>().begin(), w.data.as<int8_t>().end());
    std::vector<int32_t> biases(b.data.as<int32_t>().begin(), b.data.as<int32_t>().end());
    const size_t each = weights.size() / biases.size();
    for (const int64_t f : filters) {
      std::fill_n(weights.begin() + f * static_cast<int64_t>(each), each, int8_t{0});
      biases[static_cast<size_t>(f)] = bias;
    }
    w.data = Data::of(std::span<const int8_t>(weights));
    b.data = Data::of(std::span<const int32_t>(biases));
    return;
  }
  ADD_FAILURE() << "no convolution " << layer;
}

// conv → depthwise → pointwise conv → pool → dense, quantised.
Graph chain(uint64_t seed, Padding padding) {
  Net net(seed);
  Conv2dAttrs relu;
  relu.activation = Activation::relu;
  const TensorId a = net.conv(net.input({1, 8, 8, 3}), 8, 3, "conv_1", relu);
  DepthwiseConv2dAttrs attrs;
  attrs.padding = padding;
  const TensorId b = net.add(Op::depthwise_conv2d,
                             {a, net.constant("depthwise/w", {1, 3, 3, 8}, 0.4), net.constant("depthwise/b", {8}, 0.1)},
                             attrs, "depthwise");
  const TensorId c = net.conv(b, 6, 1, "conv_2", relu);
  const Graph graph = net.finish(net.dense(net.flat(net.pool(Op::average_pool, c, 2, "pool")), 4, "dense"));
  auto q = quantize(graph, {.to = QuantizeTo::int8, .io = QuantizeOptions::Io::int8}, random_samples());
  EXPECT_TRUE(q) << q.error().to_string();
  return std::move(q->graph);
}

std::vector<uint8_t> file_of(const Graph& graph);

// conv → conv → dense in float16, with silent filters in the first.
TEST(Squeeze, Float16WeightsAreNarrowedBehindTheirDequantize) {
  Net net(4);
  const TensorId x = net.input({1, 8, 8, 3});
  Conv2dAttrs relu;
  relu.activation = Activation::relu;
  std::vector<float> weights(12 * 3 * 3 * 3, 0.25f), bias(12, 0.5f);
  std::fill_n(weights.begin(), 5 * 27, 0.0f);
  std::fill_n(bias.begin(), 5, 0.0f);
  const TensorId a = net.add(Op::conv2d,
                             {x, net.builder.constant_f32("conv_1/w", {12, 3, 3, 3}, weights),
                              net.builder.constant_f32("conv_1/b", {12}, bias)},
                             relu, "conv_1");
  const Graph graph = net.finish(net.dense(net.flat(net.conv(a, 4, 3, "conv_2", relu)), 8, "dense"));
  auto half = quantize(graph, {.to = QuantizeTo::float16});
  ASSERT_TRUE(half) << half.error().to_string();
  ASSERT_EQ(find(half->graph, "conv_2/w")->type, DType::f16);
  const std::vector<uint8_t> file = file_of(half->graph);
  const Squeezed s = squeezed(file);
  EXPECT_EQ(s.channels.removed, 5);
  EXPECT_EQ(find(s.graph, "conv_1/w")->type, DType::f16);
  EXPECT_EQ(find(s.graph, "conv_1/w")->shape, (Shape{7, 3, 3, 3}));
  EXPECT_EQ(find(s.graph, "conv_2/w")->shape, (Shape{4, 3, 3, 7}));
  EXPECT_EQ(find(s.graph, "conv_2/w")->type, DType::f16);
  EXPECT_LT(s.file.size(), file.size());
}

// Weights that are computed while the model runs stay whole, and so does what they multiply.
TEST(Squeeze, ComputedWeightsStay) {
  Net net(5);
  const TensorId x = net.input({1, 6});
  const TensorId stored = net.constant("w", {21, 6}, 0.5);
  const TensorId w = net.add(Op::relu, {stored}, UnaryAttrs{}, "computed");
  const TensorId y = net.add(Op::fully_connected, {x, w}, FullyConnectedAttrs{}, "dense_1");
  const Graph graph = net.finish(net.dense(y, 3, "dense_2"));
  EXPECT_EQ(squeezed(file_of(graph)).channels.removed, 0);
}

std::vector<uint8_t> file_of(const Graph& graph) {
  auto file = write_tflite(graph);
  EXPECT_TRUE(file) << file.error().to_string();
  return *file;
}

const SqueezedLayer& layer(const Squeezed& s, const std::string& name) {
  for (const SqueezedLayer& l : s.channels.layers)
    if (l.name.starts_with(name)) return l;
  ADD_FAILURE() << "no layer " << name;
  static const SqueezedLayer none;
  return none;
}

// A zero filter with a negative bias under relu gives the zero point, which is what padding adds: the depthwise
// channel over it is constant too, and both go.
TEST(Squeeze, ConstantChannelsThroughADepthwiseWithPadding) {
  Graph graph = chain(1, Padding::same);
  silence(graph, "conv_1", {2, 5, 6}, -100000);
  const Squeezed s = squeezed(file_of(graph));
  EXPECT_EQ(layer(s, "conv_1").before, 8);
  EXPECT_EQ(layer(s, "conv_1").after, 5);
  EXPECT_EQ(layer(s, "conv_1").constant, 3);
  EXPECT_LT(s.macs_after, s.macs_before);
}

// A constant that differs from the padding reaches other sums at the border: stays with SAME, goes with VALID.
TEST(Squeeze, ConstantsThatDifferFromThePadding) {
  Graph same = chain(2, Padding::same);
  silence(same, "conv_1", {1, 3}, 4000);
  const Squeezed kept = squeezed(file_of(same));
  EXPECT_EQ(layer(kept, "conv_1").after, 8) << layer(kept, "conv_1").why;
  Graph valid = chain(2, Padding::valid);
  silence(valid, "conv_1", {1, 3}, 4000);
  const Squeezed gone = squeezed(file_of(valid));
  EXPECT_EQ(layer(gone, "conv_1").after, 6);
}

// Behind pool and flatten: the constant of one channel moves into the dense layer's biases from every position.
TEST(Squeeze, ConstantsThroughPoolAndFlatten) {
  Graph graph = chain(3, Padding::valid);
  silence(graph, "conv_2", {0, 4}, 3000);
  const Squeezed s = squeezed(file_of(graph));
  EXPECT_EQ(layer(s, "conv_2").after, 4);
  EXPECT_EQ(layer(s, "conv_2").constant, 2);
}

TEST(Squeeze, ChannelsThatNoReaderUses) {
  Graph graph = chain(4, Padding::valid);
  for (Node& node : graph.nodes) {
    if (!node.name.starts_with("conv_2")) continue;
    Tensor& w = graph.at(node.inputs[1]);
    std::vector<int8_t> values(w.data.as<int8_t>().begin(), w.data.as<int8_t>().end());
    for (size_t i = 7; i < values.size(); i += 8) values[i] = 0;  // nothing reads channel 7
    w.data = Data::of(std::span<const int8_t>(values));
  }
  const Squeezed s = squeezed(file_of(graph));
  EXPECT_EQ(layer(s, "conv_1").unread, 1);
  EXPECT_EQ(layer(s, "conv_1").after, 7);
}

// Residual sums: a group goes only where all its readers allow it; constants through an int8 add are followed.
TEST(Squeeze, ConstantsThroughSums) {
  Net net(5);
  Conv2dAttrs relu;
  relu.activation = Activation::relu;
  const TensorId a = net.conv(net.input({1, 6, 6, 3}), 6, 1, "conv_1", relu);
  const TensorId b = net.conv(a, 6, 1, "conv_2");
  const TensorId c = net.add(Op::add, {a, b}, BinaryAttrs{Activation::relu}, "sum");
  Graph graph = net.finish(net.dense(net.flat(net.conv(c, 4, 1, "conv_3", relu)), 3, "dense"));
  auto q = quantize(graph, {.to = QuantizeTo::int8, .io = QuantizeOptions::Io::int8}, random_samples());
  ASSERT_TRUE(q) << q.error().to_string();
  silence(q->graph, "conv_1", {1, 4}, 900);
  Graph one = q->graph;
  const Squeezed kept = squeezed(file_of(one));
  EXPECT_EQ(layer(kept, "conv_1").after, 6) << "the other operand of the sum still varies";
  silence(q->graph, "conv_2", {1, 4}, -1000000);
  const Squeezed gone = squeezed(file_of(q->graph));
  EXPECT_EQ(layer(gone, "conv_1").after, 4);
}

// All constant: one channel stays, and so does the model.
TEST(Squeeze, AtLeastOneChannelStays) {
  Graph graph = chain(6, Padding::same);
  silence(graph, "conv_1", {0, 1, 2, 3, 4, 5, 6, 7}, -100000);
  const Squeezed s = squeezed(file_of(graph));
  EXPECT_EQ(layer(s, "conv_1").after, 1);
}

TEST(Squeeze, FloatChannelsOfZeros) {
  Net net(7);
  Conv2dAttrs relu;
  relu.activation = Activation::relu;
  const TensorId a = net.conv(net.input({1, 6, 6, 2}), 6, 3, "conv_1", relu);
  Graph graph = net.finish(net.dense(net.flat(net.conv(a, 4, 3, "conv_2", relu)), 3, "dense"));
  for (const char* name : {"conv_1/w", "conv_1/b"}) {
    auto& t = const_cast<Tensor&>(*find(graph, name));
    std::vector<float> values(t.data.as<float>().begin(), t.data.as<float>().end());
    const size_t each = values.size() / 6;
    std::fill_n(values.begin() + static_cast<int64_t>(2 * each), each, name[7] == 'b' ? -0.5f : 0.0f);
    t.data = Data::of(std::span<const float>(values));
  }
  const Squeezed s = squeezed(file_of(graph));
  EXPECT_TRUE(layer(s, "conv_1").after == 5 || !s.notes.empty()) << "gone, or the reason said";
}

TEST(Squeeze, NamesMetadataAndSharing) {
  Graph graph = chain(8, Padding::same);
  graph.metadata["CONVERSION_METADATA"] = std::string(200, 'x');
  const std::vector<uint8_t> file = file_of(graph);
  const Squeezed kept = squeezed(file);
  EXPECT_EQ(kept.graph.metadata.count("CONVERSION_METADATA"), 0u);
  EXPECT_EQ(kept.graph.metadata.count("thimble.preprocess"), 1u) << "what commands read stays";
  EXPECT_EQ(kept.dropped_metadata.size(), 2u);
  const Squeezed brief = squeezed(file, {.names = SqueezeOptions::Names::none});
  EXPECT_LT(brief.after.names, kept.after.names);
  EXPECT_EQ(squeezed(file, {.names = SqueezeOptions::Names::keep}).after.names, kept.after.names) << "nothing joined";
  EXPECT_EQ(brief.graph.at(brief.graph.inputs[0]).name, kept.graph.at(kept.graph.inputs[0]).name);
  EXPECT_EQ(brief.graph.input_names, kept.graph.input_names);
  const Squeezed again = squeezed(brief.file, {.names = SqueezeOptions::Names::none});
  EXPECT_EQ(again.file.size(), brief.file.size()) << "a fixed point";
}

TEST(Squeeze, GivenInputsAndRefusals) {
  const std::vector<uint8_t> file = file_of(chain(9, Padding::same));
  SqueezeOptions options;
  options.proof.runs = 3;
  options.proof.given = {std::vector<uint8_t>(2 * 8 * 8 * 3, 7)};
  options.proof.given_runs = 2;
  const auto s = squeeze(file, options);
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->proof.runs, 5);
  EXPECT_FALSE(squeeze(std::vector<uint8_t>(file.begin(), file.begin() + 40)));
  // Models that differ are told apart.
  const auto proof = prove_equal(chain(9, Padding::same), chain(10, Padding::same), {.runs = 5});
  ASSERT_TRUE(proof) << proof.error().to_string();
  EXPECT_FALSE(proof->equal);
  EXPECT_NE(proof->difference.find("element"), std::string::npos) << proof->difference;
}

// The four int8 models of MLPerf Tiny, and the others of the repository: sizes, and identical outputs.
TEST(Squeeze, VisualWakeWords) {
  SqueezeOptions options;
  options.proof.runs = 1000;
  const Squeezed s = squeezed(model_file("mlperf-tiny/vww_96_int8.tflite"), options);
  EXPECT_LE(s.file.size(), 60'000u);
  EXPECT_LE(s.macs_after, 3'800'000);
  EXPECT_GE(s.channels.removed, 971);
}

TEST(Squeeze, PackedVisualWakeWords) {
  SqueezeOptions options;
  options.packed = true;
  options.proof.runs = 20;
  const std::vector<uint8_t> file = model_file("mlperf-tiny/vww_96_int8.tflite");
  const auto s = squeeze(file, options);
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_TRUE(s->proof.equal);
  EXPECT_LE(s->file.size(), 45'000u);
  EXPECT_EQ(sum_of_parts(s->after), static_cast<int64_t>(s->file.size()));
  // And from a packed file to a .tflite.
  const auto back = squeeze(s->file, {.proof = {.runs = 5}});
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_LE(back->file.size(), 60'000u);
  EXPECT_EQ(back->channels.removed, 0);
}

TEST(Squeeze, MlperfTiny) {
  const std::pair<const char*, double> targets[] = {{"mlperf-tiny/kws_ref_model.tflite", 0.70},
                                                    {"mlperf-tiny/pretrainedResnet_quant.tflite", 0.90},
                                                    {"mlperf-tiny/ad01_int8.tflite", 1.0}};
  for (const auto& [name, share] : targets) {
    const std::vector<uint8_t> file = model_file(name);
    const Squeezed s = squeezed(file);
    EXPECT_LE(static_cast<double>(s.file.size()), share * static_cast<double>(file.size())) << name;
  }
}

TEST(Squeeze, OtherModels) {
  SqueezeOptions options;
  options.proof.runs = 5;
  for (const char* name :
       {"mlperf-tiny/kws_ref_model_float32.tflite", "mlperf-tiny/vww_96_float.tflite", "micro/hello_world_float.tflite",
        "micro/hello_world_int8.tflite", "micro/micro_speech_quantized.tflite", "micro/person_detect.tflite",
        "micro/trained_lstm.tflite", "micro/trained_lstm_int8.tflite", "micro/keras_lstm_mnist_ptq.tflite",
        "imagenet/mobilenet_v1_0.25_128_quant.tflite"})
    squeezed(model_file(name), options);
}

// A zip archive behind the model (labels, as TensorFlow's metadata tools attach them) moves along.
TEST(Squeeze, AttachedFiles) {
  SqueezeOptions options;
  options.proof.runs = 2;
  const std::vector<uint8_t> file = model_file("imagenet/tf2_mobilenet_v2_1.0_224_ptq.tflite");
  const size_t begin = attached_begin(file);
  ASSERT_LT(begin, file.size());
  const Squeezed s = squeezed(file, options);
  EXPECT_EQ(s.before.attached, static_cast<int64_t>(file.size() - begin));
  EXPECT_EQ(s.after.attached, s.before.attached);
  const size_t now = attached_begin(s.file);
  ASSERT_EQ(s.file.size() - now, file.size() - begin);
  const std::vector<uint8_t> back = attached_files(s.file, begin), was = attached_files(file, begin);
  EXPECT_EQ(back, was) << "only offsets differ";
  EXPECT_EQ(attached_begin(std::span(file).first(begin)), begin) << "nothing attached";
}

TEST(MergeConstants, OnlyEqualOnes) {
  Net net(11);
  const TensorId x = net.input({1, 4});
  const TensorId a = net.dense(x, 4, "a"), b = net.dense(a, 4, "b"), c = net.dense(b, 4, "c");
  Graph graph = net.finish(c);
  const auto before = run_floats(graph, random_values(4, 1));
  auto& wb = const_cast<Tensor&>(*find(graph, "b/w"));
  EXPECT_EQ(merge_constants(graph), 0);
  wb.data = find(graph, "a/w")->data;
  const auto same = run_floats(graph, random_values(4, 1));
  EXPECT_EQ(merge_constants(graph), 1);
  EXPECT_EQ(run_floats(graph, random_values(4, 1)), same);
  EXPECT_NE(same, before);
}

// Four weights in five zero: the sparse file is smaller, proven equal, and squeezing it again keeps it sparse.
TEST(Squeeze, SparseWeights) {
  auto graph = read_tflite(model_file("mlperf-tiny/ad01_int8.tflite"));
  ASSERT_TRUE(graph);
  for (const Node& node : graph->nodes) {
    if (node.op != Op::fully_connected) continue;
    Tensor& w = graph->at(node.inputs[1]);
    std::vector<int8_t> values(w.data.as<int8_t>().begin(), w.data.as<int8_t>().end());
    for (int8_t& v : values) v = std::abs(v) < 20 ? int8_t{0} : v;
    w.data = Data::of(std::span<const int8_t>(values));
  }
  const auto dense = squeezed(file_of(*graph), {.proof = {.runs = 5}});
  EXPECT_TRUE(dense.weights.empty());
  const auto sparse = squeezed(file_of(*graph), {.sparse = true, .proof = {.runs = 5}});
  EXPECT_LT(sparse.file.size(), dense.file.size());
  EXPECT_EQ(sparse.bytes_without_sparse, static_cast<int64_t>(dense.file.size()));
  EXPECT_GT(sparse.after.sparse_tensors, 0);
  EXPECT_GT(sparse.after.sparse_index, 0);
  ASSERT_EQ(sparse.weights.size(), 10u);
  for (const SqueezedWeights& w : sparse.weights) {
    EXPECT_FALSE(w.why.empty());
    EXPECT_EQ(w.sparse, w.bytes < w.bytes_dense);
  }
  const auto again = squeezed(sparse.file, {.proof = {.runs = 5}});
  EXPECT_EQ(again.after.sparse_tensors, sparse.after.sparse_tensors);
  EXPECT_LE(again.file.size(), sparse.file.size());
}

}  // namespace
}  // namespace thimble
