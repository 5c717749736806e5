#include <algorithm>
#include <limits>

#include "ops/pool2d/pool2d.h"

namespace thimble::reference {
namespace {

// body(first_x_index, rows, columns, dy_index) for each output element: its window inside the image
// starts at that element of x and has that many rows and columns.
template <class Body>
void for_each_window(const RefCall& call, Body body) {
  const Shape& shape = call.in[0].shape;
  const auto made = pool_window(call.node.attrs.as<Pool2dAttrs>(), shape);
  if (!made) return;
  const auto &h = made->h, &w = made->w;
  int64_t dy = 0;
  for (int64_t b = 0; b < shape[0]; ++b)
    for (int64_t oh = 0; oh < h.out; ++oh)
      for (int64_t ow = 0; ow < w.out; ++ow)
        for (int64_t c = 0; c < shape[3]; ++c, ++dy) {
          const int64_t h0 = std::max<int64_t>(h.input_of(oh, 0), 0),
                        h1 = std::min<int64_t>(h.input_of(oh, h.kernel), h.in);
          const int64_t w0 = std::max<int64_t>(w.input_of(ow, 0), 0),
                        w1 = std::min<int64_t>(w.input_of(ow, w.kernel), w.in);
          body(((b * h.in + h0) * w.in + w0) * shape[3] + c, h1 - h0, w1 - w0, dy);
        }
}

// The first position that holds the maximum gets all of dy, through the clamp that x came out of.
void max_pool_grad(const RefCall& call) {
  const float *x = call.in[0].as<float>(), *dy = call.in[1].as<float>();
  float* dx = call.out[0].as<float>();
  const Shape& shape = call.in[0].shape;
  std::fill_n(dx, shape.elements(), 0.0f);
  const Activation activation = call.node.attrs.as<Pool2dAttrs>().activation;
  float lo, hi;
  activation_range(activation, &lo, &hi);
  for_each_window(call, [&](int64_t first, int64_t rows, int64_t columns, int64_t at) {
    int64_t best = first;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        const int64_t here = first + (i * shape[2] + j) * shape[3];
        if (x[here] > x[best]) best = here;
      }
    if (activation == Activation::none || (x[best] > lo && x[best] < hi)) dx[best] += dy[at];
  });
}

// Every position inside gets dy / count.
void average_pool_grad(const RefCall& call) {
  const float* dy = call.in[1].as<float>();
  float* dx = call.out[0].as<float>();
  const Shape& shape = call.in[0].shape;
  std::fill_n(dx, shape.elements(), 0.0f);
  for_each_window(call, [&](int64_t first, int64_t rows, int64_t columns, int64_t at) {
    const float share = dy[at] / static_cast<float>(rows * columns);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) dx[first + (i * shape[2] + j) * shape[3]] += share;
  });
}

}  // namespace

void pool2d_grad(const RefCall& call) {
  return call.node.op == Op::max_pool_grad ? max_pool_grad(call) : average_pool_grad(call);
}

}  // namespace thimble::reference
