// Operators that rearrange, pick, sort, group and find: fast paths against references over many shapes, what inference
// refuses, and indices that only the run knows.
#include "harness.h"
#include "ops/argmax_pool/argmax_pool.h"
#include "ops/bucketize/bucketize.h"
#include "ops/builder.h"
#include "ops/detection_postprocess/detection_postprocess.h"
#include "ops/dynamic_update_slice/dynamic_update_slice.h"
#include "ops/embedding_lookup/embedding_lookup.h"
#include "ops/hashtable_lookup/hashtable_lookup.h"
#include "ops/lsh_projection/lsh_projection.h"
#include "ops/matrix_diag/matrix_diag.h"
#include "ops/nd_index/nd_index.h"
#include "ops/non_max_suppression/non_max_suppression.h"
#include "ops/one_hot/one_hot.h"
#include "ops/random/random.h"
#include "ops/rearrange/rearrange.h"
#include "ops/reverse_sequence/reverse_sequence.h"
#include "ops/segment/segment.h"
#include "ops/sparse_to_dense/sparse_to_dense.h"
#include "ops/split/split.h"
#include "ops/topk_v2/topk_v2.h"
#include "ops/unique/unique.h"
#include "ops/where/where.h"

namespace thimble::test {
namespace {

using Ints = std::vector<int64_t>;

class Movement : public testing::Test {
 protected:
  TensorId ints(const Ints& v, Shape shape) {
    const std::vector<int32_t> narrow(v.begin(), v.end());
    return b.constant("ints", DType::i32, shape, Data::of(std::span<const int32_t>(narrow)));
  }
  TensorId ints(const Ints& v) { return ints(v, {static_cast<int64_t>(v.size())}); }
  TensorId number(float v) { return b.constant_f32("number", {}, std::span(&v, 1)); }
  void refuse(ErrorCode code, Op op, std::vector<TensorId> inputs, Attrs attrs, int outs = 1) {
    const auto y = b.node(op, std::move(inputs), std::move(attrs), "y", outs);
    ASSERT_FALSE(y) << name(op);
    EXPECT_EQ(static_cast<int>(y.error().code), static_cast<int>(code)) << y.error().to_string();
  }
  void damaged(Op op, std::vector<TensorId> inputs, Attrs attrs, int outs = 1) {
    refuse(ErrorCode::bad_file, op, std::move(inputs), std::move(attrs), outs);
  }

