// ONNX's convolutions.
#include <algorithm>

#include "formats/onnx/conv.h"
#include "formats/onnx/window.h"
#include "ops/conv2d/conv2d.h"
#include "ops/conv3d/conv3d.h"

namespace thimble::onnx {
namespace {

// Group by group: ours has none.
TensorId over_three(Maker& m, TensorId x, TensorId w, TensorId bias, const std::vector<Slide>& s, int64_t groups) {
  const int64_t channels = m.shape(x)[1], outputs = m.shape(w)[0];
  if (groups < 1 || channels % groups || outputs % groups || m.shape(w)[1] != channels / groups)
    return m.bad(format("{} groups of {} and {}", groups, m.at(x).to_string(), m.at(w).to_string()));
  Ints before{0, 0}, after{0, 0};
  for (const Slide& a : s) before.push_back(a.before), after.push_back(a.after);
  const TensorId image = m.transpose(m.pad(x, before, after), {0, 2, 3, 4, 1}), taps = m.transpose(w, {2, 3, 4, 1, 0});
  Conv3dAttrs attrs;
  attrs.padding = Padding::valid;
  attrs.stride_d = static_cast<int>(s[0].stride), attrs.dilation_d = static_cast<int>(s[0].dilation);
  attrs.stride_h = static_cast<int>(s[1].stride), attrs.dilation_h = static_cast<int>(s[1].dilation);
  attrs.stride_w = static_cast<int>(s[2].stride), attrs.dilation_w = static_cast<int>(s[2].dilation);
  Ids parts;
  for (int64_t g = 0; g < groups && !m.failed(); ++g) {
    Ids in{m.part(image, 4, g * (channels / groups), channels / groups),
           m.part(taps, 4, g * (outputs / groups), outputs / groups)};
    if (bias != kNoTensor) in.push_back(m.part(bias, 0, g * (outputs / groups), outputs / groups));
    parts.push_back(m.compute(Op::conv3d, std::move(in), attrs));
  }
  if (m.failed()) return kNoTensor;
  return m.transpose(m.concat(parts, 4), {0, 4, 1, 2, 3});
}

}  // namespace

// Slides of one axis get a height of 1 before them.
TensorId convolved(Maker& m, TensorId x, TensorId w, TensorId bias, std::vector<Slide> s, int64_t groups) {
  if (m.failed()) return kNoTensor;
  const int rank = m.rank(x);
  if (rank == 5) return over_three(m, x, w, bias, s, groups);
  if (rank != 3 && rank != 4) return m.unsupported(format("a convolution over {} axes", rank - 2));
  if (s.size() == 1) {
    s.insert(s.begin(), Slide{});
    const Shape k = m.shape(w);
    w = m.reshape(w, Ints{k[0], k[1], 1, k[2]});
  }
  TensorId y = channels_last(m, x);
  const int64_t channels = m.shape(y)[3], outputs = m.shape(w)[0];
  if (m.failed()) return kNoTensor;
  if (groups < 1 || channels % groups || outputs % groups || m.shape(w)[1] != channels / groups)
    return m.bad(format("{} groups of {} and {}", groups, m.at(x).to_string(), m.at(w).to_string()));
  Conv2dAttrs attrs;
  const bool same = s[0].same() && s[1].same();
  const bool valid = s[0].before == 0 && s[0].after == 0 && s[1].before == 0 && s[1].after == 0;
  attrs.padding = same && !valid ? Padding::same : Padding::valid;
  if (!same && !valid) y = m.pad(y, {0, s[0].before, s[1].before, 0}, {0, s[0].after, s[1].after, 0});
  attrs.stride_h = static_cast<int>(s[0].stride), attrs.stride_w = static_cast<int>(s[1].stride);
  attrs.dilation_h = static_cast<int>(s[0].dilation), attrs.dilation_w = static_cast<int>(s[1].dilation);
  const bool depthwise = groups == channels && groups > 1;
  Ids in{y, depthwise ? m.transpose(w, {1, 2, 3, 0}) : m.transpose(w, {0, 2, 3, 1})};
  if (bias != kNoTensor) in.push_back(bias);
  y = m.compute(depthwise ? Op::depthwise_conv2d : Op::conv2d, std::move(in), attrs);
  return channels_first(m, y, rank);
}

namespace {

Ids conv(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]), w = m.shape(c[1]);
  if (x.rank() != w.rank() || x.rank() < 3) return {m.bad(format("weights {} over {}", w.to_string(), x.to_string()))};
  const auto kernel = w.dims().subspan(2);
  const auto s = slides(m, c, x, Ints(kernel.begin(), kernel.end()));
  for (size_t a = 0; a < s.size(); ++a)
    if (s[a].kernel != kernel[a]) return {m.bad(format("kernel_shape differs from the weights {}", w.to_string()))};
  return {convolved(m, c[0], c[1], c[2], s, c.i("group", 1))};
}

