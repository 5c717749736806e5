#include "data/dataset.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "data/order.h"

namespace thimble {

int64_t Samples::sample_elements() const {
  int64_t product = 1;
  for (int64_t d : sample_shape) product *= d;
  return product;
}

Status Samples::check() const {
  const auto bad = [&](const char* what, int64_t expected, int64_t found) {
    return fail(ErrorCode::bad_file, format("data set {}: {} should be {}, found {}", name, what, expected, found));
  };
  const int64_t values = count * sample_elements();
  const auto held = static_cast<int64_t>(storage == Storage::bytes ? bytes.size() : floats.size());
  if (held != values) return bad("number of input values", values, held);
  if (count > int64_t{0xffffffff}) return bad("largest number of samples", 0xffffffff, count);
  if (classes > 0) {
    if (static_cast<int64_t>(labels.size()) != count)
      return bad("number of labels", count, static_cast<int64_t>(labels.size()));
    for (size_t i = 0; i < labels.size(); ++i)
      if (labels[i] < 0 || labels[i] >= classes)
        return fail(ErrorCode::bad_file,
                    format("data set {}: label of sample {} is {}, expected 0 … {}", name, i, labels[i], classes - 1));
    if (static_cast<int>(label_names.size()) != classes)
      return bad("number of label names", classes, static_cast<int64_t>(label_names.size()));
  } else if (static_cast<int64_t>(targets.size()) != count * target_width) {
    return bad("number of targets", count * target_width, static_cast<int64_t>(targets.size()));
  }
  return {};
}

Dataset::Dataset(std::shared_ptr<const Samples> samples)
    : samples_(std::move(samples)), count_(samples_->count), elements_(samples_->sample_elements()) {}

std::string Dataset::sample_name(int64_t i) const {
  if (!samples_->sample_names.empty()) return samples_->sample_names[static_cast<size_t>(position(i))];
  return format("{}[{}]", samples_->name, row(i));
}

Dataset Dataset::slice(int64_t first, int64_t count) const {
  Dataset out = *this;
  first = std::clamp<int64_t>(first, 0, count_);
  out.count_ = std::clamp<int64_t>(count, 0, count_ - first);
  if (index_) {
    const auto from = index_->begin() + first;
    out.index_ = std::make_shared<const std::vector<uint32_t>>(from, from + out.count_);
  } else {
    out.first_ = first_ + first;
  }
  return out;
}

Dataset Dataset::with_samples(std::shared_ptr<const Samples> samples) const {
  Dataset out = *this;
  out.samples_ = std::move(samples);
  out.elements_ = out.samples_->sample_elements();
  return out;
}

Dataset Dataset::ordered(std::vector<uint32_t> order) const {
  for (uint32_t& i : order) i = static_cast<uint32_t>(position(i));
  Dataset out = *this;
  out.count_ = static_cast<int64_t>(order.size());
  out.index_ = std::make_shared<const std::vector<uint32_t>>(std::move(order));
  out.first_ = 0;
  return out;
}

Dataset Dataset::shuffled(uint64_t seed) const { return ordered(shuffled_order(count_, seed, kSplitStream)); }

}  // namespace thimble
