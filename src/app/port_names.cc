#include "app/port_names.h"

#include <charconv>

#include "base/suggest.h"

namespace thimble::app {
namespace {

const std::string& name_of(const Graph& graph, const std::vector<TensorId>& ids, const std::vector<std::string>& names,
                           size_t i) {
  return i < names.size() && !names[i].empty() ? names[i] : graph.at(ids[i]).name;
}

}  // namespace

const std::string& input_name(const Graph& graph, size_t i) {
  return name_of(graph, graph.inputs, graph.input_names, i);
}

const std::string& output_name(const Graph& graph, size_t i) {
  return name_of(graph, graph.outputs, graph.output_names, i);
}

Result<size_t> find_input(const Graph& graph, const std::string& key) {
  size_t at = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), at);
  if (error == std::errc() && end == key.data() + key.size() && at < graph.inputs.size()) return at;
  std::vector<std::string> names;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const std::string &shown = input_name(graph, i), &tensor = graph.at(graph.inputs[i]).name;
    if (tensor == key || shown == key) return i;
    names.push_back(shown);
  }
  std::string hint = did_you_mean(key, names);
  if (hint.empty()) {
    hint = "inputs:";
    for (size_t i = 0; i < names.size(); ++i) hint += format(" {} or '{}'", i, names[i]);
  }
  return fail(ErrorCode::usage, format("the model has no input '{}'", key), hint);
}

}  // namespace thimble::app
