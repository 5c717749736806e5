#include "data/sources.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/environment.h"
#include "base/file.h"
#include "base/random.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "data/array_set.h"
#include "data/csv.h"
#include "data/find.h"
#include "data/folder.h"
#include "data/function.h"
#include "data/idx.h"
#include "data/split.h"

namespace thimble {
namespace {

std::vector<std::string> digit_names() { return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}; }
std::vector<std::string> fashion_names() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
}

Dataset view(Samples samples) { return Dataset(std::make_shared<const Samples>(std::move(samples))); }

// The notes of the readers, each once, and those of the division.
Splits with_notes(Splits splits) {
  const auto add = [&](const std::string& note) {
    if (std::find(splits.notes.begin(), splits.notes.end(), note) == splits.notes.end()) splits.notes.push_back(note);
  };
  for (const Dataset* part : {&splits.train, &splits.validation, &splits.test})
    if (part->valid())
      for (const std::string& note : part->samples().notes) add(note);
  for (const std::string& note : split_notes(splits)) add(note);
  return splits;
}

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

// Who runs a set (unlabelled) gets its answers in the set's own order; who learns, scores or takes the first of it gets
// samples of every class.
Dataset in_order(Dataset set, const OpenOptions& options) { return options.unlabelled ? set : ungrouped(set); }

// A set without an official test part.
Result<Splits> divide(Dataset all, const OpenOptions& options) {
  if (options.whole_as_test && !options.split.any())
    return Splits{all.slice(0, 0), all.slice(0, 0), in_order(all, options), {}};
  return split_shuffled(all, options.split, options.seed);
}

FolderOptions folder_options(const OpenOptions& options) {
  FolderOptions folder;
  folder.shape = options.shape.size() == 3 ? options.shape : std::vector<int64_t>{28, 28, 1};
  folder.features = options.features;
  folder.handwriting = options.handwriting;
  folder.skip_bad = options.skip_bad;
  folder.unlabelled = options.unlabelled;
  folder.labels = options.labels;
  return folder;
}

// The 300 pictures are a test set: without a split request nothing of them is for training.
Result<Splits> open_digits(const OpenOptions& options) {
  THIMBLE_ASSIGN(const std::string path, find_folder_set("digits", options.data_dir));
  FolderOptions folder = folder_options(options);
  folder.handwriting = true;
  folder.features = SoundFeatures::none;
  folder.labels = digit_names();
  THIMBLE_ASSIGN(Samples samples, read_folder(path, folder, "digits"));
  samples.notes.clear();  // the folder is known
  OpenOptions whole = options;
  whole.whole_as_test = true;
  return divide(view(std::move(samples)), whole);
}

Result<Splits> open_csv(const std::string& path, const OpenOptions& options) {
  CsvOptions csv;
  csv.format = {options.decimal, options.header};
  csv.inputs = options.inputs;
  csv.categories = options.categories;
  csv.target = options.target;
  csv.task = options.task;
  csv.missing = options.missing;
  csv.labels = options.labels;
  csv.layout = options.table;
  csv.unlabelled = options.unlabelled;
  if (options.shape.size() == 1) csv.width = options.shape[0];
  THIMBLE_ASSIGN(Samples samples, read_csv(path, csv, format("csv:{}", path)));
  const auto owned = std::make_shared<Samples>(std::move(samples));
  THIMBLE_ASSIGN(Splits splits, divide(Dataset(owned), options));
  // The means of what is missing are the training part's; where there is none, of all.
  if (!options.table) fill_missing(owned.get(), splits.train.empty() ? Dataset(owned) : splits.train);
  return splits;
}

// A set that has its parts itself.
Result<Splits> official_parts(ArrayParts parts, const OpenOptions& options) {
  const Dataset train = in_order(view(std::move(parts.train)), options);
  const Dataset test = in_order(view(std::move(parts.test)), options);
  if (parts.validation.count == 0) return split_official(train, test, options.split);
  SplitRequest request = options.split;
  request.validation = 0;
  THIMBLE_ASSIGN(Splits out, split_official(train, test, request));
  out.validation = in_order(view(std::move(parts.validation)), options);
  if (const int64_t asked = options.split.validation; asked >= 0) out.validation = out.validation.slice(0, asked);
  return out;
}

ArrayOptions array_options(const OpenOptions& options) { return {options.task, options.labels, options.unlabelled}; }

