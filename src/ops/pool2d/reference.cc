#include <algorithm>

#include "ops/pool2d/pool2d.h"

namespace thimble::reference {
namespace {

// int16: the arithmetic of bytes.
void wide(const thimble_pool2d& p, const int16_t* x, int16_t* y, bool mean) {
  for (int64_t b = 0; b < p.batch; ++b, x += p.h.in * p.w.in * p.channels)
    for (int64_t oh = 0; oh < p.h.out; ++oh)
      for (int64_t ow = 0; ow < p.w.out; ++ow) {
        const thimble_cells cells = thimble_cells_of(&p, oh, ow);
        const auto count = static_cast<int32_t>((cells.h1 - cells.h0) * (cells.w1 - cells.w0));
        for (int64_t c = 0; c < p.channels; ++c) {
          int32_t best = -32768, sum = 0;
          for (int64_t ih = cells.h0; ih < cells.h1; ++ih)
            for (int64_t iw = cells.w0; iw < cells.w1; ++iw) {
              const int32_t v = x[(ih * p.w.in + iw) * p.channels + c];
              best = std::max(best, v);
              sum += v;
            }
          const int32_t average = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
          *y++ = static_cast<int16_t>(thimble_clamp(mean ? average : best, p.lo, p.hi));
        }
      }
}

}  // namespace

void pool2d(const RefCall& call) {
  const auto& p = call.plan<thimble_pool2d>();
  const TensorView &x = call.in[0], &y = call.out[0];
  const bool mean = call.node.op == Op::average_pool;
  if (call.node.op == Op::l2_pool) return thimble_l2_pool_f32(&p, x.as<float>(), y.as<float>());
  if (x.type == DType::f32) return thimble_pool2d_floats(&p, x.as<float>(), y.as<float>(), mean);
  if (x.type == DType::i16) return wide(p, x.as<int16_t>(), y.as<int16_t>(), mean);
  thimble_pool2d_bytes(&p, x.as<int8_t>(), y.as<int8_t>(), mean, x.type == DType::u8 ? 0x80 : 0);
}

}  // namespace thimble::reference
