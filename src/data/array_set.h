// NumPy arrays as a data set.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/npy.h"
#include "data/table_layout.h"

namespace thimble {

struct ArrayOptions {
  std::optional<Task> task;         // empty: guessed from y, see below
  std::vector<std::string> labels;  // a model's class names, by number; empty: "0", "1" …
  bool unlabelled = false;          // y may be absent, and is left aside when it does not fit
};

// Samples with count 0 where a part is missing.
struct ArrayParts {
  Samples train, validation, test;
};

// Keras' layout: x_train, y_train, x_test, y_test and x_val, y_val (the last two pairs may be missing; without x_test,
// x_val is the test part, with a note); or x and y; unlabelled, any array that stands alone, too. Arrays that are
// passed over are noted. uint8 inputs stay bytes; rank 3 inputs {n, h, w} become {h, w, 1}.
// Classes are whole numbers (also as floats) of shape {n} or {n, 1}, or one-hot rows {n, classes}. Without a task
// integers, zeros and ones, and one-hot rows are classes, the rest are targets; a note says what was guessed where it
// could be meant otherwise. Errors: bad_file naming the array, its shape and what was expected; NaN and infinity name
// array, row and place.
Status array_samples(std::map<std::string, NpyArray> arrays, const ArrayOptions& options, const std::string& set_name,
                     ArrayParts* parts);
Status read_npz_set(const std::string& path, const ArrayOptions& options, const std::string& set_name,
                    ArrayParts* parts);
// A .npy file: an unlabelled set.
Result<Samples> read_npy_set(const std::string& path, const ArrayOptions& options, const std::string& set_name);

}  // namespace thimble
