#include <algorithm>
#include <limits>

#include "ops/pool2d/pool2d.h"

namespace thimble::reference {
namespace {

// For each output element, reduces the elements of its window that lie inside the image:
// start() , add(state, value) in window order, finish(state, count) -> stored.
template <class T, class Start, class Add, class Finish>
void pool(const RefCall& call, Start start, Add add, Finish finish) {
  const Shape& shape = call.in[0].shape;
  const auto made = pool_window(call.node.attrs.as<Pool2dAttrs>(), shape);
  if (!made) return;
  const auto &h = made->h, &w = made->w;
  const int64_t channels = shape[3];
  T* y = call.out[0].as<T>();
  for (int64_t b = 0; b < shape[0]; ++b) {
    const T* x = call.in[0].as<T>() + b * made->in_pixels() * channels;
    for (int64_t oh = 0; oh < h.out; ++oh)
      for (int64_t ow = 0; ow < w.out; ++ow)
        for (int64_t c = 0; c < channels; ++c) {
          auto state = start();
          int32_t count = 0;
          const int64_t h0 = std::max<int64_t>(h.input_of(oh, 0), 0), h1 = std::min(h.input_of(oh, h.kernel), h.in);
          const int64_t w0 = std::max<int64_t>(w.input_of(ow, 0), 0), w1 = std::min(w.input_of(ow, w.kernel), w.in);
          for (int64_t ih = h0; ih < h1; ++ih)
            for (int64_t iw = w0; iw < w1; ++iw, ++count) add(state, x[(ih * w.in + iw) * channels + c]);
          *y++ = finish(state, count);
        }
  }
}

template <class T>
void integer_average(const RefCall& call, int32_t lo, int32_t hi) {
  pool<T>(
      call, [] { return int64_t{0}; }, [](int64_t& sum, T v) { sum += v; },
      [&](int64_t sum, int32_t count) {
        const int64_t q = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
        return static_cast<T>(std::clamp<int64_t>(q, lo, hi));
      });
}

template <class T>
void integer_max(const RefCall& call, int32_t lo, int32_t hi) {
  pool<T>(
      call, [] { return std::numeric_limits<T>::lowest(); }, [](T& best, T v) { best = std::max(best, v); },
      [&](T best, int32_t) { return static_cast<T>(std::clamp<int32_t>(best, lo, hi)); });
}

void max_pool(const RefCall& call) {
  const Activation activation = call.node.attrs.as<Pool2dAttrs>().activation;
  const DType type = call.in[0].type;
  if (type == DType::f32) {
    float lo, hi;
    activation_range(activation, &lo, &hi);
    return pool<float>(
        call, [] { return std::numeric_limits<float>::lowest(); },
        [](float& best, float v) { best = v > best ? v : best; },
        [&](float best, int32_t) { return best < lo   ? lo
                                          : best > hi ? hi
                                                      : best; });
  }
  int32_t lo, hi;
  pool_clamp(activation, type, *call.out[0].quant, &lo, &hi);
  if (type == DType::i8) return integer_max<int8_t>(call, lo, hi);
  integer_max<uint8_t>(call, lo, hi);
}

void average_pool(const RefCall& call) {
  const Activation activation = call.node.attrs.as<Pool2dAttrs>().activation;
  const DType type = call.in[0].type;
  if (type == DType::f32) {
    float lo, hi;
    activation_range(activation, &lo, &hi);
    return pool<float>(
        call, [] { return 0.0f; }, [](float& sum, float v) { sum += v; },
        [&](float sum, int32_t count) {
          const float mean = sum / static_cast<float>(count);
          return mean < lo ? lo : mean > hi ? hi : mean;
        });
  }
  int32_t lo, hi;
  pool_clamp(activation, type, *call.out[0].quant, &lo, &hi);
  if (type == DType::i8) return integer_average<int8_t>(call, lo, hi);
  integer_average<uint8_t>(call, lo, hi);
}

}  // namespace

void pool2d(const RefCall& call) { return call.node.op == Op::max_pool ? max_pool(call) : average_pool(call); }

}  // namespace thimble::reference
