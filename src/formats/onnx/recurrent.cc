// ONNX's RNN, GRU and LSTM, step by step.
#include <algorithm>
#include <cmath>

#include "formats/onnx/matrix.h"
#include "formats/onnx/rule.h"

namespace thimble::onnx {
namespace {

std::string lower(std::string_view s) {
  std::string out(s);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

struct Activation {
  std::string name;
  float alpha = 0, beta = 0;
};

TensorId activated(Maker& m, const Activation& a, TensorId x) {
  if (a.name == "sigmoid") return m.unary(Op::sigmoid, x);
  if (a.name == "tanh") return m.unary(Op::tanh, x);
  if (a.name == "relu") return m.unary(Op::relu, x);
  if (a.name == "softsign") return m.unary(Op::softsign, x);
  if (a.name == "softplus") return m.unary(Op::softplus, x);
  if (a.name == "elu") return m.unary(Op::elu, x, a.alpha);
  if (a.name == "leakyrelu") return m.unary(Op::leaky_relu, x, a.alpha);
  if (a.name == "affine") return m.add(m.mul(x, a.alpha), a.beta);
  if (a.name == "scaledtanh") return m.mul(m.unary(Op::tanh, m.mul(x, a.beta)), a.alpha);
  if (a.name == "hardsigmoid") return m.unary(Op::relu_0_to_1, m.add(m.mul(x, a.alpha), a.beta));
  return m.unsupported(format("activation \"{}\"", a.name));
}

// What alpha and beta are where the node does not give them.
Activation plain(std::string_view given) {
  Activation a{lower(given)};
  if (a.name == "leakyrelu") a.alpha = 0.01f;
  if (a.name == "elu") a.alpha = 1;
  if (a.name == "hardsigmoid") a.alpha = 0.2f, a.beta = 0.5f;
  if (a.name == "affine") a.alpha = 1;
  if (a.name == "scaledtanh") a.alpha = 1, a.beta = 1;
  return a;
}

// All that the three cells share: how the sequence is walked, by which parts, and how results are put together.
class Layer {
 public:
  Layer(Maker& m, Call& c, int gates, std::vector<std::string_view> usual) : m_(m), c_(c), gates_(gates) {
    x_ = c[0];
    batch_major_ = c.i("layout", 0) != 0;
    if (m.rank(x_) != 3 || m.rank(c[1]) != 3 || m.rank(c[2]) != 3) {
      m.bad(format("{} and weights {}", m.at(x_).to_string(), m.at(c[1]).to_string()));
      return;
    }
    if (batch_major_) x_ = m.transpose(x_, {1, 0, 2});
    steps_ = m.shape(x_)[0], batch_ = m.shape(x_)[1];
    units_ = m.shape(c[2])[2];
    const std::string_view direction = c.s("direction", "forward");
    directions_ = direction == "bidirectional" ? 2 : 1;
    reverse_first_ = direction == "reverse";
    clip_ = c.f("clip", 0);
    if (m.shape(c[1])[0] != directions_ || m.shape(c[2])[0] != directions_ || m.shape(c[1])[1] != gates * units_ ||
        m.shape(c[2])[1] != gates * units_ || m.shape(c[1])[2] != m.shape(x_)[2] || units_ < 1 ||
        (direction != "forward" && direction != "reverse" && direction != "bidirectional"))
      m.bad(format("weights {} and {} for {} {}", m.at(c[1]).to_string(), m.at(c[2]).to_string(), m.at(x_).to_string(),
                   direction));
    auto names = c.strings("activations");
    if (names.empty())
      for (int64_t d = 0; d < directions_; ++d) names.insert(names.end(), usual.begin(), usual.end());
    if (names.size() != usual.size() * static_cast<size_t>(directions_)) m.bad(format("{} activations", names.size()));
    const auto alphas = c.floats("activation_alpha"), betas = c.floats("activation_beta");
    size_t alpha = 0, beta = 0;  // given for those that have one, in order
    for (const auto name : names) {
      Activation a = plain(name);
      const bool has_alpha = a.alpha != 0, has_beta = a.beta != 0 || a.name == "affine";
      if (has_alpha && alpha < alphas.size()) a.alpha = alphas[alpha++];
      if (has_beta && beta < betas.size()) a.beta = betas[beta++];
      activations_.push_back(a);
    }
    if (c.has(4)) {
      lengths_ = m.ints(c[4], "the lengths of the sequences");
      if (!m.failed() && std::ssize(lengths_) != batch_)
        m.bad(format("{} lengths for {} sequences", lengths_.size(), batch_));
      if (std::ranges::all_of(lengths_, [&](int64_t n) { return n >= steps_; })) lengths_.clear();
    }
  }

  // `step(direction, gates of x_t, state)` gives the new state, whose first tensor is the output.
  template <class Step>
  Ids run(size_t states, Step step) {
    if (m_.failed()) return {};
    if (steps_ == 0) return {m_.unsupported("a sequence of no steps")};
    std::vector<Ids> outputs(static_cast<size_t>(steps_));
    std::vector<Ids> last(states);
    for (int64_t d = 0; d < directions_ && !m_.failed(); ++d) {
      Ids state;
      for (size_t s = 0; s < states; ++s) state.push_back(initial(5 + s, d));
      const TensorId all = linear(m_, x_, weights(1, d), input_bias(d));
      const bool backwards = d == 1 || reverse_first_;
      for (int64_t k = 0; k < steps_ && !m_.failed(); ++k) {
        const int64_t t = backwards ? steps_ - 1 - k : k;
        const Ids next = step(d, m_.reshape(m_.part(all, 0, t, 1), Ints{batch_, gates_ * units_}), state);
        TensorId y = next[0];
        for (size_t s = 0; s < states; ++s) state[s] = s < next.size() ? kept(t, next[s], state[s]) : state[s];
        if (!lengths_.empty()) y = m_.mul(y, mask(t, 1));
        outputs[static_cast<size_t>(t)].push_back(y);
      }
      for (size_t s = 0; s < states; ++s) last[s].push_back(m_.reshape(state[s], Ints{1, batch_, units_}));
    }
    if (m_.failed()) return {};
    Ids rows;
    for (const Ids& of_step : outputs)
      for (const TensorId y : of_step) rows.push_back(m_.reshape(y, Ints{1, batch_, units_}));
    TensorId all = m_.reshape(m_.concat(rows, 0), Ints{steps_, directions_, batch_, units_});
    Ids out{batch_major_ ? m_.transpose(all, {2, 0, 1, 3}) : all};
    for (const Ids& l : last) {
      const TensorId joined = m_.concat(l, 0);
      out.push_back(batch_major_ ? m_.transpose(joined, {1, 0, 2}) : joined);
    }
    return out;
  }

  TensorId act(int64_t direction, size_t which, TensorId x) {
    return activated(
        m_,
        activations_[static_cast<size_t>(direction) * activations_.size() / static_cast<size_t>(directions_) + which],
        x);
  }
  // Before an activation.
  TensorId clipped(TensorId x) {
    return clip_ > 0 ? m_.minimum(m_.maximum(x, m_.like(x, -clip_)), m_.like(x, clip_)) : x;
  }
  TensorId gate(TensorId all, int k) { return m_.part(all, 1, k * units_, units_); }
  // Of one direction, of the gates [from, from + count).
  TensorId weights(size_t input, int64_t d) {
    const Shape s = m_.shape(c_[input]);
    return m_.reshape(m_.part(c_[input], 0, d, 1), Ints{s[1], s[2]});
  }
  TensorId recurrent(int64_t d, int64_t from, int64_t count) {
    return m_.part(weights(2, d), 0, from * units_, count * units_);
  }
  // Biases of the inputs' weights (0) or the state's (1), gates [from, from + count); none where the layer has none.
  TensorId bias(int64_t d, int side, int64_t from, int64_t count) {
    if (!c_.has(3)) return kNoTensor;
    if (m_.rank(c_[3]) != 2 || m_.shape(c_[3])[0] != directions_ || m_.shape(c_[3])[1] != 2 * gates_ * units_)
      return m_.bad(format("biases {}", m_.at(c_[3]).to_string()));
    const TensorId row = m_.reshape(m_.part(c_[3], 0, d, 1), Ints{2 * gates_ * units_});
    return m_.part(row, 0, (side * gates_ + from) * units_, count * units_);
  }
  // A peephole.
  TensorId peephole(int64_t d, int which) {
    if (!c_.has(7)) return kNoTensor;
    if (m_.rank(c_[7]) != 2 || m_.shape(c_[7])[0] != directions_ || m_.shape(c_[7])[1] != 3 * units_)
      return m_.bad(format("peepholes {}", m_.at(c_[7]).to_string()));
    return m_.reshape(m_.part(m_.part(c_[7], 0, d, 1), 1, which * units_, units_), Ints{units_});
  }

  bool separate_bias = false;  // the state's biases are added by the cell

 private:
  TensorId input_bias(int64_t d) {
    const TensorId of_input = bias(d, 0, 0, gates_);
    return of_input == kNoTensor || separate_bias ? of_input : m_.add(of_input, bias(d, 1, 0, gates_));
  }
  TensorId initial(size_t input, int64_t d) {
    if (!c_.has(input)) return m_.expand(m_.like(x_, 0), Shape{batch_, units_});
    TensorId s = batch_major_ ? m_.transpose(c_[input], {1, 0, 2}) : c_[input];
    if (!m_.failed() && !(m_.shape(s) == Shape{directions_, batch_, units_}))
      return m_.bad(format("a first state {}", m_.at(s).to_string()));
    return m_.reshape(m_.part(s, 0, d, 1), Ints{batch_, units_});
  }
  // 1 (or 0) for sequences that step t is part of, 0 (or 1) for the others.
  TensorId mask(int64_t t, float inside) {
    std::vector<float> list;
    for (const int64_t n : lengths_) list.push_back(t < n ? inside : 1 - inside);
    return m_.values({batch_, 1}, list);
  }
  TensorId kept(int64_t t, TensorId next, TensorId before) {
    return lengths_.empty() ? next : m_.add(m_.mul(next, mask(t, 1)), m_.mul(before, mask(t, 0)));
  }

  Maker& m_;
  Call& c_;
  const int64_t gates_;
  TensorId x_ = kNoTensor;
  bool batch_major_ = false, reverse_first_ = false;
  int64_t steps_ = 0, batch_ = 0, units_ = 0, directions_ = 1;
  float clip_ = 0;
  Ints lengths_;
  std::vector<Activation> activations_;
};

Ids rnn(Maker& m, Call& c) {
  Layer layer(m, c, 1, {"Tanh"});
  return layer.run(1, [&](int64_t d, TensorId x, const Ids& state) -> Ids {
    return {layer.act(d, 0, layer.clipped(m.add(x, linear(m, state[0], layer.recurrent(d, 0, 1)))))};
  });
}

// Gates update, reset, hidden.
Ids gru(Maker& m, Call& c) {
  Layer layer(m, c, 3, {"Sigmoid", "Tanh"});
  layer.separate_bias = true;
  const bool reset_after = c.i("linear_before_reset", 0) != 0;
  return layer.run(1, [&](int64_t d, TensorId x, const Ids& state) -> Ids {
    const TensorId h = state[0];
    const TensorId both = linear(m, h, layer.recurrent(d, 0, 2), layer.bias(d, 1, 0, 2));
    const TensorId update = layer.act(d, 0, layer.clipped(m.add(layer.gate(x, 0), layer.gate(both, 0))));
    const TensorId reset = layer.act(d, 0, layer.clipped(m.add(layer.gate(x, 1), layer.gate(both, 1))));
    const TensorId w = layer.recurrent(d, 2, 1), b = layer.bias(d, 1, 2, 1);
    const TensorId from_state = reset_after ? m.mul(reset, linear(m, h, w, b)) : linear(m, m.mul(reset, h), w, b);
    const TensorId hidden = layer.act(d, 1, layer.clipped(m.add(layer.gate(x, 2), from_state)));
    return {m.add(m.mul(m.sub(m.like(update, 1), update), hidden), m.mul(update, h))};
  });
}

// Gates input, output, forget, cell.
Ids lstm(Maker& m, Call& c) {
  Layer layer(m, c, 4, {"Sigmoid", "Tanh", "Tanh"});
  const bool coupled = c.i("input_forget", 0) != 0;
  return layer.run(2, [&](int64_t d, TensorId x, const Ids& state) -> Ids {
    const TensorId all = m.add(x, linear(m, state[0], layer.recurrent(d, 0, 4)));
    const auto gate = [&](int k, int peephole, TensorId cell) {
      TensorId g = layer.gate(all, k);
      if (const TensorId p = layer.peephole(d, peephole); p != kNoTensor) g = m.add(g, m.mul(p, cell));
      return layer.act(d, 0, layer.clipped(g));
    };
    const TensorId input = gate(0, 0, state[1]);
    const TensorId forget = coupled ? m.sub(m.like(input, 1), input) : gate(2, 2, state[1]);
    const TensorId candidate = layer.act(d, 1, layer.clipped(layer.gate(all, 3)));
    const TensorId cell = m.add(m.mul(forget, state[1]), m.mul(input, candidate));
    const TensorId output = gate(1, 1, cell);
    return {m.mul(output, layer.act(d, 2, cell)), cell};
  });
}

constexpr Rule kRules[] = {
    {"GRU", 3, 6, gru},
    {"LSTM", 3, 8, lstm},
    {"RNN", 3, 6, rnn},
};

}  // namespace

std::span<const Rule> recurrent_rules() { return kRules; }

}  // namespace thimble::onnx