Result<Splits> open_npz(const std::string& path, const OpenOptions& options) {
  ArrayParts parts;
  THIMBLE_TRY(read_npz_set(path, array_options(options), format("npz:{}", path), &parts));
  if (parts.test.count == 0) return divide(view(std::move(parts.train)), options);
  return official_parts(std::move(parts), options);
}

Result<Splits> open_npy(const std::string& path, const OpenOptions& options) {
  THIMBLE_ASSIGN(Samples samples, read_npy_set(path, array_options(options), format("npy:{}", path)));
  return divide(view(std::move(samples)), options);
}

Result<Splits> open_folder(const std::string& path, const OpenOptions& options) {
  FolderOptions folder = folder_options(options);
  if (options.features != SoundFeatures::none) {
    THIMBLE_ASSIGN(folder.shape, sound_shape(options.features, options.shape));
  }
  const std::string name = format("folder:{}", path);
  const FolderParts parts = find_parts(path);
  if (parts.train.empty()) {
    THIMBLE_ASSIGN(Samples samples, read_folder(path, folder, name));
    return divide(view(std::move(samples)), options);
  }
  const auto read = [&](const std::string& part) -> Result<Samples> {
    THIMBLE_ASSIGN(Samples samples, read_folder(part, folder, name));
    for (std::string& note : samples.notes) note = format("{}: {}", part, note);
    const std::string folder_name = file_name_of(part);  // parts may hold files of the same name
    for (std::string& file : samples.sample_names) file = join_path(folder_name, file);
    return samples;
  };
  ArrayParts samples;
  THIMBLE_ASSIGN(samples.train, read(parts.train));
  samples.train.notes.insert(samples.train.notes.end(), parts.notes.begin(), parts.notes.end());
  folder.labels = samples.train.label_names;
  THIMBLE_ASSIGN(samples.test, read(parts.test));
  if (!parts.validation.empty()) {
    THIMBLE_ASSIGN(samples.validation, read(parts.validation));
  }
  return official_parts(std::move(samples), options);
}

Result<Splits> open_function(const std::string& formula, const OpenOptions& options) {
  const SplitRequest& split = options.split;
  int64_t count = options.function_samples;
  if (count == 0 && split.train >= 0 && split.validation >= 0 && split.test >= 0)
    count = split.train + split.validation + split.test;
  THIMBLE_ASSIGN(Samples samples, sample_surface(formula, count == 0 ? 10000 : count, options.seed));
  return divide(view(std::move(samples)), options);
}

// Pictures of random bytes with random labels: for measuring networks that nobody has trained.
Result<Splits> open_random(const std::string& text, const OpenOptions& options) {
  int64_t classes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), classes);
  if (error != std::errc() || end != text.data() + text.size() || classes < 2 || classes > 100'000)
    return fail(ErrorCode::usage, format("random:{}: the number of classes is missing", text), "for example random:10");
  if (options.shape.empty())
    return fail(ErrorCode::usage, "random pictures need a shape: that of a model's input", "give a model or recipe");
  const SplitRequest& split = options.split;
  Samples samples;
  samples.name = "random:" + text;
  samples.sample_shape = options.shape;
  samples.count = 100;
  samples.classes = static_cast<int>(classes);
  constexpr int64_t kMost = int64_t{1} << 30;
  if (std::max({split.train, split.validation, split.test}) > kMost)
    return fail(ErrorCode::usage, "more than 1,073,741,824 random samples are asked for", "ask for fewer: data.split");
  if (split.train >= 0 && split.validation >= 0 && split.test >= 0)
    samples.count = split.train + split.validation + split.test;
  if (samples.sample_elements() > 0 && samples.count > kMost / samples.sample_elements())
    return fail(ErrorCode::usage,
                format("{} random samples of {} values are more than 1 GiB", samples.count, samples.sample_elements()),
                "ask for fewer: data.split");
  samples.bytes.resize(static_cast<size_t>(samples.count * samples.sample_elements()));
  for (size_t i = 0; i < samples.bytes.size(); i += 8) {
    const uint64_t bits = random_bits(options.seed, 0, i / 8);
    std::memcpy(samples.bytes.data() + i, &bits, std::min<size_t>(8, samples.bytes.size() - i));
  }
  for (int64_t i = 0; i < samples.count; ++i)
    samples.labels.push_back(
        static_cast<int32_t>(random_bits(options.seed, 1, static_cast<uint64_t>(i)) % static_cast<uint64_t>(classes)));
  for (int64_t c = 0; c < classes; ++c) samples.label_names.push_back(format("{}", c));
  return divide(view(std::move(samples)), options);
}

