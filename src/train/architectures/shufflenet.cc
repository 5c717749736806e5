// ShuffleNetV2 (Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", 2018, table 5).
// A unit of stride 1 splits the channels in two, passes one half on and works on the other; one of stride 2 works on
// all channels in both branches. The halves are joined and shuffled.
#include <algorithm>
#include <array>
#include <cmath>

#include "train/architectures/tables.h"

namespace thimble::architecture {
namespace {

// Channels of the three stages. The published widths are a table; between them, those of 1.0 scaled, kept even so that
// they split in two.
std::array<int64_t, 3> stage_channels(double alpha) {
  if (alpha == 0.5) return {48, 96, 192};
  if (alpha == 1.0) return {116, 232, 464};
  if (alpha == 1.5) return {176, 352, 704};
  if (alpha == 2.0) return {244, 488, 976};
  const auto even = std::max<int64_t>(2, 2 * std::llround(58 * alpha));
  return {even, 2 * even, 4 * even};
}

// depthwise 3×3, 1×1: the shortcut of a stride-2 unit.
std::vector<LayerSpec> shortcut(const ArchitectureRequest& r, int64_t half, int stride) {
  std::vector<LayerSpec> layers;
  Stack(&layers, r).depthwise_block("dw", stride, "").block("pw", half, 1, 1, "relu");
  return layers;
}

// 1×1, depthwise 3×3, 1×1.
std::vector<LayerSpec> work(const ArchitectureRequest& r, int64_t half, int stride) {
  std::vector<LayerSpec> layers;
  Stack(&layers, r).block("pw1", half, 1, 1, "relu").depthwise_block("dw", stride, "").block("pw2", half, 1, 1, "relu");
  return layers;
}

}  // namespace

std::vector<LayerSpec> shufflenet_v2(const ArchitectureRequest& r) {
  static constexpr int repeats[] = {4, 8, 4};
  std::vector<LayerSpec> layers;
  Stack stack(&layers, r);
  Strides strides(r);
  stack.block("conv", 24, 3, strides.next(2), "relu");
  if (strides.next(2) == 2) {  // spared: no pool
    LayerSpec pool{.word = "max_pool", .name = "pool", .size = 3};
    pool.window_h = pool.window_w = 3;
    pool.stride_h = pool.stride_w = 2;
    pool.padding = Padding::same;
    layers.push_back(pool);
  }
  const std::array<int64_t, 3> channels = stage_channels(r.alpha);
  for (size_t stage = 0; stage < 3; ++stage)
    for (int unit = 0; unit < repeats[stage]; ++unit) {
      const int64_t half = channels[stage] / 2;
      LayerSpec branches{.word = "parallel", .name = format("stage{}_{}", stage + 2, unit + 1)};
      if (unit == 0) {
        const int stride = strides.next(2);
        branches.branches = {shortcut(r, half, stride), work(r, half, stride)};
      } else {
        branches.split = true;
        branches.branches = {{}, work(r, half, 1)};
      }
      layers.push_back(std::move(branches));
      layers.push_back({.word = "channel_shuffle", .name = format("shuffle{}_{}", stage + 2, unit + 1), .size = 2});
    }
  stack.block("last", r.alpha < 2 ? 1024 : 2048, 1, 1, "relu");
  stack.classifier();
  return layers;
}

}  // namespace thimble::architecture
