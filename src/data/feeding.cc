#include "data/feeding.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace thimble {
namespace {

template <class T>
void scale_all(const T* in, float* out, int64_t samples, int64_t elements, const std::vector<float>& mean,
               const std::vector<float>& deviation) {
  if (mean.size() == 1) {
    const float m = mean[0], d = deviation[0];
    for (int64_t i = 0; i < samples * elements; ++i) out[i] = (static_cast<float>(in[i]) - m) / d;
    return;
  }
  const size_t period = mean.size();  // columns, or channels
  for (int64_t s = 0; s < samples; ++s, in += elements, out += elements) {
    size_t c = 0;
    for (int64_t i = 0; i < elements; ++i) {
      out[i] = (static_cast<float>(in[i]) - mean[c]) / deviation[c];
      if (++c == period) c = 0;
    }
  }
}

struct Column {
  double origin = 0, sum = 0, squares = 0;  // sums of v − origin and of its square
  double low = std::numeric_limits<double>::infinity(), high = -low;
};

// Measures `columns` columns of the training samples (1: all values together).
std::vector<Column> measure(const Dataset& train, size_t columns) {
  std::vector<Column> out(columns);
  const int64_t elements = train.sample_elements();
  if (train.storage() == Storage::bytes) {  // exact: a histogram
    std::vector<int64_t> histogram(256);
    for (int64_t i = 0; i < train.size(); ++i)
      for (const uint8_t *p = train.bytes(i), *end = p + elements; p != end; ++p) ++histogram[*p];
    for (int v = 0; v < 256; ++v)
      if (const auto n = static_cast<double>(histogram[static_cast<size_t>(v)]); n > 0) {
        out[0].sum += n * v;
        out[0].squares += n * v * v;
        out[0].low = std::min<double>(out[0].low, v);
        out[0].high = v;
      }
    return out;
  }
  // Sums about the first sample, so that a column far from zero keeps its deviation.
  for (size_t c = 0; c < columns && !train.empty(); ++c) out[c].origin = train.floats(0)[c];
  for (int64_t i = 0; i < train.size(); ++i)
    for (int64_t e = 0; e < elements; ++e) {
      Column& column = out[columns == 1 ? 0 : static_cast<size_t>(e)];
      const double v = train.floats(i)[e], from = v - column.origin;
      column.sum += from;
      column.squares += from * from;
      column.low = std::min(column.low, v);
      column.high = std::max(column.high, v);
    }
  return out;
}

// One number or an array of them.
bool read_numbers(const nlohmann::json& object, const char* key, std::vector<float>* out) {
  const auto at = object.find(key);
  if (at == object.end()) return true;
  out->clear();
  if (at->is_number()) {
    out->push_back(at->get<float>());
  } else if (at->is_array()) {
    for (const auto& item : *at) {
      if (!item.is_number()) return false;
      out->push_back(item.get<float>());
    }
  }
  for (float v : *out)
    if (!std::isfinite(v)) return false;
  return !out->empty();
}

void write_numbers(JsonWriter& json, const char* key, const std::vector<float>& numbers) {
  if (numbers.size() == 1)
    json.field(key, numbers[0]);
  else
    json.array(key, numbers);
}

// What a file without "stored" means: one mean is of pictures stored as bytes, several are of columns.
bool floats_by_default(const std::vector<float>& mean) { return mean.size() > 1; }

bool read_trained_on(const nlohmann::json& list, std::vector<TrainedOn>* out) {
  if (!list.is_array() || list.size() > 1000) return false;
  for (const auto& item : list) {
    if (!item.is_object()) return false;
    const auto set = item.find("set"), seed = item.find("seed"), split = item.find("split");
    if (set == item.end() || !set->is_string() || seed == item.end() || !seed->is_number_integer() ||
        split == item.end() || !split->is_array() || split->size() != 3)
      return false;
    TrainedOn t{set->get<std::string>(), static_cast<uint64_t>(seed->get<int64_t>())};
    int64_t* const parts[3] = {&t.train, &t.validation, &t.test};
    for (size_t i = 0; i < 3; ++i) {
      if (!(*split)[i].is_number_integer()) return false;
      *parts[i] = (*split)[i].get<int64_t>();
      if (*parts[i] < 0 || *parts[i] > int64_t{0xffffffff}) return false;
    }
    out->push_back(std::move(t));
  }
  return true;
}

// Whether a column's deviation is one, not the rounding of equal numbers. Units may be tiny (farads, 1e-12).
bool varies(double mean, double deviation) { return deviation > 1e-12 * std::abs(mean) && deviation > 1e-30; }

}  // namespace

