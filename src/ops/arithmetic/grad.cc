#include "train/grad.h"
#include "ops/arithmetic/arithmetic.h"
#include "ops/binary/binary.h"
#include "ops/select/select.h"
#include "ops/unary/unary.h"

namespace thimble::gradient {
namespace {

Result<TensorId> back_to_shape(GradContext& ctx, TensorId d, size_t operand, const std::string& name) {
  const Shape& shape = ctx.at(ctx.x(operand)).shape;
  if (ctx.at(d).shape == shape) return d;
  return ctx.builder.op(Op::sum_to_shape, {d}, SumToShapeAttrs{{shape.dims().begin(), shape.dims().end()}}, name);
}

// da = dy · b · a^(b − 1), db = dy · y · log a; db is that of a > 0 alone, the logarithm of 1 is taken elsewhere.
Status power(GradContext& ctx) {
  Builder& b = ctx.builder;
  const BinaryAttrs plain;
  const TensorId base = ctx.x(0), exponent = ctx.x(1);
  if (ctx.needs(0)) {
    const std::string name = ctx.node.name + "/da";
    THIMBLE_ASSIGN(const TensorId less, b.op(Op::sub, {exponent, b.scalar_f32(1)}, plain, name + "/less"));
    THIMBLE_ASSIGN(const TensorId root, b.op(Op::pow, {base, less}, {}, name + "/power"));
    THIMBLE_ASSIGN(const TensorId slope, b.op(Op::mul, {root, exponent}, plain, name + "/slope"));
    THIMBLE_ASSIGN(const TensorId d, b.op(Op::mul, {slope, ctx.dy()}, plain, name + "/product"));
    THIMBLE_ASSIGN(ctx.input_grads[0], back_to_shape(ctx, d, 0, name));
  }
  if (ctx.needs(1)) {
    const std::string name = ctx.node.name + "/db";
    THIMBLE_ASSIGN(const TensorId positive, b.op(Op::greater, {base, b.scalar_f32(0)}, {}, name + "/positive"));
    THIMBLE_ASSIGN(const TensorId safe,
                   b.op(Op::select_v2, {positive, base, b.scalar_f32(1)}, SelectAttrs{}, name + "/safe"));
    THIMBLE_ASSIGN(const TensorId logarithm, b.op(Op::log, {safe}, UnaryAttrs{}, name + "/log"));
    THIMBLE_ASSIGN(const TensorId slope, b.op(Op::mul, {ctx.y(), logarithm}, plain, name + "/slope"));
    THIMBLE_ASSIGN(const TensorId d, b.op(Op::mul, {slope, ctx.dy()}, plain, name + "/product"));
    THIMBLE_ASSIGN(ctx.input_grads[1], back_to_shape(ctx, d, 1, name));
  }
  return {};
}

// Of atan2(y, x): x / (x² + y²) and −y / (x² + y²).
Status angle(GradContext& ctx) {
  Builder& b = ctx.builder;
  const BinaryAttrs plain;
  const std::string name = ctx.node.name + "/angle";
  const TensorId y = ctx.x(0), x = ctx.x(1);
  THIMBLE_ASSIGN(const TensorId yy, b.op(Op::mul, {y, y}, plain, name + "/yy"));
  THIMBLE_ASSIGN(const TensorId xx, b.op(Op::mul, {x, x}, plain, name + "/xx"));
  THIMBLE_ASSIGN(const TensorId square, b.op(Op::add, {xx, yy}, plain, name + "/square"));
  THIMBLE_ASSIGN(const TensorId share, b.op(Op::div, {ctx.dy(), square}, plain, name + "/share"));
  if (ctx.needs(0)) {
    THIMBLE_ASSIGN(ctx.input_grads[0], b.op(Op::mul, {share, x}, plain, name + "/dy"));
  }
  if (ctx.needs(1)) {
    THIMBLE_ASSIGN(const TensorId product, b.op(Op::mul, {share, y}, plain, name + "/product"));
    THIMBLE_ASSIGN(ctx.input_grads[1], b.op(Op::neg, {product}, UnaryAttrs{}, name + "/dx"));
  }
  return {};
}

// a mod b = a − b · ⌊a / b⌋: da = dy, db = −dy · ⌊a / b⌋. ⌊a / b⌋ itself has the slope 0.
Status remainder(GradContext& ctx) {
  Builder& b = ctx.builder;
  const BinaryAttrs plain;
  if (ctx.needs(0)) {
    THIMBLE_ASSIGN(ctx.input_grads[0], back_to_shape(ctx, ctx.dy(), 0, ctx.node.name + "/da"));
  }
  if (ctx.needs(1)) {
    const std::string name = ctx.node.name + "/db";
    THIMBLE_ASSIGN(const TensorId whole, b.op(Op::floor_div, {ctx.x(0), ctx.x(1)}, {}, name + "/whole"));
    THIMBLE_ASSIGN(const TensorId product, b.op(Op::mul, {ctx.dy(), whole}, plain, name + "/product"));
    THIMBLE_ASSIGN(const TensorId d, b.op(Op::neg, {product}, UnaryAttrs{}, name + "/neg"));
    THIMBLE_ASSIGN(ctx.input_grads[1], back_to_shape(ctx, d, 1, name));
  }
  return {};
}

}  // namespace

Status arithmetic(GradContext& ctx) {
  switch (ctx.node.op) {
    case Op::pow: return power(ctx);
    case Op::atan2: return angle(ctx);
    default: return remainder(ctx);
  }
}

}  // namespace thimble::gradient
