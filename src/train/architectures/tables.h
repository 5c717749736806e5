// The architectures' tables, one function per file of this folder, and what they share.
#pragma once

#include "train/architecture.h"

namespace thimble::architecture {

std::vector<LayerSpec> mobilenet_v1(const ArchitectureRequest& r);
std::vector<LayerSpec> mobilenet_v2(const ArchitectureRequest& r);
std::vector<LayerSpec> shufflenet_v2(const ArchitectureRequest& r);
std::vector<LayerSpec> inception_v3(const ArchitectureRequest& r);
std::vector<LayerSpec> ds_cnn(const ArchitectureRequest& r);
std::vector<LayerSpec> resnet8(const ArchitectureRequest& r);

// Appends layers to a list: convolution, batch norm and activation, as these networks repeat them. `name` is the
// convolution's; the batch norm is called NAME_bn.
class Stack {
 public:
  Stack(std::vector<LayerSpec>* layers, const ArchitectureRequest& request) : layers_(*layers), request_(request) {}

  Stack& conv(const std::string& name, int64_t filters, int kernel_h, int kernel_w, int stride, bool bias = false);
  Stack& depthwise(const std::string& name, int stride, bool bias = false);
  Stack& norm(const std::string& name);
  Stack& word(const std::string& word, double size = 0);
  // conv or depthwise, then norm, then the activation ("" for none).
  Stack& block(const std::string& name, int64_t filters, int kernel, int stride, const std::string& activation);
  Stack& depthwise_block(const std::string& name, int stride, const std::string& activation);
  // Global average, then dense with softmax.
  Stack& classifier();

  std::vector<LayerSpec>& layers() { return layers_; }

 private:
  std::vector<LayerSpec>& layers_;
  const ArchitectureRequest& request_;
};

// The strides of the stride-2 steps, in their order: 1 for the first `spared` ones.
class Strides {
 public:
  explicit Strides(const ArchitectureRequest& r) : spared_(r.spared) {}
  int next(int published) { return published == 1 || spared_-- <= 0 ? published : 1; }

 private:
  int spared_;
};

// `channels` · alpha as a whole number of at least 1 (MobileNetV1's and MLPerf Tiny's rule: rounded down).
int64_t scaled(int64_t channels, double alpha);
// The nearest multiple of 8 that loses no more than a tenth (MobileNetV2's rule).
int64_t scaled_to_8(int64_t channels, double alpha);

}  // namespace thimble::architecture
