#include "data/sources.h"

#include "data/csv.h"
#include "data/find.h"
#include "data/folder.h"
#include "data/function.h"
#include "data/idx.h"
#include "data/npy.h"
#include "data/split.h"

namespace thimble {
namespace {

std::vector<std::string> digit_names() { return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}; }
std::vector<std::string> fashion_names() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
}

Dataset view(Samples samples) { return Dataset(std::make_shared<const Samples>(std::move(samples))); }

Result<Splits> open_idx(std::string_view name, const OpenOptions& options) {
  THIMBLE_ASSIGN(const IdxFiles files, find_idx_set(name, options.data_dir));
  const std::vector<std::string> labels = name == "mnist" ? digit_names() : fashion_names();
  THIMBLE_ASSIGN(Samples train, read_idx_pair(files.train_images, files.train_labels, std::string(name), labels));
  THIMBLE_ASSIGN(Samples test, read_idx_pair(files.test_images, files.test_labels, std::string(name), labels));
  if (train.sample_shape != test.sample_shape)
    return fail(ErrorCode::bad_file,
                format("data set {}: training pictures are {}×{}, test pictures {}×{}", name, train.sample_shape[0],
                       train.sample_shape[1], test.sample_shape[0], test.sample_shape[1]));
  return split_official(view(std::move(train)), view(std::move(test)), options.split);
}

// A set without an official test part.
Result<Splits> divide(Dataset all, const OpenOptions& options) {
  if (options.whole_as_test && !options.split.any()) return Splits{all.slice(0, 0), all.slice(0, 0), all};
  return split_shuffled(all, options.split, options.seed);
}

std::vector<int64_t> picture_shape(const OpenOptions& options) {
  return options.shape.empty() ? std::vector<int64_t>{28, 28, 1} : options.shape;
}

// The 300 pictures are a test set: without a split request nothing of them is for training.
Result<Splits> open_digits(const OpenOptions& options) {
  THIMBLE_ASSIGN(const std::string folder, find_folder_set("digits", options.data_dir));
  THIMBLE_ASSIGN(Samples samples, read_folder(folder, picture_shape(options), "digits", digit_names()));
  OpenOptions whole = options;
  whole.whole_as_test = true;
  return divide(view(std::move(samples)), whole);
}

Result<Splits> open_csv(const std::string& path, const OpenOptions& options) {
  CsvOptions csv;
  csv.inputs = options.inputs;
  csv.target = options.target;
  if (options.task) csv.classification = options.task == Task::classification;
  THIMBLE_ASSIGN(Samples samples, read_csv(path, csv, format("csv:{}", path)));
  return divide(view(std::move(samples)), options);
}

Result<Splits> open_npz(const std::string& path, const OpenOptions& options) {
  Samples train, test;
  std::optional<bool> classes;
  if (options.task) classes = options.task == Task::classification;
  THIMBLE_TRY(read_npz_set(path, classes, format("npz:{}", path), &train, &test));
  if (test.count == 0) return divide(view(std::move(train)), options);
  return split_official(view(std::move(train)), view(std::move(test)), options.split);
}

Result<Splits> open_folder(const std::string& path, const OpenOptions& options) {
  const std::vector<int64_t> shape = picture_shape(options);
  const std::string name = format("folder:{}", path);
  const FolderParts parts = find_parts(path);
  if (parts.train.empty()) {
    THIMBLE_ASSIGN(Samples samples, read_folder(path, shape, name, options.labels));
    return divide(view(std::move(samples)), options);
  }
  THIMBLE_ASSIGN(Samples train, read_folder(parts.train, shape, name, options.labels));
  const std::vector<std::string> labels = train.label_names;
  THIMBLE_ASSIGN(Samples test, read_folder(parts.test, shape, name, labels));
  if (parts.validation.empty()) return split_official(view(std::move(train)), view(std::move(test)), options.split);
  THIMBLE_ASSIGN(Samples validation, read_folder(parts.validation, shape, name, labels));
  SplitRequest request = options.split;
  const int64_t asked = request.validation;
  request.validation = 0;
  THIMBLE_ASSIGN(Splits out, split_official(view(std::move(train)), view(std::move(test)), request));
  out.validation = view(std::move(validation)).limit(asked);
  return out;
}

}  // namespace

Result<Splits> open_splits(std::string_view set, const OpenOptions& options) {
  if (set == "mnist" || set == "fashion-mnist") return open_idx(set, options);
  if (set == "digits") return open_digits(options);
  const size_t colon = set.find(':');
  const std::string_view kind = set.substr(0, colon);
  const std::string rest(colon == std::string_view::npos ? "" : set.substr(colon + 1));
  if (!rest.empty()) {
    if (kind == "folder") return open_folder(rest, options);
    if (kind == "csv") return open_csv(rest, options);
    if (kind == "npz") return open_npz(rest, options);
    if (kind == "function") {
      const SplitRequest& split = options.split;
      int64_t count = options.function_samples;
      if (count == 0 && split.train >= 0 && split.validation >= 0 && split.test >= 0)
        count = split.train + split.validation + split.test;
      THIMBLE_ASSIGN(Samples samples, sample_surface(rest, count == 0 ? 10000 : count, options.seed));
      return divide(view(std::move(samples)), options);
    }
  }
  return fail(ErrorCode::usage, format("there is no data set called \"{}\"", set),
              "known: mnist, fashion-mnist, digits, folder:PATH, csv:PATH, npz:PATH, function:NAME, function:FORMULA");
}

std::vector<SetInfo> list_sets(const OpenOptions& options) {
  std::vector<SetInfo> sets = {{"mnist", "70,000 handwritten digits, 28×28 grey, 10 classes", ""},
                               {"fashion-mnist", "70,000 pictures of clothing, 28×28 grey, 10 classes", ""}};
  for (SetInfo& set : sets)
    if (auto files = find_idx_set(set.name, options.data_dir)) set.where = files->folder;
  sets.push_back({"digits", "300 handwritten digits as photographs and drawings, a test set for MNIST", ""});
  if (auto folder = find_folder_set("digits", options.data_dir)) sets.back().where = *folder;
  sets.push_back({"folder:PATH", "your pictures; class = subfolder, or first character of the file name", ""});
  sets.push_back({"csv:PATH", "a table with a header line", ""});
  sets.push_back({"npz:PATH", "NumPy arrays x_train, y_train, x_test, y_test", ""});
  for (const Surface& surface : surfaces())
    sets.push_back({format("function:{}", surface.name),
                    format("z = {}, x and y in {} … {}", surface.formula, surface.low, surface.high), "computed"});
  sets.push_back(
      {"function:FORMULA", "z = a formula of x and y in -1 … 1, \"sin(3*x)*cos(2*y)\"; @LOW..HIGH behind it", ""});
  return sets;
}

}  // namespace thimble
