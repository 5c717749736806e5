// Reading goes on behind what is refused, so that one reading says all that is wrong.
#include <algorithm>

#include "formats/onnx/reader.h"

namespace thimble::onnx {

bool Reader::is_control(const NodeProto& n) const {
  return functions_.contains({n.domain, n.op, n.overload}) || n.op == "If" || n.op == "Loop" || n.op == "Scan" ||
         (n.domain == onnx::kPreview && n.op == "FlexAttention");
}

bool Reader::refuse(std::string_view name, const Error& error, Scope* scope) {
  if (!refused_ || error.code != ErrorCode::unsupported) return false;
  Error placed = error;
  placed.context.push_back(format("\"{}\"", name));
  refused_->push_back({Refusal::Kind::tensor, {}, std::string(name), std::move(placed)});
  stand_in(name, nullptr, scope);
  return true;
}

bool Reader::refuse(const NodeProto& n, std::string called, const Error& error, Scope* scope) {
  if (!refused_ || visits_ > kMostVisits) return false;  // that limit ends the reading
  const bool doubt = reads_doubtful(n, *scope), known = rule_for(n) || is_control(n);
  if (error.code != ErrorCode::unsupported && error.code != ErrorCode::needs_value &&
      !(doubt && error.code == ErrorCode::bad_file))
    return false;
  const bool custom = !n.domain.empty() && n.domain != "ai.onnx";
  const Refusal::Kind kind = known    ? (doubt ? Refusal::Kind::follows : Refusal::Kind::use)
                             : custom ? Refusal::Kind::custom_operator
                                      : Refusal::Kind::unknown_operator;
  if (refused_nodes_.insert(&n).second)
    refused_->push_back({kind, custom ? format("{}.{}", n.domain, n.op) : std::string(n.op), std::move(called), error});
  for (const std::string_view input : n.inputs)
    if (const TensorId* found = scope->find(input); found && *found != kNoTensor && !m_.constant(*found))
      m_.graph.outputs.push_back(*found);
  for (const std::string_view output : n.outputs) {
    if (output.empty() || scope->values.contains(output)) continue;
    const auto found = declared_.find(output);
    stand_in(output, found == declared_.end() ? nullptr : found->second, scope);
  }
  return true;
}

void Reader::stand_in(std::string_view name, const ValueProto* declared, Scope* scope) {
  Tensor x{.name = std::string(name), .shape = {1}};
  bool known = declared && declared->has_shape && declared->dims.size() <= Shape::kMaxRank;
  if (known) {
    const Result<DType> type = onnx::dtype_of(declared->type);
    known = type && placeholder(*declared, true, &x);
    if (known) x.type = *type;
  }
  const TensorId id = m_.graph.add(std::move(x));
  m_.graph.inputs.push_back(id);
  scope->values.emplace(name, id);
  doubtful_.insert(id);
  if (!known) unread_.insert(id);
}

bool Reader::reads_doubtful(const NodeProto& n, const Scope& scope) const {
  return std::ranges::any_of(n.inputs, [&](std::string_view input) {
    const TensorId* found = scope.find(input);
    return found && doubtful_.contains(*found);
  });
}

void Reader::doubt(const NodeProto& n, const Scope& scope) {
  if (doubtful_.empty() || !reads_doubtful(n, scope)) return;
  for (const std::string_view output : n.outputs)
    if (const TensorId* found = scope.find(output)) doubtful_.insert(*found);
}

}  // namespace thimble::onnx
