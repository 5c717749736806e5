// Reading on behind what is refused, so that one reading says all that is wrong with a file.
#include <algorithm>

#include "formats/tflite/schema.h"
#include "formats/tflite/subgraph_reader.h"

namespace thimble::tflite {
namespace {

bool may_go_on(ErrorCode code) { return code == ErrorCode::unsupported || code == ErrorCode::needs_value; }

}  // namespace

bool SubgraphReader::refuse_tensor(size_t position, const Error& error) {
  if (!model_.refused || error.code != ErrorCode::unsupported) return false;
  Error placed = error;
  placed.context.push_back(format("tensor {}", position));
  const std::string name(layout_->tensors[position].string(schema::kTensorName));
  model_.refused->push_back({Refusal::Kind::tensor, {}, name, std::move(placed)});
  stand_in(position);
  return true;
}

// In place of a tensor that cannot be read: no operator that names it is read either.
void SubgraphReader::stand_in(size_t position) {
  const TensorUse& use = layout_->uses[position];
  Tensor tensor{.name = std::string(layout_->tensors[position].string(schema::kTensorName).substr(0, 4096)),
                .type = DType::u8,
                .shape = {1}};
  const TensorId id = reading_.add(std::move(tensor), {.open = true}, Origin::nothing);
  operands_[position] = {.id = id};
  model_.unread.insert(id);
  model_.doubtful.insert(id);
  if (use.produced || use.input) return;
  reading_.origin(id) = Origin::run_time;
  reading_.graph.inputs.push_back(id);
}

// Errors: unsupported, where the operator works on what could not be read.
Status SubgraphReader::expect_read(size_t position) const {
  if (model_.unread.empty()) return {};
  const Table table = layout_->operators[position];
  for (const int field : {schema::kOperatorInputs, schema::kOperatorOutputs})
    for (const int32_t t : table.scalars<int32_t>(field)) {
      if (t == kNoTensor || !model_.unread.contains(operands_[static_cast<size_t>(t)].id)) continue;
      const Table tensor = layout_->tensors[static_cast<size_t>(t)];
      return fail(ErrorCode::unsupported,
                  format("it works on \"{}\", a tensor of {} that cannot be read", tensor.string(schema::kTensorName),
                         schema::type_name(tensor.scalar<int8_t>(schema::kTensorType, 0))));
    }
  return {};
}

bool SubgraphReader::reads_doubtful(size_t position) const {
  const auto inputs = layout_->operators[position].scalars<int32_t>(schema::kOperatorInputs);
  return std::ranges::any_of(inputs, [this](int32_t t) {
    return t != kNoTensor && model_.doubtful.contains(operands_[static_cast<size_t>(t)].id);
  });
}

void SubgraphReader::doubt_outputs(size_t position) {
  for (const int32_t t : layout_->operators[position].scalars<int32_t>(schema::kOperatorOutputs))
    if (const TensorId id = operands_[static_cast<size_t>(t)].id; id != kNoTensor) model_.doubtful.insert(id);
}

// What the operator reads is an output of the graph, and what it would give an input, as the file declares it.
bool SubgraphReader::refuse_node(size_t position, const Error& error) {
  if (!model_.refused) return false;
  const bool doubt = reads_doubtful(position);
  if (!may_go_on(error.code) && !(doubt && error.code == ErrorCode::bad_file)) return false;
  const Table table = layout_->operators[position];
  const auto code = table.scalar<uint32_t>(schema::kOperatorCodeIndex, 0);
  if (code >= model_.codes.size()) return false;
  const auto outputs = table.scalars<int32_t>(schema::kOperatorOutputs);
  if (model_.refused_.insert({subgraph_, position}).second) {
    Error placed = error;
    placed.context.push_back(format("operator {}", position));
    const Table operator_code = model_.codes[code];
    const bool custom = builtin_code(operator_code) == schema::kCustomOperator;
    const Refusal::Kind kind = operators_of(operator_code) ? (doubt ? Refusal::Kind::follows : Refusal::Kind::use)
                               : custom                    ? Refusal::Kind::custom_operator
                                                           : Refusal::Kind::unknown_operator;
    const std::string name(
        outputs.empty() ? "" : layout_->tensors[static_cast<size_t>(outputs[0])].string(schema::kTensorName));
    model_.refused->push_back({kind, operator_name(operator_code), name, std::move(placed)});
  }
  for (const int32_t t : table.scalars<int32_t>(schema::kOperatorInputs))
    if (const TensorId id = t == kNoTensor ? kNoTensor : operands_[static_cast<size_t>(t)].id;
        id != kNoTensor && !reading_.graph.at(id).constant() && reading_.origin(id) != Origin::nothing)
      reading_.graph.outputs.push_back(id);
  for (const int32_t t : outputs) {
    const auto at = static_cast<size_t>(t);
    if (operands_[at].variable >= 0) continue;
    if (!declared(at)) stand_in(at);
    const TensorId id = operands_[at].id;
    if (reading_.origin(id) != Origin::nothing) continue;
    reading_.origin(id) = Origin::run_time;
    reading_.graph.inputs.push_back(id);
  }
  doubt_outputs(position);
  return true;
}

}  // namespace thimble::tflite
