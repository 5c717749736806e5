// MobileNetV1 (Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
// 2017, table 1) and MobileNetV2 (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018,
// table 2), with the rounding of widths that Keras's applications use.
#include "train/architectures/tables.h"

namespace thimble::architecture {

std::vector<LayerSpec> mobilenet_v1(const ArchitectureRequest& r) {
  struct Row {
    int64_t filters;
    int stride;
  };
  static constexpr Row rows[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                                 {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
  std::vector<LayerSpec> layers;
  Stack stack(&layers, r);
  Strides strides(r);
  stack.block("conv", scaled(32, r.alpha), 3, strides.next(2), "relu6");
  int number = 0;
  for (const Row& row : rows) {
    ++number;
    stack.depthwise_block(format("dw{}", number), strides.next(row.stride), "relu6");
    stack.block(format("pw{}", number), scaled(row.filters, r.alpha), 1, 1, "relu6");
  }
  stack.classifier();
  return layers;
}

std::vector<LayerSpec> mobilenet_v2(const ArchitectureRequest& r) {
  struct Row {
    int expansion;
    int64_t filters;
    int repeats, stride;
  };
  static constexpr Row rows[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                 {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  std::vector<LayerSpec> layers;
  Stack stack(&layers, r);
  Strides strides(r);
  int64_t channels = scaled_to_8(32, r.alpha);
  stack.block("conv", channels, 3, strides.next(2), "relu6");
  int number = 0;
  for (const Row& row : rows)
    for (int i = 0; i < row.repeats; ++i) {
      const int published = i == 0 ? row.stride : 1;
      const int64_t filters = scaled_to_8(row.filters, r.alpha);
      std::vector<LayerSpec> inner;
      Stack block(&inner, r);
      if (row.expansion > 1) block.block("expand", row.expansion * channels, 1, 1, "relu6");
      block.depthwise_block("dw", strides.next(published), "relu6");
      block.block("project", filters, 1, 1, "");
      ++number;
      if (published == 1 && channels == filters) {
        LayerSpec residual{.word = "residual", .name = format("block{}", number)};
        residual.branches = {std::move(inner)};
        layers.push_back(std::move(residual));
      } else {
        for (LayerSpec& layer : inner) {
          if (!layer.name.empty()) layer.name = format("block{}_{}", number, layer.name);
          layers.push_back(std::move(layer));
        }
      }
      channels = filters;
    }
  stack.block("last", r.alpha > 1 ? scaled_to_8(1280, r.alpha) : 1280, 1, 1, "relu6");
  stack.classifier();
  return layers;
}

}  // namespace thimble::architecture