// Along one axis: stride − 1 zeros between the entries.
TensorId spread(Maker& m, TensorId x, int axis, int64_t stride) {
  if (stride == 1 || m.failed()) return x;
  const Shape s = m.shape(x);
  Ints dims(s.dims().begin(), s.dims().end());
  dims.insert(dims.begin() + axis + 1, 1);
  Ints after(dims.size(), 0);
  after[static_cast<size_t>(axis) + 1] = stride - 1;
  TensorId y = m.pad(m.reshape(x, dims), Ints(dims.size(), 0), after);
  dims.erase(dims.begin() + axis + 1);
  dims[static_cast<size_t>(axis)] *= stride;
  return m.part(m.reshape(y, dims), axis, 0, s[axis] * stride - (stride - 1));
}

// A convolution of the image with zeros between its entries, by the weights turned round.
Ids conv_transpose(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]), w = m.shape(c[1]);
  if (x.rank() != w.rank() || x.rank() < 3) return {m.bad(format("weights {} over {}", w.to_string(), x.to_string()))};
  if (x.rank() > 5) return {m.unsupported(format("a convolution over {} axes", x.rank() - 2))};
  const auto axes = static_cast<size_t>(x.rank() - 2);
  const Ints kernel(w.dims().begin() + 2, w.dims().end());
  const Ints strides = c.ints("strides", Ints(axes, 1)), dilations = c.ints("dilations", Ints(axes, 1));
  const Ints more = c.ints("output_padding", Ints(axes, 0)), wanted = c.ints("output_shape");
  Ints pads = c.ints("pads", Ints(2 * axes, 0));
  const std::string_view automatic = c.s("auto_pad", "NOTSET");
  const int64_t groups = c.i("group", 1);
  if (m.failed()) return {};
  if (strides.size() != axes || dilations.size() != axes || more.size() != axes || pads.size() != 2 * axes ||
      (!wanted.empty() && wanted.size() != axes) || groups < 1 || x[1] % groups || w[0] != x[1])
    return {m.bad(format("weights {} over {} in {} groups", w.to_string(), x.to_string(), groups))};
  std::vector<Slide> s(axes);
  TensorId y = c[0];
  Ints before(static_cast<size_t>(x.rank()), 0), after = before;
  for (size_t a = 0; a < axes; ++a) {
    const int axis = static_cast<int>(a) + 2;
    constexpr int64_t kMost = int64_t{1} << 24;
    for (const int64_t v : {strides[a], dilations[a], kernel[a]})
      if (v < 1 || v > kMost) return {m.bad(format("stride, dilation or kernel of {}", v))};
    for (const int64_t v : {more[a], pads[a], pads[axes + a]})
      if (v < 0 || v > kMost) return {m.bad(format("padding of {}", v))};
    const int64_t span = (kernel[a] - 1) * dilations[a] + 1, whole = (x[axis] - 1) * strides[a] + span + more[a];
    int64_t head = pads[a], tail = pads[axes + a];
    if (automatic == "VALID") head = tail = 0;
    if (!wanted.empty() || automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      const int64_t total = whole - (wanted.empty() ? x[axis] * strides[a] : wanted[a]);
      head = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      tail = total - head;
      if (total < 0) head = 0, tail = total;  // more behind
    }
    // The whole result has `whole` entries; `head` and `tail` are cut off (or, below 0, added).
    y = spread(m, y, axis, strides[a]);
    before[static_cast<size_t>(axis)] = span - 1 - head;
    after[static_cast<size_t>(axis)] = span - 1 + more[a] - tail;
    s[a] = {.kernel = kernel[a], .dilation = dilations[a]};
  }
  for (size_t a = 2; a < before.size(); ++a) {  // negative: cut off before the convolution
    const int64_t cut = std::max<int64_t>(0, -before[a]), cut_after = std::max<int64_t>(0, -after[a]);
    const int64_t left = m.shape(y)[static_cast<int>(a)] - cut - cut_after;
    if (left < 1) return {m.unsupported("paddings that cut more than the image off")};
    y = m.part(y, static_cast<int>(a), cut, left);
    before[a] = std::max<int64_t>(0, before[a]), after[a] = std::max<int64_t>(0, after[a]);
  }
  y = m.pad(y, before, after);
  for (size_t a = 0; a < axes; ++a) {
    s[a].in = m.shape(y)[static_cast<int>(a) + 2];
    if (!m.failed() && s[a].windows() < 1) return {m.bad("the result has no entries")};
  }
  // [inputs, outputs / groups, …] → [outputs, inputs / groups, …], every kernel turned round
  Ids parts;
  const int64_t inputs = x[1] / groups;
  for (int64_t g = 0; g < groups && !m.failed(); ++g) {
    Ints perm{1, 0};
    Ints begin(2, 0), end, stride(2, 1);
    for (size_t a = 0; a < axes; ++a)
      perm.push_back(static_cast<int64_t>(a) + 2), begin.push_back(kernel[a] - 1), stride.push_back(-1);
    const TensorId turned = m.transpose(m.part(c[1], 0, g * inputs, inputs), perm);
    end = {m.shape(turned)[0], m.shape(turned)[1]};
    end.resize(2 + axes, -1);
    parts.push_back(m.strided(turned, begin, end, stride));
  }
  if (m.failed()) return {};
  return {convolved(m, y, m.concat(parts, 0), c[2], s, groups)};
}

constexpr Rule kRules[] = {
    {"Conv", 2, 3, conv},
    {"ConvTranspose", 2, 3, conv_transpose},
};

}  // namespace

std::span<const Rule> conv_rules() { return kRules; }

}  // namespace thimble::onnx
