#include "ops/conv3d/conv3d.h"

namespace thimble::reference {
namespace {

// Where the pixel of x for an output place lies under a tap, or −1.
int64_t forward_place(const Conv3dPlan& p, const int64_t* out, const int64_t* tap) {
  int64_t place = 0;
  for (int a = 0; a < 3; ++a) {
    const int64_t at = thimble_input_of(&p.axes[a], out[a], tap[a]);
    if (at < 0 || at >= p.axes[a].in) return -1;
    place = place * p.axes[a].in + at;
  }
  return place;
}

int64_t transposed_place(const Conv3dPlan& p, const int64_t* out, const int64_t* tap) {
  int64_t place = 0;
  for (int a = 0; a < 3; ++a) {
    const int64_t at = WindowAxis(p.axes[a]).output_of(out[a], tap[a]);
    if (at < 0) return -1;
    place = place * p.axes[a].out + at;
  }
  return place;
}

// body(values of three counters below those limits), in row-major order.
template <class Body>
void each_place(int64_t a, int64_t b, int64_t c, Body body) {
  int64_t at[3];
  for (at[0] = 0; at[0] < a; ++at[0])
    for (at[1] = 0; at[1] < b; ++at[1])
      for (at[2] = 0; at[2] < c; ++at[2]) body(at);
}

}  // namespace

void conv3d(const RefCall& call) {
  const auto& p = call.plan<Conv3dPlan>();
  const bool transposed = call.node.op == Op::conv3d_transpose;
  const float *x = call.in[0].as<float>(), *w = call.in[1].as<float>();
  const float* bias = call.has(2) ? call.in[2].as<float>() : nullptr;
  float* y = call.out[0].as<float>();
  const auto size = [&](int a) { return transposed ? p.axes[a].in : p.axes[a].out; };
  const int64_t image = (transposed ? p.out_places() : p.in_places()) * p.channels;
  // Steps of the weights from channel to channel and from output to output.
  const int64_t step_c = transposed ? 1 : p.outputs, step_o = transposed ? p.channels : 1;
  for (int64_t b = 0; b < p.batch; ++b, x += image)
    each_place(size(0), size(1), size(2), [&](const int64_t* out) {
      for (int64_t o = 0; o < p.outputs; ++o) {
        float sum = 0;
        const float* taps = w + o * step_o;
        each_place(p.axes[0].kernel, p.axes[1].kernel, p.axes[2].kernel, [&](const int64_t* tap) {
          const int64_t place = transposed ? transposed_place(p, out, tap) : forward_place(p, out, tap);
          if (place >= 0)
            for (int64_t c = 0; c < p.channels; ++c) sum += x[place * p.channels + c] * taps[c * step_c];
          taps += p.channels * p.outputs;
        });
        if (bias) sum += bias[o];
        *y++ = thimble_clamp_f32(sum, &p.range);
      }
    });
}

}  // namespace thimble::reference
