// An LSTM cell in all forms, step by step; see lstm_forms.h.
#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"
#include "ops/fixed_function_kernel.h"
#include "ops/lstm_forms.h"

namespace thimble::lstm_forms {
namespace {

// What both kinds of cell share: the operands by gate, and the walk through the sequence.
class Cell {
 public:
  explicit Cell(const Run& r) : r_(r), p_(r.p), l_(r.layout) {}

 protected:
  const TensorView& in(int i) const { return r_.in[static_cast<size_t>(i)]; }
  template <class T>
  const T* values(int i) const {
    return i >= 0 && static_cast<size_t>(i) < r_.in.size() ? in(i).as<T>() : nullptr;
  }
  // step(row of x, aux and y; sample) in the order of time, sample by sample.
  template <class Step>
  void walk(Step step) const {
    for (int64_t b = 0; b < p_.batch; ++b)
      for (int64_t s = 0; s < p_.time; ++s) step((r_.backward ? p_.time - 1 - s : s) * p_.step + b * p_.sample, b);
  }

  const Run& r_;
  const Plan& p_;
  const Layout& l_;
};

class FloatCell : Cell {
 public:
  explicit FloatCell(const Run& r)
      : Cell(r), gates_(static_cast<float*>(r.scratch)), bytes_(reinterpret_cast<int8_t*>(gates_ + 4 * p_.cells)) {}

  void run() {
    walk([&](int64_t row, int64_t b) {
      float *h = in(l_.hidden).as<float>() + b * p_.outputs, *c = in(l_.cell).as<float>() + b * p_.cells;
      step(row, h, c);
      std::copy_n(h, p_.outputs, static_cast<float*>(r_.y) + row * r_.width);
    });
  }

 private:
  using Row = recurrent::Row;
  Row row_of(const float* x, int64_t n, int64_t at) const {
    return {x, n, p_.hybrid ? bytes_ + at : nullptr, p_.asymmetric};
  }

  void step(int64_t row, float* h, float* c) {
    const Row x = row_of(static_cast<const float*>(r_.x) + row * p_.inputs, p_.inputs, 0);
    const Row aux = row_of(r_.aux ? static_cast<const float*>(r_.aux) + row * p_.aux : nullptr, p_.aux, p_.inputs);
    const Row before = row_of(h, p_.outputs, p_.inputs + p_.aux);
    for (int g = p_.coupled ? 1 : 0; g < 3; ++g) gate(g, x, aux, before, c);
    const float *i = gates_, *f = gates_ + p_.cells, *z = gates_ + 2 * p_.cells, *o = gates_ + 3 * p_.cells;
    for (int64_t u = 0; u < p_.cells; ++u) {
      c[u] = f[u] * c[u] + z[u] * (p_.coupled ? 1 - f[u] : i[u]);
      if (p_.cell_clip > 0) c[u] = std::clamp(c[u], -p_.cell_clip, p_.cell_clip);
    }
    gate(3, x, aux, before, c);
    float* m = gates_;
    for (int64_t u = 0; u < p_.cells; ++u) m[u] = o[u] * recurrent::activate(p_.activation, c[u]);
    if (!p_.projection) {
      std::copy_n(m, p_.outputs, h);
      return;
    }
    const Row middle = row_of(m, p_.cells, p_.inputs + p_.aux + p_.outputs);
    const float* bias = values<float>(l_.projection + 1);
    for (int64_t k = 0; k < p_.outputs; ++k) {
      h[k] = (bias ? bias[k] : 0) + middle.times(in(l_.projection), k);
      if (p_.proj_clip > 0) h[k] = std::clamp(h[k], -p_.proj_clip, p_.proj_clip);
    }
  }

  void gate(int g, const Row& x, const Row& aux, const Row& h, const float* c) {
    float* z = gates_ + g * p_.cells;
    const float* bias = values<float>(l_.bias + g);
    const int peephole = !p_.peephole || g == 2 ? -1 : l_.peephole + (g == 3 ? 2 : g);
    for (int64_t u = 0; u < p_.cells; ++u) {
      z[u] = (p_.norm ? 0 : bias[u]) + x.times(in(l_.weights + g), u);
      if (p_.aux > 0) z[u] += aux.times(in(l_.aux_weights + g), u);
      z[u] += h.times(in(l_.recurrent + g), u);
      if (peephole < 0) continue;
      const TensorView& w = in(peephole);
      z[u] += c[u] * (w.type == DType::i8 ? w.scale() * static_cast<float>(w.as<int8_t>()[u]) : w.as<float>()[u]);
    }
    if (p_.norm) normalise(z, values<float>(l_.norm + g), bias);
    const Activation a = g == 2 ? p_.activation : Activation::sigmoid;
    for (int64_t u = 0; u < p_.cells; ++u) z[u] = recurrent::activate(a, z[u]);
  }