  Graph g;
  Builder b{g};
};

TEST_F(Movement, FastPathsAgreeWithTheReference) {
  struct Case {
    Op op;
    Shape x;
    Attrs attrs;
    std::vector<std::pair<Ints, Shape>> operands;
  };
  const Case cases[] = {
      {Op::space_to_depth, {1, 8, 6, 3}, BlockAttrs{2}, {}},
      {Op::space_to_depth, {2, 64, 64, 16}, BlockAttrs{4}, {}},
      {Op::depth_to_space, {1, 5, 4, 36}, BlockAttrs{3}, {}},
      {Op::depth_to_space, {2, 40, 40, 64}, BlockAttrs{2}, {}},
      {Op::space_to_batch_nd, {1, 5, 7, 2}, RearrangeAttrs{}, {{{2, 3}, {2}}, {{1, 0, 2, 0}, {2, 2}}}},
      {Op::space_to_batch_nd, {2, 62, 61, 8}, RearrangeAttrs{}, {{{4, 4}, {2}}, {{1, 1, 1, 2}, {2, 2}}}},
      {Op::batch_to_space_nd, {12, 3, 4, 2}, RearrangeAttrs{}, {{{2, 3}, {2}}, {{1, 0, 2, 1}, {2, 2}}}},
      {Op::batch_to_space_nd, {16, 30, 31, 8}, RearrangeAttrs{}, {{{4, 4}, {2}}, {{0, 0, 3, 0}, {2, 2}}}},
      {Op::mirror_pad, {2, 3, 4, 5}, MirrorPadAttrs{}, {{{0, 1, 2, 2, 1, 0, 4, 3}, {4, 2}}}},
      {Op::mirror_pad, {1, 120, 100, 3}, MirrorPadAttrs{true}, {{{0, 0, 40, 40, 40, 40, 0, 0}, {4, 2}}}},
      {Op::tile, {3}, RearrangeAttrs{}, {{{5}, {1}}}},
      {Op::tile, {2, 1, 3, 1, 2, 2}, RearrangeAttrs{}, {{{1, 3, 2, 2, 1, 1}, {6}}}},
      {Op::tile, {4, 200, 3}, RearrangeAttrs{}, {{{3, 1, 60}, {3}}}},
      {Op::tile, {4, 3}, RearrangeAttrs{}, {{{0, 2}, {2}}}},
      {Op::reverse, {3, 4, 5}, RearrangeAttrs{}, {{{0, 2}, {2}}}},
      {Op::reverse, {300, 200, 2}, RearrangeAttrs{}, {{{1}, {1}}}},
      {Op::resize_nearest_neighbor, {1, 3, 5, 2}, ResizeAttrs{}, {{{7, 4}, {2}}}},
      {Op::resize_nearest_neighbor, {2, 40, 40, 24}, ResizeAttrs{false, true}, {{{80, 80}, {2}}}},
      {Op::resize_bilinear, {1, 3, 5, 2}, ResizeAttrs{}, {{{7, 4}, {2}}}},
      {Op::resize_bilinear, {2, 24, 30, 21}, ResizeAttrs{true, false}, {{{50, 61}, {2}}}},
      {Op::resize_bilinear, {1, 50, 60, 3}, ResizeAttrs{false, true}, {{{23, 31}, {2}}}},
  };
  for (const Case& c : cases)
    for (const DType type : {DType::i8, DType::u8, DType::i16, DType::f32, DType::i64}) {
      if (type == DType::i64 && c.op == Op::resize_bilinear) continue;
      Graph graph;
      Builder builder(graph);
      std::vector<TensorId> inputs = {builder.input("x", type, c.x)};
      for (const auto& [values, shape] : c.operands) {
        const std::vector<int32_t> narrow(values.begin(), values.end());
        inputs.push_back(builder.constant("n", DType::i32, shape, Data::of(std::span<const int32_t>(narrow))));
      }
      const auto y = builder.op(c.op, inputs, c.attrs, "y");
      ASSERT_TRUE(y) << y.error().to_string();
      graph.outputs = {*y};
      Bytes x(static_cast<size_t>(byte_size(type, c.x)));
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<uint8_t>((i * 37 + i / 251) & (type == DType::f32 ? 0x3f : 0xff));
      const auto want = run_graph(graph, {x}, kModes[0]);
      ASSERT_TRUE(want) << want.error().to_string();
      for (const RunMode& mode : kModes) {
        const auto got = run_graph(graph, {x}, mode);
        ASSERT_TRUE(got) << got.error().to_string();
        EXPECT_EQ(*got, *want) << mode.name << "\n" << dump(graph);
      }
    }
}

TEST_F(Movement, BlocksAndMarginsHaveToFit) {
  const TensorId x = b.input("x", DType::f32, {1, 4, 6, 4}), m = b.input("m", DType::f32, {2, 3});
  for (const int block : {0, -1, 3, 5, INT32_MAX, INT32_MIN}) damaged(Op::space_to_depth, {x}, BlockAttrs{block});
  for (const int block : {0, -1, 3, INT32_MAX, INT32_MIN}) damaged(Op::depth_to_space, {x}, BlockAttrs{block});
  damaged(Op::space_to_depth, {m}, BlockAttrs{1});
  const auto to_batch = [&](const Ints& block, const Ints& pad) {
    damaged(Op::space_to_batch_nd, {x, ints(block), ints(pad, {std::ssize(pad) / 2, 2})}, RearrangeAttrs{});
  };
  to_batch({0, 1}, {0, 0, 0, 0});
  to_batch({-1, 1}, {0, 0, 0, 0});
  to_batch({3, 1}, {0, 0, 0, 0});
  to_batch({2, 2}, {-1, 1, 0, 0});
  to_batch({2, 2}, {0, 0});
  to_batch({INT32_MAX, INT32_MAX}, {0, 0, 0, 0});
  to_batch({1, 1, 1, 1}, {0, 0, 0, 0, 0, 0, 0, 0});
  const TensorId batch = b.input("batch", DType::f32, {4, 2, 2, 1});
  const auto to_space = [&](const Ints& block, const Ints& crop) {
    damaged(Op::batch_to_space_nd, {batch, ints(block), ints(crop, {std::ssize(crop) / 2, 2})}, RearrangeAttrs{});
  };
  to_space({3, 1}, {0, 0, 0, 0});
  to_space({2, 2}, {3, 2, 0, 0});
  to_space({2, 2}, {-1, 0, 0, 0});
  const auto mirror = [&](const Ints& pad, bool symmetric) {
    damaged(Op::mirror_pad, {m, ints(pad, {std::ssize(pad) / 2, 2})}, MirrorPadAttrs{symmetric});
  };
  mirror({2, 0, 0, 0}, false);
  mirror({0, 0, 0, 3}, false);
  mirror({3, 0, 0, 0}, true);
  mirror({-1, 0, 0, 0}, true);
  mirror({1, 0}, true);
  for (const Ints& v : {Ints{-1, 1}, Ints{1}, Ints{INT32_MAX, INT32_MAX}})
    damaged(Op::tile, {m, ints(v)}, RearrangeAttrs{});
  for (const Ints& v : {Ints{2}, Ints{-3}, Ints{0, 0}, Ints{1, -1}})
    damaged(Op::reverse, {m, ints(v)}, RearrangeAttrs{});
  for (const Op op : {Op::resize_nearest_neighbor, Op::resize_bilinear}) {
    for (const Ints& v : {Ints{0, 1}, Ints{1, -1}, Ints{1}, Ints{1, 2, 3}}) damaged(op, {x, ints(v)}, ResizeAttrs{});
    damaged(op, {m, ints({2, 2})}, ResizeAttrs{});
    refuse(ErrorCode::unsupported, op, {x, ints({1 << 30, 1})}, ResizeAttrs{});
    refuse(ErrorCode::needs_value, op, {x, b.input("size", DType::i32, {2})}, ResizeAttrs{});
  }
  damaged(Op::resize_bilinear, {x, ints({2, 2})}, ResizeAttrs{true, true});
  damaged(Op::unpack, {m}, UnpackAttrs{2}, 2);
  damaged(Op::unpack, {m}, UnpackAttrs{0}, 3);
}

TEST_F(Movement, ConstantIndicesHaveToLieInside) {
  const TensorId x = b.input("x", DType::f32, {3, 4}), v = b.input("v", DType::f32, {2});
  for (const Ints& at : {Ints{-1, 0}, Ints{3, 0}, Ints{0, 4}, Ints{-1000000000, 0}})
    damaged(Op::gather_nd, {x, ints(at, {1, 2})}, NdIndexAttrs{});
  damaged(Op::gather_nd, {x, ints({0, 0, 0}, {1, 3})}, NdIndexAttrs{});
  damaged(Op::gather_nd, {x, ints({0}, {})}, NdIndexAttrs{});
  damaged(Op::scatter_nd, {ints({5, 0}, {2, 1}), v, ints({4})}, NdIndexAttrs{});
  damaged(Op::scatter_nd, {ints({0, 1}, {2, 1}), v, ints({4, 4})}, NdIndexAttrs{});
  damaged(Op::scatter_nd, {ints({0, 1}, {2, 1}), v, ints({-4})}, NdIndexAttrs{});
  refuse(ErrorCode::needs_value, Op::scatter_nd, {ints({0, 1}, {2, 1}), v, b.input("s", DType::i32, {1})},
         NdIndexAttrs{});
  damaged(Op::embedding_lookup, {ints({3}), x}, EmbeddingLookupAttrs{});
  damaged(Op::embedding_lookup, {ints({-1}), x}, EmbeddingLookupAttrs{});
  damaged(Op::sparse_to_dense, {ints({0, 7}), ints({7}), v, number(0)}, SparseToDenseAttrs{});
  damaged(Op::sparse_to_dense, {ints({0, 1}, {1, 2}), ints({7}), v, number(0)}, SparseToDenseAttrs{});
  damaged(Op::sparse_to_dense, {ints({0, 1, 2}), ints({7}), v, number(0)}, SparseToDenseAttrs{});
  damaged(Op::reverse_sequence, {x, ints({5, 0, 0})}, ReverseSequenceAttrs{1, 0});
  damaged(Op::reverse_sequence, {x, ints({-1, 0, 0})}, ReverseSequenceAttrs{1, 0});
  damaged(Op::reverse_sequence, {x, ints({1, 1, 1})}, ReverseSequenceAttrs{0, 0});
  damaged(Op::reverse_sequence, {x, ints({1, 1})}, ReverseSequenceAttrs{1, 0});
  damaged(Op::unsorted_segment_sum, {v, ints({0, 2}), ints({2}, {})}, SegmentAttrs{});
  damaged(Op::unsorted_segment_sum, {v, ints({0, 0}), ints({-1}, {})}, SegmentAttrs{});
  damaged(Op::unsorted_segment_sum, {v, ints({0, 0, 0}), ints({2}, {})}, SegmentAttrs{});
  for (const Ints& ids : {Ints{1, 1}, Ints{0, 2}, Ints{0, -1}, Ints{0, INT32_MAX}, Ints{0}})
    damaged(Op::segment_sum, {v, ints(ids)}, SegmentAttrs{});
  refuse(ErrorCode::needs_value, Op::segment_sum, {v, b.input("ids", DType::i32, {2})}, SegmentAttrs{});
}

TEST_F(Movement, SizesAndCountsHaveToFit) {
  const TensorId x = b.input("x", DType::f32, {3, 4}), v = b.input("v", DType::f32, {2}), on = number(1);
  for (const int64_t k : {-1, 5}) damaged(Op::topk_v2, {x, ints({k}, {})}, TopkAttrs{}, 2);
  refuse(ErrorCode::needs_value, Op::topk_v2, {x, b.input("k", DType::i32, {})}, TopkAttrs{}, 2);
  const TensorId at = b.input("at", DType::i32, {3});
  damaged(Op::one_hot, {at, ints({-1}, {}), on, on}, OneHotAttrs{});
  damaged(Op::one_hot, {at, ints({4}, {}), on, on}, OneHotAttrs{2});
  damaged(Op::one_hot, {at, ints({4}, {}), on, at}, OneHotAttrs{});
  refuse(ErrorCode::needs_value, Op::unique, {v}, UniqueAttrs{}, 2);
  refuse(ErrorCode::needs_value, Op::where, {v}, WhereAttrs{});
  damaged(Op::where, {on}, WhereAttrs{});
  damaged(Op::matrix_set_diag, {x, v}, MatrixDiagAttrs{});
  damaged(Op::matrix_diag, {on}, MatrixDiagAttrs{});
  damaged(Op::dynamic_update_slice, {v, b.input("u", DType::f32, {3}), ints({0})}, DynamicUpdateSliceAttrs{});
  damaged(Op::dynamic_update_slice, {v, v, ints({0, 0})}, DynamicUpdateSliceAttrs{});
  damaged(Op::hashtable_lookup, {at, ints({1, 2}), x}, HashtableLookupAttrs{}, 2);
  damaged(Op::bucketize, {x}, BucketizeAttrs{{0x40000000, 0x3f800000}});
  damaged(Op::bucketize, {x}, BucketizeAttrs{{0x7fc00000}});
  damaged(Op::bucketize, {x}, BucketizeAttrs{{-1}});
  damaged(Op::lsh_projection, {b.input("h", DType::f32, {2, 33}), x}, LshProjectionAttrs{true});
  damaged(Op::lsh_projection, {v, x}, LshProjectionAttrs{true});
  damaged(Op::random_uniform, {ints({2}), x}, RandomAttrs{});
  const TensorId boxes = b.input("boxes", DType::f32, {5, 4}), scores = b.input("scores", DType::f32, {5});
  const TensorId half = number(0.5f), most = ints({3}, {});
  damaged(Op::non_max_suppression_v4, {boxes, v, most, half, half}, NonMaxSuppressionAttrs{}, 2);
  damaged(Op::non_max_suppression_v4, {x, scores, most, half, half}, NonMaxSuppressionAttrs{}, 2);
  damaged(Op::non_max_suppression_v4, {boxes, scores, ints({-1}, {}), half, half}, NonMaxSuppressionAttrs{}, 2);
  damaged(Op::non_max_suppression_v5, {boxes, scores, most, half, half, number(-1)}, NonMaxSuppressionAttrs{}, 3);
  const TensorId codes = b.input("codes", DType::f32, {1, 5, 4}), classes = b.input("classes", DType::f32, {1, 5, 3});
  DetectionPostprocessAttrs good{
      .max_detections = 2, .max_classes_per_detection = 1, .num_classes = 2, .nms_iou_threshold = 0.5f};
  EXPECT_TRUE(b.node(Op::detection_postprocess, {codes, classes, boxes}, good, "y", 4));
  const auto without = [&](auto change) {
    DetectionPostprocessAttrs attrs = good;
    change(attrs);
    damaged(Op::detection_postprocess, {codes, classes, boxes}, attrs, 4);
  };
  without([](auto& a) { a.num_classes = 1; });
  without([](auto& a) { a.num_classes = 4; });
  without([](auto& a) { a.max_detections = -1; });
  without([](auto& a) { a.max_detections = a.max_classes_per_detection = INT32_MAX; });
  without([](auto& a) { a.nms_iou_threshold = 0; });
  without([](auto& a) { a.nms_iou_threshold = std::nanf(""); });
  damaged(Op::detection_postprocess, {codes, classes, x}, good, 4);
}

// What only the run knows ends it without an answer; the next run works.
TEST_F(Movement, IndicesOutsideEndTheRun) {
  const TensorId x = b.constant_f32("x", {3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6}),
                 at = b.input("at", DType::i32, {2});
  const TensorId pair = b.constant_f32("pair", {2}, std::vector<float>{1, 2});
  const TensorId two = b.constant_f32("two", {2, 2}, std::vector<float>{1, 2, 3, 4});
  std::vector<TensorId> made;
  const auto add = [&](Op op, std::vector<TensorId> inputs, Attrs attrs) {
    const auto y = b.op(op, std::move(inputs), std::move(attrs), name(op));
    ASSERT_TRUE(y) << y.error().to_string();
    made.push_back(*y);
  };
  add(Op::gather_nd, {x, at}, NdIndexAttrs{});
  add(Op::embedding_lookup, {at, x}, EmbeddingLookupAttrs{});
  add(Op::sparse_to_dense, {at, ints({3}), pair, number(0)}, SparseToDenseAttrs{});
  add(Op::unsorted_segment_sum, {pair, at, ints({3}, {})}, SegmentAttrs{});
  add(Op::reverse_sequence, {two, at}, ReverseSequenceAttrs{1, 0});
  for (size_t i = 0; i < made.size(); ++i) {
    Graph one = g;
    one.outputs = {made[i]};
    one.remove_unused();
    for (const RunMode& mode : kModes) {
      auto program = Program::plan(one, {.threads = mode.threads, .reference_only = mode.reference_only});
      ASSERT_TRUE(program) << program.error().to_string();
      auto session = Session::create(*program);
      ASSERT_TRUE(session);
      const auto feed = [&](int32_t first, int32_t second) {
        const int32_t values[] = {first, second};
        std::memcpy((*session)->input(0).data(), values, sizeof values);
        return (*session)->run();
      };
      for (const int32_t bad : {3, INT32_MAX, INT32_MIN}) {
        if (bad < 0 && one.nodes[0].op == Op::unsorted_segment_sum) continue;  // left out
        const Status ran = feed(1, bad);
        ASSERT_FALSE(ran) << name(one.nodes[0].op) << " " << bad;
        EXPECT_EQ(ran.error().code, ErrorCode::bad_file);
        EXPECT_NE(ran.error().to_string().find(format("index {} of an axis", bad)), std::string::npos)
            << ran.error().to_string();
        EXPECT_TRUE(feed(1, 1)) << name(one.nodes[0].op);
      }
    }
  }
}

// A custom operator's options are bytes that nobody has looked at: every change of one is refused, or read and checked.
TEST_F(Movement, DamagedOptionsOfACustomOperatorAreRefusedOrRead) {
  const TensorId boxes = b.input("boxes", DType::f32, {1, 5, 4}), scores = b.input("scores", DType::f32, {1, 5, 3});
  const TensorId anchors = b.constant_f32("anchors", {5, 4}, std::vector<float>(20, 0.5f));
  const DetectionPostprocessAttrs attrs{
      .max_detections = 2, .max_classes_per_detection = 1, .num_classes = 2, .nms_iou_threshold = 0.5f};
  const auto y = b.node(Op::detection_postprocess, {boxes, scores, anchors}, attrs, "y", 4);
  ASSERT_TRUE(y) << y.error().to_string();
  g.outputs = *y;
  const auto file = write_tflite(g);
  ASSERT_TRUE(file) << file.error().to_string();
  const auto again = read_tflite(*file);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->nodes[0].attrs, Attrs(attrs));
  const std::string_view text(reinterpret_cast<const char*>(file->data()), file->size());
  const size_t key = text.find("max_detections"), name_at = text.find("TFLite_Detection_PostProcess");
  ASSERT_NE(key, text.npos);
  ASSERT_NE(name_at, text.npos);
  int refused = 0, read = 0;
  const size_t begin = key < 200 ? 0 : key - 200, end = std::min(key + 400, file->size());
  for (size_t at = begin; at < end; ++at)
    for (const uint8_t value : {uint8_t{0}, uint8_t{0x7f}, uint8_t{0x80}, uint8_t{0xff}}) {
      Bytes changed = *file;
      changed[at] = value;
      const auto graph = read_tflite(changed);
      ++(graph ? read : refused);
    }
  EXPECT_GT(refused, 20);
  EXPECT_GT(read, 20);
  Bytes other = *file;
  other[name_at] = 'X';
  const auto unknown = read_tflite(other);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::unsupported);
  EXPECT_NE(unknown.error().to_string().find("XFLite_Detection_PostProcess"), std::string::npos);
}

