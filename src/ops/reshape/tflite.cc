#include "formats/tflite/rule.h"
#include "ops/reshape/reshape.h"

namespace thimble::tflite_rule {
namespace {

constexpr auto kMost = static_cast<size_t>(Shape::kMaxRank);

// The new shape where it is no constant of the file: inputs[1] goes, and the attributes say it.
Status shape_from_elsewhere(tflite::ReadContext& ctx, std::vector<int64_t>* shape) {
  const Tensor& operand = ctx.graph.at(ctx.node.inputs[1]);
  const auto declared = ctx.graph.at(ctx.node.outputs[0]).shape.dims();
  switch (ctx.origin(1)) {
    case Origin::constant:
    case Origin::follows:
    case Origin::run_time: return {};
    case Origin::known: {
      // Converters write a flatten for any batch size as SHAPE → STRIDED_SLICE → PACK → RESHAPE. Shapes are static
      // here: the value is known, and where it is not (an integer type that an operator lacks) the output's own is.
      shape->assign(declared.begin(), declared.end());
      if (!operand.data) break;
      shape->clear();
      if (operand.type == DType::i64)
        for (const int64_t dim : operand.data.as<int64_t>()) shape->push_back(dim);
      else if (operand.type == DType::i32)
        for (const int32_t dim : operand.data.as<int32_t>()) shape->push_back(dim);
      else
        return fail(ErrorCode::bad_file, format("the new shape {} must hold int32 or int64", operand.to_string()));
      break;
    }
    case Origin::nothing:  // old converters leave the tensor empty
      if (!shape->empty()) break;
      return fail(ErrorCode::bad_file, format("the new shape \"{}\" has no data, nothing computes it, and the "
                                              "operator's options do not say it either",
                                              operand.name));
  }
  ctx.node.inputs.resize(1);
  return {};
}

// ReshapeOptions: 0 new_shape.
tflite::TfliteRule reshape_rule() {
  return {{{22, 17}},
          [](tflite::ReadContext& ctx) -> Status {
            ReshapeAttrs attrs;
            const auto said = ctx.options.scalars<int32_t>(0);
            if (said.size() <= kMost) attrs.shape.assign(said.begin(), said.end());
            if (ctx.node.inputs.size() == 2 && ctx.node.inputs[1] != kNoTensor && ctx.node.outputs.size() == 1)
              THIMBLE_TRY(shape_from_elsewhere(ctx, &attrs.shape));
            if (attrs.shape.size() > kMost || said.size() > kMost)
              return fail(ErrorCode::bad_file, "the new shape has too many dimensions");
            ctx.node.op = Op::reshape;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 22;
            const auto dims = ctx.out().shape.dims();
            std::vector<int32_t> shape(dims.begin(), dims.end());
            // Of no elements, -1 could be anything.
            if (ctx.out().batch_unknown && !shape.empty() && ctx.out().shape.elements() > 0) shape[0] = -1;
            const auto vector = ctx.builder.CreateVector(shape);
            ctx.options_table([&](tflite::TableWriter& t) { t.offset(0, vector); });
            return {};
          }};
}

// SqueezeOptions (union tag 30): 0 squeeze_dims.
tflite::TfliteRule squeeze_rule() {
  return {{{43, 30}},
          [](tflite::ReadContext& ctx) -> Status {
            SqueezeAttrs attrs;
            const auto axes = ctx.options.scalars<int32_t>(0);
            if (axes.size() > kMost) return fail(ErrorCode::bad_file, format("{} axes to squeeze", axes.size()));
            attrs.axes.assign(axes.begin(), axes.end());
            ctx.node.op = Op::squeeze;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 43;
            ctx.version = ctx.in(0).type == DType::i8 ? 2 : 1;
            const auto& axes = ctx.node.attrs.as<SqueezeAttrs>().axes;
            const auto vector = ctx.builder.CreateVector(std::vector<int32_t>(axes.begin(), axes.end()));
            ctx.options_table([&](tflite::TableWriter& t) { t.offset(0, vector); });
            return {};
          }};
}

// ExpandDimsOptions (union tag 52): no fields.
tflite::TfliteRule expand_dims_rule() {
  return {{{70, 52}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::expand_dims;
            ctx.node.attrs = ExpandDimsAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 70;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace

tflite::TfliteRule reshape(Op op) {
  return op == Op::reshape ? reshape_rule() : op == Op::squeeze ? squeeze_rule() : expand_dims_rule();
}

}  // namespace thimble::tflite_rule
