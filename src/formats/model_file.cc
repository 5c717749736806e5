#include "formats/model_file.h"

#include <algorithm>

#include "base/file.h"
#include "formats/foreign_file.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"

namespace thimble {

bool is_tflite(std::span<const uint8_t> bytes) {
  constexpr char kIdentifier[] = {'T', 'F', 'L', '3'};
  return bytes.size() >= 8 && std::equal(std::begin(kIdentifier), std::end(kIdentifier), bytes.begin() + 4);
}

bool is_onnx(std::span<const uint8_t> bytes, std::string_view name) {
  return !is_thim(bytes) && !is_tflite(bytes) && (is_onnx_name(name) || onnx::looks_like_onnx(bytes));
}

namespace {

// Shapes are fixed in a packed file; values are put in afterwards.
Result<Checked> read_packed(std::span<const uint8_t> bytes, std::span<const KnownInput> known) {
  THIMBLE_ASSIGN(Checked model, read_checked_thim(bytes));
  if (known.empty()) return model;
  Graph& graph = model.graph;
  if (known.size() != graph.inputs.size())
    return fail(ErrorCode::usage, format("{} shapes for {} inputs", known.size(), graph.inputs.size()));
  std::vector<TensorId> left;
  std::vector<std::string> names;
  for (size_t i = 0; i < known.size(); ++i) {
    Tensor& x = graph.at(graph.inputs[i]);
    if (known[i].shape && !(*known[i].shape == x.shape))
      return fail(ErrorCode::usage,
                  format("input {} {} cannot take the shape {}", i, x.to_string(), known[i].shape->to_string()));
    if (known[i].value) {
      if (static_cast<int64_t>(known[i].value.size) != x.bytes())
        return fail(ErrorCode::usage, format("the value of input {} {} has {} bytes, not {}", i, x.to_string(),
                                             known[i].value.size, x.bytes()));
      x.data = known[i].value;
      continue;
    }
    left.push_back(graph.inputs[i]);
    if (i < graph.input_names.size()) names.push_back(graph.input_names[i]);
  }
  graph.inputs = std::move(left);
  graph.input_names = std::move(names);
  return check(std::move(graph));
}

}  // namespace

Result<Checked> read_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner, std::string_view name,
                           std::span<const KnownInput> known) {
  if (bytes.empty()) return fail(ErrorCode::bad_file, "the file is empty");
  if (is_onnx(bytes, name)) {
    const std::string path(name);
    return read_checked_onnx(bytes, std::move(owner), known, {.folder = file_exists(path) ? directory_of(path) : ""});
  }
  auto model = is_thim(bytes) ? read_packed(bytes, known) : read_checked_tflite(bytes, std::move(owner), known);
  const bool ours = is_thim(bytes) || is_tflite(bytes);
  if (!model && model.error().code == ErrorCode::bad_file && !ours)
    if (const auto other = foreign_file(bytes, name))
      return fail(ErrorCode::bad_file, format("this is {}, not a model that Thimble reads", other->what),
                  other->remedy);
  return model;
}

bool is_onnx_name(std::string_view path) { return path.size() > 5 && path.ends_with(".onnx"); }

bool is_packed_name(std::string_view path) { return path.size() > 5 && path.ends_with(".thim"); }

}  // namespace thimble
