// Operators of a .tflite file that make no node of their own: branches, loops, functions, resources.
#include <algorithm>

#include "formats/tflite/schema.h"
#include "formats/tflite/subgraph_reader.h"
#include "ops/make.h"

namespace thimble::tflite {
namespace {

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

// The options table, where it is of this kind.
Result<Table> options_of(const Table& table, int kind, const std::string& what) {
  const int found = table.scalar<uint8_t>(schema::kOperatorOptionsType, 0);
  if (found != kind) return damaged(format("{} carries options of kind {}, not {}", what, found, kind));
  return table.table(schema::kOperatorOptions);
}

}  // namespace

bool is_control(int builtin) {
  switch (builtin) {
    case schema::kIfOperator:
    case schema::kWhileOperator:
    case schema::kCallOnceOperator:
    case schema::kVarHandleOperator:
    case schema::kReadVariableOperator:
    case schema::kAssignVariableOperator:
    case schema::kCompositeOperator: return true;
    default: return false;
  }
}

std::optional<Status> SubgraphReader::control(int builtin, const Table& table, const std::string& what) {
  switch (builtin) {
    case schema::kIfOperator: return branch(table, what);
    case schema::kWhileOperator: return loop(table, what);
    case schema::kCallOnceOperator: return call_once(table, what);
    case schema::kVarHandleOperator: return handle(table, what);
    case schema::kReadVariableOperator: return read_variable(table, what);
    case schema::kAssignVariableOperator: return assign_variable(table, what);
    case schema::kCompositeOperator: return composite(table, what);
    default: return std::nullopt;
  }
}

Result<size_t> SubgraphReader::subgraph_of(int32_t index, const std::string& what) const {
  if (index < 0 || static_cast<size_t>(index) >= model_.subgraphs.size())
    return damaged(format("{} names subgraph {}, there are {}", what, index, model_.subgraphs.size()));
  model_.reached_[static_cast<size_t>(index)] = 1;
  return static_cast<size_t>(index);
}

// What the operands stand for.
Result<std::vector<Operand>> SubgraphReader::given(std::span<const int32_t> list, const std::string& what) const {
  std::vector<Operand> values;
  for (const int32_t t : list) {
    if (t == kNoTensor) return damaged(format("an operand of {} is left out", what));
    const Operand& value = operands_[static_cast<size_t>(t)];
    if (!value.given() || (value.id != kNoTensor && reading_.origin(value.id) == Origin::nothing))
      return damaged(format("the operand \"{}\" of {} is used before it is computed",
                            layout_->tensors[static_cast<size_t>(t)].string(schema::kTensorName), what));
    values.push_back(value);
  }
  return values;
}

// The tensors of the list stand for these values from now on.
Status SubgraphReader::give(std::span<const int32_t> list, const std::vector<Operand>& values,
                            const std::string& what) {
  if (list.size() != values.size())
    return damaged(format("{} has {} outputs, and its subgraph gives {}", what, list.size(), values.size()));
  for (size_t i = 0; i < list.size(); ++i) {
    const auto position = static_cast<size_t>(list[i]);
    const Table table = layout_->tensors[position];
    const int type = table.scalar<int8_t>(schema::kTensorType, 0);
    const std::string called(table.string(schema::kTensorName).substr(0, 4096));
    if (operands_[position].given()) return damaged(format("the output \"{}\" of {} is computed twice", called, what));
    if ((values[i].variable >= 0) != (type == schema::kResourceType))
      return damaged(format("the output \"{}\" of {} is {}", called, what, schema::type_name(type)));
    operands_[position] = values[i];
    if (values[i].variable >= 0) continue;
    Tensor said;
    DeclaredShape declared;
    THIMBLE_TRY(model_.tensors.read(table, layout_->uses[position], true, &said, &declared));
    const Tensor& tensor = reading_.graph.at(values[i].id);
    if (said.type != tensor.type)
      return damaged(format("the output {} of {} is given {}", said.to_string(), what, tensor.to_string()));
    if (said.data || said.variable)
      return damaged(format("the output \"{}\" of {} is a constant or a variable", called, what));
    if (!(said.quant == tensor.quant))
      return fail(ErrorCode::unsupported, format("the output {} of {} has other scales than {}, which it is given",
                                                 said.to_string(), what, tensor.to_string()));
    reading_.shapes_open = reading_.shapes_open || !(said.shape == tensor.shape);
  }
  return {};
}

// The condition of a branch or a loop, which has to be known: to the file, or to the run that it is read for.
Result<bool> SubgraphReader::truth(const Operand& condition, const std::string& what) {
  if (condition.variable >= 0) return damaged(format("the condition of {} is a resource", what));
  const Tensor tensor = reading_.graph.at(condition.id);
  if (tensor.type != DType::boolean || tensor.shape.elements() != 1)
    return damaged(format("the condition of {} is {}, not one bool", what, tensor.to_string()));
  if (Status s = reading_.know(condition.id); !s)
    return with_context(std::move(s).error(), format("the condition {} of {}", tensor.to_string(), what));
  return reading_.graph.at(condition.id).data.bytes[0] != 0;
}

// IfOptions: 0 then_subgraph_index, 1 else_subgraph_index. Inputs: the condition, then the operands of both.
Status SubgraphReader::branch(const Table& table, const std::string& what) {
  THIMBLE_ASSIGN(const Table options, options_of(table, schema::kIfOptions, what));
  THIMBLE_ASSIGN(const size_t yes, subgraph_of(options.scalar<int32_t>(0, 0), what));
  THIMBLE_ASSIGN(const size_t no, subgraph_of(options.scalar<int32_t>(1, 0), what));
  THIMBLE_ASSIGN(std::vector<Operand> operands, given(table.scalars<int32_t>(schema::kOperatorInputs), what));
  if (operands.empty()) return damaged(format("{} has no condition", what));
  THIMBLE_ASSIGN(const bool taken, truth(operands[0], what));
  operands.erase(operands.begin());
  THIMBLE_ASSIGN(const std::vector<Operand> results, model_.call(taken ? yes : no, operands, suffix_));
  return give(table.scalars<int32_t>(schema::kOperatorOutputs), results, what);
}

// WhileOptions: 0 cond_subgraph_index, 1 body_subgraph_index.
Status SubgraphReader::loop(const Table& table, const std::string& what) {
  THIMBLE_ASSIGN(const Table options, options_of(table, schema::kWhileOptions, what));
  THIMBLE_ASSIGN(const size_t condition, subgraph_of(options.scalar<int32_t>(0, 0), what));
  THIMBLE_ASSIGN(const size_t body, subgraph_of(options.scalar<int32_t>(1, 0), what));
  THIMBLE_ASSIGN(std::vector<Operand> values, given(table.scalars<int32_t>(schema::kOperatorInputs), what));
  const GraphReading::Holder holder = [&values](std::vector<char>& held) {
    for (const Operand& value : values)
      if (value.id != kNoTensor) held[static_cast<size_t>(value.id)] = 1;
  };
  reading_.hold(&holder);
  const Status looped = [&]() -> Status {
    for (int64_t turn = 0;; ++turn) {
      const std::string suffix = format("{}/{}", suffix_, turn);
      THIMBLE_ASSIGN(const std::vector<Operand> said, model_.call(condition, values, suffix));
      if (said.size() != 1) return damaged(format("the condition of {} gives {} values", what, said.size()));
      THIMBLE_ASSIGN(const bool goes_on, truth(said[0], what));
      if (!goes_on) return {};
      THIMBLE_ASSIGN(std::vector<Operand> next, model_.call(body, values, suffix));
      if (next.size() != values.size())
        return damaged(format("the body of {} gives {} values for {}", what, next.size(), values.size()));
      values = std::move(next);
    }
  }();
  reading_.release();
  THIMBLE_TRY(looped);
  return give(table.scalars<int32_t>(schema::kOperatorOutputs), values, what);
}

// StableHLOCompositeOptions: 0 name, 1 decomposition_subgraph_index.
Status SubgraphReader::composite(const Table& table, const std::string& what) {
  if (const int kind = table.scalar<uint8_t>(schema::kOperatorOptions2Type, 0); kind != schema::kCompositeOptions)
    return damaged(format("{} carries options of kind {}, not {}", what, kind, schema::kCompositeOptions));
  const Table options = table.table(schema::kOperatorOptions2);
  THIMBLE_ASSIGN(const size_t body, subgraph_of(options.scalar<int32_t>(1, 0), what));
  THIMBLE_ASSIGN(const std::vector<Operand> operands, given(table.scalars<int32_t>(schema::kOperatorInputs), what));
  THIMBLE_ASSIGN(const std::vector<Operand> results, model_.call(body, operands, suffix_));
  return give(table.scalars<int32_t>(schema::kOperatorOutputs), results, what);
}

// CallOnceOptions: 0 init_subgraph_index.
Status SubgraphReader::call_once(const Table& table, const std::string& what) {
  THIMBLE_ASSIGN(const Table options, options_of(table, schema::kCallOnceOptions, what));
  THIMBLE_ASSIGN(const size_t body, subgraph_of(options.scalar<int32_t>(0, 0), what));
  return model_.initialise(body);
}

// VarHandleOptions: 0 container, 1 shared_name.
Status SubgraphReader::handle(const Table& table, const std::string& what) {
  THIMBLE_ASSIGN(const Table options, options_of(table, schema::kVarHandleOptions, what));
  const std::string name = format("{}/{}", options.string(0), options.string(1));
  const std::vector<Operand> handle{{.variable = model_.variable(name)}};
  return give(table.scalars<int32_t>(schema::kOperatorOutputs), handle, what);
}

Status SubgraphReader::read_variable(const Table& table, const std::string& what) {
  THIMBLE_ASSIGN(const std::vector<Operand> operands, given(table.scalars<int32_t>(schema::kOperatorInputs), what));
  if (operands.size() != 1 || operands[0].variable < 0) return damaged(format("{} reads no variable", what));
  const ModelReading::Variable& variable = model_.variables[static_cast<size_t>(operands[0].variable)];
  if (variable.now == kNoTensor)
    return fail(ErrorCode::bad_file,
                format("{} reads the variable \"{}\" before anything is assigned to it", what, variable.name));
  return give(table.scalars<int32_t>(schema::kOperatorOutputs), {{.id = variable.now}}, what);
}

Status SubgraphReader::assign_variable(const Table& table, const std::string& what) {
  THIMBLE_ASSIGN(const std::vector<Operand> operands, given(table.scalars<int32_t>(schema::kOperatorInputs), what));
  if (operands.size() != 2 || operands[0].variable < 0 || operands[1].id == kNoTensor)
    return damaged(format("{} takes a variable and a value", what));
  if (!table.scalars<int32_t>(schema::kOperatorOutputs).empty()) return damaged(format("{} has outputs", what));
  return model_.assign(operands[0].variable, operands[1].id, what);
}

int ModelReading::variable(const std::string& name) {
  const auto [at, is_new] = variable_of_.try_emplace(name, static_cast<int>(variables.size()));
  if (is_new) variables.push_back({.name = name});
  return at->second;
}

Status ModelReading::assign(int variable, TensorId value, const std::string& what) {
  Variable& v = variables[static_cast<size_t>(variable)];
  if (!initialising_) {
    v.now = value;
    return {};
  }
  if (reading.origin(value) == Origin::run_time)
    return fail(ErrorCode::unsupported,
                format("{} gives the variable \"{}\" a first value that is no constant", what, v.name));
  THIMBLE_TRY(reading.know(value));
  if (v.state != kNoTensor) return damaged(format("the variable \"{}\" is given its first value twice", v.name));
  Tensor state = reading.graph.at(value);
  state.name = v.name;
  state.variable = true;
  v.state = v.now = reading.add(std::move(state), {}, Origin::run_time);
  reading.set_variable(v.state, "variable " + v.name);
  return {};
}

Status ModelReading::initialise(size_t subgraph) {
  if (initialised_[subgraph]) return {};
  if (initialising_) return damaged("an initialiser calls another one");
  initialised_[subgraph] = 1;
  initialising_ = true;
  auto done = call(subgraph, {}, "");
  initialising_ = false;
  if (!done) return tl::unexpected<Error>(std::move(done).error());
  return {};
}

// A tensor with the same values in memory of its own.
Result<TensorId> ModelReading::copy_of(TensorId t) {
  const Tensor original = reading.graph.at(t);
  const auto rank = static_cast<size_t>(original.shape.rank());
  std::vector<TensorId> box;
  for (const int32_t value : {0, -1}) {
    const std::vector<int32_t> all(rank, value);
    box.push_back(reading.add({.name = original.name + (value == 0 ? "/begin" : "/size"),
                               .type = DType::i32,
                               .shape = {original.shape.rank()},
                               .data = Data::of(std::span<const int32_t>(all))},
                              {}, Origin::constant));
  }
  const std::string name = original.name + "/copy";
  const TensorId copy =
      reading.add({.name = name, .type = original.type, .shape = original.shape, .quant = original.quant},
                  {.open = true}, Origin::nothing);
  THIMBLE_TRY(reading.emit(make::copy(t, box[0], box[1], copy, name), "a copy of a variable"));
  return copy;
}

Status ModelReading::end_run() {
  std::vector<Variable> changed;
  for (const Variable& v : variables)
    if (v.state != kNoTensor && v.now != v.state) changed.push_back(v);
  if (changed.empty()) return {};
  // What looks at the memory of a variable has to be read before that memory is written.
  const auto looks_at_variable = [&](TensorId t) { return reading.graph.at(reading.seen_by(t)).variable; };
  for (TensorId& t : reading.graph.outputs)
    if (looks_at_variable(t)) {
      const std::string name = reading.graph.at(t).name;
      THIMBLE_ASSIGN(t, copy_of(t));
      reading.graph.at(t).name = name;
    }
  for (Variable& v : changed)
    if (looks_at_variable(v.now)) {
      THIMBLE_ASSIGN(v.now, copy_of(v.now));
    }
  for (const Variable& v : changed) {
    const Tensor &state = reading.graph.at(v.state), &value = reading.graph.at(v.now);
    if (state.type != value.type || !(state.shape == value.shape) || !(state.quant == value.quant))
      return fail(ErrorCode::unsupported,
                  format("the variable {} is assigned {}", state.to_string(), value.to_string()),
                  "variables keep their type, shape and scales");
    THIMBLE_TRY(reading.emit(make::assignment(v.state, v.now, v.name), format("ASSIGN_VARIABLE of \"{}\"", v.name)));
  }
  return {};
}

}  // namespace thimble::tflite
