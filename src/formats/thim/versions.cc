// What packed files of each version have; see versions.h.
#include "formats/thim/versions.h"

#include <algorithm>

#include "formats/thim/fields.h"
#include "formats/thim/operators.h"
#include "formats/thim/tensor_codec.h"
#include "ops/operands.h"

namespace thimble::thim {

Attrs attributes_of(Op op) {
  const OperandRule* rule = operands_of(op);
  return rule ? rule->attributes : Attrs();
}

int newest_version(AttributesFn attributes) {
  int newest = kNewestCoding;
  for (uint64_t number = 0; number < numbers_end(); ++number) {
    if (operator_of(number) == Op::count) continue;
    newest = std::max(newest, since_version(number));
    std::vector<int> since;
    fields_of(attributes(operator_of(number)), &since);
    for (const int version : since) newest = std::max(newest, version);
  }
  return newest;
}

int version_of_fields(const Graph& graph, AttributesFn attributes) {
  int version = 1;
  for (const Node& node : graph.nodes) {
    const Attrs usual = attributes(node.op);
    if (!node.attrs.same_kind(usual)) continue;
    std::vector<int> since;
    const std::vector<Field> fields = fields_of(node.attrs, &since), defaults = fields_of(usual);
    for (size_t i = 0; i < fields.size(); ++i)
      if (fields[i] != defaults[i]) version = std::max(version, since[i]);
  }
  return version;
}

bool more_fields(const Graph& graph, AttributesFn attributes, int low, int high) {
  return std::ranges::any_of(graph.nodes, [&](const Node& node) {
    std::vector<int> since;
    fields_of(attributes(node.op), &since);
    return std::ranges::any_of(since, [&](int version) { return version > low && version <= high; });
  });
}

}  // namespace thimble::thim
