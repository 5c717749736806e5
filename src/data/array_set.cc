#include "data/array_set.h"

#include <algorithm>
#include <cmath>

#include "data/files.h"

namespace thimble {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string out = "(";
  for (size_t i = 0; i < shape.size(); ++i) out += format("{}{}", i ? ", " : "", shape[i]);
  return out + ")";
}

// Every value must be finite: the first that is not is named by row and place.
Status check_finite(const std::vector<float>& values, const std::vector<int64_t>& shape, const std::string& array) {
  const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (bad == values.end()) return {};
  const auto many = std::count_if(bad, values.end(), [](float v) { return !std::isfinite(v); });
  auto at = static_cast<int64_t>(bad - values.begin());
  std::vector<int64_t> place(shape.size());
  for (size_t d = shape.size(); d-- > 0;) place[d] = at % shape[d], at /= shape[d];
  std::string where = format("row {}", place[0]);
  if (place.size() == 2) where += format(", column {}", place[1]);
  if (place.size() > 2) where += format(", place {}", shape_text({place.begin() + 1, place.end()}));
  return fail(ErrorCode::bad_file,
              format("{} holds {} in {}{}", array, std::isnan(*bad) ? "NaN" : "infinity", where,
                     many > 1 ? format(" and {} more such values", many - 1) : ""),
              "leave these rows out, or put numbers there: numpy.nan_to_num(x)");
}

struct Part {
  std::string x, y;  // names of the arrays; y empty: none
  Samples* out;
};

class Reader {
 public:
  Reader(std::map<std::string, NpyArray> arrays, const ArrayOptions& options, std::string set_name)
      : arrays_(std::move(arrays)), options_(options), set_(std::move(set_name)) {}

  Status read(ArrayParts* parts) {
    THIMBLE_TRY(find_parts(parts));
    for (Part& part : parts_) THIMBLE_TRY(fill_inputs(part));
    for (const Part& part : parts_)
      if (part.out->sample_shape != parts_[0].out->sample_shape || part.out->storage != parts_[0].out->storage)
        return fail(ErrorCode::bad_file,
                    format("{}: {} and {} differ in sample shape or dtype", set_, parts_[0].x, part.x));
    const bool labelled = std::all_of(parts_.begin(), parts_.end(), [](const Part& p) { return !p.y.empty(); });
    if (labelled) {
      Status done = fill_labels();
      if (!done && !options_.unlabelled) return done;
      if (!done) forget_labels(done.error().message);
    }
    for (Part& part : parts_) THIMBLE_TRY(part.out->check());
    return {};
  }

 private:
  bool has(const std::string& name) const { return arrays_.count(name) > 0; }

  Status find_parts(ArrayParts* parts) {
    const bool keras = has("x_train") || has("y_train") || has("x_test") || has("y_test");
    if (keras) {
      THIMBLE_TRY(add("x_train", "y_train", &parts->train));
      const bool test = has("x_test") || has("y_test");
      if (test) THIMBLE_TRY(add("x_test", "y_test", &parts->test));
      for (const std::string name : {"val", "valid", "validation"}) {
        if (!has("x_" + name) && !has("y_" + name)) continue;
        THIMBLE_TRY(add("x_" + name, "y_" + name, test ? &parts->validation : &parts->test));
        if (!test) parts_[0].out->notes.push_back(format("there is no x_test: x_{} is the test part", name));
        break;
      }
    } else if (has("x") || !options_.unlabelled || arrays_.size() != 1) {
      THIMBLE_TRY(add("x", "y", &parts->train));
    } else {
      parts_.push_back({arrays_.begin()->first, "", &parts->train});
    }
    std::string others;
    for (const auto& [name, array] : arrays_)
      if (std::ranges::none_of(parts_, [&](const Part& p) { return name == p.x || name == p.y; }))
        others += format("{}{} {}", others.empty() ? "" : ", ", name, shape_text(array.shape));
    if (!others.empty()) parts_[0].out->notes.push_back("passed over the arrays " + others);
    return {};
  }

  Status add(const std::string& x, const std::string& y, Samples* out) {
    if (!has(x) || (!has(y) && !options_.unlabelled)) {
      std::string found;
      for (const auto& [name, array] : arrays_)
        found += format("{}{} {}", found.empty() ? "" : ", ", name, shape_text(array.shape));
      return fail(
          ErrorCode::bad_file,
          format("{} lacks the array {}; it holds {}", set_, has(x) ? y : x, found.empty() ? "no array" : found),
          "name the arrays x_train, y_train, x_test, y_test, or x, y");
    }
    parts_.push_back({x, has(y) ? y : "", out});
    return {};
  }

