#include "forward.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/op.h"
#include "ops/unary/unary.h"

namespace thimble::test {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }
size_t z(int64_t i) { return static_cast<size_t>(i); }

// Where element `flat` of `shape` lies in an operand that broadcasts to it.
int64_t broadcast_index(int64_t flat, const Shape& shape, const Shape& operand) {
  int64_t at = 0, stride = 1;
  for (int d = 0; d < shape.rank(); ++d) {
    const int axis = shape.rank() - 1 - d, own = operand.rank() - 1 - d;
    const int64_t i = flat % shape[axis];
    flat /= shape[axis];
    if (own >= 0) {
      if (operand[own] != 1) at += i * stride;
      stride *= operand[own];
    }
  }
  return at;
}

Shape broadcast_shape(const Shape& a, const Shape& b) {
  Shape s = a.rank() >= b.rank() ? a : b;
  for (int d = 1; d <= s.rank(); ++d)
    s.set(s.rank() - d, std::max(d <= a.rank() ? a.dim(-d) : 1, d <= b.rank() ? b.dim(-d) : 1));
  return s;
}

// One dimension of a window: how many outputs, and how far the first one reaches before the image.
struct Axis {
  int64_t out, before;
};
Axis window_axis(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, Padding padding) {
  const int64_t reach = (kernel - 1) * dilation + 1;
  if (padding == Padding::valid) return {(in - reach) / stride + 1, 0};
  const int64_t out = (in + stride - 1) / stride;
  return {out, std::max<int64_t>((out - 1) * stride + reach - in, 0) / 2};
}

}  // namespace

double activate(double x, Activation activation) {
  switch (activation) {
    case Activation::relu: return std::max(x, 0.0);
    case Activation::relu6: return std::clamp(x, 0.0, 6.0);
    case Activation::relu_n1_to_1: return std::clamp(x, -1.0, 1.0);
    default: return x;
  }
}

double unary_double(Op op, double x, double alpha, bool approximate) {
  switch (op) {
    case Op::relu: return std::max(x, 0.0);
    case Op::relu6: return std::clamp(x, 0.0, 6.0);
    case Op::relu_n1_to_1: return std::clamp(x, -1.0, 1.0);
    case Op::leaky_relu: return x > 0 ? x : alpha * x;
    case Op::elu: return x > 0 ? x : alpha * std::expm1(x);
    case Op::selu: return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
    case Op::gelu:
      return approximate ? 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)))
                         : 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case Op::sigmoid: return sigmoid(x);
    case Op::tanh: return std::tanh(x);
    case Op::exp: return std::exp(x);
    case Op::log: return std::log(x);
    case Op::sqrt: return std::sqrt(x);
    case Op::rsqrt: return 1 / std::sqrt(x);
    case Op::neg: return -x;
    case Op::abs: return std::fabs(x);
    case Op::square: return x * x;
    case Op::hard_swish: return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case Op::hard_sigmoid: return std::clamp(x + 3, 0.0, 6.0) / 6;
    case Op::floor: return std::floor(x);
    case Op::ceil: return std::ceil(x);
    case Op::round: return std::nearbyint(x);
    case Op::sign: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case Op::sin: return std::sin(x);
    case Op::cos: return std::cos(x);
    case Op::silu: return x * sigmoid(x);
    case Op::mish: return x * std::tanh(softplus(x));
    case Op::softplus: return softplus(x);
    case Op::softsign: return x / (1 + std::fabs(x));
    // A row of unary.def without a formula here: the derivative is held against the function, goldens hold that.
    default: return unary_row(op).value(x, alpha);
  }
}

Forward unary_forward(Op op, double alpha, bool approximate) {
  return [=](const Values& in) {
    Value y = in[0];
    for (double& v : y.v) v = unary_double(op, v, alpha, approximate);
    return Values{y};
  };
}

Forward binary_forward(Op op, Activation activation) {
  return [=](const Values& in) {
    Value y{broadcast_shape(in[0].shape, in[1].shape), {}};
    for (int64_t i = 0; i < y.shape.elements(); ++i) {
      const double a = in[0].v[z(broadcast_index(i, y.shape, in[0].shape))],
                   b = in[1].v[z(broadcast_index(i, y.shape, in[1].shape))];
      const double r = op == Op::add       ? a + b
                       : op == Op::sub     ? a - b
                       : op == Op::mul     ? a * b
                       : op == Op::div     ? a / b
                       : op == Op::maximum ? std::max(a, b)
                       : op == Op::minimum ? std::min(a, b)
                                           : (a - b) * (a - b);
      y.v.push_back(activate(r, activation));
    }
    return Values{y};
  };
}

