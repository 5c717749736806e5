// Two reference networks of MLPerf Tiny (Banbury et al., "MLPerf Tiny Benchmark", 2021): DS-CNN for keyword spotting
// (49 × 10 features, 12 words) and ResNet-8 for CIFAR-10 (32 × 32 × 3).
#include "train/architectures/tables.h"

namespace thimble::architecture {

std::vector<LayerSpec> ds_cnn(const ArchitectureRequest& r) {
  const int64_t channels = scaled(64, r.alpha);
  std::vector<LayerSpec> layers;
  Stack stack(&layers, r);
  Strides strides(r);
  stack.conv("conv", channels, 10, 4, strides.next(2), true).norm("conv").word("relu").word("dropout", 0.2);
  for (int i = 1; i <= 4; ++i) {
    stack.depthwise(format("dw{}", i), 1, true).norm(format("dw{}", i)).word("relu");
    stack.conv(format("pw{}", i), channels, 1, 1, 1, true).norm(format("pw{}", i)).word("relu");
  }
  stack.word("dropout", 0.4).classifier();
  return layers;
}

std::vector<LayerSpec> resnet8(const ArchitectureRequest& r) {
  std::vector<LayerSpec> layers;
  Stack stack(&layers, r);
  Strides strides(r);
  stack.conv("conv", scaled(16, r.alpha), 3, 3, 1, true).norm("conv").word("relu");
  for (int k = 1; k <= 3; ++k) {
    const int64_t filters = scaled(8 << k, r.alpha);
    const int stride = k == 1 ? 1 : strides.next(2);
    LayerSpec block{.word = "residual", .name = format("block{}", k)};
    block.activation = "relu";
    std::vector<LayerSpec> work, shortcut;
    Stack(&work, r).conv("conv1", filters, 3, 3, stride, true).norm("conv1").word("relu");
    Stack(&work, r).conv("conv2", filters, 3, 3, 1, true).norm("conv2");
    if (k > 1) Stack(&shortcut, r).conv("shortcut", filters, 1, 1, stride, true);
    block.branches = {std::move(work)};
    if (k > 1) block.branches.push_back(std::move(shortcut));
    layers.push_back(std::move(block));
  }
  stack.classifier();
  return layers;
}

}  // namespace thimble::architecture
