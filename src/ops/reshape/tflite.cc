#include "formats/tflite/rule.h"
#include "ops/reshape/reshape.h"

namespace thimble::tflite_rule {
namespace {

// ReshapeOptions (union tag 17): 0 new_shape.
tflite::TfliteRule reshape_rule() {
  return {{22},
          [](tflite::ReadContext& ctx) -> Status {
            ReshapeAttrs attrs;
            for (int32_t dim : ctx.options.scalars<int32_t>(0)) attrs.shape.push_back(dim);
            // A shape computed at run time (or left empty by old converters): shapes are static here, so the
            // declared output, or the options, tell it.
            if (ctx.node.inputs.size() == 2 && ctx.node.inputs[1] != kNoTensor &&
                !ctx.graph.at(ctx.node.inputs[1]).constant() && ctx.node.outputs.size() == 1) {
              ctx.node.inputs.resize(1);
              const auto declared = ctx.graph.at(ctx.node.outputs[0]).shape.dims();
              if (attrs.shape.empty()) attrs.shape.assign(declared.begin(), declared.end());
            }
            if (attrs.shape.size() > static_cast<size_t>(Shape::kMaxRank))
              return fail(ErrorCode::bad_file, "the new shape has too many dimensions");
            ctx.node.op = Op::reshape;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 22;
            const auto dims = ctx.out().shape.dims();
            std::vector<int32_t> shape(dims.begin(), dims.end());
            if (ctx.out().batch_unknown && !shape.empty()) shape[0] = -1;
            const auto vector = ctx.builder.CreateVector(shape);
            ctx.options_table(17, [&](tflite::TableWriter& t) { t.offset(0, vector); });
            return {};
          }};
}

// SqueezeOptions (union tag 30): 0 squeeze_dims.
tflite::TfliteRule squeeze_rule() {
  return {{43},
          [](tflite::ReadContext& ctx) -> Status {
            SqueezeAttrs attrs;
            for (int32_t axis : ctx.options.scalars<int32_t>(0)) attrs.axes.push_back(axis);
            ctx.node.op = Op::squeeze;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 43;
            ctx.version = ctx.in(0).type == DType::i8 ? 2 : 1;
            const auto& axes = ctx.node.attrs.as<SqueezeAttrs>().axes;
            const auto vector = ctx.builder.CreateVector(std::vector<int32_t>(axes.begin(), axes.end()));
            ctx.options_table(30, [&](tflite::TableWriter& t) { t.offset(0, vector); });
            return {};
          }};
}

// ExpandDimsOptions (union tag 52): no fields.
tflite::TfliteRule expand_dims_rule() {
  return {{70},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::expand_dims;
            ctx.node.attrs = ExpandDimsAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 70;
            ctx.options_table(52, [](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace

tflite::TfliteRule reshape(Op op) {
  return op == Op::reshape ? reshape_rule() : op == Op::squeeze ? squeeze_rule() : expand_dims_rule();
}

}  // namespace thimble::tflite_rule