Forward dense_forward(Activation activation, bool keep_num_dims) {
  return [=](const Values& in) {
    const int64_t units = in[1].shape[0], inputs = in[1].shape[1], rows = in[0].shape.elements() / inputs;
    Value y{Shape{rows, units}, {}};
    if (keep_num_dims) y.shape = in[0].shape, y.shape.set(in[0].shape.rank() - 1, units);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t u = 0; u < units; ++u) {
        double sum = in.size() > 2 ? in[2].v[z(u)] : 0;
        for (int64_t i = 0; i < inputs; ++i) sum += in[0].v[z(r * inputs + i)] * in[1].v[z(u * inputs + i)];
        y.v.push_back(activate(sum, activation));
      }
    return Values{y};
  };
}

Forward conv_forward(const Conv2dAttrs& a, bool depthwise) {
  return [=](const Values& in) {
    const Shape &xs = in[0].shape, &ws = in[1].shape;
    const int64_t outputs = depthwise ? ws[3] : ws[0], depth = depthwise ? 1 : ws[3];
    const int64_t group = outputs / (xs[3] / depth);  // outputs that read the same channels
    const Axis h = window_axis(xs[1], ws[1], a.stride_h, a.dilation_h, a.padding),
               w = window_axis(xs[2], ws[2], a.stride_w, a.dilation_w, a.padding);
    Value y{Shape{xs[0], h.out, w.out, outputs}, {}};
    for (int64_t b = 0; b < xs[0]; ++b)
      for (int64_t oh = 0; oh < h.out; ++oh)
        for (int64_t ow = 0; ow < w.out; ++ow)
          for (int64_t o = 0; o < outputs; ++o) {
            double sum = in.size() > 2 ? in[2].v[z(o)] : 0;
            for (int64_t kh = 0; kh < ws[1]; ++kh)
              for (int64_t kw = 0; kw < ws[2]; ++kw) {
                const int64_t ih = oh * a.stride_h + kh * a.dilation_h - h.before,
                              iw = ow * a.stride_w + kw * a.dilation_w - w.before;
                if (ih < 0 || ih >= xs[1] || iw < 0 || iw >= xs[2]) continue;
                const int64_t at = ((b * xs[1] + ih) * xs[2] + iw) * xs[3] + o / group * depth;
                for (int64_t c = 0; c < depth; ++c)
                  sum += in[0].v[z(at + c)] * in[1].v[z(depthwise ? (kh * ws[2] + kw) * outputs + o
                                                                  : ((o * ws[1] + kh) * ws[2] + kw) * depth + c)];
              }
            y.v.push_back(activate(sum, a.activation));
          }
    return Values{y};
  };
}

Forward pool_forward(const Pool2dAttrs& a, bool maximum) {
  return [=](const Values& in) {
    const Shape& xs = in[0].shape;
    const Axis h = window_axis(xs[1], a.filter_h, a.stride_h, 1, a.padding),
               w = window_axis(xs[2], a.filter_w, a.stride_w, 1, a.padding);
    Value y{Shape{xs[0], h.out, w.out, xs[3]}, {}};
    for (int64_t b = 0; b < xs[0]; ++b)
      for (int64_t oh = 0; oh < h.out; ++oh)
        for (int64_t ow = 0; ow < w.out; ++ow)
          for (int64_t c = 0; c < xs[3]; ++c) {
            double sum = 0, top = -std::numeric_limits<double>::infinity();
            int count = 0;
            for (int64_t ih = std::max<int64_t>(oh * a.stride_h - h.before, 0);
                 ih < std::min(oh * a.stride_h - h.before + a.filter_h, xs[1]); ++ih)
              for (int64_t iw = std::max<int64_t>(ow * a.stride_w - w.before, 0);
                   iw < std::min(ow * a.stride_w - w.before + a.filter_w, xs[2]); ++iw) {
                const double x = in[0].v[z(((b * xs[1] + ih) * xs[2] + iw) * xs[3] + c)];
                sum += x;
                top = std::max(top, x);
                ++count;
              }
            y.v.push_back(activate(maximum ? top : sum / count, a.activation));
          }
    return Values{y};
  };
}

