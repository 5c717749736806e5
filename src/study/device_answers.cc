#include "study/device_answers.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/format.h"
#include "data/npy.h"

namespace thimble {
namespace {

constexpr double kRunSeconds = 3600;

// The shape of n runs as one array: n in place of a leading 1, else ahead.
std::vector<int64_t> stacked(const Tensor& tensor, int64_t n) {
  std::vector<int64_t> shape(tensor.shape.dims().begin(), tensor.shape.dims().end());
  if (n == 1) return shape;
  if (!shape.empty() && shape[0] == 1)
    shape[0] = n;
  else
    shape.insert(shape.begin(), n);
  return shape;
}

Status check_types(const Graph& graph) {
  for (const auto* ids : {&graph.inputs, &graph.outputs})
    for (const TensorId id : *ids)
      if (npy_type(graph.at(id).type).empty())
        return fail(ErrorCode::unsupported, format("{} does not travel to devices: arrays have no such element type",
                                                   graph.at(id).to_string()));
  return {};
}

// "pass_seconds" of what `run --repeat N --json` says.
Status read_passes(const std::string& said, int64_t passes, std::vector<double>* seconds) {
  const nlohmann::json json = nlohmann::json::parse(said, nullptr, false);
  const auto list = json.is_object() ? json.find("pass_seconds") : json.end();
  if (json.is_object() && list != json.end() && list->is_array())
    for (const auto& value : *list)
      if (value.is_number()) seconds->push_back(value.get<double>());
  if (std::ssize(*seconds) == passes) return {};
  return fail(ErrorCode::io, format("the device timed {} passes, not {}", seconds->size(), passes),
              "its thimble-run is another version: `make dist`");
}

// One file per input, one run there.
Status some_runs(Device& device, const std::string& model, const Graph& graph,
                 const std::vector<std::span<const uint8_t>>& inputs, int64_t begin, int64_t n, int threads,
                 std::vector<std::vector<uint8_t>>* outputs, int64_t passes, std::vector<double>* seconds) {
  const std::string answers = device.place("answers");
  std::vector<std::string> arguments = {"run", model};
  if (passes > 0) arguments.insert(arguments.end(), {"--repeat", std::to_string(passes)});
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& tensor = graph.at(graph.inputs[i]);
    const auto bytes = static_cast<size_t>(tensor.bytes());
    const auto part = inputs[i].subspan(static_cast<size_t>(begin) * bytes, static_cast<size_t>(n) * bytes);
    THIMBLE_ASSIGN(const std::string there,
                   device.put(format("input_{}.npy", i), npy_bytes(npy_type(tensor.type), stacked(tensor, n), part)));
    arguments.insert(arguments.end(), {"--input", format("{}={}", i, there)});
  }
  arguments.insert(arguments.end(), {"--output-dir", answers, "--quiet", "--json"});
  if (threads > 0) arguments.insert(arguments.end(), {"--threads", std::to_string(threads)});
  const auto fetch = [&]() -> Status {
    THIMBLE_ASSIGN(const std::string said, device.run(arguments, kRunSeconds));
    if (seconds) THIMBLE_TRY(read_passes(said, passes, seconds));
    for (size_t i = 0; i < outputs->size(); ++i) {
      THIMBLE_ASSIGN(const std::string npy, device.get(format("{}/{}.npy", answers, i)));
      THIMBLE_ASSIGN(const NpyArray array, parse_npy({reinterpret_cast<const uint8_t*>(npy.data()), npy.size()}));
      const auto wanted = static_cast<size_t>(n * graph.at(graph.outputs[i]).bytes());
      if (array.bytes.size() != wanted)
        return fail(ErrorCode::io,
                    format("{} bytes of answers came back from the device, not {}", array.bytes.size(), wanted));
      (*outputs)[i].insert((*outputs)[i].end(), array.bytes.begin(), array.bytes.end());
    }
    return {};
  };
  const Status fetched = fetch();
  device.drop(answers);
  return fetched;
}

int64_t runs_per_file(const Graph& graph) {
  int64_t largest = 1;
  for (const TensorId id : graph.inputs) largest = std::max(largest, graph.at(id).bytes());
  return std::max<int64_t>(1, kMostDeviceBytes / largest);
}

}  // namespace

Result<std::vector<std::vector<uint8_t>>> device_answers(Device& device, const std::string& model_there,
                                                         const Graph& graph,
                                                         const std::vector<std::span<const uint8_t>>& inputs,
                                                         int64_t runs, int threads) {
  THIMBLE_TRY(check_types(graph));
  std::vector<std::vector<uint8_t>> outputs(graph.outputs.size());
  const int64_t most = runs_per_file(graph);
  for (int64_t begin = 0; begin < runs; begin += most)
    THIMBLE_TRY(some_runs(device, model_there, graph, inputs, begin, std::min(most, runs - begin), threads, &outputs, 0,
                          nullptr));
  return outputs;
}

Result<std::vector<double>> device_passes(Device& device, const std::string& model_there, const Graph& graph,
                                          const std::vector<std::span<const uint8_t>>& inputs, int64_t runs,
                                          int threads, int64_t passes) {
  THIMBLE_TRY(check_types(graph));
  std::vector<std::vector<uint8_t>> outputs(graph.outputs.size());
  std::vector<double> seconds;
  THIMBLE_TRY(some_runs(device, model_there, graph, inputs, 0, runs, threads, &outputs, passes, &seconds));
  return seconds;
}

Result<EvaluationResult> evaluate_on_device(Device& device, const std::string& model, const Graph& graph,
                                            const Dataset& set, const Feeding& feeding,
                                            const EvaluateOptions& options) {
  THIMBLE_TRY(check_fits(graph, set));
  THIMBLE_ASSIGN(const std::string model_there, device.put(model));
  const Tensor &input = graph.at(graph.inputs[0]), &output = graph.at(graph.outputs[0]);
  const auto in_bytes = static_cast<size_t>(input.bytes()), out_bytes = static_cast<size_t>(output.bytes());
  EvaluationResult result;
  result.n = set.size();
  result.width = output.shape.elements();
  result.outputs.resize(static_cast<size_t>(result.n * result.width));
  SampleFeed feed(input, set, feeding);
  const int64_t most = runs_per_file(graph);
  for (int64_t begin = 0; begin < result.n; begin += most) {
    const int64_t n = std::min(most, result.n - begin);
    std::vector<uint8_t> samples(in_bytes * static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i)
      feed.put(begin + i, std::span(samples).subspan(static_cast<size_t>(i) * in_bytes, in_bytes));
    THIMBLE_ASSIGN(const auto answers, device_answers(device, model_there, graph, {samples}, n, options.threads));
    for (int64_t i = 0; i < n; ++i)
      read_output(output, std::span(answers[0]).subspan(static_cast<size_t>(i) * out_bytes, out_bytes),
                  {result.outputs.data() + (begin + i) * result.width, static_cast<size_t>(result.width)});
    if (options.progress) options.progress(begin + n, result.n);
  }
  score_outputs(graph, set, &result);
  return result;
}

}  // namespace thimble