  void normalise(float* z, const float* by, const float* bias) const {
    const auto n = static_cast<float>(p_.cells);
    float sum = 0, squares = 0;
    for (int64_t u = 0; u < p_.cells; ++u) sum += z[u];
    const float mean = sum / n;
    for (int64_t u = 0; u < p_.cells; ++u) squares += (z[u] - mean) * (z[u] - mean);
    const float inverse = 1.0f / std::sqrt(squares / n + 1e-8f);
    for (int64_t u = 0; u < p_.cells; ++u) z[u] = (z[u] - mean) * inverse * by[u] + bias[u];
  }

  float* gates_;
  int8_t* bytes_;
};

int32_t rescale(int32_t x, const thimble_lstm_multiplier& m) { return thimble_rescale(x, m.multiplier, m.shift); }

// 1/√x of an integer from 2 as a multiplier (thimble_rescale) by Newton's iteration in Q3.28.
thimble_lstm_multiplier inverse_root(int32_t x) {
  if (x <= 1) return {INT32_MAX, 0};
  int right = 11;
  while (x >= 1 << 29) {
    x /= 4;
    ++right;
  }
  const int pairs = (thimble_leading_zeros(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  right -= pairs;
  x <<= 2 * pairs;
  const int32_t half = thimble_divide_by_power(x >> 1, 1), three_halves = (1 << 28) + (1 << 27);
  int32_t root = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t cube = thimble_multiply_by_power(thimble_high_mul(thimble_high_mul(root, root), root), 6);
    root =
        thimble_multiply_by_power(thimble_sub(thimble_high_mul(three_halves, root), thimble_high_mul(half, cube)), 3);
  }
  root = thimble_high_mul(root, 1518500250);  // √2 / 2
  if (right < 0) return {static_cast<int32_t>(static_cast<uint32_t>(root) << -right), 0};
  return {root, static_cast<int8_t>(-right)};
}

class IntegerCell : Cell {
 public:
  explicit IntegerCell(const Run& r) : Cell(r), gates_(static_cast<int16_t*>(r.scratch)) {
    middle_ = reinterpret_cast<int8_t*>(gates_ + 4 * p_.cells);
  }

  void run() {
    walk([&](int64_t row, int64_t b) {
      auto* h = in(l_.hidden).as<int8_t>() + b * p_.outputs;
      step(static_cast<const int8_t*>(r_.x) + row * p_.inputs, h, in(l_.cell).as<int16_t>() + b * p_.cells);
      std::copy_n(h, p_.outputs, static_cast<int8_t*>(r_.y) + row * r_.width);
    });
  }

 private:
  void step(const int8_t* x, int8_t* h, int16_t* c) {
    for (int g = p_.coupled ? 1 : 0; g < 3; ++g) gate(g, x, h, c);
    const int16_t *i = gates_, *f = gates_ + p_.cells, *z = gates_ + 2 * p_.cells, *o = gates_ + 3 * p_.cells;
    for (int64_t u = 0; u < p_.cells; ++u) {
      const int16_t kept = thimble_lstm_wrap(thimble_divide_by_power(f[u] * c[u], 15));
      const int32_t part = p_.coupled ? 32767 - f[u] : i[u];
      const int16_t added = thimble_lstm_wrap(thimble_divide_by_power(part * z[u], 30 + p_.cell_power));
      int32_t cell = thimble_lstm_saturate(kept + added);
      if (p_.quantized_cell_clip > 0) cell = thimble_clamp(cell, -p_.quantized_cell_clip, p_.quantized_cell_clip);
      c[u] = static_cast<int16_t>(cell);
    }
    gate(3, x, h, c);
    const int32_t zero = p_.projection ? -p_.middle_zero : p_.middle_zero;  // as TensorFlow Lite's projection has it
    for (int64_t u = 0; u < p_.cells; ++u) {
      const int32_t product = o[u] * thimble_lstm_tanh_s16(c[u], 15 + p_.cell_power);
      middle_[u] = static_cast<int8_t>(thimble_clamp(thimble_add(rescale(product, p_.middle), zero), -128, 127));
    }
    if (p_.projection) {
      project(h);
    } else {
      std::copy_n(middle_, p_.outputs, h);
    }
  }

  void project(int8_t* h) const {
    const auto* w = values<int8_t>(l_.projection);
    const auto* bias = values<int32_t>(l_.projection + 1);
    for (int64_t k = 0; k < p_.outputs; ++k) {
      uint32_t sum = bias ? static_cast<uint32_t>(bias[k]) : 0;
      for (int64_t u = 0; u < p_.cells; ++u)
        sum += static_cast<uint32_t>((middle_[u] + p_.middle_zero) * w[k * p_.cells + u]);
      int32_t v = thimble_clamp(thimble_add(rescale(static_cast<int32_t>(sum), p_.project), p_.h_zero), -128, 127);
      if (p_.quantized_proj_clip > 0) v = thimble_clamp(v, -p_.quantized_proj_clip, p_.quantized_proj_clip);
      h[k] = static_cast<int8_t>(v);
    }
  }

  void gate(int g, const int8_t* x, const int8_t* h, const int16_t* c) {
    int16_t* z = gates_ + g * p_.cells;
    const auto *w = values<int8_t>(l_.weights + g), *r = values<int8_t>(l_.recurrent + g);
    const auto* bias = values<int32_t>(l_.bias + g);
    const int k = g == 3 ? 2 : g;
    const auto* peephole = p_.peephole && g != 2 ? values<int16_t>(l_.peephole + k) : nullptr;
    for (int64_t u = 0; u < p_.cells; ++u) {
      uint32_t from_x = p_.norm ? 0 : static_cast<uint32_t>(bias[u]);
      from_x += thimble_lstm_sum_s8(x, w + u * p_.inputs, p_.inputs, p_.x_zero);
      const uint32_t from_h = thimble_lstm_sum_s8(h, r + u * p_.outputs, p_.outputs, p_.h_zero);
      z[u] = thimble_lstm_gate_s16(&p_.input[g], &p_.recurrent[g], static_cast<int32_t>(from_x),
                                   static_cast<int32_t>(from_h));
      if (peephole) z[u] = thimble_lstm_saturate(thimble_add(rescale(peephole[u] * c[u], p_.peep[k]), z[u]));
    }
    if (p_.norm) normalise(z, g, values<int16_t>(l_.norm + g), bias);
    for (int64_t u = 0; u < p_.cells; ++u)
      z[u] = g == 2 ? thimble_lstm_tanh_s16(z[u], 3) : thimble_lstm_sigmoid_s16(z[u]);
  }

  // With 2^10 more per unit, so that what is normalised has enough digits.
  void normalise(int16_t* z, int g, const int16_t* by, const int32_t* bias) const {
    int64_t sum = 0, squares = 0;
    for (int64_t u = 0; u < p_.cells; ++u) {
      sum += z[u];
      squares += z[u] * z[u];
    }
    const auto mean = static_cast<int32_t>(sum * 1024 / p_.cells);
    const auto per_cell = static_cast<int32_t>((1 << 20) / p_.cells);
    auto variance = static_cast<int32_t>((squares * per_cell - static_cast<int64_t>(mean) * mean) / (1 << 20));
    if (variance < 1) variance = p_.guard[g];
    const thimble_lstm_multiplier inverse = inverse_root(variance);
    thimble_lstm_multiplier scale = p_.scale[g];
    scale.shift = static_cast<int8_t>(scale.shift + 12);
    for (int64_t u = 0; u < p_.cells; ++u) {
      const int32_t normal = rescale(1024 * z[u] - mean, inverse);
      const auto product = static_cast<int32_t>(static_cast<uint32_t>(normal) * static_cast<uint32_t>(int32_t{by[u]}) +
                                                static_cast<uint32_t>(bias[u]));
      const auto rounded = static_cast<int32_t>((int64_t{product} + (product > 0 ? 512 : -512)) / 1024);
      z[u] = thimble_lstm_saturate(rescale(rounded, scale));
    }
  }

  int16_t* gates_;
  int8_t* middle_;
};

}  // namespace

void run(const Run& r) {
  if (r.p.integer) {
    IntegerCell(r).run();
  } else {
    FloatCell(r).run();
  }
}

}  // namespace thimble::lstm_forms