Forward batch_norm_forward(double epsilon, bool training) {
  return [=](const Values& in) {
    Value y = in[0];
    const int64_t channels = y.shape.dim(-1), rows = y.shape.elements() / channels;
    for (int64_t c = 0; c < channels; ++c) {
      double mean = training ? 0 : in[3].v[z(c)], variance = training ? 0 : in[4].v[z(c)];
      if (training) {
        for (int64_t r = 0; r < rows; ++r) mean += in[0].v[z(r * channels + c)] / static_cast<double>(rows);
        for (int64_t r = 0; r < rows; ++r)
          variance += std::pow(in[0].v[z(r * channels + c)] - mean, 2) / static_cast<double>(rows);
      }
      for (int64_t r = 0; r < rows; ++r) {
        double& v = y.v[z(r * channels + c)];
        v = in[1].v[z(c)] * (v - mean) / std::sqrt(variance + epsilon) + in[2].v[z(c)];
      }
    }
    return Values{y};
  };
}

Forward softmax_forward(double beta, bool logarithm) {
  return [=](const Values& in) {
    Value y = in[0];
    const int64_t n = y.shape.dim(-1);
    for (int64_t r = 0; r < y.shape.elements(); r += n) {
      double sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += std::exp(beta * y.v[z(r + i)]);
      for (int64_t i = 0; i < n; ++i) {
        double& v = y.v[z(r + i)];
        v = logarithm ? v - std::log(sum) : std::exp(beta * v) / sum;
      }
    }
    return Values{y};
  };
}

Forward prelu_forward() {
  return [](const Values& in) {
    Value y = in[0];
    for (int64_t i = 0; i < y.shape.elements(); ++i)
      if (y.v[z(i)] < 0) y.v[z(i)] *= in[1].v[z(broadcast_index(i, y.shape, in[1].shape))];
    return Values{y};
  };
}

Forward reduce_forward(Op op, std::vector<int> axes) {
  return [=](const Values& in) {
    Value y{in[0].shape, {}};
    for (int axis : axes) y.shape.set(axis, 1);
    const bool extreme = op == Op::reduce_max || op == Op::reduce_min;
    y.v.assign(z(y.shape.elements()), extreme ? std::nan("") : 0.0);
    for (int64_t i = 0; i < in[0].shape.elements(); ++i) {
      double& v = y.v[z(broadcast_index(i, in[0].shape, y.shape))];
      const double x = in[0].v[z(i)];
      if (!extreme) v += x;
      if (extreme && (std::isnan(v) || (op == Op::reduce_max ? x > v : x < v))) v = x;
    }
    if (op == Op::mean)
      for (double& v : y.v) v *= static_cast<double>(y.shape.elements()) / static_cast<double>(in[0].shape.elements());
    return Values{y};
  };
}

Forward lstm_forward(bool return_sequences) {
  return [=](const Values& in) {
    const int64_t batch = in[0].shape[0], time = in[0].shape[1], depth = in[0].shape[2], units = in[2].shape[1];
    Value y{return_sequences ? Shape{batch, time, units} : Shape{batch, units}, {}};
    for (int64_t b = 0; b < batch; ++b) {
      std::vector<double> h(z(units)), c(z(units)), gates(z(4 * units));
      for (int64_t t = 0; t < time; ++t) {
        for (int64_t g = 0; g < 4 * units; ++g) {
          double sum = in[3].v[z(g)];
          for (int64_t i = 0; i < depth; ++i) sum += in[1].v[z(g * depth + i)] * in[0].v[z((b * time + t) * depth + i)];
          for (int64_t i = 0; i < units; ++i) sum += in[2].v[z(g * units + i)] * h[z(i)];
          gates[z(g)] = g / units == 2 ? std::tanh(sum) : sigmoid(sum);
        }
        for (int64_t u = 0; u < units; ++u) {
          c[z(u)] = gates[z(units + u)] * c[z(u)] + gates[z(u)] * gates[z(2 * units + u)];
          h[z(u)] = gates[z(3 * units + u)] * std::tanh(c[z(u)]);
        }
        if (return_sequences || t + 1 == time) y.v.insert(y.v.end(), h.begin(), h.end());
      }
    }
    return Values{y};
  };
}

namespace {
// The target of class c in row r, labels given as class numbers or as distributions.
double target(const Value& labels, const Shape& prediction, int64_t r, int64_t c, double smoothing) {
  const int64_t n = prediction.dim(-1);
  const double t = labels.v.size() == z(prediction.elements()) ? labels.v[z(r * n + c)]
                                                               : (labels.v[z(r)] == static_cast<double>(c) ? 1.0 : 0.0);
  return t * (1 - smoothing) + smoothing / static_cast<double>(n);
}
}  // namespace

