// How stored values become network inputs: (value − mean) / deviation, with one pair for pictures or one per column
// for tables. It travels inside the models as the metadata `thimble.preprocess`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/table_layout.h"

namespace thimble {

struct Feeding {
  std::string scale = "none";        // the recipe's word: "0..1", "-1..1", "standard", "none"
  std::vector<float> mean = {0.0f};  // in units of the stored values (bytes: 0 … 255); 1 entry or one per column
  std::vector<float> deviation = {1.0f};
  std::string layout = "NHWC";
  std::vector<std::string> labels;  // names of the classes; empty for regression
  // Tables: which columns the inputs come from, by name (as read_csv made it); scaling comes after it.
  std::optional<TableLayout> table;

  // n samples of `elements` values each. mean has 1 or `elements` entries.
  void apply(const uint8_t* in, float* out, int64_t samples, int64_t elements) const;
  void apply(const float* in, float* out, int64_t samples, int64_t elements) const;  // in == out is allowed

  // {"scale":"0..1","mean":0,"deviation":255,"layout":"NHWC","labels":[…],"table":{…}}; arrays when per column.
  std::string to_json() const;
  // Errors: bad_file when the text is not such an object (a deviation of 0, other lengths, wrong types).
  static Result<Feeding> from_json(std::string_view json);
};

// From the recipe's word and the training part of the set (which "standard", and tables, measure).
// Pictures stored as bytes: "0..1" is v/255, "-1..1" is (v − 127.5)/127.5, "standard" one mean and deviation over all
// training pixels. Tables (rank 1 floats): the same per column, with "0..1" and "-1..1" spanning its training range.
// Float pictures: as tables, but one range for all. A constant column gets deviation 1. Errors: usage for another word.
Result<Feeding> measure_feeding(std::string_view scale, const Dataset& train);

}  // namespace thimble
