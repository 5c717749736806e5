#include "ops/broadcast.h"
#include "ops/select/select.h"

namespace thimble::infer {
namespace {

// The stride of an operand in each dimension of the result; 0 where it repeats.
void strides_of(const Shape& operand, const Shape& result, thimble_dim* strides) {
  int64_t stride = 1;
  for (int i = 1; i <= result.rank(); ++i) {
    const int64_t size = i <= operand.rank() ? operand.dim(-i) : 1;
    strides[result.rank() - i] = size == 1 ? 0 : static_cast<thimble_dim>(stride);
    stride *= size;
  }
}

// Neighbouring dimensions in which all operands go on alike are one.
void fill_plan(const Shape& c, const Shape& x, const Shape& y, const Shape& result, int width, thimble_select* p) {
  thimble_dim all[3][THIMBLE_MAX_RANK] = {};
  strides_of(c, result, all[0]);
  strides_of(x, result, all[1]);
  strides_of(y, result, all[2]);
  p->width = width;
  for (int d = 0; d < result.rank(); ++d) {
    if (result[d] == 1) continue;
    const auto n = static_cast<thimble_dim>(result[d]);
    const int last = p->rank - 1;
    if (last >= 0 && p->c[last] == all[0][d] * n && p->x[last] == all[1][d] * n && p->y[last] == all[2][d] * n) {
      p->count[last] *= n;
    } else {
      p->count[p->rank++] = n;
    }
    p->c[p->rank - 1] = all[0][d];
    p->x[p->rank - 1] = all[1][d];
    p->y[p->rank - 1] = all[2][d];
  }
  if (p->rank == 0) p->count[p->rank++] = 1;
  p->runs = 1;
  for (int d = 0; d + 1 < p->rank; ++d) p->runs *= p->count[d];
}

// The condition as it broadcasts: of one entry per entry of the first axis, [n, 1, 1 …].
Result<Shape> condition_shape(const Tensor& condition, const Shape& x) {
  const Shape& c = condition.shape;
  if (c == x || c.rank() == 0) return c;
  if (c.rank() == 1 && x.rank() >= 1 && c[0] == x[0]) {
    Shape wide = c;
    while (wide.rank() < x.rank()) wide.push_back(1);
    return wide;
  }
  return fail(ErrorCode::bad_file,
              format("condition {} is neither of the shape {}, nor a scalar, nor one value per entry of its first axis",
                     condition.to_string(), x.to_string()),
              "SELECT_V2 broadcasts");
}

}  // namespace

Status select(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<SelectAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::boolean}));
  const Tensor &c = ctx.in(0), &x = ctx.in(1), &y = ctx.in(2);
  if (x.type != y.type)
    return fail(ErrorCode::bad_file, format("operands differ in type: {} and {}", x.to_string(), y.to_string()));
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no choice of {}", name(x.type)));
  const bool single = c.shape.elements() == 1 && x.shape.elements() == 1 && y.shape.elements() == 1;
  Shape condition = c.shape;
  if (ctx.node.op == Op::select && !single) {
    if (!(x.shape == y.shape))
      return fail(ErrorCode::bad_file, format("{} and {} differ in shape", x.to_string(), y.to_string()),
                  "SELECT_V2 broadcasts");
    THIMBLE_ASSIGN(condition, condition_shape(c, x.shape));
  }
  THIMBLE_ASSIGN(Shape shape, broadcast_shape(x.shape, y.shape));
  THIMBLE_ASSIGN(shape, broadcast_shape(condition, shape));
  fill_plan(condition, x.shape, y.shape, shape, static_cast<int>(bits(x.type) / 8), &ctx.plan.make<thimble_select>());
  const int rank = ctx.node.attrs.as<SelectAttrs>().single_rank;
  if (rank > Shape::kMaxRank) return fail(ErrorCode::bad_file, format("a result of rank {}", rank));
  if (single && rank >= 0) {
    shape = Shape();
    while (shape.rank() < rank) shape.push_back(1);
  }
  ctx.outputs[0] = {x.type, shape};
  ctx.in_place = (x.shape == shape ? 2u : 0u) | (y.shape == shape ? 4u : 0u);
  return {};
}

}  // namespace thimble::infer
