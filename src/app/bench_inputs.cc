#include "app/bench_inputs.h"

#include <charconv>
#include <cstring>

#include "app/model_inputs.h"
#include "app/port_names.h"
#include "base/file.h"
#include "base/random.h"
#include "ops/operands.h"

namespace thimble::app {
namespace {

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size() && !text.empty();) {
    const size_t end = std::min(text.find(by, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

template <class T>
Result<T> number_of(const std::string& text, const char* option) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::usage, format("{}: '{}' is not a number", option, text));
  return value;
}

Result<size_t> input_named(const Graph& graph, const std::string& name, const char* option) {
  auto at = find_input(graph, name);
  if (!at) return with_context(std::move(at).error(), option);
  return at;
}

// What --input_layer_shape says, per input of the graph; the graph's own where it says nothing.
Result<std::vector<Shape>> wanted_shapes(const BenchInputs& o, const Graph& graph) {
  std::vector<Shape> wanted;
  for (const TensorId t : graph.inputs) wanted.push_back(graph.at(t).shape);
  const std::vector<std::string> layers = split(o.layers, ','), shapes = split(o.shapes, ':');
  if (!shapes.empty() && shapes.size() != layers.size())
    return fail(ErrorCode::usage, format("--input_layer names {} inputs, --input_layer_shape gives {} shapes",
                                         layers.size(), shapes.size()));
  for (size_t i = 0; i < layers.size(); ++i) {
    THIMBLE_ASSIGN(const size_t at, input_named(graph, layers[i], "--input_layer"));
    if (shapes.empty()) continue;
    std::vector<int64_t> dims;
    for (const std::string& word : split(shapes[i], ',')) {
      THIMBLE_ASSIGN(const int64_t dim, number_of<int64_t>(word, "--input_layer_shape"));
      dims.push_back(dim);
    }
    THIMBLE_ASSIGN(wanted[at], Shape::make(std::span<const int64_t>(dims)));
  }
  return wanted;
}

// Whether they differ in free dimensions only.
bool can_take(const Tensor& tensor, const Shape& shape) {
  if (shape.rank() != tensor.shape.rank()) return false;
  for (int d = 0; d < shape.rank(); ++d)
    if (shape[d] != tensor.shape[d] && !(d == 0 ? tensor.batch_unknown : (tensor.free_dims >> d & 1) != 0))
      return false;
  return true;
}

// Uniform in [low, high]: whole numbers for integer inputs.
void fill_range(const Tensor& tensor, uint64_t stream, double low, double high, std::span<uint8_t> memory) {
  const auto size = static_cast<size_t>(bits(tensor.type) / 8);
  for (size_t i = 0; (i + 1) * size <= memory.size(); ++i) {
    const double u = static_cast<double>(random_bits(0, stream, i) >> 11) * 0x1p-53;
    if (tensor.type == DType::f32) {
      const auto value = static_cast<float>(low + (high - low) * u);
      std::memcpy(memory.data() + i * size, &value, size);
    } else {
      const auto value = static_cast<int64_t>(low + (high - low + 1) * u);
      std::memcpy(memory.data() + i * size, &value, size);  // little endian
    }
  }
}

}  // namespace

Result<std::vector<KnownInput>> bench_shapes(const BenchInputs& o, const Graph& graph) {
  THIMBLE_ASSIGN(const std::vector<Shape> wanted, wanted_shapes(o, graph));
  bool differ = false;
  std::vector<KnownInput> known;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const Tensor& own = graph.at(graph.inputs[i]);
    known.push_back({.shape = wanted[i]});
    differ = differ || !(wanted[i] == own.shape);
    if (!can_take(own, wanted[i]))
      return fail(ErrorCode::unsupported,
                  format("--input_layer_shape {} for the input {}, whose size the file fixes", wanted[i].to_string(),
                         own.to_string()),
                  "leave the option out");
  }
  if (!differ) known.clear();
  return known;
}

Result<std::vector<std::vector<uint8_t>>> bench_values(const BenchInputs& o, const Graph& graph) {
  std::vector<std::vector<uint8_t>> values;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    values.emplace_back(static_cast<size_t>(graph.at(graph.inputs[i]).bytes()));
    THIMBLE_TRY(fill_random(0, i, graph.at(graph.inputs[i]), values[i]));
    keep_indices_inside(graph, graph.inputs[i], values[i]);
  }
  for (const std::string& entry : split(o.value_ranges, ':')) {
    const std::vector<std::string> words = split(entry, ',');
    if (words.size() != 3)
      return fail(ErrorCode::usage, format("--input_layer_value_range: '{}'", entry), "write NAME,LOW,HIGH");
    THIMBLE_ASSIGN(const size_t at, input_named(graph, words[0], "--input_layer_value_range"));
    THIMBLE_ASSIGN(const double low, number_of<double>(words[1], "--input_layer_value_range"));
    THIMBLE_ASSIGN(const double high, number_of<double>(words[2], "--input_layer_value_range"));
    if (!(low <= high && low >= -1e15 && high <= 1e15))
      return fail(ErrorCode::usage, format("--input_layer_value_range: {} … {}", words[1], words[2]),
                  "give a low and a high value");
    fill_range(graph.at(graph.inputs[at]), at, low, high, values[at]);
  }
  for (const std::string& entry : split(o.value_files, ',')) {
    const size_t colon = entry.find(':');
    if (colon == std::string::npos)
      return fail(ErrorCode::usage, format("--input_layer_value_files: '{}'", entry), "write NAME:PATH");
    THIMBLE_ASSIGN(const size_t at, input_named(graph, entry.substr(0, colon), "--input_layer_value_files"));
    THIMBLE_ASSIGN(const std::vector<uint8_t> bytes, read_file(entry.substr(colon + 1)));
    const std::span<uint8_t> memory = values[at];
    if (bytes.size() != memory.size())
      return fail(ErrorCode::bad_file, format("{} has {} bytes, the input {} has {}", entry.substr(colon + 1),
                                              bytes.size(), graph.at(graph.inputs[at]).to_string(), memory.size()));
    values[at] = bytes;
  }
  return values;
}

}  // namespace thimble::app
