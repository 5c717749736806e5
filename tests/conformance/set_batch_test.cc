// with_batch: several examples in one run give bit for bit what single runs give.
#include <functional>

#include "base/random.h"
#include "harness.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/reduce/reduce.h"
#include "ops/reshape/reshape.h"
#include "ops/slice/slice.h"
#include "ops/transpose/transpose.h"
#include "passes/set_batch.h"

namespace thimble::test {
namespace {

Bytes random_input(const Tensor& t, uint64_t seed, uint64_t stream) {
  Bytes bytes(static_cast<size_t>(t.bytes()));
  for (size_t i = 0; i < bytes.size() / (t.type == DType::f32 ? 4 : 1); ++i) {
    const uint64_t word = random_bits(seed, stream, i);
    const auto value = static_cast<float>(2.0 * (static_cast<double>(word >> 11) * 0x1p-53) - 1.0);
    if (t.type == DType::f32) {
      std::memcpy(bytes.data() + i * 4, &value, 4);
    } else {
      bytes[i] = static_cast<uint8_t>(word);
    }
  }
  return bytes;
}

void three_equal_three_times_one(const Graph& graph, const std::string& what) {
  constexpr int kBatch = 3;
  const auto wide = with_batch(graph, kBatch);
  ASSERT_TRUE(wide) << what << ": " << wide.error().to_string();
  std::vector<Bytes> all(graph.inputs.size()), want(graph.outputs.size());
  for (int e = 0; e < kBatch; ++e) {
    std::vector<Bytes> one;
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      one.push_back(random_input(graph.at(graph.inputs[i]), 7 + static_cast<uint64_t>(e), i));
      all[i].insert(all[i].end(), one[i].begin(), one[i].end());
    }
    const auto outputs = run_graph(graph, one, kModes[1]);
    ASSERT_TRUE(outputs) << outputs.error().to_string();
    for (size_t i = 0; i < want.size(); ++i) want[i].insert(want[i].end(), (*outputs)[i].begin(), (*outputs)[i].end());
  }
  for (const RunMode& mode : {kModes[1], kModes[2]}) {
    const auto got = run_graph(*wide, all, mode);
    ASSERT_TRUE(got) << got.error().to_string();
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_EQ(difference_bytes((*got)[i], want[i]), "") << what << ", " << mode.name;
  }
}

class BatchOfModel : public testing::TestWithParam<const char*> {};
TEST_P(BatchOfModel, ThreeAtOnceEqualOneByOne) {
  const auto graph = read_model(std::string("tests/models/") + GetParam());
  ASSERT_TRUE(graph) << graph.error().to_string();
  three_equal_three_times_one(*graph, GetParam());
}
std::string model_name(const testing::TestParamInfo<const char*>& model) {
  std::string name = model.param;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Models, BatchOfModel,
                         testing::Values("mlperf-tiny/ad01_fp32.tflite", "mlperf-tiny/ad01_int8.tflite",
                                         "mlperf-tiny/kws_ref_model.tflite", "mlperf-tiny/kws_ref_model_float32.tflite",
                                         "mlperf-tiny/pretrainedResnet.tflite",
                                         "mlperf-tiny/pretrainedResnet_quant.tflite", "mlperf-tiny/vww_96_float.tflite",
                                         "mlperf-tiny/vww_96_int8.tflite", "micro/hello_world_int8.tflite",
                                         "micro/trained_lstm.tflite", "micro/trained_lstm_int8.tflite",
                                         "micro/keras_lstm_mnist_ptq.tflite"),
                         model_name);

std::vector<int32_t> ints(std::initializer_list<int32_t> v) { return v; }

TEST(WithBatch, AdaptsReshapesAndSlices) {
  Graph g;
  Builder b(g);
  const TensorId x = b.input("x", DType::f32, {1, 6, 4});
  const TensorId rows = *b.op(Op::reshape, {x, b.constant_i32("shape", ints({6, 4}))}, ReshapeAttrs{}, "rows");
  const TensorId moved =
      *b.op(Op::reshape, {rows, b.constant_i32("shape2", ints({1, 3, -1}))}, ReshapeAttrs{}, "moved");
  const TensorId part =
      *b.op(Op::slice, {moved, b.constant_i32("begin", ints({0, 1, 0})), b.constant_i32("size", ints({1, 2, 5}))},
            SliceAttrs{}, "part");
  const TensorId last = *b.op(
      Op::strided_slice,
      {part, b.constant_i32("b", ints({0, -1})), b.constant_i32("e", ints({1, 0})), b.constant_i32("s", ints({1, 1}))},
      StridedSliceAttrs{.shrink_axis_mask = 2}, "last");
  g.outputs = {last};
  three_equal_three_times_one(g, "reshapes and slices");
}

TEST(WithBatch, RefusesWhatMixesExamples) {
  const auto refused = [](const std::function<Result<TensorId>(Builder&, TensorId)>& build, const char* word) {
    Graph g;
    Builder b(g);
    const auto y = build(b, b.input("x", DType::f32, {1, 1, 4}));
    ASSERT_TRUE(y) << y.error().to_string();
    g.outputs = {*y};
    const auto wide = with_batch(g, 2);
    ASSERT_FALSE(wide) << word;
    EXPECT_EQ(wide.error().code, ErrorCode::unsupported);
    EXPECT_NE(wide.error().to_string().find(word), std::string::npos) << wide.error().to_string();
  };
  refused(
      [](Builder& b, TensorId x) {
        return b.op(Op::transpose, {x, b.constant_i32("p", ints({1, 0, 2}))}, TransposeAttrs{}, "t");
      },
      "moves the batch");
  refused(
      [](Builder& b, TensorId x) {
        return b.op(Op::mean, {x, b.constant_i32("a", ints({0}))}, ReduceAttrs{}, "m");
      },
      "reduces over the batch");
  refused([](Builder& b, TensorId x) { return b.op(Op::squeeze, {x}, SqueezeAttrs{}, "s"); }, "drops the batch");
  refused(
      [](Builder& b, TensorId x) {
        return b.op(Op::reshape, {x, b.constant_i32("s", ints({4}))}, ReshapeAttrs{}, "r");
      },
      "no batch dimension");
  refused(
      [](Builder& b, TensorId x) {
        const float values[] = {1, 2};
        return b.op(Op::add, {x, b.constant_f32("c", {2, 1, 1}, values)}, BinaryAttrs{}, "a");
      },
      "differs between examples");
}

TEST(WithBatch, RefusesFixedInputsAndSillyBatches) {
  Graph g;
  Builder b(g);
  const TensorId x = b.input("x", DType::f32, {5, 4});
  g.outputs = {*b.op(Op::relu, {x}, {}, "y")};
  EXPECT_FALSE(with_batch(g, 2));
  g.at(x).batch_unknown = true;
  ASSERT_TRUE(with_batch(g, 2));
  EXPECT_EQ(with_batch(g, 2)->at(g.outputs[0]).shape, (Shape{2, 4}));
  EXPECT_FALSE(with_batch(g, 0));
}

}  // namespace
}  // namespace thimble::test