Forward loss_forward(const LossAttrs& a) {
  return [=](const Values& in) {
    const Shape& s = in[0].shape;
    const int64_t n = s.dim(-1), rows = s.elements() / n;
    double sum = 0;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < n; ++c) {
        const double p = in[0].v[z(r * n + c)];
        const double t = is_classification(a.kind) ? target(in[1], s, r, c, a.label_smoothing) : in[1].v[z(r * n + c)];
        const double soft = t * (1 - a.label_smoothing) + 0.5 * a.label_smoothing, d = std::fabs(p - t);
        switch (a.kind) {
          case LossKind::crossentropy: sum -= t * std::log(p); break;
          case LossKind::nll: sum -= t * p; break;
          case LossKind::binary_crossentropy: sum -= soft * std::log(p) + (1 - soft) * std::log(1 - p); break;
          case LossKind::binary_crossentropy_logits: sum += softplus(p) - p * soft; break;
          case LossKind::mse: sum += d * d; break;
          case LossKind::mae: sum += d; break;
          case LossKind::huber: sum += d <= a.delta ? 0.5 * d * d : a.delta * (d - 0.5 * a.delta); break;
          case LossKind::kl_divergence: sum += t * std::log(t / p); break;
          case LossKind::count: break;
        }
      }
    const bool by_row = is_classification(a.kind) || a.kind == LossKind::kl_divergence;
    return Values{{Shape{}, {sum / static_cast<double>(by_row ? rows : rows * n)}}};
  };
}

Forward softmax_crossentropy_forward(double smoothing) {
  return [=](const Values& in) {
    const Shape& s = in[0].shape;
    const int64_t n = s.dim(-1), rows = s.elements() / n;
    const Value logs = softmax_forward(1, true)({in[0]})[0];
    double sum = 0;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < n; ++c) sum -= target(in[1], s, r, c, smoothing) * logs.v[z(r * n + c)];
    return Values{{Shape{}, {sum / static_cast<double>(rows)}}};
  };
}

Forward moved_forward(std::vector<std::vector<int64_t>> sources) {
  return [sources = std::move(sources)](const Values& in) {
    std::vector<double> all;
    for (const Value& x : in) all.insert(all.end(), x.v.begin(), x.v.end());
    Values out;
    for (const auto& list : sources) {
      Value y{Shape{static_cast<int64_t>(list.size())}, {}};
      for (int64_t from : list) y.v.push_back(from < 0 ? 0.0 : all[z(from)]);
      out.push_back(std::move(y));
    }
    return out;
  };
}

Forward resize_forward(const ResizeAttrs& attrs, int64_t h, int64_t w) {
  return [attrs, h, w](const Values& in) {
    const Shape& x = in[0].shape;
    Value y{Shape{x[0], h, w, x[3]}, {}};
    struct Place {
      int64_t below, above;
      double part;
    };
    const auto place = [&](int64_t i, int64_t from, int64_t to) {
      const double scale = attrs.align_corners && to > 1 ? static_cast<double>(from - 1) / static_cast<double>(to - 1)
                                                         : static_cast<double>(from) / static_cast<double>(to);
      const double at =
          attrs.half_pixel_centers ? (static_cast<double>(i) + 0.5) * scale - 0.5 : static_cast<double>(i) * scale;
      const int64_t below = std::max<int64_t>(0, static_cast<int64_t>(std::floor(at + 1e-6)));
      return Place{below, std::min(from - 1, static_cast<int64_t>(std::ceil(at - 1e-6))),
                   at - static_cast<double>(below)};
    };
    for (int64_t b = 0; b < x[0]; ++b)
      for (int64_t i = 0; i < h; ++i)
        for (int64_t j = 0; j < w; ++j)
          for (int64_t c = 0; c < x[3]; ++c) {
            const Place r = place(i, x[1], h), s = place(j, x[2], w);
            const auto at = [&](int64_t row, int64_t column) {
              return in[0].v[z(((b * x[1] + row) * x[2] + column) * x[3] + c)];
            };
            y.v.push_back((at(r.below, s.below) * (1 - r.part) + at(r.above, s.below) * r.part) * (1 - s.part) +
                          (at(r.below, s.above) * (1 - r.part) + at(r.above, s.above) * r.part) * s.part);
          }
    return Values{y};
  };
}

Forward scaled_forward(std::vector<double> factor) {
  return [factor = std::move(factor)](const Values& in) {
    Value y = in[0];
    for (size_t i = 0; i < factor.size(); ++i) y.v[i] *= factor[i];
    return Values{y};
  };
}

}  // namespace thimble::test
