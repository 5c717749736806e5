// InceptionV3 (Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015, table 1), in the form
// whose parameters Keras's applications count: batch norms without a scale of their own, no auxiliary classifier.
#include "train/architectures/tables.h"

namespace thimble::architecture {
namespace {

// A convolution without bias, its batch norm without scale, ReLU.
struct Conv {
  int64_t filters;
  int height, width;
  int stride = 1;
  Padding padding = Padding::same;
};

class Inception {
 public:
  explicit Inception(const ArchitectureRequest& r) : request_(r) {}

  void conv(std::vector<LayerSpec>* layers, const Conv& c) {
    Stack stack(layers, request_);
    const std::string name = format("conv{}", ++number_);
    stack.conv(name, scaled(c.filters, request_.alpha), c.height, c.width, c.stride);
    layers->back().padding = c.padding;
    stack.norm(name);
    layers->back().norm_scale = false;
    stack.word("relu");
  }

  std::vector<LayerSpec> chain(std::initializer_list<Conv> convs) {
    std::vector<LayerSpec> layers;
    for (const Conv& c : convs) conv(&layers, c);
    return layers;
  }

  static LayerSpec pool(const char* word, int stride) {
    LayerSpec pool{.word = word, .size = 3};
    pool.window_h = pool.window_w = 3;
    pool.stride_h = pool.stride_w = stride;
    pool.padding = stride == 1 ? Padding::same : Padding::valid;
    return pool;
  }

  // An average over 3×3, then 1×1.
  std::vector<LayerSpec> pooled(int64_t filters) {
    std::vector<LayerSpec> layers = {pool("average_pool", 1)};
    conv(&layers, {filters, 1, 1});
    return layers;
  }

  // 1×3 and 3×1 side by side.
  LayerSpec fork() { return side_by_side({chain({{384, 1, 3}}), chain({{384, 3, 1}})}); }

  LayerSpec side_by_side(std::vector<std::vector<LayerSpec>> branches) {
    LayerSpec both{.word = "parallel"};
    both.branches = std::move(branches);
    return both;
  }

  // 35×35: 1×1, 5×5, two of 3×3, a pool.
  LayerSpec block35(int64_t pool_filters) {
    return side_by_side({chain({{64, 1, 1}}), chain({{48, 1, 1}, {64, 5, 5}}),
                         chain({{64, 1, 1}, {96, 3, 3}, {96, 3, 3}}), pooled(pool_filters)});
  }

  LayerSpec to17() {
    return side_by_side({chain({{384, 3, 3, 2, Padding::valid}}),
                         chain({{64, 1, 1}, {96, 3, 3}, {96, 3, 3, 2, Padding::valid}}),
                         {pool("max_pool", 2)}});
  }

  // 17×17: 7×7 as 1×7 and 7×1, once and twice.
  LayerSpec block17(int64_t n) {
    return side_by_side({chain({{192, 1, 1}}), chain({{n, 1, 1}, {n, 1, 7}, {192, 7, 1}}),
                         chain({{n, 1, 1}, {n, 7, 1}, {n, 1, 7}, {n, 7, 1}, {192, 1, 7}}), pooled(192)});
  }

  LayerSpec to8() {
    return side_by_side({chain({{192, 1, 1}, {320, 3, 3, 2, Padding::valid}}),
                         chain({{192, 1, 1}, {192, 1, 7}, {192, 7, 1}, {192, 3, 3, 2, Padding::valid}}),
                         {pool("max_pool", 2)}});
  }

  // 8×8: 3×3 as 1×3 beside 3×1.
  LayerSpec block8() {
    std::vector<LayerSpec> once = chain({{384, 1, 1}}), twice;
    once.push_back(fork());
    twice = chain({{448, 1, 1}, {384, 3, 3}});
    twice.push_back(fork());
    return side_by_side({chain({{320, 1, 1}}), std::move(once), std::move(twice), pooled(192)});
  }

 private:
  const ArchitectureRequest& request_;
  int number_ = 0;
};

}  // namespace

std::vector<LayerSpec> inception_v3(const ArchitectureRequest& r) {
  Inception net(r);
  std::vector<LayerSpec> layers = net.chain({{32, 3, 3, 2, Padding::valid}, {32, 3, 3, 1, Padding::valid}, {64, 3, 3}});
  layers.push_back(Inception::pool("max_pool", 2));
  net.conv(&layers, {80, 1, 1, 1, Padding::valid});
  net.conv(&layers, {192, 3, 3, 1, Padding::valid});
  layers.push_back(Inception::pool("max_pool", 2));
  int mixed = 0;
  const auto add = [&](LayerSpec block) {
    block.name = format("mixed{}", mixed++);
    layers.push_back(std::move(block));
  };
  for (const int64_t filters : {32, 64, 64}) add(net.block35(filters));
  add(net.to17());
  for (const int64_t filters : {128, 160, 160, 192}) add(net.block17(filters));
  add(net.to8());
  add(net.block8());
  add(net.block8());
  Stack(&layers, r).classifier();
  return layers;
}

}  // namespace thimble::architecture