struct Kind {
  const char* word;
  Result<Splits> (*open)(const std::string&, const OpenOptions&);
};
constexpr Kind kKinds[] = {{"folder", open_folder}, {"csv", open_csv},           {"npz", open_npz},
                           {"npy", open_npy},       {"function", open_function}, {"random", open_random}};

// What an unknown name may mean: a path without its kind, a misspelt kind or set.
std::string meant(std::string_view set, std::string_view word, const std::string& rest) {
  const std::string path = expanded_home(std::string(set));
  if (directory_exists(path)) return format("did you mean folder:{}?", set);
  if (file_exists(path)) {
    for (const char* kind : {"csv", "npz", "npy"})
      if (set.size() > 4 && set.substr(set.size() - 3) == kind) return format("did you mean {}:{}?", kind, set);
    if (set.size() > 4 && (set.substr(set.size() - 4) == ".tsv" || set.substr(set.size() - 4) == ".txt"))
      return format("did you mean csv:{}?", set);
  }
  std::vector<std::string> words = {"mnist", "fashion-mnist", "digits"};
  if (!rest.empty()) {
    words.clear();
    for (const Kind& kind : kKinds) words.emplace_back(kind.word);
    const std::string near = closest(word, words);
    if (!near.empty()) return format("did you mean {}:{}?", near, rest);
  } else if (const std::string near = did_you_mean(set, words); !near.empty()) {
    return near;
  }
  return "known: mnist, fashion-mnist, digits, folder:PATH, csv:PATH, npz:PATH, npy:PATH, function:NAME, "
         "function:FORMULA, random:CLASSES";
}

}  // namespace

std::string expanded_home(const std::string& path) {
  if (path != "~" && path.substr(0, 2) != "~/") return path;
  const std::optional<std::string> home = environment(Knob::home);
  return home ? *home + path.substr(1) : path;
}

Result<Splits> open_splits(std::string_view set, const OpenOptions& options) {
  if (set == "mnist" || set == "fashion-mnist") return open_idx(set, options);
  if (set == "digits") return open_digits(options);
  const size_t colon = set.find(':');
  const std::string_view word = set.substr(0, colon);
  const std::string rest(colon == std::string_view::npos ? "" : set.substr(colon + 1));
  if (!rest.empty())
    for (const Kind& kind : kKinds)
      if (word == kind.word) {
        THIMBLE_ASSIGN(
            Splits splits,
            kind.open(kind.open == open_function || kind.open == open_random ? rest : expanded_home(rest), options));
        return with_notes(std::move(splits));
      }
  return fail(ErrorCode::usage, format("there is no data set called \"{}\"", valid_utf8(set)), meant(set, word, rest));
}

std::vector<SetInfo> list_sets(const OpenOptions& options) {
  std::vector<SetInfo> sets = {{"mnist", "70,000 handwritten digits, 28×28 grey, 10 classes", ""},
                               {"fashion-mnist", "70,000 pictures of clothing, 28×28 grey, 10 classes", ""}};
  for (SetInfo& set : sets)
    if (auto files = find_idx_set(set.name, options.data_dir)) set.where = files->folder;
  sets.push_back({"digits", "300 handwritten digits as photographs and drawings, a test set for MNIST", ""});
  if (auto folder = find_folder_set("digits", options.data_dir)) sets.back().where = *folder;
  sets.push_back(
      {"folder:PATH", "your pictures or sounds; class = subfolder, or first character of the file name", ""});
  sets.push_back({"csv:PATH", "a table: numbers and texts, the last column is the target", ""});
  sets.push_back({"npz:PATH", "NumPy arrays x_train, y_train, x_test, y_test, or x, y", ""});
  sets.push_back({"npy:PATH", "one NumPy array, for calibration", ""});
  for (const Surface& surface : surfaces())
    sets.push_back({format("function:{}", surface.name),
                    format("z = {}, x and y in {} … {}", surface.formula, surface.low, surface.high), "computed"});
  sets.push_back(
      {"function:FORMULA", "z = a formula of x and y in -1 … 1, \"sin(3*x)*cos(2*y)\"; @LOW..HIGH behind it", ""});
  sets.push_back(
      {"random:CLASSES", "pictures of random bytes, for measuring a network that nobody has trained", "computed"});
  return sets;
}

}  // namespace thimble
