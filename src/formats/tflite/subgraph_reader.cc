#include "formats/tflite/subgraph_reader.h"

#include <algorithm>

#include "formats/tflite/schema.h"

namespace thimble::tflite {
namespace {

constexpr size_t kMaxDepth = 16;

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

// How a tensor's scales stand in other tensors, a scale for each block of a row; null where they do not.
Table blockwise(const Table& tensor) {
  const Table q = tensor.table(schema::kTensorQuantization);
  const bool of_blocks = q && q.scalar<uint8_t>(schema::kQuantDetailsType, 0) == schema::kBlockwiseDetails;
  return of_blocks ? q.table(schema::kQuantDetails) : Table();
}

// The tensor of zero points: −1 and the schema's default, 0, stand for none.
int32_t zero_points_of(const Table& blocks) {
  const auto t = blocks.scalar<int32_t>(schema::kBlockwiseZeroPoints, 0);
  return t == 0 ? kNoTensor : t;
}

}  // namespace

ModelReading::ModelReading(TfliteFile& f, RunTimeValues* values)
    : file(f),
      codes(f.model().tables(schema::kModelOperatorCodes)),
      subgraphs(f.model().tables(schema::kModelSubgraphs)),
      tensors(f, f.owner() == nullptr),
      reading(values),
      nodes(reading),
      layouts_(subgraphs.size()),
      initialised_(subgraphs.size(), 0),
      reached_(subgraphs.size(), 0),
      holder_([this](std::vector<char>& held) {
        for (const Variable& v : variables)
          if (v.now != kNoTensor) held[static_cast<size_t>(v.now)] = 1;
      }) {
  reading.hold(&holder_);
}

// Every list of tensors is looked at before any tensor is read.
Result<const SubgraphLayout*> ModelReading::layout(size_t subgraph) {
  std::optional<SubgraphLayout>& known = layouts_[subgraph];
  if (known) return &*known;
  SubgraphLayout layout;
  layout.table = subgraphs[subgraph];
  layout.tensors = layout.table.tables(schema::kSubgraphTensors);
  layout.operators = layout.table.tables(schema::kSubgraphOperators);
  const size_t tensors_there = layout.tensors.size(), operators = layout.operators.size();
  if (tensors_there > GraphReading::kMaxTensors)
    return fail(ErrorCode::unsupported,
                format("{} tensors, the limit is {}", tensors_there, GraphReading::kMaxTensors));
  if (operators > GraphReading::kMaxOperators)
    return fail(ErrorCode::unsupported,
                format("{} operators, the limit is {}", operators, GraphReading::kMaxOperators));
  layout.uses.resize(tensors_there);
  layout.last_use.resize(tensors_there, 0);
  layout.bound.resize(tensors_there, false);
  const auto look = [&](std::span<const int32_t> list, bool optional, const char* what, auto mark) -> Status {
    for (const int32_t id : list) {
      if (optional && id == kNoTensor) continue;
      if (id < 0 || static_cast<size_t>(id) >= tensors_there)
        return damaged(format("{} is tensor {}, there are {}", what, id, tensors_there));
      layout.uses[static_cast<size_t>(id)].used = true;
      mark(static_cast<size_t>(id));
    }
    return {};
  };
  THIMBLE_TRY(look(layout.table.scalars<int32_t>(schema::kSubgraphInputs), false, "graph input",
                   [&](size_t t) { layout.uses[t].input = true; }));
  THIMBLE_TRY(look(layout.table.scalars<int32_t>(schema::kSubgraphOutputs), false, "graph output",
                   [&](size_t t) { layout.last_use[t] = operators; }));
  for (size_t n = 0; n < operators; ++n) {
    const Table op = layout.operators[n];
    const auto code = op.scalar<uint32_t>(schema::kOperatorCodeIndex, 0);
    const bool binds = code < codes.size() && is_control(builtin_code(codes[code]));
    const auto read = [&](size_t t) { layout.last_use[t] = std::max(layout.last_use[t], n); };
    Status s = look(op.scalars<int32_t>(schema::kOperatorInputs), true, "input", read);
    if (s)
      s = look(op.scalars<int32_t>(schema::kOperatorOutputs), false, "output", [&](size_t t) {
        layout.uses[t].produced = true;
        layout.bound[t] = layout.bound[t] || binds;
      });
    if (s) s = look(op.scalars<int32_t>(schema::kOperatorIntermediates), true, "intermediate", read);
    if (!s) return with_context(std::move(s).error(), format("operator {}", n));
  }
  for (size_t t = 0; t < tensors_there; ++t) {
    if (!layout.uses[t].used) continue;
    const Table blocks = blockwise(layout.tensors[t]);
    if (!blocks) continue;
    const int32_t named[] = {blocks.scalar<int32_t>(schema::kBlockwiseScales, 0), zero_points_of(blocks)};
    const auto read = [&](size_t n) { layout.last_use[n] = std::max(layout.last_use[n], layout.last_use[t]); };
    if (Status s = look(named, true, "what its blocks are scaled by", read); !s)
      return with_context(std::move(s).error(), format("tensor {}", t));
  }
  for (size_t t = 0; t < tensors_there; ++t)
    if (layout.uses[t].used) layout.used.push_back(t);
  known = std::move(layout);
  return &*known;
}

Result<std::vector<Operand>> ModelReading::call(size_t subgraph, const std::vector<Operand>& operands,
                                                const std::string& suffix) {
  const auto in_it = [&](Error error) { return with_context(std::move(error), format("subgraph {}", subgraph)); };
  if (std::ranges::find(calls_, subgraph) != calls_.end())
    return in_it(Error{ErrorCode::bad_file, "the subgraph calls itself", {}, {}});
  if (calls_.size() >= kMaxDepth)
    return in_it(Error{ErrorCode::unsupported, format("calls of subgraphs are more than {} deep", kMaxDepth), {}, {}});
  THIMBLE_TRY(reading.count_operators(1));
  reading.prune = true;
  SubgraphReader callee(*this, subgraph, suffix);
  Status s = callee.begin(&operands);
  if (s) s = callee.run();
  if (!s) return in_it(std::move(s).error());
  auto outputs = callee.outputs();
  if (!outputs) return in_it(std::move(outputs).error());
  return outputs;
}

SubgraphReader::SubgraphReader(ModelReading& model, size_t subgraph, std::string suffix)
    : model_(model), reading_(model.reading), subgraph_(subgraph), suffix_(std::move(suffix)) {
  holder_ = [this](std::vector<char>& held) {
    if (!layout_) return;
    for (const size_t t : layout_->used)
      if (layout_->last_use[t] >= position_ && operands_[t].id != kNoTensor)
        held[static_cast<size_t>(operands_[t].id)] = 1;
  };
  reading_.hold(&holder_);
  model_.calls_.push_back(subgraph);
  model_.reached_[subgraph] = 1;
}

SubgraphReader::~SubgraphReader() {
  model_.calls_.pop_back();
  reading_.release();
}

Status SubgraphReader::begin(const std::vector<Operand>* operands) {
  THIMBLE_ASSIGN(layout_, model_.layout(subgraph_));
  operands_.assign(layout_->tensors.size(), {});
  const auto inputs = layout_->table.scalars<int32_t>(schema::kSubgraphInputs);
  std::vector<const Operand*> given(layout_->tensors.size(), nullptr);
  if (operands) {
    if (operands->size() != inputs.size())
      return damaged(format("it takes {} operands and is called with {}", inputs.size(), operands->size()));
    for (size_t i = 0; i < inputs.size(); ++i) given[static_cast<size_t>(inputs[i])] = &(*operands)[i];
  }
  THIMBLE_TRY(
      reading_.count_operators(layout_->used.size() / 64));  // so that a file cannot ask for much by calls alone
  for (const size_t t : layout_->used)
    if (Status s = tensor(t, given[t]); !s && !refuse_tensor(t, s.error()))
      return with_context(std::move(s).error(), format("tensor {}", t));
  for (const size_t t : layout_->used)
    if (Status s = blocks(t); !s && !refuse_tensor(t, s.error()))
      return with_context(std::move(s).error(), format("tensor {}", t));
  return {};
}

// Weights with a scale for each block: what the operators that take them have to know.
Status SubgraphReader::blocks(size_t position) {
  const Table details = blockwise(layout_->tensors[position]);
  const TensorId id = operands_[position].id;
  if (!details || id == kNoTensor) return {};
  const auto scales = details.scalar<int32_t>(schema::kBlockwiseScales, 0);
  const Tensor& w = reading_.graph.at(id);
  if (scales < 0 || operands_[static_cast<size_t>(scales)].id == kNoTensor)
    return damaged(format("the scales of {} are left out", w.to_string()));
  if (const int32_t zeros = zero_points_of(details); zeros != kNoTensor) {
    const TensorId t = operands_[static_cast<size_t>(zeros)].id;
    if (t == kNoTensor || !reading_.graph.at(t).data ||
        std::ranges::any_of(reading_.graph.at(t).data.as<uint8_t>(), [](uint8_t b) { return b != 0; }))
      return fail(ErrorCode::unsupported, format("{}: blocks with zero points other than 0", w.to_string()));
  }
  const TensorId t = operands_[static_cast<size_t>(scales)].id;
  const auto size = details.scalar<int32_t>(schema::kBlockwiseSize, 0);
  const Shape& shape = w.shape;
  const int64_t columns = shape.rank() > 1 ? shape.elements(1, shape.rank()) : 0;
  if (size < 1 || shape.rank() < 2 || columns % size != 0 ||
      shape[0] * (columns / size) != reading_.graph.at(t).shape.elements())
    return damaged(
        format("{} are no scales of {} for blocks of {}", reading_.graph.at(t).to_string(), w.to_string(), size));
  model_.nodes.blocks[id] = {t, size};
  return {};
}

Status SubgraphReader::tensor(size_t position, const Operand* given) {
  if (given) return accept(position, *given);
  const Table table = layout_->tensors[position];
  const bool main = model_.calls_.size() == 1;
  if (layout_->bound[position]) return {};
  const std::pair place{subgraph_, position};
  const TensorUse& use = layout_->uses[position];
  if (const auto shared = model_.shared.find(place); shared != model_.shared.end()) {
    operands_[position].id = shared->second;
    return {};
  }
  if (reading_.graph.tensors.size() >= GraphReading::kMaxTensors)
    return fail(ErrorCode::unsupported, format("more than {} tensors", GraphReading::kMaxTensors));
  Tensor tensor;
  DeclaredShape declared;
  THIMBLE_TRY(model_.tensors.read(table, use, reading_.shapes_open, &tensor, &declared));
  const Origin origin = tensor.variable                  ? Origin::run_time
                        : static_cast<bool>(tensor.data) ? Origin::constant
                                                         : Origin::nothing;
  const bool alike = origin != Origin::nothing;
  if (!main && !alike) tensor.name += suffix_;
  operands_[position].id = reading_.add(std::move(tensor), declared, origin);
  if (alike) model_.shared[place] = operands_[position].id;
  if (origin == Origin::run_time)
    reading_.set_variable(operands_[position].id, format("subgraph {} tensor {}", subgraph_, position));
  return {};
}

// An operand in place of an input.
Status SubgraphReader::accept(size_t position, const Operand& given) {
  const Table table = layout_->tensors[position];
  const int type = table.scalar<int8_t>(schema::kTensorType, 0);
  operands_[position] = given;
  if ((given.variable >= 0) != (type == schema::kResourceType))
    return damaged(format("the input \"{}\" is {}, it is called with {}", table.string(schema::kTensorName),
                          schema::type_name(type), given.variable >= 0 ? "a resource" : "a tensor"));
  if (given.variable >= 0) return {};
  Tensor said;
  DeclaredShape declared;
  THIMBLE_TRY(model_.tensors.read(table, layout_->uses[position], true, &said, &declared));
  const Tensor& tensor = reading_.graph.at(given.id);
  if (tensor.type != said.type)
    return damaged(format("the input {} is called with {}", said.to_string(), tensor.to_string()));
  if (!(said.quant == tensor.quant))
    return fail(ErrorCode::unsupported, format("the input {} has other scales than {}, which it is called with",
                                               said.to_string(), tensor.to_string()));
  reading_.shapes_open = reading_.shapes_open || !(said.shape == tensor.shape);
  return {};
}

Result<TensorId> SubgraphReader::declared(size_t position) {
  if (operands_[position].id != kNoTensor) return operands_[position].id;
  Tensor tensor;
  DeclaredShape declared;
  THIMBLE_TRY(model_.tensors.read(layout_->tensors[position], layout_->uses[position], true, &tensor, &declared));
  return operands_[position].id = reading_.add(std::move(tensor), declared, Origin::nothing);
}

Result<std::vector<Operand>> SubgraphReader::outputs() const {
  std::vector<Operand> outputs;
  for (const int32_t t : layout_->table.scalars<int32_t>(schema::kSubgraphOutputs)) {
    const Operand& output = operands_[static_cast<size_t>(t)];
    if (!output.given() || (output.id != kNoTensor && reading_.origin(output.id) == Origin::nothing))
      return damaged(format("graph output \"{}\" is never computed",
                            layout_->tensors[static_cast<size_t>(t)].string(schema::kTensorName)));
    outputs.push_back(output);
  }
  return outputs;
}

Result<std::vector<TensorId>> SubgraphReader::ids(std::span<const int32_t> from) const {
  std::vector<TensorId> to;
  for (const int32_t id : from) {
    to.push_back(id == kNoTensor ? kNoTensor : operands_[static_cast<size_t>(id)].id);
    if (id == kNoTensor || to.back() != kNoTensor) continue;
    const Table table = layout_->tensors[static_cast<size_t>(id)];
    if (table.scalar<int8_t>(schema::kTensorType, 0) == schema::kResourceType)
      return damaged(format("\"{}\" is a resource, not a tensor", table.string(schema::kTensorName)));
    return damaged(format("\"{}\" is used before it is computed", table.string(schema::kTensorName)));
  }
  return to;
}

Status SubgraphReader::run() {
  for (position_ = 0; position_ < layout_->operators.size(); ++position_) {
    // The limit holds for what goes on behind refused operators too: it ends the reading.
    if (Status s = reading_.count_operators(1); !s)
      return with_context(std::move(s).error(), format("operator {}", position_));
    if (Status s = node(position_); !s && !refuse_node(position_, s.error()))
      return with_context(std::move(s).error(), format("operator {}", position_));
    if (!model_.doubtful.empty() && reads_doubtful(position_)) doubt_outputs(position_);
  }
  return model_.file.sound("subgraph");
}

Status SubgraphReader::node(size_t position) {
  const Table table = layout_->operators[position];
  const auto code_index = table.scalar<uint32_t>(schema::kOperatorCodeIndex, 0);
  if (code_index >= model_.codes.size())
    return damaged(format("operator code {} of {}", code_index, model_.codes.size()));
  const Table code = model_.codes[code_index];
  const int builtin = builtin_code(code);
  const int version = code.scalar<int32_t>(schema::kCodeVersion, 1);
  const auto outputs = table.scalars<int32_t>(schema::kOperatorOutputs);
  const std::string called =
      outputs.empty()
          ? format("op{}", position)
          : std::string(layout_->tensors[static_cast<size_t>(outputs[0])].string(schema::kTensorName)) + suffix_;
  const std::string what = format("{} v{} (node {} \"{}\")", operator_name(code), version, position, called);
  THIMBLE_TRY(expect_read(position));
  if (std::optional<Status> done = control(builtin, table, what)) {
    THIMBLE_TRY(*std::move(done));
    return model_.file.sound(builtin_name(builtin));
  }
  Node node;
  THIMBLE_ASSIGN(node.inputs, ids(table.scalars<int32_t>(schema::kOperatorInputs)));
  THIMBLE_ASSIGN(node.outputs, ids(outputs));
  THIMBLE_ASSIGN(node.intermediates, ids(table.scalars<int32_t>(schema::kOperatorIntermediates)));
  node.name = node.outputs.empty() ? called : reading_.graph.at(node.outputs[0]).name;
  if (builtin == schema::kCustomOperator) {
    THIMBLE_TRY(model_.nodes.add_custom(std::move(node), code.string(schema::kCodeCustom),
                                        table.scalars<uint8_t>(schema::kOperatorCustomOptions), what));
    return model_.file.sound("custom operator");
  }
  THIMBLE_TRY(model_.nodes.add(std::move(node), builtin, version,
                               table.scalar<uint8_t>(schema::kOperatorOptionsType, 0),
                               table.table(schema::kOperatorOptions), what));
  return model_.file.sound(builtin_name(builtin));
}

}  // namespace thimble::tflite