  Status fill_inputs(const Part& part) {
    NpyArray& x = arrays_.at(part.x);
    for (const std::string& array : {part.x, part.y})
      if (!array.empty() && arrays_.at(array).dtype[0] == 'c')
        return fail(ErrorCode::bad_file, format("{} holds complex numbers, a sample is of real ones", array),
                    "give both parts as columns of their own: numpy.concatenate([x.real, x.imag], axis=-1)");
    const std::vector<int64_t>& shape = x.shape;
    const bool sized = shape.size() >= 2 && shape.size() <= 5 && x.elements() > 0;
    if (!sized)
      return fail(ErrorCode::bad_file, format("{} has shape {}: samples along the first dimension are needed, and 1 to "
                                              "4 dimensions of a sample behind it",
                                              part.x, shape_text(shape)));
    if (!part.y.empty()) {
      const std::vector<int64_t>& y = arrays_.at(part.y).shape;
      if (y.empty() || y[0] != shape[0])
        return fail(ErrorCode::bad_file,
                    format("{} has shape {}, {} {}: the first dimension must be the same number of samples", part.x,
                           shape_text(shape), part.y, shape_text(y)));
    }
    Samples& out = *part.out;
    out.name = set_;
    out.count = shape[0];
    out.dtype = x.dtype;
    out.sample_shape.assign(shape.begin() + 1, shape.end());
    if (out.sample_shape.size() == 2) out.sample_shape.push_back(1);
    if (x.dtype == "u1") {
      out.bytes = std::move(x.bytes);
    } else {
      out.storage = Storage::floats;
      out.floats = x.as_floats();
      x.bytes = {};
      THIMBLE_TRY(check_finite(out.floats, shape, part.x));
    }
    return {};
  }

  Status fill_labels() {
    const NpyArray& y = arrays_.at(parts_[0].y);
    for (const Part& part : parts_) {
      const NpyArray& other = arrays_.at(part.y);
      if (other.elements() / other.shape[0] != y.elements() / y.shape[0])
        return fail(ErrorCode::bad_file, format("{} and {} differ in shape: {} and {}", parts_[0].y, part.y,
                                                shape_text(y.shape), shape_text(other.shape)));
      THIMBLE_TRY(check_finite(other.as_floats(), other.shape, part.y));
    }
    const bool classes = options_.task ? *options_.task == Task::classification : guess(y);
    return classes ? fill_classes(y) : fill_targets(y);
  }

  bool is_flat(const NpyArray& y) const { return y.elements() == y.shape[0]; }

  // Row of the first label that is not one-hot; −1 when all are.
  static int64_t not_one_hot(const NpyArray& y) {
    const std::vector<float> values = y.as_floats();
    const int64_t width = y.elements() / y.shape[0];
    for (int64_t r = 0; r < y.shape[0]; ++r) {
      const auto row = values.begin() + r * width;
      if (std::count(row, row + width, 1.0f) != 1 || std::count(row, row + width, 0.0f) != width - 1) return r;
    }
    return -1;
  }

