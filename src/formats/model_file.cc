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

// External data lies in the folder of the file that the name is the path of.
Result<Checked> read_onnx(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner, std::string_view name,
                          const ReadOptions& options) {
  const std::string path(name);
  return read_checked_onnx(bytes, std::move(owner), options.known,
                           {.folder = file_exists(path) ? directory_of(path) : "", .refused = options.refused});
}

// A damaged file that is something else altogether is called by its name.
Error named(Error error, std::span<const uint8_t> bytes, std::string_view name) {
  if (error.code != ErrorCode::bad_file || is_thim(bytes) || is_tflite(bytes)) return error;
  if (const auto other = foreign_file(bytes, name))
    return {ErrorCode::bad_file, format("this is {}, not a model that Thimble reads", other->what), {}, other->remedy};
  return error;
}

Status expect_signature(const Graph& graph, std::string_view wanted) {
  if (wanted.empty() || wanted == graph.signature) return {};
  return fail(ErrorCode::usage, format("the model has no signature \"{}\"", wanted),
              graph.signature.empty() ? "it holds one network: leave the option out"
                                      : format("it has \"{}\"", graph.signature));
}

// Of a format whose reader cannot be asked to go on: one stage, read for more and more of the inputs' values.
Result<StagedModel> read_for_values(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                    std::string_view name, const ReadOptions& options, RunTimeValues& values) {
  THIMBLE_ASSIGN(const Graph edges, read_model_edges(bytes, name, options.signature));
  std::vector<KnownInput> known(options.known.begin(), options.known.end());
  Result<Checked> read = read_model(bytes, owner, name, ReadOptions{known, options.signature});
  for (const bool all : {false, true}) {
    if (read || read.error().code != ErrorCode::needs_value) break;
    known.resize(edges.inputs.size());
    for (size_t i = 0; i < known.size(); ++i) {
      const DType type = edges.at(edges.inputs[i]).type;
      const bool counts = type == DType::i32 || type == DType::i64 || type == DType::boolean;
      if (known[i].value || (!all && !counts)) continue;
      THIMBLE_ASSIGN(known[i].value, values.value(nullptr, static_cast<Slot>(i)));
    }
    read = read_model(bytes, owner, name, ReadOptions{known, options.signature});
  }
  if (!read) return tl::unexpected<Error>(std::move(read).error());
  StagedModel model;
  model.last.checked = std::move(*read);
  Graph& graph = model.last.checked.graph;
  for (size_t i = 0; i < edges.inputs.size(); ++i)
    if (known.empty() || !known[i].value) model.last.inputs.push_back(static_cast<Slot>(i));
  for (const TensorId t : graph.outputs) {
    const auto slot = static_cast<Slot>(edges.inputs.size() + model.outputs.size());
    model.last.outputs.push_back(slot);
    model.outputs.push_back({graph.at(t), slot});
    model.outputs.back().tensor.data = {};
  }
  for (size_t t = 0; t < graph.tensors.size(); ++t)
    if (graph.tensors[t].variable) graph.tensors[t].name += format(" {}", t);
  return model;
}

}  // namespace

Result<Checked> read_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner, std::string_view name,
                           std::span<const KnownInput> known) {
  return read_model(bytes, std::move(owner), name, ReadOptions{.known = known, .signature = {}});
}

Result<Checked> read_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner, std::string_view name,
                           const ReadOptions& options) {
  if (bytes.empty()) return fail(ErrorCode::bad_file, "the file is empty");
  auto model = is_onnx(bytes, name) ? read_onnx(bytes, std::move(owner), name, options)
               : is_thim(bytes)
                   ? read_packed(bytes, options.known)
                   : read_checked_tflite(bytes, std::move(owner),
                                         {options.known, options.signature, options.refused, options.custom});
  if (!model) return tl::unexpected<Error>(named(std::move(model).error(), bytes, name));
  if (!is_tflite(bytes)) THIMBLE_TRY(expect_signature(model->graph, options.signature));
  return model;
}

Result<StagedModel> read_staged_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                      std::string_view name, const ReadOptions& options, RunTimeValues& values) {
  if (is_tflite(bytes)) {
    const TfliteReadOptions of{options.known, options.signature, nullptr, options.custom};
    return read_staged_tflite(bytes, std::move(owner), of, values);
  }
  return read_for_values(bytes, std::move(owner), name, options, values);
}

Result<Graph> read_model_edges(std::span<const uint8_t> bytes, std::string_view name, std::string_view signature) {
  if (is_tflite(bytes)) return read_tflite_edges(bytes, signature);
  if (is_onnx(bytes, name)) return read_onnx_edges(bytes);
  THIMBLE_ASSIGN(Checked model, read_model(bytes, nullptr, name, ReadOptions{.known = {}, .signature = signature}));
  Graph& graph = model.graph;
  graph.nodes.clear();
  std::vector<char> edge(graph.tensors.size(), 0);
  for (const auto* list : {&graph.inputs, &graph.outputs})
    for (const TensorId t : *list) edge[static_cast<size_t>(t)] = 1;
  graph.keep_tensors(edge);
  return std::move(graph);
}

bool is_onnx_name(std::string_view path) { return path.size() > 5 && path.ends_with(".onnx"); }

bool is_packed_name(std::string_view path) { return path.size() > 5 && path.ends_with(".thim"); }

}  // namespace thimble
