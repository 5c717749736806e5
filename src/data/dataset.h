// A data set in memory. `Samples` owns what was read, once (pictures stay bytes: MNIST is 55 MB, not 220);
// `Dataset` is a cheap view of some of them, so that splitting, limiting and shuffling copy no pixel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/sound_features.h"

namespace thimble {

enum class Storage { bytes, floats };
struct TableLayout;  // table_layout.h

struct Samples {
  std::string name;                   // "mnist", "folder:mine"
  std::vector<int64_t> sample_shape;  // {28, 28, 1}: height, width, channels; {columns} for tables
  Storage storage = Storage::bytes;   // which of the two below is filled, count × elements of it
  std::vector<uint8_t> bytes;
  std::vector<float> floats;
  std::string dtype;  // NumPy's type that the inputs were stored in, "i1" (arrays only; else empty)
  SoundFeatures features = SoundFeatures::none;  // sounds: what the values are
  int64_t count = 0;
  int classes = 0;  // > 0: classification, `labels` has count entries in [0, classes)
  std::vector<int32_t> labels;
  std::vector<std::string> label_names;  // `classes` names
  int64_t target_width = 0;  // > 0: regression, `targets` has count × target_width entries; 0 classes too: no labels
  std::vector<float> targets;
  std::vector<std::string> sample_names;  // file of each picture (folders only; else empty)
  std::vector<int64_t> rows;              // a table's row of each sample, from 0, where rows were left out; else empty
  std::vector<std::string> column_names;  // inputs of a table (csv only; else empty)
  std::shared_ptr<const TableLayout> table;  // csv only; else null
  std::vector<std::string> notes;            // what the user should know of how it was read, a line each

  int64_t sample_elements() const;  // product of sample_shape
  // Sizes agree with count, labels are in range: what every reader must hold. Errors name the set.
  Status check() const;
};

// The samples first … first + count − 1, or, when `index` is not empty, the listed ones in that order.
class Dataset {
 public:
  Dataset() = default;
  explicit Dataset(std::shared_ptr<const Samples> samples);

  int64_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const Samples& samples() const { return *samples_; }  // only when valid()
  bool valid() const { return samples_ != nullptr; }

  const std::string& name() const { return samples_->name; }
  const std::vector<int64_t>& sample_shape() const { return samples_->sample_shape; }
  int64_t sample_elements() const { return elements_; }
  int classes() const { return samples_->classes; }
  int64_t target_width() const { return samples_->target_width; }
  bool labelled() const { return samples_->classes > 0 || samples_->target_width > 0; }
  Storage storage() const { return samples_->storage; }

  // Position in samples() of the i-th sample of this view, 0 ≤ i < size().
  int64_t position(int64_t i) const {
    return index_ ? static_cast<int64_t>((*index_)[static_cast<size_t>(i)]) : first_ + i;
  }
  const uint8_t* bytes(int64_t i) const { return samples_->bytes.data() + position(i) * elements_; }
  const float* floats(int64_t i) const { return samples_->floats.data() + position(i) * elements_; }
  int32_t label(int64_t i) const { return samples_->labels[static_cast<size_t>(position(i))]; }
  const float* target(int64_t i) const { return samples_->targets.data() + position(i) * samples_->target_width; }
  std::string sample_name(int64_t i) const;  // the picture's file, or "NAME[row]"
  // Where the i-th sample stands in what was read: its position, or the table's row.
  int64_t row(int64_t i) const {
    const int64_t at = position(i);
    return samples_->rows.empty() ? at : samples_->rows[static_cast<size_t>(at)];
  }

  // `count` samples of this view from `first` on; clamped to what there is.
  Dataset slice(int64_t first, int64_t count) const;
  // The first `count` (0 or less: all).
  Dataset limit(int64_t count) const { return count <= 0 ? *this : slice(0, count); }
  // The samples of this view whose numbers (0 ≤ i < size()) are listed, in that order.
  Dataset ordered(std::vector<uint32_t> order) const;
  // The same positions of other samples, of which there are as many.
  Dataset with_samples(std::shared_ptr<const Samples> samples) const;
  // This view in an order that is a pure function of the seed.
  Dataset shuffled(uint64_t seed) const;

 private:
  std::shared_ptr<const Samples> samples_;
  std::shared_ptr<const std::vector<uint32_t>> index_;  // positions; null: the range
  int64_t first_ = 0, count_ = 0, elements_ = 0;
};

struct Splits {
  Dataset train, validation, test;  // any of them may be empty
  std::vector<std::string> notes;   // what was passed over, guessed or looks odd, a line each: shown once to the user
  bool divided = false;             // by a seeded shuffle, not by the set itself
};

}  // namespace thimble
