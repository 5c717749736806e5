#include "formats/tflite/rule.h"
#include "ops/random/random.h"

namespace thimble::tflite_rule {
namespace {

// RandomOptions (union tag 114): 0 seed, 1 seed2. The state is not in the file.
template <Op kOp, int kCode, size_t kInputs>
tflite::TfliteRule rule() {
  return {
      {{kCode, 114}},
      [](tflite::ReadContext& ctx) -> Status {
        ctx.node.op = kOp;
        ctx.node.attrs = RandomAttrs{ctx.options.scalar<int64_t>(0, 0), ctx.options.scalar<int64_t>(1, 0)};
        if (ctx.node.inputs.size() != kInputs)
          return fail(ErrorCode::bad_file, format("takes {} inputs, has {}", kInputs, ctx.node.inputs.size()));
        ctx.states.push_back({.name = ctx.node.name + "/state", .type = DType::i64, .shape = {1}, .variable = true});
        return {};
      },
      [](tflite::WriteContext& ctx) -> Status {
        const auto& attrs = ctx.node.attrs.as<RandomAttrs>();
        ctx.builtin = kCode;
        ctx.inputs.resize(kInputs);
        ctx.options_table([&](tflite::TableWriter& t) {
          t.scalar<int64_t>(0, attrs.seed, 0);
          t.scalar<int64_t>(1, attrs.seed2, 0);
        });
        return {};
      }};
}

}  // namespace

tflite::TfliteRule random(Op op) {
  return op == Op::random_uniform           ? rule<Op::random_uniform, 148, 1>()
         : op == Op::random_standard_normal ? rule<Op::random_standard_normal, 146, 1>()
                                            : rule<Op::multinomial, 149, 2>();
}

}  // namespace thimble::tflite_rule
