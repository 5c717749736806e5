#include "base/numbers.h"
#include "ops/conv3d/conv3d.h"
#include "runtime/lower_gemm.h"

namespace thimble::lowering {

// An implicit matrix product, as conv2d's: one offset per output place and tap. conv3d_transpose, whose weights lie
// otherwise, runs by the reference.
Result<bool> conv3d(LowerContext& ctx) {
  if (ctx.node.op == Op::conv3d_transpose) return false;
  const auto& p = ctx.plan<Conv3dPlan>();
  int64_t entries, elements;
  if (!checked_mul(p.out_places(), p.taps(), &entries) || entries > int64_t{1} << 26 ||
      !checked_mul(p.in_places(), p.channels, &elements) || elements > INT32_MAX)
    return false;
  GemmShape shape;
  shape.n = p.outputs;
  shape.k = p.channels;
  shape.m = p.out_places();
  shape.taps = p.taps();
  shape.images = p.batch;
  shape.image_stride = elements;
  shape.activation = ctx.node.attrs.as<Conv3dAttrs>().activation;
  shape.weights_transposed = true;
  shape.offsets.reserve(static_cast<size_t>(entries));
  const auto inside = [](const thimble_axis& a, int64_t out, int64_t tap) {
    const int64_t at = thimble_input_of(&a, out, tap);
    return at >= 0 && at < a.in ? at : -1;
  };
  const thimble_axis &d = p.axes[0], &h = p.axes[1], &w = p.axes[2];
  for (int64_t place = 0; place < shape.m; ++place)
    for (int64_t tap = 0; tap < shape.taps; ++tap) {
      const int64_t id = inside(d, place / (h.out * w.out), tap / (h.kernel * w.kernel)),
                    ih = inside(h, place / w.out % h.out, tap / w.kernel % h.kernel),
                    iw = inside(w, place % w.out, tap % w.kernel);
      const bool there = id >= 0 && ih >= 0 && iw >= 0;
      shape.offsets.push_back(there ? static_cast<int32_t>(((id * h.in + ih) * w.in + iw) * p.channels) : -1);
    }
  return lower_gemm(ctx, shape);
}

}  // namespace thimble::lowering
