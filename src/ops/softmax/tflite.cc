#include "formats/tflite/rule.h"
#include "ops/softmax/softmax.h"

namespace thimble::tflite_rule {
namespace {

// QuantizeMultiplierGreaterThanOne(input · 2^26).
tflite::LeastScales least_scales(const tflite::Scales&) { return {.input = 0x1p-25}; }

// SOFTMAX 25, SoftmaxOptions (union tag 9): 0 beta.
tflite::TfliteRule softmax_rule() {
  return {{{25, 9}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::softmax;
            ctx.node.attrs = SoftmaxAttrs{ctx.options.scalar<float>(0, 0)};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 25;
            ctx.version = ctx.in(0).type == DType::i16 ? 3 : ctx.in(0).type == DType::i8 ? 2 : 1;
            ctx.options_table(
                [&](tflite::TableWriter& t) { t.scalar<float>(0, ctx.node.attrs.as<SoftmaxAttrs>().beta, 0); });
            return {};
          },
          least_scales};
}

// LOG_SOFTMAX 50, LogSoftmaxOptions (union tag 36): no fields.
tflite::TfliteRule log_softmax_rule() {
  return {{{50, 36}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::log_softmax;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 50;
            ctx.version = ctx.in(0).type == DType::i8 ? 2 : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          },
          least_scales};
}

}  // namespace

tflite::TfliteRule softmax(Op op) { return op == Op::softmax ? softmax_rule() : log_softmax_rule(); }

}  // namespace thimble::tflite_rule
