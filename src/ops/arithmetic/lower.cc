#include "ops/arithmetic/arithmetic.h"
#include "ops/binary/lower_runs.h"

namespace thimble::lowering {
namespace {

struct Params {
  Broadcast plan;
  const float *a, *b;
  float* y;
  bool square;  // the exponent is the constant 2, as in norms and variances
};

// Powers with an exponent that stands still along a run, where products will do.
void run_pow(const Params& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at_a, int64_t at_b, int64_t at_y, int64_t n) {
    const float *a = p.a + at_a, *b = p.b + at_b;
    float* y = p.y + at_y;
    const int64_t sa = p.plan.a_step, sb = p.plan.b_step;
    if (p.square) {
      for (int64_t i = 0; i < n; ++i) y[i] = a[i * sa] * a[i * sa];
      return;
    }
    for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(std::pow(double{a[i * sa]}, double{b[i * sb]}));
  });
}

}  // namespace

// The product of two float32 is exact in double, so squares have the reference's bits.
Result<bool> arithmetic(LowerContext& ctx) {
  const auto& f = ctx.plan<thimble_arithmetic>();
  const int64_t n = f.broadcast.outer * f.broadcast.inner;
  if (n == 0 || ctx.node.op != Op::pow || ctx.in(0).type != DType::f32) return false;
  const Tensor& exponent = ctx.in(1);
  const bool square = exponent.constant() && exponent.shape.elements() == 1 && exponent.data.as<float>()[0] == 2.0f;
  auto* p = ctx.step<run_pow>(ctx.parts_for(static_cast<double>(n) * (square ? 0.3 : 30)));
  p->plan = Broadcast(f.broadcast);
  p->square = square;
  ctx.bind_in(&p->a, 0);
  ctx.bind_in(&p->b, 1);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
