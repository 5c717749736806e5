// Which weights stay: thresholds per tensor or over all, blocks, N:M.
#include <algorithm>
#include <cmath>

#include "compress/prune/prune.h"

namespace thimble {
namespace {

// Blocks of one weight matrix, row by row.
struct Blocks {
  const WeightMatrix& w;
  int64_t height, width, down, across;

  Blocks(const WeightMatrix& matrix, const PruneOptions& o)
      : w(matrix),
        height(o.block_rows),
        width(o.block_columns),
        down((w.rows + height - 1) / height),
        across((w.columns + width - 1) / width) {}

  size_t count() const { return static_cast<size_t>(down * across); }
  template <class Fn>
  void each_weight(size_t block, Fn fn) const {
    const int64_t r0 = static_cast<int64_t>(block) / across * height, c0 = static_cast<int64_t>(block) % across * width;
    for (int64_t r = r0; r < std::min(r0 + height, w.rows); ++r)
      for (int64_t c = c0; c < std::min(c0 + width, w.columns); ++c) fn(w.at(r, c));
  }
};

// Mean |w| per block; −1 for a block that is gone already.
std::vector<float> magnitudes(const Blocks& blocks, std::span<const float> values, const std::vector<uint8_t>& mask) {
  std::vector<float> result(blocks.count());
  for (size_t b = 0; b < result.size(); ++b) {
    double sum = 0;
    int64_t n = 0, there = 0;
    blocks.each_weight(b, [&](size_t i) {
      sum += std::fabs(static_cast<double>(values[i]));
      there += mask[i];
      ++n;
    });
    result[b] = there > 0 ? static_cast<float>(sum / static_cast<double>(std::max<int64_t>(n, 1))) : -1.0f;
  }
  return result;
}

// The k-th largest, k = round(n · (1 − sparsity)), at least 1.
float threshold(std::vector<float> all, double sparsity) {
  const auto n = static_cast<int64_t>(all.size());
  const int64_t k = std::clamp<int64_t>(std::llround(static_cast<double>(n) * (1 - sparsity)), 1, n);
  std::nth_element(all.begin(), all.begin() + (k - 1), all.end(), std::greater<>());
  return all[static_cast<size_t>(k - 1)];
}

void keep_largest_of_groups(const WeightMatrix& w, std::span<const float> values, int64_t n, int64_t m,
                            std::vector<uint8_t>* mask) {
  std::vector<int64_t> order;
  for (int64_t r = 0; r < w.rows; ++r)
    for (int64_t c0 = 0; c0 < w.columns; c0 += m) {
      order.clear();
      for (int64_t c = c0; c < std::min(c0 + m, w.columns); ++c)
        if ((*mask)[w.at(r, c)]) order.push_back(c);
      std::ranges::stable_sort(
          order, [&](int64_t a, int64_t b) { return std::fabs(values[w.at(r, a)]) > std::fabs(values[w.at(r, b)]); });
      for (size_t i = static_cast<size_t>(n); i < order.size(); ++i) (*mask)[w.at(r, order[i])] = 0;
    }
}

}  // namespace

void choose_masks(std::span<const WeightMatrix> weights, std::span<const std::span<const float>> values,
                  const PruneOptions& options, double sparsity, std::span<std::vector<uint8_t>> masks) {
  if (options.m > 0) {
    for (size_t i = 0; i < weights.size(); ++i)
      keep_largest_of_groups(weights[i], values[i], options.n, options.m, &masks[i]);
    return;
  }
  std::vector<std::vector<float>> all;
  std::vector<float> together;
  for (size_t i = 0; i < weights.size(); ++i) {
    all.push_back(magnitudes(Blocks(weights[i], options), values[i], masks[i]));
    if (options.global) together.insert(together.end(), all.back().begin(), all.back().end());
  }
  const float common = together.empty() ? 0 : threshold(std::move(together), sparsity);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (all[i].empty()) continue;
    // One that all tensors share may lie above everything in one of them.
    const float limit =
        options.global ? std::min(common, *std::ranges::max_element(all[i])) : threshold(all[i], sparsity);
    const Blocks blocks(weights[i], options);
    for (size_t b = 0; b < all[i].size(); ++b)
      if (all[i][b] < limit) blocks.each_weight(b, [&](size_t at) { masks[i][at] = 0; });
  }
}

}  // namespace thimble