// MediaPipe's pair: the largest of each window with its place, and back. Values by hand.
TEST_F(Movement, PoolingByPlacesAndBack) {
  const Pool2dAttrs attrs{.filter_h = 2, .filter_w = 2, .stride_h = 2, .stride_w = 2, .padding = Padding::same};
  const TensorId x = b.input("x", DType::f32, {1, 3, 4, 1});
  const auto pooled = b.node(Op::max_pool_with_argmax, {x}, attrs, "pooled", 2);
  ASSERT_TRUE(pooled) << pooled.error().to_string();
  const auto back = b.op(Op::max_unpool, {(*pooled)[0], (*pooled)[1]}, attrs, "back");
  ASSERT_TRUE(back) << back.error().to_string();
  g.outputs = {(*pooled)[0], (*pooled)[1], *back};
  const std::vector<float> in = {1, 2, 5, 5, 4, 3, 5, 6, -1, -2, -7, -3};
  Bytes fed(in.size() * 4);
  std::memcpy(fed.data(), in.data(), fed.size());
  const auto file = write_tflite(g);
  ASSERT_TRUE(file) << file.error().to_string();
  const auto again = read_tflite(*file);
  ASSERT_TRUE(again) << again.error().to_string();
  for (const Graph* graph : std::initializer_list<const Graph*>{&g, &*again})
    for (const RunMode& mode : kModes) {
      const auto got = run_graph(*graph, {fed}, mode);
      ASSERT_TRUE(got) << got.error().to_string();
      const auto floats = [&](size_t i) {
        std::vector<float> v((*got)[i].size() / 4);
        std::memcpy(v.data(), (*got)[i].data(), (*got)[i].size());
        return v;
      };
      EXPECT_EQ(floats(0), (std::vector<float>{4, 6, -1, -3}));
      EXPECT_EQ(floats(1), (std::vector<float>{2.1f, 3.1f, 0.1f, 1.1f}));
      EXPECT_EQ(floats(2), (std::vector<float>{0, 0, 0, 0, 4, 0, 0, 6, -1, 0, 0, -3, 0, 0, 0, 0}));
    }
  damaged(Op::max_unpool, {x, (*pooled)[1]}, attrs);
  damaged(Op::max_pool_with_argmax, {x}, Pool2dAttrs{.filter_h = 0}, 2);
  damaged(Op::max_unpool, {x, x}, Pool2dAttrs{.filter_h = INT32_MAX});
}

// Random numbers go on from run to run, and a new session begins again.
TEST_F(Movement, RandomNumbersGoOn) {
  const TensorId state = b.variable("state", DType::i64, {1});
  const auto y = b.op(Op::random_uniform, {ints({3, 3}), state}, RandomAttrs{7, 9}, "y");
  ASSERT_TRUE(y) << y.error().to_string();
  g.outputs = {*y};
  auto program = Program::plan(g);
  ASSERT_TRUE(program) << program.error().to_string();
  std::vector<Bytes> first;
  for (int again = 0; again < 2; ++again) {
    auto session = Session::create(*program);
    ASSERT_TRUE(session);
    std::vector<Bytes> runs;
    for (int run = 0; run < 3; ++run) {
      ASSERT_TRUE((*session)->run());
      const auto out = (*session)->output(0);
      runs.emplace_back(out.begin(), out.end());
    }
    EXPECT_NE(runs[0], runs[1]);
    EXPECT_NE(runs[1], runs[2]);
    if (again == 0)
      first = runs;
    else
      EXPECT_EQ(first, runs);
  }
}

}  // namespace
}  // namespace thimble::test