void Feeding::apply(const uint8_t* in, float* out, int64_t samples, int64_t elements) const {
  scale_all(in, out, samples, elements, mean, deviation);
}
void Feeding::apply(const float* in, float* out, int64_t samples, int64_t elements) const {
  scale_all(in, out, samples, elements, mean, deviation);
}

void Feeding::sample(const Dataset& set, int64_t i, float* out) const {
  if (set.storage() == Storage::bytes)
    apply(set.bytes(i), out, 1, set.sample_elements());
  else
    apply(set.floats(i), out, 1, set.sample_elements());
}

void Feeding::apply_to_targets(const float* in, float* out, int64_t width) const {
  if (static_cast<int64_t>(target_mean.size()) != width) {
    if (in != out) std::copy_n(in, width, out);
    return;
  }
  for (int64_t i = 0; i < width; ++i)
    out[i] = (in[i] - target_mean[static_cast<size_t>(i)]) / target_deviation[static_cast<size_t>(i)];
}

std::string Feeding::to_json() const {
  JsonWriter json;
  json.begin_object().field("scale", scale);
  write_numbers(json, "mean", mean);
  write_numbers(json, "deviation", deviation);
  json.field("layout", layout);
  if (!labels.empty()) json.array("labels", labels);
  if (table) json.key("table").raw(table->to_json());
  if (scale != "none" && floats != floats_by_default(mean)) json.field("stored", floats ? "floats" : "bytes");
  if (features != SoundFeatures::none) json.field("features", name(features));
  if (handwriting) json.field("handwriting", true);
  if (task) json.field("task", name(*task));
  if (!trained_on.empty()) {
    json.key("trained_on").begin_array();
    for (const TrainedOn& t : trained_on)
      json.begin_object()
          .field("set", t.set)
          .field("seed", static_cast<int64_t>(t.seed))
          .array("split", std::vector<int64_t>{t.train, t.validation, t.test})
          .end_object();
    json.end_array();
  }
  if (!target_mean.empty()) {
    write_numbers(json, "target_mean", target_mean);
    write_numbers(json, "target_deviation", target_deviation);
  }
  return json.end_object().take();
}

