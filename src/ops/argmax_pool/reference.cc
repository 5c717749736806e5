#include <algorithm>
#include <limits>

#include "ops/argmax_pool/argmax_pool.h"

namespace thimble::reference {
namespace {

void pool(const RefCall& call) {
  const auto& p = call.plan<thimble_argmax_pool>();
  float *y = call.out[0].as<float>(), *indices = call.out[1].as<float>();
  for (thimble_dim b = 0; b < p.batch; ++b) {
    const float* x = call.in[0].as<float>() + b * p.h.in * p.w.in * p.channels;
    for (thimble_dim i = 0; i < p.h.out; ++i)
      for (thimble_dim j = 0; j < p.w.out; ++j)
        for (thimble_dim c = 0; c < p.channels; ++c) {
          float largest = std::numeric_limits<float>::lowest();
          thimble_dim at = 0;
          for (thimble_dim r = 0; r < p.h.kernel; ++r)
            for (thimble_dim s = 0; s < p.w.kernel; ++s) {
              const thimble_dim row = thimble_input_of(&p.h, i, r), column = thimble_input_of(&p.w, j, s);
              if (row < 0 || row >= p.h.in || column < 0 || column >= p.w.in) continue;
              const float v = x[(row * p.w.in + column) * p.channels + c];
              if (v > largest) {
                largest = v;
                at = r * p.w.kernel + s;
              }
            }
          *y++ = thimble_clamp_f32(largest, &p.range);
          *indices++ = static_cast<float>(at) + 0.1f;
        }
  }
}

void unpool(const RefCall& call) {
  const auto& p = call.plan<thimble_argmax_pool>();
  const float *x = call.in[0].as<float>(), *indices = call.in[1].as<float>();
  std::fill_n(call.out[0].as<float>(), call.out[0].shape.elements(), 0.0f);
  const thimble_dim taps = p.h.kernel * p.w.kernel;
  for (thimble_dim b = 0; b < p.batch; ++b) {
    float* y = call.out[0].as<float>() + b * p.h.in * p.w.in * p.channels;
    for (thimble_dim i = 0; i < p.h.out; ++i)
      for (thimble_dim j = 0; j < p.w.out; ++j)
        for (thimble_dim c = 0; c < p.channels; ++c, ++x, ++indices) {
          const bool is_tap = *indices > -1.0f && *indices < static_cast<float>(taps);
          const auto at = is_tap ? static_cast<thimble_dim>(*indices) : taps;
          const thimble_dim row = thimble_input_of(&p.h, i, at / p.w.kernel);
          const thimble_dim column = thimble_input_of(&p.w, j, at % p.w.kernel);
          if (at < taps && row >= 0 && row < p.h.in && column >= 0 && column < p.w.in)
            y[(row * p.w.in + column) * p.channels + c] = *x;
          else if (call.fault)
            call.fault->index(at, taps);
        }
  }
}

}  // namespace

void argmax_pool(const RefCall& call) { call.node.op == Op::max_unpool ? unpool(call) : pool(call); }

}  // namespace thimble::reference
