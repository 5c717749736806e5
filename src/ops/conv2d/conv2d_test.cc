// What convolutions and pools refuse, and the geometry of windows.
#include "ops/conv2d/conv2d.h"

#include <gtest/gtest.h>

#include "ops/builder.h"
#include "ops/pool2d/pool2d.h"

namespace thimble {
namespace {

// The error of a float convolution with these shapes, or "" if it is accepted.
std::string conv_error(Op op, Shape x, Shape w, const Conv2dAttrs& attrs, int64_t bias = 0) {
  Graph graph;
  Builder b(graph);
  std::vector<TensorId> inputs = {b.input("x", DType::f32, x), b.input("w", DType::f32, w)};
  if (bias) inputs.push_back(b.input("b", DType::f32, Shape{bias}));
  const auto y = b.op(op, inputs, attrs, "y");
  return y ? "" : y.error().to_string();
}

std::string pool_error(Shape x, const Pool2dAttrs& attrs) {
  Graph graph;
  Builder b(graph);
  const TensorId t = b.input("x", DType::f32, x);
  const auto y = b.op(Op::max_pool, {t}, attrs, "y");
  return y ? "" : y.error().to_string();
}

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(Conv2d, RefusesImpossibleAttributes) {
  const Shape x{1, 8, 8, 4}, w{6, 3, 3, 4};
  EXPECT_EQ(conv_error(Op::conv2d, x, w, {}, 6), "");
  for (const int bad : {0, -1, INT32_MIN}) {
    EXPECT_SAYS(conv_error(Op::conv2d, x, w, {.stride_h = bad}), "stride");
    EXPECT_SAYS(conv_error(Op::conv2d, x, w, {.stride_w = bad}), "stride");
    EXPECT_SAYS(conv_error(Op::conv2d, x, w, {.dilation_h = bad}), "dilation");
    EXPECT_SAYS(conv_error(Op::depthwise_conv2d, x, {1, 3, 3, 4}, {.dilation_w = bad}), "dilation");
  }
  EXPECT_SAYS(conv_error(Op::conv2d, x, w, {.dilation_h = INT32_MAX, .padding = Padding::valid}), "does not fit");
  EXPECT_EQ(conv_error(Op::conv2d, x, w, {.stride_h = INT32_MAX, .dilation_w = INT32_MAX}), "");
  EXPECT_SAYS(conv_error(Op::conv2d, x, w, {.activation = Activation::tanh}), "activation");
}

TEST(Conv2d, RefusesImpossibleShapes) {
  const Shape x{1, 8, 8, 4};
  EXPECT_SAYS(conv_error(Op::conv2d, x, {6, 0, 3, 4}, {}), "kernel");
  EXPECT_SAYS(conv_error(Op::conv2d, x, {6, 3, 3, 0}, {}), "no channels");
  EXPECT_SAYS(conv_error(Op::conv2d, {1, 8, 8, 0}, {6, 3, 3, 4}, {}), "no channels");
  EXPECT_SAYS(conv_error(Op::conv2d, {1, 0, 8, 4}, {6, 3, 3, 4}, {}), "height 0");
  EXPECT_SAYS(conv_error(Op::conv2d, x, {6, 3, 3, 3}, {}), "groups");
  EXPECT_SAYS(conv_error(Op::conv2d, x, {5, 3, 3, 2}, {}), "groups");
  EXPECT_SAYS(conv_error(Op::conv2d, x, {6, 9, 3, 4}, {.padding = Padding::valid}), "does not fit");
  EXPECT_SAYS(conv_error(Op::conv2d, x, {6, 3, 3, 4}, {}, 5), "bias");
  EXPECT_SAYS(conv_error(Op::conv2d, {8, 8, 4}, {6, 3, 3, 4}, {}), "rank");
  EXPECT_SAYS(conv_error(Op::depthwise_conv2d, x, {1, 3, 3, 6}, {}), "multiple");
  EXPECT_SAYS(conv_error(Op::depthwise_conv2d, x, {2, 3, 3, 4}, {}), "first dimension");
  EXPECT_EQ(conv_error(Op::depthwise_conv2d, x, {1, 3, 3, 8}, {}), "");
}

TEST(Pool2d, RefusesImpossibleWindows) {
  const Shape x{1, 4, 4, 2};
  EXPECT_EQ(pool_error(x, {2, 2, 2, 2}), "");
  EXPECT_SAYS(pool_error(x, {0, 2, 1, 1}), "kernel");
  EXPECT_SAYS(pool_error(x, {2, -3, 1, 1}), "kernel");
  EXPECT_SAYS(pool_error(x, {2, 2, 0, 1}), "stride");
  EXPECT_SAYS(pool_error(x, {5, 2, 1, 1}), "does not fit");
  EXPECT_SAYS(pool_error({1, 4, 0, 2}, {2, 2, 2, 2}), "width 0");
  EXPECT_SAYS(pool_error(x, {INT32_MAX, INT32_MAX, 1, 1, Padding::same}), "overflows");
}

TEST(Window, SizesAndPaddingsAsTensorFlow) {
  // in, kernel, stride, dilation, padding -> out, pad
  struct Case {
    int64_t in, kernel, stride, dilation;
    Padding padding;
    int64_t out, pad;
  };
  for (const Case& c : {Case{5, 3, 1, 1, Padding::same, 5, 1}, Case{6, 3, 2, 1, Padding::same, 3, 0},
                        Case{7, 3, 2, 1, Padding::same, 4, 1}, Case{8, 4, 1, 1, Padding::same, 8, 1},
                        Case{9, 3, 1, 3, Padding::same, 9, 3}, Case{3, 1, 2, 1, Padding::same, 2, 0},
                        Case{8, 3, 2, 1, Padding::valid, 3, 0}, Case{9, 3, 3, 2, Padding::valid, 2, 0}}) {
    const auto window = make_window(c.in, 1, c.kernel, 1, c.stride, 1, c.dilation, 1, c.padding);
    ASSERT_TRUE(window);
    EXPECT_EQ(window->h.out, c.out) << c.in << " " << c.kernel;
    EXPECT_EQ(window->h.pad, c.pad) << c.in << " " << c.kernel;
  }
}

// The backward table is the forward one seen from the input.
TEST(Window, OffsetTablesAgree) {
  const Window window = *make_window(7, 6, 3, 2, 2, 1, 1, 2, Padding::same);
  std::vector<int32_t> forward, backward;
  ASSERT_TRUE(forward_offsets(window, 1, &forward));
  ASSERT_TRUE(backward_offsets(window, 1, &backward));
  const auto taps = static_cast<size_t>(window.taps());
  size_t pairs = 0;
  for (size_t p = 0; p < forward.size(); ++p) {
    if (forward[p] < 0) continue;
    EXPECT_EQ(backward[static_cast<size_t>(forward[p]) * taps + p % taps], static_cast<int32_t>(p / taps));
    ++pairs;
  }
  size_t reverse = 0;
  for (int32_t o : backward) reverse += o >= 0;
  EXPECT_EQ(pairs, reverse);
  EXPECT_FALSE(
      forward_offsets(*make_window(1 << 14, 1 << 14, 1, 1, 1 << 13, 1 << 13, 1, 1, Padding::same), 16, &forward));
}

}  // namespace
}  // namespace thimble
