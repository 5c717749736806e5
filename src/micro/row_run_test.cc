// Networks of random layers: exported to run by rows they give the bytes that they give with whole tensors.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/random.h"
#include "micro/emit.h"
#include "micro/words.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/conv2d/conv2d.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "ops/pool2d/pool2d.h"
#include "ops/unary/unary.h"

namespace thimble::micro {
namespace {

// Layers upon layers on one image, int8 or float32; some add an earlier tensor.
class RandomNetwork {
 public:
  RandomNetwork(uint64_t seed, DType type) : random_(seed), type_(type) {}

  Graph make() {
    TensorId x = b_.input("x", type_, {1, pick(3, 24), pick(1, 9), pick(1, 9)});
    graph_.at(x).quant = like({}).quant;
    graph_.inputs = {x};
    const int64_t layers = pick(1, 8);
    for (int64_t i = 0; i < layers; ++i) {
      earlier_.push_back(x);
      x = layer(x);
    }
    graph_.outputs = {x};
    return std::move(graph_);
  }

 private:
  int64_t pick(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(random_.below(static_cast<uint64_t>(hi - lo + 1)));
  }
  Padding padding(const Shape& x, int64_t extent) {
    return x[1] < extent || x[2] < extent || pick(0, 1) ? Padding::same : Padding::valid;
  }
  Tensor like(const Quantization& quant) {
    Tensor t;
    t.type = type_;
    if (type_ == DType::i8)
      t.quant =
          quant.empty()
              ? Quantization{{0.02f + 0.01f * static_cast<float>(pick(0, 5))}, {static_cast<int32_t>(pick(-20, 20))}, 0}
              : quant;
    return t;
  }

  TensorId weights(const Shape& shape, int axis, int64_t outputs) {
    const auto n = static_cast<size_t>(shape.elements());
    if (type_ == DType::f32) {
      std::vector<float> w(n);
      for (float& v : w) v = static_cast<float>(pick(-100, 100)) / 100;
      return b_.constant_f32("w", shape, w);
    }
    std::vector<int8_t> w(n);
    for (int8_t& v : w) v = static_cast<int8_t>(pick(-127, 127));
    const TensorId t = b_.constant("w", DType::i8, shape, Data::of(std::span<const int8_t>(w)));
    graph_.at(t).quant.axis = axis;
    for (int64_t o = 0; o < outputs; ++o) {
      graph_.at(t).quant.scale.push_back(0.001f * static_cast<float>(pick(1, 9)));
      graph_.at(t).quant.zero_point.push_back(0);
    }
    return t;
  }
  TensorId bias(int64_t outputs) {
    if (type_ == DType::f32)
      return b_.constant_f32("bias", {outputs}, std::vector<float>(static_cast<size_t>(outputs), 0.25f));
    std::vector<int32_t> values(static_cast<size_t>(outputs));
    for (int32_t& v : values) v = static_cast<int32_t>(pick(-500, 500));
    return b_.constant_i32("bias", values);
  }

  TensorId layer(TensorId x) {
    const Shape shape = b_.at(x).shape;
    const Quantization same = b_.at(x).quant;
    const int64_t channels = shape[3], kernel_h = pick(1, 4), kernel_w = pick(1, 3), dilation = pick(1, 3) / 2 + 1;
    const int64_t largest = std::max(kernel_h, kernel_w);
    const auto stride = [&] { return static_cast<int>(pick(1, 3)); };
    Result<TensorId> y = 0;
    switch (pick(0, 6)) {
      case 0:
      case 1: {
        const int64_t outputs = pick(1, 9);
        const Conv2dAttrs attrs{.stride_h = stride(),
                                .stride_w = stride(),
                                .dilation_h = static_cast<int>(dilation),
                                .padding = padding(shape, largest * dilation)};
        const Tensor made = like({});
        y = b_.op(Op::conv2d, {x, weights({outputs, kernel_h, kernel_w, channels}, 0, outputs), bias(outputs)}, attrs,
                  "conv", &made);
        break;
      }
      case 2: {
        DepthwiseConv2dAttrs attrs;
        attrs.stride_h = stride();
        attrs.padding = padding(shape, largest);
        const int64_t outputs = channels * pick(1, 2);
        const Tensor made = like({});
        y = b_.op(Op::depthwise_conv2d, {x, weights({1, kernel_h, kernel_w, outputs}, 3, outputs), bias(outputs)},
                  attrs, "depthwise", &made);
        break;
      }
      case 3: {
        const Pool2dAttrs attrs{.filter_h = static_cast<int>(kernel_h),
                                .filter_w = static_cast<int>(kernel_w),
                                .stride_h = stride(),
                                .padding = padding(shape, largest)};
        const Tensor made = like(same);
        y = b_.op(pick(0, 1) ? Op::max_pool : Op::average_pool, {x}, attrs, "pool", &made);
        break;
      }
      case 4: {
        const Tensor made = like({});
        y = b_.op(Op::hard_swish, {x}, UnaryAttrs{}, "swish", &made);
        break;
      }
      default: {
        std::vector<TensorId> others;
        for (const TensorId t : earlier_)
          if (b_.at(t).shape == shape) others.push_back(t);
        const Tensor made = like({});
        y = b_.op(Op::add, {x, others[static_cast<size_t>(pick(0, static_cast<int64_t>(others.size()) - 1))]},
                  BinaryAttrs{}, "add", &made);
      }
    }
    EXPECT_TRUE(y) << y.error().to_string();
    return *y;
  }