Result<Feeding> Feeding::from_json(std::string_view text) {
  const auto bad = [](const char* what) {
    return fail(ErrorCode::bad_file, format("metadata thimble.preprocess: {}", what),
                "expected {\"scale\":…,\"mean\":…,\"deviation\":…}; give --scale instead");
  };
  const nlohmann::json object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return bad("not a JSON object");
  Feeding out;
  for (const auto& [key, place] : {std::pair{"scale", &out.scale}, std::pair{"layout", &out.layout}})
    if (const auto at = object.find(key); at != object.end()) {
      if (!at->is_string()) return bad("scale and layout must be text");
      *place = at->get<std::string>();
    }
  if (!read_numbers(object, "mean", &out.mean)) return bad("mean must be a number or an array of numbers");
  if (!read_numbers(object, "deviation", &out.deviation))
    return bad("deviation must be a number or an array of numbers");
  if (out.mean.size() != out.deviation.size()) return bad("mean and deviation differ in length");
  if (!read_numbers(object, "target_mean", &out.target_mean) ||
      !read_numbers(object, "target_deviation", &out.target_deviation) ||
      out.target_mean.size() != out.target_deviation.size())
    return bad("target_mean and target_deviation must be numbers or arrays of numbers of one length");
  for (const auto* deviations : {&out.deviation, &out.target_deviation})
    if (std::ranges::find(*deviations, 0.0f) != deviations->end()) return bad("a deviation is 0");
  if (const auto at = object.find("labels"); at != object.end()) {
    if (!at->is_array()) return bad("labels must be an array of texts");
    for (const auto& item : *at) {
      if (!item.is_string()) return bad("labels must be an array of texts");
      out.labels.push_back(item.get<std::string>());
    }
  }
  if (const auto at = object.find("table"); at != object.end()) {
    THIMBLE_ASSIGN(out.table,
                   TableLayout::from_json(at->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  }
  out.floats = floats_by_default(out.mean);
  if (const auto at = object.find("stored"); at != object.end()) {
    if (*at != "floats" && *at != "bytes") return bad("stored must be \"floats\" or \"bytes\"");
    out.floats = *at == "floats";
  }
  if (const auto at = object.find("features"); at != object.end()) {
    const auto known = at->is_string() ? parse_sound_features(at->get<std::string>()) : parse_sound_features("");
    if (!known)
      return fail(ErrorCode::unsupported, format("metadata thimble.preprocess: {}", known.error().message),
                  "a newer thimble may know them; --features says others");
    out.features = *known;
  }
  if (const auto at = object.find("handwriting"); at != object.end()) {
    if (!at->is_boolean()) return bad("handwriting must be true or false");
    out.handwriting = at->get<bool>();
  }
  if (const auto at = object.find("task"); at != object.end()) {
    const auto word = at->is_string() ? parse_task(at->get<std::string>()) : parse_task("");
    if (!word) return bad("task must be \"classification\" or \"regression\"");
    out.task = *word;
  }
  if (const auto at = object.find("trained_on"); at != object.end() && !read_trained_on(*at, &out.trained_on))
    return bad("trained_on must be an array of {\"set\":…,\"seed\":…,\"split\":[…]}");
  return out;
}

Result<Feeding> measure_feeding(std::string_view scale, const Dataset& train) {
  const bool table = train.valid() && train.storage() == Storage::floats && train.sample_shape().size() == 1;
  const bool sounds =
      train.valid() && train.storage() == Storage::floats && train.samples().features != SoundFeatures::none;
  if (scale.empty()) scale = table || sounds ? "standard" : "0..1";
  Feeding out;
  out.scale = std::string(scale);
  if (train.valid()) {
    out.labels = train.samples().label_names;
    out.features = train.samples().features;
    if (train.samples().table) out.table = *train.samples().table;
  }
  if (scale == "none") return out;
  if (scale != "0..1" && scale != "-1..1" && scale != "standard")
    return fail(ErrorCode::usage, format("scale \"{}\" is not known", scale),
                "use \"0..1\", \"-1..1\", \"standard\" or \"none\"");
  const bool bytes = !train.valid() || train.storage() == Storage::bytes;
  out.floats = !bytes;
  if (bytes && scale != "standard") {
    out.mean = {scale == "0..1" ? 0.0f : 127.5f};
    out.deviation = {scale == "0..1" ? 255.0f : 127.5f};
    return out;
  }
  if (!train.valid() || train.empty())
    return fail(ErrorCode::usage, format("scale \"{}\" needs training samples to measure, and there are none", scale),
                "use scale = \"none\", or a set with a training part");
  const bool per_column = !bytes && train.sample_shape().size() == 1;
  const std::vector<Column> columns = measure(train, per_column ? static_cast<size_t>(train.sample_elements()) : 1);
  const double n = static_cast<double>(train.size() * (per_column ? 1 : train.sample_elements()));
  out.mean.clear();
  out.deviation.clear();
  for (const Column& c : columns) {
    double mean = c.low, deviation = c.high - c.low;  // "0..1"
    if (scale == "standard") {
      const double from = c.sum / n;
      mean = c.origin + from;
      deviation = std::sqrt(std::max(0.0, c.squares / n - from * from));
    } else if (scale == "-1..1") {
      mean = (c.low + c.high) / 2;
      deviation = (c.high - c.low) / 2;
    }
    if (!std::isfinite(mean) || !std::isfinite(deviation))
      return fail(ErrorCode::bad_file, format("data set {} holds values that are not finite", train.name()));
    out.mean.push_back(static_cast<float>(mean));
    out.deviation.push_back(varies(mean, deviation) ? static_cast<float>(deviation) : 1.0f);
  }
  return out;
}

Status measure_targets(const Dataset& train, Feeding* feeding) {
  feeding->target_mean.clear();
  feeding->target_deviation.clear();
  if (!train.valid() || train.empty()) return {};
  const double n = static_cast<double>(train.size());
  for (int64_t c = 0; c < train.target_width(); ++c) {
    // About the first sample, so that a column far from zero keeps its deviation.
    const double origin = train.target(0)[c];
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < train.size(); ++i) {
      const double from = train.target(i)[c] - origin;
      sum += from;
      squares += from * from;
    }
    const double mean = origin + sum / n, deviation = std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)));
    if (!std::isfinite(mean) || !std::isfinite(deviation))
      return fail(ErrorCode::bad_file, format("data set {} holds targets that are not finite", train.name()));
    feeding->target_mean.push_back(static_cast<float>(mean));
    feeding->target_deviation.push_back(
        varies(mean, deviation) ? static_cast<float>(std::exp2(std::round(std::log2(deviation)))) : 1);
  }
  return {};
}

}  // namespace thimble
