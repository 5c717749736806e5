// Opens a data set by the words of a recipe or command line:
//   mnist, fashion-mnist        IDX files found in the data folders (see find.h)
//   digits                      300 hand-drawn digits, brought to MNIST's convention; all of it is test
//   folder:PATH                 pictures, or sounds; class = subfolder, or first character of the file name
//   csv:PATH, npz:PATH          tables and arrays; npy:PATH one array without labels
//   function:NAME               a surface z = f(x, y) sampled with a seed (regression); a formula in place of the
//                               name, a range behind it: function:sin(3*x)*y@-2..2 (see function.h)
//   random:CLASSES              pictures of random bytes with random labels, of the shape that is asked for: to measure
//   with
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/table_layout.h"

namespace thimble {

// How many samples each part gets. −1: what is natural (IDX and npz: no validation part, the whole official
// training and test sets; others: 80 % / 10 % / 10 %).
struct SplitRequest {
  int64_t train = -1, validation = -1, test = -1;
  bool any() const { return train >= 0 || validation >= 0 || test >= 0; }
};

struct OpenOptions {
  std::string data_dir;  // --data-dir; empty: the other places of find.h
  SplitRequest split;
  // Wanted {height, width, channels} of pictures; empty: the set's own, and {28, 28, 1} for folders. Tables: {inputs},
  // by which a table without targets is known. Sounds: what a network takes, empty for one
  // second.
  std::vector<int64_t> shape;
  // csv, npz: whether the targets are classes. Callers give what the user said, else what loss, last layer or model
  // say; empty: guessed from the values, with a note.
  std::optional<Task> task;
  std::vector<std::string> labels;  // classes in this order (a model's own); empty: those found

  std::vector<std::string> inputs;      // csv: input columns; empty: all but the target
  std::vector<std::string> categories;  // csv: columns taken as texts whatever they hold
  std::string target;                   // csv: target column; empty: the last
  std::string missing;                  // csv: "" (an error), "drop", "mean" or a number
  std::string decimal;                  // csv: "." or ","; empty: detected
  std::optional<bool> header;           // csv: whether line 1 names the columns; empty: detected
  // csv: columns are found by name and become inputs as this layout of a model says; inputs, target and missing are
  // then taken from it (target and missing: unless given), and the target column may be absent.
  std::shared_ptr<const TableLayout> table;

  SoundFeatures features = SoundFeatures::none;  // folder: how sounds become inputs; none: it holds pictures
  bool handwriting = false;  // folder: pictures are brought to MNIST's convention (handwriting.h); digits always are
  bool skip_bad = false;     // folder: files that cannot be read are passed over
  bool unlabelled = false;   // labels are not needed (calibration, running): what has none is read all the same

  uint64_t seed = 1;             // of shuffled splits and sampled functions
  bool whole_as_test = false;    // sets without an official test part: all of it is `test` (eval, extra_test)
  int64_t function_samples = 0;  // function:NAME; 0: what the split asks for, or 10,000
};

// A path may begin with ~/. What the user should know of how the set was read and divided is in Splits::notes.
// Errors: bad_file with the file, what was expected and found; usage for an unknown name or an impossible split.
Result<Splits> open_splits(std::string_view set, const OpenOptions& options = {});

// ~/photos → the user's own folder; other paths as they are.
std::string expanded_home(const std::string& path);

struct SetInfo {
  std::string name, about;
  std::string where;  // folder or file it would be read from; empty: not found here
};
// For `thimble data list`: every name that open_splits knows, and where it is.
std::vector<SetInfo> list_sets(const OpenOptions& options = {});

}  // namespace thimble