  Random random_;
  DType type_;
  Graph graph_;
  Builder b_{graph_};
  std::vector<TensorId> earlier_;
};

// Runs both packages NAMEb and NAMEt on the same bytes, with input and output inside and outside of the arena, and
// watches the arena's end and the input outside.
std::string driver(const std::string& n, const Graph& g) {
  const std::string macro = capitals(n);
  return format(
      "#include \"{0}b.h\"\n#include \"{0}t.h\"\n#include <stdlib.h>\n#include <string.h>\n"
      "int check_{0}(void);\n"
      "int check_{0}(void) {{\n"
      "  static unsigned char in[{2}], kept[{2}], b[{3}], t[{3}];\n"
      "  unsigned char *const balanced = malloc({1}B_ARENA_BYTES), *const tight = malloc({1}T_ARENA_BYTES);\n"
      "  const void *in_arena; size_t i; int round, wrong = 0;\n"
      "  for (round = 0; round < 3; ++round) {{\n"
      "    for (i = 0; i < sizeof in; i += {5}) {{ {4} v = ({4})(rand() % 255 - 127); memcpy(in + i, &v, sizeof v); "
      "}}\n"
      "    memcpy(kept, in, sizeof in);\n"
      "    memset(tight, 85, {1}T_ARENA_BYTES);\n"
      "    wrong |= {0}b_run(balanced, {1}B_ARENA_BYTES, (const void *)in, (void *)b);\n"
      "    wrong |= {0}t_run(tight, {1}T_ARENA_BYTES, (const void *)in, (void *)t);\n"
      "    wrong |= memcmp(b, t, sizeof b) || memcmp(in, kept, sizeof in);\n"
      "    in_arena = memcpy(tight + {1}T_INPUT_OFFSET, in, sizeof in);\n"
      "    wrong |= {0}t_run(tight, {1}T_ARENA_BYTES, in_arena, (void *)(tight + {1}T_OUTPUT_OFFSET));\n"
      "    wrong |= memcmp(b, tight + {1}T_OUTPUT_OFFSET, sizeof b);\n"
      "  }}\n"
      "  free(balanced);\n  free(tight);\n  return wrong;\n}}\n",
      n, macro, g.at(g.inputs[0]).bytes(), g.at(g.outputs[0]).bytes(), c_type(g.at(g.inputs[0]).type),
      bits(g.at(g.inputs[0]).type) / 8);
}

// A few: the compiler takes nearly all of the time.
constexpr uint64_t kNetworks = 20;

TEST(RowRun, GivesTheBytesOfWholeTensors) {
  if (std::system("cc --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no C compiler";
  const std::string folder = testing::TempDir() + "rows/";
  std::filesystem::create_directories(folder);
  std::string sources, calls, declarations;
  int64_t balanced_bytes = 0, tight_bytes = 0;
  const auto write = [&](const std::string& name, const std::string& text) {
    ASSERT_TRUE(write_file_atomic(folder + name, text));
    if (name.ends_with(".c")) sources += " " + folder + name;
  };
  for (uint64_t seed = 0; seed < kNetworks; ++seed) {
    const std::string name = format("net{}", seed);
    const auto checked = check(RandomNetwork(seed, seed % 4 == 3 ? DType::f32 : DType::i8).make());
    ASSERT_TRUE(checked) << checked.error().to_string();
    for (const Ram ram : {Ram::balanced, Ram::tight}) {
      EmitOptions options;
      options.name = name + (ram == Ram::tight ? "t" : "b");
      options.ram = ram;
      const auto emitted = emit_c(*checked, options);
      ASSERT_TRUE(emitted) << emitted.error().to_string();
      (ram == Ram::tight ? tight_bytes : balanced_bytes) += emitted->arena_bytes;
      for (const File& file : emitted->files) write(file.path, file.text);
    }
    EXPECT_LE(tight_bytes, balanced_bytes) << name;
    write(name + "_check.c", driver(name, checked->graph));
    declarations += format("int check_{}(void);\n", name);
    calls += format("  if (check_{0}()) {{ printf(\"{0}\\n\"); wrong = 1; }}\n", name);
  }
  EXPECT_LT(tight_bytes, balanced_bytes * 9 / 10);
  write("main.c", "#include <stdio.h>\n" + declarations + "int main(void) {\n  int wrong = 0;\n" + calls +
                      "  return wrong;\n}\n");
  const std::string build =
      "cc -std=c99 -O1 -Wall -Wextra -Werror -ffp-contract=off -fsanitize=address,undefined "
      "-fno-sanitize-recover=all -I" +
      folder + sources + " -lm -o " + folder + "all";
  ASSERT_EQ(std::system(build.c_str()), 0);
  EXPECT_EQ(std::system((folder + "all").c_str()), 0) << "a network that is named above";
}

}  // namespace
}  // namespace thimble::micro
