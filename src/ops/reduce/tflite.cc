#include "formats/tflite/rule.h"
#include "ops/reduce/reduce.h"

namespace thimble::tflite_rule {
namespace {

// Sums are those of many values.
tflite::LeastScales of_many_values(const tflite::Scales& s) { return {.output = s.widest() * 0x1p-8}; }

// MEAN 40, SUM 74, REDUCE_MAX 82, REDUCE_MIN 89, REDUCE_PROD 81, REDUCE_ANY 91, REDUCE_ALL 140 (ReducerOptions, union
// tag 27): 0 keep_dims.
template <Op kOp, int kCode>
tflite::TfliteRule rule() {
  return {{{kCode, 27}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = kOp;
            ctx.node.attrs = ReduceAttrs{ctx.options.scalar<uint8_t>(0, 0) != 0};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            THIMBLE_TRY(ctx.lacks({DType::f64}));
            const bool keep = ctx.node.attrs.as<ReduceAttrs>().keep_dims;
            ctx.builtin = kCode;
            const DType type = ctx.in(0).type;
            ctx.version = kOp == Op::reduce_any || kOp == Op::reduce_all ? 1
                          : type == DType::i16                           ? (kOp == Op::reduce_prod ? 2
                                                                            : kOp == Op::sum       ? 1
                                                                                                   : 3)
                          : type == DType::i8                            ? 2
                                                                         : 1;
            ctx.options_table([&](tflite::TableWriter& t) { t.scalar<uint8_t>(0, keep, 0); });
            return {};
          },
          kOp == Op::mean || kOp == Op::sum ? of_many_values : nullptr};
}

}  // namespace

tflite::TfliteRule reduce(Op op) {
  switch (op) {
    case Op::mean: return rule<Op::mean, 40>();
    case Op::sum: return rule<Op::sum, 74>();
    case Op::reduce_prod: return rule<Op::reduce_prod, 81>();
    case Op::reduce_any: return rule<Op::reduce_any, 91>();
    case Op::reduce_all: return rule<Op::reduce_all, 140>();
    case Op::reduce_max: return rule<Op::reduce_max, 82>();
    default: return rule<Op::reduce_min, 89>();
  }
}

}  // namespace thimble::tflite_rule
