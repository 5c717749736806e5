#include "train/grad.h"
#include "ops/binary/binary.h"

namespace thimble::gradient {
namespace {

// The gradient of an operand that broadcasting repeated: summed back to its shape.
Result<TensorId> reduce(GradContext& ctx, TensorId gradient, size_t operand, const std::string& name) {
  const Shape& shape = ctx.at(ctx.x(operand)).shape;
  if (ctx.at(gradient).shape == shape) return gradient;
  return ctx.builder.op(Op::sum_to_shape, {gradient}, SumToShapeAttrs{{shape.dims().begin(), shape.dims().end()}},
                        name);
}

}  // namespace

Status binary(GradContext& ctx) {
  Builder& b = ctx.builder;
  const BinaryFn fn = binary_fn(ctx.node.op);
  const BinaryAttrs plain;
  THIMBLE_ASSIGN(const TensorId dy, activation_gradient(ctx, ctx.node.attrs.as<BinaryAttrs>().activation));
  for (size_t i = 0; i < 2; ++i) {
    if (!ctx.needs(i)) continue;
    const TensorId p = ctx.x(0), q = ctx.x(1);
    const std::string name = ctx.node.name + (i == 0 ? "/da" : "/db");
    TensorId d = dy;
    switch (fn) {
      case BinaryFn::mul: {
        THIMBLE_ASSIGN(d, b.op(Op::mul, {dy, i == 0 ? q : p}, plain, name + "/product"));
        break;
      }
      case BinaryFn::div: {  // da = dy/b, db = −(dy/b)·(a/b)
        THIMBLE_ASSIGN(d, b.op(Op::div, {dy, q}, plain, name + "/quotient"));
        if (i == 1) {
          THIMBLE_ASSIGN(const TensorId ratio, b.op(Op::div, {p, q}, plain, name + "/ratio"));
          THIMBLE_ASSIGN(const TensorId product, b.op(Op::mul, {d, ratio}, plain, name + "/product"));
          THIMBLE_ASSIGN(d, b.op(Op::neg, {product}, {}, name + "/neg"));
        }
        break;
      }
      case BinaryFn::maximum:
      case BinaryFn::minimum: {
        THIMBLE_ASSIGN(d, b.op(Op::extremum_grad, {p, q, dy}, ExtremumGradAttrs{fn == BinaryFn::minimum, i == 1},
                               name + "/chosen"));
        break;
      }
      case BinaryFn::squared_difference: {  // ±2·(a − b)·dy
        THIMBLE_ASSIGN(const TensorId difference, i == 0 ? b.op(Op::sub, {p, q}, plain, name + "/difference")
                                                         : b.op(Op::sub, {q, p}, plain, name + "/difference"));
        THIMBLE_ASSIGN(const TensorId twice, b.op(Op::mul, {difference, b.scalar_f32(2)}, plain, name + "/twice"));
        THIMBLE_ASSIGN(d, b.op(Op::mul, {twice, dy}, plain, name + "/product"));
        break;
      }
      default: break;
    }
    THIMBLE_ASSIGN(d, reduce(ctx, d, i, name + "/sum"));
    if (fn == BinaryFn::sub && i == 1) {
      THIMBLE_ASSIGN(d, b.op(Op::neg, {d}, {}, name + "/neg"));
    }
    ctx.input_grads[i] = d;
  }
  return {};
}

}  // namespace thimble::gradient