  bool guess(const NpyArray& y) {
    std::vector<std::string>& notes = parts_[0].out->notes;
    if (!is_flat(y)) {
      if (y.shape.size() != 2 || not_one_hot(y) >= 0) return false;
      notes.push_back(
          format("the rows of {} are one-hot: taken as {} classes; task = \"regression\" takes them as "
                 "numbers",
                 parts_[0].y, y.shape[1]));
      return true;
    }
    if (y.dtype[0] != 'f') {
      std::vector<float> values = y.as_floats();
      std::sort(values.begin(), values.end());
      const auto distinct = std::unique(values.begin(), values.end()) - values.begin();
      if (distinct > 20)
        notes.push_back(
            format("{} holds {} different whole numbers: taken as classes; task = \"regression\" takes "
                   "them as numbers",
                   parts_[0].y, distinct));
      return true;
    }
    const std::vector<float> values = y.as_floats();
    const bool truths = std::all_of(values.begin(), values.end(), [](float v) { return v == 0 || v == 1; }) &&
                        std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) != values.end();
    if (truths)
      notes.push_back(format("{} holds 0.0 and 1.0 only: taken as classes; task = \"regression\" takes them as numbers",
                             parts_[0].y));
    return truths;
  }

  Status fill_targets(const NpyArray& y) {
    for (const Part& part : parts_) {
      part.out->targets = arrays_.at(part.y).as_floats();
      part.out->target_width = y.elements() / y.shape[0];
    }
    return {};
  }

  Status fill_classes(const NpyArray& y) {
    int64_t highest = is_flat(y) ? -1 : y.elements() / y.shape[0] - 1;
    for (const Part& part : parts_) {
      const NpyArray& array = arrays_.at(part.y);
      const std::vector<float> values = array.as_floats();
      if (!is_flat(y)) {
        const int64_t width = highest + 1;
        if (const int64_t row = array.shape.size() == 2 ? not_one_hot(array) : 0; row >= 0)
          return fail(ErrorCode::bad_file,
                      format("{} has shape {} and row {} is not one-hot (one 1, else 0): not classes", part.y,
                             shape_text(array.shape), row),
                      "give class numbers of shape (n) or one-hot rows, or task = \"regression\"");
        for (int64_t r = 0; r < part.out->count; ++r) {
          const auto from = values.begin() + r * width;
          part.out->labels.push_back(static_cast<int32_t>(std::find(from, from + width, 1.0f) - from));
        }
        continue;
      }
      for (size_t r = 0; r < values.size(); ++r) {
        const float v = values[r];
        if (v < 0 || v > 65535 || v != std::floor(v))
          return fail(ErrorCode::bad_file,
                      format("{} holds {} in row {}, classes are whole numbers 0 … 65535", part.y, v, r),
                      "number the classes from 0, or task = \"regression\"");
        highest = std::max(highest, static_cast<int64_t>(v));
        part.out->labels.push_back(static_cast<int32_t>(v));
      }
    }
    const auto named = static_cast<int64_t>(options_.labels.size());
    for (const Part& part : parts_) {
      part.out->label_names.clear();
      if (highest < named)
        part.out->label_names = options_.labels;
      else
        for (int64_t i = 0; i <= highest; ++i) part.out->label_names.push_back(std::to_string(i));
      part.out->classes = static_cast<int>(part.out->label_names.size());
    }
    return {};
  }

  void forget_labels(const std::string& why) {
    for (const Part& part : parts_) {
      part.out->labels.clear();
      part.out->label_names.clear();
      part.out->targets.clear();
      part.out->classes = 0;
      part.out->target_width = 0;
    }
    parts_[0].out->notes.push_back("read without labels: " + why);
  }

  std::map<std::string, NpyArray> arrays_;
  const ArrayOptions& options_;
  std::string set_;
  std::vector<Part> parts_;
};

}  // namespace

Status array_samples(std::map<std::string, NpyArray> arrays, const ArrayOptions& options, const std::string& set_name,
                     ArrayParts* parts) {
  return Reader(std::move(arrays), options, set_name).read(parts);
}

Status read_npz_set(const std::string& path, const ArrayOptions& options, const std::string& set_name,
                    ArrayParts* parts) {
  THIMBLE_ASSIGN(std::vector<uint8_t> file, read_whole_file(path));
  auto arrays = parse_npz(file);
  if (!arrays) return with_context(std::move(arrays).error(), format("file {}", path));
  file = {};
  Status done = array_samples(std::move(*arrays), options, set_name, parts);
  if (!done) return with_context(std::move(done).error(), format("file {}", path));
  return {};
}

Result<Samples> read_npy_set(const std::string& path, const ArrayOptions& options, const std::string& set_name) {
  if (!options.unlabelled)
    return fail(ErrorCode::usage, format("{} is one array without labels", set_name),
                "numpy.savez(\"set.npz\", x_train=…, y_train=…) and npz:set.npz; alone it serves for calibration");
  auto array = read_npy(path);
  if (!array) return with_context(std::move(array).error(), format("file {}", path));
  ArrayParts out;
  std::map<std::string, NpyArray> arrays;
  arrays.emplace("x", std::move(*array));
  Status done = array_samples(std::move(arrays), options, set_name, &out);
  if (!done) return with_context(std::move(done).error(), format("file {}", path));
  return std::move(out.train);
}

}  // namespace thimble
