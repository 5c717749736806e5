#include "study/model_feeding.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/file.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "data/files.h"
#include "formats/tflite/attached.h"
#include "formats/tflite/model_metadata.h"
#include "measure/units.h"
#include "study/evaluate.h"
#include "study/model_note.h"

namespace thimble {
namespace {

constexpr size_t kMaxLabelBytes = size_t{16} << 20;
constexpr int64_t kRangeSamples = 4000;  // looked at to tell pixels from scaled values

Result<std::vector<std::string>> label_lines(std::string_view text, const std::string& where) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (Status good = check_utf8(text); !good) return with_context(std::move(good).error(), where);
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// Names that belong to outputs: as many, or two for one output.
bool fits(const Graph& graph, size_t labels) {
  const auto outputs = static_cast<size_t>(graph.outputs.empty() ? 0 : graph.at(graph.outputs[0]).shape.elements());
  return labels == outputs || (outputs == 1 && labels == 2);
}

bool is_byte_word(std::string_view scale) { return scale == "0..1" || scale == "-1..1"; }

struct ValueRange {
  float low = std::numeric_limits<float>::infinity(), high = -low;
};
ValueRange range_of(const Dataset& set) {
  ValueRange r;
  for (int64_t i = 0; i < std::min(set.size(), kRangeSamples); ++i)
    for (const float *v = set.floats(i), *end = v + set.sample_elements(); v != end; ++v)
      r = {std::min(r.low, *v), std::max(r.high, *v)};
  return r;
}

// micro_speech's example: its network's int8 is the front end's, and was trained on 0 … 26.
Feeding usual_sound(const Tensor& input, std::string* how) {
  Feeding feeding;
  *how = "the bytes of micro_speech go in as they are";
  if (is_quantized_type(input.type) && !input.quant.empty()) {
    const float low = input.type == DType::i8 ? -128.0f : 0.0f;  // of the byte 0
    feeding.mean = {static_cast<float>(input.quant.zero_point[0]) - low};
    feeding.deviation = {1.0f / input.quant.scale[0]};
  } else {
    *how = "the bytes of micro_speech go in as 0 to 26";
    feeding.deviation = {255.0f / 26.0f};
  }
  feeding.scale = "standard";
  return feeding;
}

// The scale of a model that says nothing.
Feeding usual(const Tensor& input, const Samples& samples, std::string* how) {
  Feeding feeding;
  const bool bytes = samples.storage == Storage::bytes;
  if (samples.features == SoundFeatures::micro_speech) return usual_sound(input, how);
  if (!bytes) {
    feeding.floats = true;
    *how = "values go in as they are";
    return feeding;
  }
  if (input.type == DType::u8) {
    *how = "pictures go in as raw bytes";
    if (!input.quant.empty()) {
      feeding.mean = {static_cast<float>(input.quant.zero_point[0])};
      feeding.deviation = {1.0f / input.quant.scale[0]};
    }
    return feeding;
  }
  feeding.scale = "0..1";
  feeding.deviation = {255.0f};
  *how = input.type == DType::f32 ? "pictures go in as 0..1"
                                  : "pictures go in as 0..1 through the input's own scale and zero point";
  return feeding;
}

// Integers of a quantised input's own type are its values: nothing is to be scaled. Bytes are pixels first.
bool own_integers(const Tensor& input, const Dataset& samples) {
  const std::string& dtype = samples.samples().dtype;
  return !input.quant.empty() &&
         ((input.type == DType::i8 && dtype == "i1") || (input.type == DType::i16 && dtype == "i2"));
}

void feed_own_integers(const Tensor& input, ModelFeeding* fed) {
  Feeding& feeding = fed->feeding;
  feeding.scale = "none";
  feeding.mean = {static_cast<float>(input.quant.zero_point[0])};
  feeding.deviation = {1.0f / input.quant.scale[0]};
  feeding.floats = true;
  fed->to_keep = false;
  fed->stated =
      format("the samples are {} as the input is: they go in as they are (--scale changes that)", name(input.type));
}

// Floats for a model whose numbers are of bytes.
void feed_floats(const Dataset& samples, ModelFeeding* fed) {
  Feeding& feeding = fed->feeding;
  if (feeding.floats || feeding.mean.size() != 1 || feeding.scale == "none") return;
  const ValueRange r = range_of(samples);
  const std::string range = format("the samples are numbers of {} … {}", format_number(r.low), format_number(r.high));
  if (r.low >= 0 && r.high > 16 && r.high <= 255) {
    fed->stated = format("{}: they are scaled as pixels are, to {} (--scale none changes that)", range, feeding.scale);
    return;
  }
  if (!is_byte_word(feeding.scale)) return;  // a mean and deviation of its own, perhaps of floats
  fed->stated = format("{}: they go in as they are; the model's own scale, {}, is for bytes (--scale changes that)",
                       range, feeding.scale);
  feeding.scale = "none";
  feeding.mean = {0.0f};
  feeding.deviation = {1.0f};
}

Status given_scale(const FeedingOverrides& overrides, const Dataset& samples, bool says, ModelFeeding* fed) {
  const std::string& word = overrides.scale;
  Feeding& feeding = fed->feeding;
  const bool bytes = samples.storage() == Storage::bytes;
  const bool same_units = feeding.floats == !bytes;
  if (says && feeding.scale == word && same_units) return {};  // the model's own numbers
  Feeding scaled;
  const bool fixed = word == "none" || (bytes && word != "standard");
  if (!fixed && !overrides.measure && (word == "standard" || is_byte_word(word)))
    return fail(ErrorCode::usage, format("the scale '{}' needs numbers that the model does not carry", word),
                bytes ? "give 0..1, -1..1 or none" : "give none, and rows that are scaled already");
  THIMBLE_ASSIGN(scaled, measure_feeding(word, samples));
  feeding.scale = scaled.scale;
  feeding.mean = std::move(scaled.mean);
  feeding.deviation = std::move(scaled.deviation);
  feeding.floats = !bytes;
  fed->to_keep = true;
  fed->stated = word == "none" ? format("{} go in as they are, as --scale says", bytes ? "pictures" : "values")
                               : format("{} go in as {}, as --scale says", bytes ? "pictures" : "values", word);
  return {};
}

Status check_columns(const Feeding& feeding, const Dataset& samples) {
  const auto n = static_cast<int64_t>(feeding.mean.size());
  const std::vector<int64_t>& shape = samples.sample_shape();
  if (n == 1 || n == samples.sample_elements() || (shape.size() > 1 && n == shape.back())) return {};
  return fail(
      ErrorCode::usage,
      format("the model scales {} values, a sample of \"{}\" has {}", n, samples.name(), samples.sample_elements()),
      "give samples of as many values (csv: --inputs names the columns), or --scale");
}

}  // namespace

Result<std::optional<Feeding>> own_feeding(const Graph& graph) {
  if (const auto found = graph.metadata.find(kPreprocessKey); found != graph.metadata.end()) {
    THIMBLE_ASSIGN(Feeding feeding, Feeding::from_json(found->second));
    return std::optional<Feeding>(std::move(feeding));
  }
  const auto entry = graph.metadata.find(kTfliteMetadataKey);
  if (entry == graph.metadata.end()) return std::optional<Feeding>();
  const auto read = read_tflite_metadata(entry->second);
  if (!read) return std::optional<Feeding>();  // damaged or of another schema: the model runs all the same
  const TfliteMetadata& said = *read;
  Feeding feeding;
  if (!said.labels_file.empty()) {
    if (auto labels = attached_labels(graph, said.labels_file); labels && fits(graph, labels->size()))
      feeding.labels = std::move(*labels);
  }
  if (said.mean.empty() && feeding.labels.empty()) return std::optional<Feeding>();
  feeding.scale = "";  // not said
  // The Task Library normalises for float inputs and gives bytes to uint8 inputs as they are.
  const bool raw = !graph.inputs.empty() && graph.at(graph.inputs[0]).type == DType::u8;
  if (!said.mean.empty() && !raw) {
    feeding.mean = said.mean;
    feeding.deviation = said.deviation;
    const bool one = said.mean.size() == 1;
    feeding.scale = one && said.mean[0] == 0 && said.deviation[0] == 255           ? "0..1"
                    : one && said.mean[0] == 127.5f && said.deviation[0] == 127.5f ? "-1..1"
                                                                                   : "standard";
  }
  return std::optional<Feeding>(std::move(feeding));
}

Result<ModelFeeding> feeding_of(const Graph& graph, const Dataset& samples, const FeedingOverrides& overrides) {
  if (graph.inputs.empty()) return fail(ErrorCode::unsupported, "the model has no input: samples cannot be fed");
  ModelFeeding fed;
  const bool bytes = samples.storage() == Storage::bytes;
  THIMBLE_ASSIGN(const std::optional<Feeding> own, own_feeding(graph));
  const bool says = own && !own->scale.empty();
  if (own) fed.feeding = *own;
  if (!says) {
    std::string how;
    Feeding feeding = usual(graph.at(graph.inputs[0]), samples.samples(), &how);
    feeding.labels = fed.feeding.labels;
    fed.feeding = std::move(feeding);
    fed.to_keep = true;
    if (overrides.scale.empty())
      fed.stated = format("the model does not say how to feed it: {} (--scale changes that)", how);
  } else if (!graph.metadata.contains(kPreprocessKey)) {
    fed.to_keep = true;  // TFLite's metadata, in our words as well
  }
  if (!overrides.scale.empty()) {
    THIMBLE_TRY(given_scale(overrides, samples, says, &fed));
  } else if (own_integers(graph.at(graph.inputs[0]), samples)) {
    feed_own_integers(graph.at(graph.inputs[0]), &fed);
  } else if (says && !bytes) {
    feed_floats(samples, &fed);
  }
  if (const SoundFeatures heard = samples.samples().features;
      heard != SoundFeatures::none && heard != fed.feeding.features) {
    fed.feeding.features = heard;
    fed.to_keep = true;
  }
  if (overrides.handwriting && *overrides.handwriting != fed.feeding.handwriting) {
    fed.feeding.handwriting = *overrides.handwriting;
    fed.to_keep = true;
  }
  if (!overrides.labels.empty() && overrides.labels != fed.feeding.labels) {
    fed.feeding.labels = overrides.labels;
    fed.to_keep = true;
  }
  THIMBLE_TRY(check_columns(fed.feeding, samples));
  return fed;
}

SoundFeatures features_of(const FeedingOverrides& overrides, const std::optional<Feeding>& own) {
  if (overrides.features != SoundFeatures::none) return overrides.features;
  return own ? own->features : SoundFeatures::none;
}

std::vector<int64_t> sample_dims(const Tensor& input) {
  const auto dims = input.shape.dims();
  const bool batch = dims.size() > 1 && dims[0] == 1;
  return {dims.begin() + (batch ? 1 : 0), dims.end()};
}

Result<std::vector<int64_t>> picture_shape(const Tensor& input) {
  THIMBLE_TRY(refuse_free_dims(input));
  const Shape& s = input.shape;
  std::vector<int64_t> p;
  if (s.rank() == 4)
    p = {s[1], s[2], s[3]};
  else if (s.rank() == 3)
    p = {s[1], s[2], 1};
  else if (const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(s.elements()))));
           s.rank() == 2 && side * side == s.elements())
    p = {side, side, 1};
  if (p.empty() || s[0] != 1 || (p[2] != 1 && p[2] != 3) || p[0] < 1 || p[1] < 1)
    return fail(ErrorCode::usage, format("a picture cannot fill the input {}", input.to_string()),
                "pictures fit [1, H, W, 1], [1, H, W, 3], [1, H, W] and [1, n*n]; give a .npy file");
  return p;
}

Result<std::vector<std::string>> attached_labels(const Graph& graph, const std::string& name) {
  const auto files = attached_list({graph.attached.bytes, graph.attached.size});
  const auto file = std::ranges::find(files, name, &AttachedFile::name);
  if (file == files.end() || file->unpacked > kMaxLabelBytes) return std::vector<std::string>();
  std::string text(file->unpacked, 0);
  ByteStream stream(file->bytes, file->deflated ? ByteStream::Packing::deflate : ByteStream::Packing::none);
  const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(text.data()), text.size());
  const auto got = stream.read(bytes);
  if (!got || *got != text.size() || crc32(bytes) != file->crc)
    return fail(ErrorCode::bad_file, format("the file {} attached to the model is damaged", name));
  return label_lines(text, format("the attached file {}", name));
}

Result<std::vector<std::string>> read_labels(const std::string& path) {
  THIMBLE_ASSIGN(const std::string text, read_text_file(path));
  return label_lines(text, path);
}

void keep_feeding(const ModelFeeding& fed, Graph* graph) {
  if (fed.to_keep) graph->metadata[kPreprocessKey] = fed.feeding.to_json();
  describe_for_others(graph);
}

}  // namespace thimble
