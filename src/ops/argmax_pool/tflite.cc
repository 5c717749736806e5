#include <cstring>

#include "formats/tflite/rule.h"
#include "ops/argmax_pool/argmax_pool.h"

namespace thimble::tflite_rule {
namespace {

// The options are the C struct TfLitePoolParams as it lay in memory: int32 padding (1 same, 2 valid), stride_width,
// stride_height, filter_width, filter_height, activation, and four more that say nothing.
constexpr size_t kRead = 6, kWritten = 10;

template <Op kOp>
Status read(tflite::ReadContext& ctx) {
  int32_t v[kRead];
  if (ctx.custom_options.size() < sizeof v)
    return fail(ErrorCode::bad_file,
                format("its options have {} bytes, not {}", ctx.custom_options.size(), kWritten * 4));
  std::memcpy(v, ctx.custom_options.data(), sizeof v);
  if (v[0] != 1 && v[0] != 2) return fail(ErrorCode::bad_file, format("padding {}", v[0]));
  if (v[5] < 0 || v[5] > static_cast<int32_t>(Activation::sigmoid))
    return fail(ErrorCode::bad_file, format("activation {}", v[5]));
  ctx.node.op = kOp;
  ctx.node.attrs = Pool2dAttrs{.filter_h = v[4],
                               .filter_w = v[3],
                               .stride_h = v[2],
                               .stride_w = v[1],
                               .padding = v[0] == 1 ? Padding::same : Padding::valid,
                               .activation = static_cast<Activation>(v[5])};
  return {};
}

Status write(tflite::WriteContext& ctx) {
  const auto& a = ctx.node.attrs.as<Pool2dAttrs>();
  const int32_t v[kWritten] = {a.padding == Padding::same ? 1 : 2, a.stride_w, a.stride_h, a.filter_w, a.filter_h,
                               static_cast<int32_t>(a.activation)};
  ctx.custom_options.resize(sizeof v);
  std::memcpy(ctx.custom_options.data(), v, sizeof v);
  return {};
}

}  // namespace

tflite::TfliteRule argmax_pool(Op op) {
  if (op == Op::max_unpool)
    return {.builtins = {}, .read = read<Op::max_unpool>, .write = write, .custom = "MaxUnpooling2D"};
  return {.builtins = {}, .read = read<Op::max_pool_with_argmax>, .write = write, .custom = "MaxPoolingWithArgmax2D"};
}

}  // namespace thimble::tflite_rule
