// The building blocks that the architectures' tables share.
#include <algorithm>

#include "train/architectures/tables.h"

namespace thimble::architecture {

Stack& Stack::conv(const std::string& name, int64_t filters, int kernel_h, int kernel_w, int stride, bool bias) {
  LayerSpec layer{.word = "conv2d", .name = name, .size = static_cast<double>(filters)};
  layer.kernel_h = kernel_h;
  layer.kernel_w = kernel_w;
  layer.stride_h = layer.stride_w = stride;
  layer.padding = Padding::same;
  layer.bias = bias;
  layer.initializer = "he_normal";
  layers_.push_back(layer);
  return *this;
}

Stack& Stack::depthwise(const std::string& name, int stride, bool bias) {
  LayerSpec layer{.word = "depthwise_conv2d", .name = name, .size = 1};
  layer.stride_h = layer.stride_w = stride;
  layer.padding = Padding::same;
  layer.bias = bias;
  layer.initializer = "he_normal";
  layers_.push_back(layer);
  return *this;
}

Stack& Stack::norm(const std::string& name) {
  LayerSpec layer{.word = "batch_norm", .name = name + "_bn"};
  layer.momentum = request_.momentum;
  layers_.push_back(layer);
  return *this;
}

Stack& Stack::word(const std::string& word, double size) {
  layers_.push_back({.word = word, .size = size});
  return *this;
}

Stack& Stack::block(const std::string& name, int64_t filters, int kernel, int stride, const std::string& activation) {
  conv(name, filters, kernel, kernel, stride).norm(name);
  return activation.empty() ? *this : word(activation);
}

Stack& Stack::depthwise_block(const std::string& name, int stride, const std::string& activation) {
  depthwise(name, stride).norm(name);
  return activation.empty() ? *this : word(activation);
}

Stack& Stack::classifier() {
  word("global_average_pool");
  LayerSpec last{.word = "dense", .name = "classes", .size = static_cast<double>(request_.classes)};
  last.activation = "softmax";
  layers_.push_back(last);
  return *this;
}

int64_t scaled(int64_t channels, double alpha) {
  return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(channels) * alpha));
}

int64_t scaled_to_8(int64_t channels, double alpha) {
  const double wanted = static_cast<double>(channels) * alpha;
  int64_t rounded = std::max<int64_t>(8, static_cast<int64_t>(wanted + 4) / 8 * 8);
  if (static_cast<double>(rounded) < 0.9 * wanted) rounded += 8;
  return rounded;
}

}  // namespace thimble::architecture
