#include <algorithm>
#include <cstring>

#include "base/numbers.h"
#include "formats/tflite/rule.h"
#include "formats/tflite/schema.h"
#include "ops/transpose_conv/transpose_conv.h"

namespace thimble::tflite_rule {
namespace {

using namespace transpose_conv_input;

// The file's order is shape, weights, x, bias.
Status in_our_order(Node& node) {
  if (node.inputs.size() < 3 || node.inputs.size() > 4)
    return fail(ErrorCode::bad_file, format("takes 3 to 4 inputs, has {}", node.inputs.size()));
  node.inputs = {node.inputs[2], node.inputs[1], node.inputs.size() > 3 ? node.inputs[3] : kNoTensor, node.inputs[0]};
  return {};
}

// The rows or columns that MediaPipe gives of `in` ones: SAME leaves out what `kernel` reaches beyond the last stride.
Result<int32_t> large_size(int64_t in, int64_t kernel, int64_t stride, Padding padding) {
  if (in < 1 || kernel < 1 || stride < 1)
    return fail(ErrorCode::bad_file, format("kernels of {} by steps of {} over {} places", kernel, stride, in));
  const int64_t left_out = padding == Padding::same ? std::max<int64_t>(0, kernel - (in - 1) % stride - 1) : 0;
  int64_t size = 0;
  if (!checked_mul(in - 1, stride, &size) || size > INT32_MAX - kernel)
    return fail(ErrorCode::bad_file, format("{} places by steps of {} overflow", in, stride));
  return static_cast<int32_t>(size + kernel - left_out);
}

// MediaPipe's custom operator Convolution2DTransposeBias: x, weights, bias in float32. The options are the C struct
// TfLiteTransposeConvParams as it lay in memory: int32 padding (1 same, 2 valid), stride_width, stride_height; what may
// follow (an activation) its kernel does not look at. The output's shape, which the builtin is told, follows.
Status read_biased(tflite::ReadContext& ctx) {
  int32_t v[3];
  if (ctx.custom_options.size() < sizeof v)
    return fail(ErrorCode::bad_file, format("its options have {} bytes, not {}", ctx.custom_options.size(), sizeof v));
  std::memcpy(v, ctx.custom_options.data(), sizeof v);
  if (v[0] != 1 && v[0] != 2) return fail(ErrorCode::bad_file, format("padding {}", v[0]));
  Node& node = ctx.node;
  if (node.inputs.size() != 3 || std::ranges::find(node.inputs, kNoTensor) != node.inputs.end())
    return fail(ErrorCode::bad_file, format("takes 3 inputs, has {}", node.inputs.size()));
  for (const TensorId t : node.inputs)
    if (ctx.graph.at(t).type != DType::f32)
      return fail(ErrorCode::unsupported, format("no kernel for {}", ctx.graph.at(t).to_string()),
                  "MediaPipe has the operator in float32 alone");
  const Shape &x = ctx.graph.at(node.inputs[kX]).shape, &w = ctx.graph.at(node.inputs[kWeights]).shape;
  if (x.rank() != 4 || w.rank() != 4)
    return fail(ErrorCode::bad_file,
                format("images {} and weights {} must have 4 dimensions", x.to_string(), w.to_string()));
  const TransposeConvAttrs attrs{
      .stride_h = v[2], .stride_w = v[1], .padding = v[0] == 1 ? Padding::same : Padding::valid};
  THIMBLE_ASSIGN(const int32_t rows, large_size(x[1], w[1], attrs.stride_h, attrs.padding));
  THIMBLE_ASSIGN(const int32_t columns, large_size(x[2], w[2], attrs.stride_w, attrs.padding));
  const int32_t shape[] = {static_cast<int32_t>(x[0]), rows, columns, static_cast<int32_t>(w[0])};
  ctx.states.push_back({.name = node.name + "/shape",
                        .type = DType::i32,
                        .shape = {4},
                        .data = Data::of(std::span<const int32_t>(shape))});
  node.op = Op::transpose_conv;
  node.attrs = attrs;
  return {};
}

}  // namespace

// TRANSPOSE_CONV 67, TransposeConvOptions (union tag 49): 0 padding, 1 stride_w, 2 stride_h, 3 fused_activation,
// 4 quantized_bias_type.
tflite::TfliteRule transpose_conv(Op) {
  return {{{67, 49}},
          [](tflite::ReadContext& ctx) -> Status {
            if (ctx.builtin == schema::kCustomOperator) return read_biased(ctx);
            TransposeConvAttrs attrs;
            attrs.padding = ctx.options.enumeration(0, Padding::same, 2);
            attrs.stride_w = ctx.options.scalar<int32_t>(1, 0);
            attrs.stride_h = ctx.options.scalar<int32_t>(2, 0);
            attrs.activation = ctx.options.enumeration(3, Activation::none, 6);
            ctx.node.op = Op::transpose_conv;
            ctx.node.attrs = attrs;
            THIMBLE_TRY(in_our_order(ctx.node));
            return tflite::check_accumulators(ctx, 4, kBias);
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<TransposeConvAttrs>();
            const bool narrow = tflite::narrow_accumulators(ctx, kBias), biased = ctx.has(kBias);
            ctx.builtin = 67;
            ctx.version = narrow                                 ? 5
                          : attrs.activation != Activation::none ? 4
                          : biased                               ? 3
                          : ctx.in(kX).type == DType::i8         ? 2
                                                                 : 1;
            const auto& from = ctx.node.inputs;
            ctx.inputs = {from[kShape], from[kWeights], from[kX]};
            if (biased) ctx.inputs.push_back(from[kBias]);
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int8_t>(0, static_cast<int8_t>(attrs.padding), 0);
              t.scalar<int32_t>(1, attrs.stride_w, 0);
              t.scalar<int32_t>(2, attrs.stride_h, 0);
              t.scalar<int8_t>(3, static_cast<int8_t>(attrs.activation), 0);
              if (narrow) t.scalar<int8_t>(4, tflite::kInt32, 0);
            });
            return {};
          },
          tflite::weighted_sums,
          false,
          nullptr,
          "Convolution2DTransposeBias"};
}

}  // namespace thimble::tflite_rule
