// Layers with weights, pools and normalisations in ONNX.
#include <cmath>

#include "formats/onnx/write.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/conv2d/conv2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/pool2d/pool2d.h"
#include "ops/rearrange/rearrange.h"
#include "ops/softmax/softmax.h"

namespace thimble::onnx {
namespace {

using Layout = FileWriter::Layout;

std::vector<Attribute> window_attributes(const Window& w) {
  std::vector<Attribute> a;
  a.emplace_back("kernel_shape", std::vector<int64_t>{w.h.kernel, w.w.kernel});
  a.emplace_back("strides", std::vector<int64_t>{w.h.stride, w.w.stride});
  const auto behind = [](const thimble_axis& x) {
    return std::max<int64_t>(0, (x.out - 1) * x.stride + (x.kernel - 1) * x.dilation + 1 - x.in - x.pad);
  };
  a.emplace_back("pads", std::vector<int64_t>{w.h.pad, w.w.pad, behind(w.h), behind(w.w)});
  return a;
}

Status conv(NodeWriter& n) {
  const bool depthwise = n.node.op == Op::depthwise_conv2d;
  const auto& attrs = n.node.attrs.as<Conv2dAttrs>();
  THIMBLE_ASSIGN(const Window window, conv_window(attrs, n.in(0).shape, n.in(1).shape));
  auto attributes = window_attributes(window);
  attributes.emplace_back("dilations", std::vector<int64_t>{window.h.dilation, window.w.dilation});
  const int64_t channels = n.in(0).shape[3];
  attributes.emplace_back("group", depthwise ? channels : channels / n.in(1).shape[3]);
  Names inputs{
      n.w.real(n.node.inputs[0], Layout::channels_first),
      n.w.turned(n.node.inputs[1], depthwise ? std::vector<int64_t>{3, 0, 1, 2} : std::vector<int64_t>{0, 3, 1, 2})};
  if (n.has(2)) inputs.push_back(n.real(2));
  std::string y = n.w.node("Conv", inputs, attributes, n.node.name);
  n.w.give_real(n.node.outputs[0], n.w.activated(y, attrs.activation), Layout::channels_first);
  return {};
}

Status fully_connected(NodeWriter& n) {
  const auto& attrs = n.node.attrs.as<FullyConnectedAttrs>();
  const Shape &x = n.in(0).shape, &w = n.in(1).shape, &y = n.out().shape;
  std::string rows = n.real(0), result;
  if (x.rank() != 2 || x[1] != w[1])
    rows = n.w.reshaped(rows, {x.elements() > 0 ? -1 : y.elements(0, y.rank() - 1), w[1]});
  Names inputs{rows, n.real(1)};
  if (n.has(2)) inputs.push_back(n.real(2));
  result = n.w.node("Gemm", inputs, {{"transB", 1}}, n.node.name);
  result = n.w.activated(result, attrs.activation);
  if (y.rank() != 2) {
    std::vector<int64_t> dims(y.dims().begin(), y.dims().end());
    if (n.out().batch_unknown && !dims.empty() && y.elements() > 0) dims[0] = -1;
    result = n.w.reshaped(result, dims);
  }
  n.w.give_real(n.node.outputs[0], result);
  return {};
}

Status pool(NodeWriter& n) {
  const auto& attrs = n.node.attrs.as<Pool2dAttrs>();
  THIMBLE_ASSIGN(const Window window, pool_window(attrs, n.in(0).shape));
  const bool max = n.node.op == Op::max_pool;
  const std::string y = n.w.node(max ? "MaxPool" : "AveragePool", {n.w.real(n.node.inputs[0], Layout::channels_first)},
                                 window_attributes(window), n.node.name);
  n.w.give_real(n.node.outputs[0], n.w.activated(y, attrs.activation), Layout::channels_first);
  return {};
}

// By scales, which leave the batch free: as near as float32 has them, and not below.
Status resize(NodeWriter& n) {
  const auto& attrs = n.node.attrs.as<ResizeAttrs>();
  const Shape &x = n.in(0).shape, &y = n.out().shape;
  std::vector<float> scales{1, 1};
  for (const int axis : {1, 2}) {
    float scale = static_cast<float>(y[axis]) / static_cast<float>(x[axis]);
    if (static_cast<double>(scale) * static_cast<double>(x[axis]) < static_cast<double>(y[axis]))
      scale = std::nextafter(scale, INFINITY);
    scales.push_back(scale);
  }
  const char* places = attrs.align_corners ? "align_corners" : attrs.half_pixel_centers ? "half_pixel" : "asymmetric";
  const std::string result =
      n.w.node("Resize", {n.w.real(n.node.inputs[0], Layout::channels_first), "", n.w.floats({4}, scales, "scales")},
               {{"mode", "linear"}, {"coordinate_transformation_mode", places}}, n.node.name);
  n.w.give_real(n.node.outputs[0], result, Layout::channels_first);
  return {};
}

Status batch_norm(NodeWriter& n) {
  const auto& attrs = n.node.attrs.as<BatchNormAttrs>();
  if (attrs.training) return fail(ErrorCode::unsupported, "a normalisation that is training");
  const std::string deviation = n.w.node("Sqrt", {n.w.node("Add", {n.real(4), n.w.number(attrs.epsilon)})});
  const std::string scale = n.w.node("Div", {n.real(1), deviation});
  const std::string y = n.w.node("Mul", {n.w.node("Sub", {n.real(0), n.real(3)}), scale});
  n.w.give_real(n.node.outputs[0], n.w.node("Add", {y, n.real(2)}, {}, n.node.name));
  return {};
}

Status softmax(NodeWriter& n) {
  const bool log = n.node.op == Op::log_softmax;
  std::string x = n.real(0);
  const float beta = log ? 1 : n.node.attrs.as<SoftmaxAttrs>().beta;
  if (beta != 1) x = n.w.node("Mul", {x, n.w.number(beta)});
  n.w.give_real(n.node.outputs[0], n.w.node(log ? "LogSoftmax" : "Softmax", {x}, {{"axis", -1}}, n.node.name));
  return {};
}

constexpr WriteRule kWriters[] = {
    {Op::conv2d, conv},
    {Op::depthwise_conv2d, conv},
    {Op::fully_connected, fully_connected},
    {Op::resize_bilinear, resize},
    {Op::max_pool, pool},
    {Op::average_pool, pool},
    {Op::batch_norm, batch_norm},
    {Op::softmax, softmax},
    {Op::log_softmax, softmax},
};

}  // namespace

std::span<const WriteRule> layer_writers() { return kWriters; }

}  // namespace thimble::onnx
