// How stored values become network inputs: (value − mean) / deviation, with one pair for pictures or one per column
// for tables, and what else a model knows of its samples: the names of the classes, the task, handwriting preparation,
// which set it was trained on. It travels inside the models as the metadata `thimble.preprocess`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/table_layout.h"

namespace thimble {

// The metadata of a model under which its Feeding stands, as JSON.
inline constexpr const char* kPreprocessKey = "thimble.preprocess";

// A user's own set that a model has learned from, and how it was divided.
struct TrainedOn {
  std::string set;                              // its fingerprint (fingerprint.h)
  uint64_t seed = 1;                            // of the division
  int64_t train = 0, validation = 0, test = 0;  // samples in each part

  friend bool operator==(const TrainedOn&, const TrainedOn&) = default;
};

struct Feeding {
  std::string scale = "none";        // the recipe's word: "0..1", "-1..1", "standard", "none"
  std::vector<float> mean = {0.0f};  // in units of the stored values (bytes: 0 … 255): 1 entry, one per channel (the
  std::vector<float> deviation = {1.0f};  // last dimension) or one per column
  std::string layout = "NHWC";
  std::vector<std::string> labels;  // names of the classes; empty for regression
  // Tables: which columns the inputs come from, by name (as read_csv made it); scaling comes after it.
  std::optional<TableLayout> table;
  bool floats = false;                           // the numbers above are in units of float samples, not of bytes
  SoundFeatures features = SoundFeatures::none;  // sounds become inputs by these, then by the numbers above
  bool handwriting = false;                      // pictures are brought to MNIST's convention first (handwriting.h)
  std::optional<Task> task;                      // empty: as labels and outputs say
  std::vector<TrainedOn> trained_on;
  // Regression: training sees (target − target_mean) / target_deviation, one pair per target column. The model itself
  // answers in the targets' own units: further training must take the scaling out of it first
  // (train/answer_scale.h). Empty: targets are learned as they are.
  std::vector<float> target_mean, target_deviation;

  // n samples of `elements` values each, of which mean has 1, `elements` or a number that divides it.
  void apply(const uint8_t* in, float* out, int64_t samples, int64_t elements) const;
  void apply(const float* in, float* out, int64_t samples, int64_t elements) const;  // in == out is allowed
  // What training sees of one sample's targets; in == out is allowed.
  void apply_to_targets(const float* in, float* out, int64_t width) const;

  // Sample i of a set, bytes or floats: the one way from stored values to what the network takes.
  void sample(const Dataset& set, int64_t i, float* out) const;

  // {"scale":"0..1","mean":0,"deviation":255,"layout":"NHWC","labels":[…]}; arrays when per column. What is behind the
  // labels is written where it differs from what old files mean: "table":{…}, "stored":"floats" (with one mean; "bytes"
  // with several), "features":"mfcc_tiny", "handwriting":true, "task":…,
  // "trained_on":[{"set":…,"seed":…,"split":[train,validation,test]}…].
  std::string to_json() const;
  // Errors: bad_file when the text is not such an object (a deviation of 0, other lengths, wrong types).
  static Result<Feeding> from_json(std::string_view json);
};

// From the recipe's word and the training part of the set (which "standard", and tables, measure). An empty word:
// "standard" for tables and for sounds that are floats, "0..1" for pictures and other bytes.
// Pictures stored as bytes: "0..1" is v/255, "-1..1" is (v − 127.5)/127.5, "standard" one mean and deviation over all
// training pixels. Tables (rank 1 floats): the same per column, with "0..1" and "-1..1" spanning its training range.
// Float pictures: as tables, but one range for all. A constant column gets deviation 1. Errors: usage for another word.
Result<Feeding> measure_feeding(std::string_view scale, const Dataset& train);

// Fills target_mean with the means of the training part's targets and target_deviation with the powers of two nearest
// to their deviations, so that no weight is rounded where the model takes them in; a constant column gets 1. Nothing
// where there are no numbers to learn. Errors: bad_file for targets that are not finite.
Status measure_targets(const Dataset& train, Feeding* feeding);

}  // namespace thimble
