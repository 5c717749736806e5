#include "formats/thim/graph_codec.h"

#include <algorithm>

#include "formats/thim/keys.h"
#include "ops/check.h"
#include "ops/operands.h"

namespace thimble::thim {
namespace {

constexpr uint64_t kMaxNodes = 100'000, kMaxTensors = 1'000'000, kMaxOperands = 10'000;
constexpr uint32_t kOutputPosition = 100, kIntermediatePosition = 200;
constexpr const char* kPreprocessMetadata = "thimble.preprocess";
constexpr const char* kSignatureMetadata = "thimble.signature";  // the signature's name, where names are kept

uint32_t position_class(size_t position) { return static_cast<uint32_t>(std::min<size_t>(position, 30)); }

}  // namespace

Graph canonical_order(const Graph& graph) {
  std::vector<TensorId> place(graph.tensors.size(), kNoTensor);
  Graph out;
  const auto renumbered = [&](TensorId t) {
    if (t == kNoTensor) return t;
    TensorId& to = place[static_cast<size_t>(t)];
    if (to == kNoTensor) to = out.add(graph.at(t));
    return to;
  };
  const auto list = [&](const std::vector<TensorId>& from) {
    std::vector<TensorId> to;
    for (TensorId t : from) to.push_back(renumbered(t));
    return to;
  };
  out.name = graph.name;
  out.signature = graph.signature;
  out.metadata = graph.metadata;
  out.input_names = graph.input_names;
  out.output_names = graph.output_names;
  out.inputs = list(graph.inputs);
  for (const Node& node : graph.nodes) {
    Node copy{.op = node.op, .attrs = node.attrs, .name = node.name};
    copy.inputs = list(node.inputs);
    copy.intermediates = list(node.intermediates);
    copy.outputs = list(node.outputs);
    out.nodes.push_back(std::move(copy));
  }
  out.outputs = list(graph.outputs);
  return out;
}

bool GraphCodec::flag(Meaning meaning, uint32_t a, uint32_t b, bool value, double p1) {
  const uint64_t key = (static_cast<uint64_t>(meaning) << 40) | (static_cast<uint64_t>(a) << 20) | b;
  return flags_.try_emplace(key, Flag(p1)).first->second.code(coder_, value);
}

Status GraphCodec::sound(const char* where) {
  if (!coder_.failed()) return {};
  return fail(ErrorCode::bad_file, format("damaged packed file: what it says of {} makes no sense", where));
}

uint64_t GraphCodec::count(uint64_t value, Meaning usual, uint32_t context, uint64_t expected, uint64_t most) {
  if (flag(usual, context, 0, value == expected, 0.9)) return expected;
  const uint64_t n = count_.code_unsigned(coder_, value);
  if (n > most) coder_.fail();
  return coder_.failed() ? 0 : n;
}

Status GraphCodec::code(bool names) {
  const uint64_t nodes = count_.code_unsigned(coder_, graph_.nodes.size());
  if (nodes > kMaxNodes) coder_.fail();
  THIMBLE_TRY(inputs());
  for (size_t n = 0; n < nodes; ++n) {
    if (!writing()) graph_.nodes.emplace_back();
    if (Status s = node(n); !s) return with_context(std::move(s).error(), format("node {}", n));
  }
  THIMBLE_TRY(outputs());
  const double before = coder_.bits();
  texts(names);
  account_.text_bytes = (coder_.bits() - before) / 8;
  return sound("names and metadata");
}

Status GraphCodec::inputs() {
  graph_.inputs.resize(count(graph_.inputs.size(), kOne, 0, 1, kMaxOperands));
  for (TensorId& t : graph_.inputs) {
    THIMBLE_TRY(reference(&t, Role{}, false, kNoTensor));
  }
  return sound("the inputs");
}

Status GraphCodec::outputs() {
  graph_.outputs.resize(count(graph_.outputs.size(), kOne, 1, 1, kMaxOperands));
  Role role;
  role.position = 1;
  TensorId expected = kNoTensor;
  if (!graph_.nodes.empty() && !graph_.nodes.back().outputs.empty()) expected = graph_.nodes.back().outputs[0];
  for (TensorId& t : graph_.outputs) {
    THIMBLE_TRY(reference(&t, role, false, expected));
  }
  return sound("the outputs");
}

Status GraphCodec::node(size_t n) {
  uint64_t number = 0;
  if (writing()) {
    const int written = number_of(graph_.nodes[n].op);
    if (written < 0)
      return fail(ErrorCode::unsupported,
                  format("{} cannot be written to a packed file: packed files have no number for it",
                         name(graph_.nodes[n].op)));
    number = static_cast<uint64_t>(written);
  }
  number = operator_.code_unsigned(coder_, number);
  const Op op = operator_of(number);
  if (coder_.failed() || op == Op::count) {
    coder_.fail();
    return sound("the operator");
  }
  THIMBLE_TRY(in_build(op));
  Node& node = graph_.nodes[n];
  node.op = op;
  operators_version_ = std::max(operators_version_, since_version(number));
  const auto context = static_cast<uint32_t>(number) + 1;
  THIMBLE_TRY(node_inputs(node, context));
  THIMBLE_TRY(attributes(node));
  node.intermediates.resize(count(node.intermediates.size(), kIntermediates, context, 0, kMaxOperands));
  for (size_t i = 0; i < node.intermediates.size(); ++i) {
    Role role;
    role.op = context;
    role.position = kIntermediatePosition + position_class(i);
    THIMBLE_TRY(reference(&node.intermediates[i], role, true, kNoTensor));
  }
  return node_outputs(node, context);
}

Status GraphCodec::node_inputs(Node& node, uint32_t context) {
  std::vector<TensorId> given = node.inputs;
  const uint64_t n = count(given.size(), kUsualInputs, context, usual_inputs(node.op), kMaxOperands);
  THIMBLE_TRY(sound("the number of inputs"));
  given.resize(n);
  node.inputs.clear();  // guesses see the inputs before this one
  const TensorId last = known_ > 0 ? known_ - 1 : kNoTensor;
  for (size_t i = 0; i < n; ++i) {
    Role role;
    role.op = context;
    role.position = position_class(i);
    role.guess = guess_operand(graph_, node, i);
    role.derived = derived_operand(graph_, node, i);
    THIMBLE_TRY(reference(&given[i], role, i > 0, i == 0 ? last : kNoTensor));
    node.inputs.push_back(given[i]);
  }
  return {};
}

Status GraphCodec::attributes(Node& node) {
  Attrs attrs = new_attributes_(node.op);
  const int number = number_of(node.op);
  const auto [last, fresh] = last_fields_.try_emplace(number);
  if (fresh) last->second = fields_of(attrs);
  if (attrs.empty()) {
    if (!writing()) node.attrs = {};
    return {};
  }
  // The new shape is often given twice, as an operand and as an attribute.
  if (node.op == Op::reshape && node.inputs.size() > 1 && node.inputs[1] != kNoTensor) {
    const Tensor& shape = graph_.at(node.inputs[1]);
    if (shape.constant() && shape.type == DType::i32 && shape.shape.elements() <= Shape::kMaxRank) {
      std::vector<int32_t> values;
      keys_of(shape, &values);
      last->second[0].list.assign(values.begin(), values.end());
    }
  }
  if (writing() && node.attrs.same_kind(attrs)) attrs = node.attrs;
  FieldCodec codec(coder_, file_version_, integer_, same_field_[number], last->second);
  attrs = attrs.visited(codec);
  if (!writing()) node.attrs = std::move(attrs);
  return sound("the attributes");
}

Status GraphCodec::node_outputs(Node& node, uint32_t context) {
  node.outputs.resize(count(node.outputs.size(), kOutputs, context, 1, kMaxOperands));
  THIMBLE_TRY(sound("the number of outputs"));
  bool batch_unknown = false;
  for (TensorId t : node.inputs) batch_unknown = batch_unknown || (t != kNoTensor && graph_.at(t).batch_unknown);
  std::vector<char> fresh(node.outputs.size());
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    TensorId& t = node.outputs[i];
    Role role;
    role.op = context;
    role.position = kOutputPosition + position_class(i);
    fresh[i] = flag(kNew, context, kOutputPosition, t == known_, 0.98);
    if (!fresh[i]) {
      const uint64_t distance = distance_.code_unsigned(coder_, static_cast<uint64_t>(known_ - 1 - t));
      if (distance >= static_cast<uint64_t>(known_)) coder_.fail();
      THIMBLE_TRY(sound("an output"));
      t = known_ - 1 - static_cast<TensorId>(distance);
      continue;
    }
    if (!writing()) {
      if (static_cast<uint64_t>(known_) >= kMaxTensors) coder_.fail();
      THIMBLE_TRY(sound("the number of tensors"));
      graph_.tensors.emplace_back();
    }
    t = known_++;
    Tensor& tensor = graph_.at(t);
    role.guess.type = guess_output_type(graph_, node);
    THIMBLE_TRY(type_and_batch(tensor, role, batch_unknown));
    role.derived = derived_output(graph_, node, tensor.type);
    THIMBLE_TRY(quantization(tensor, role));
  }
  if (writing()) return {};
  InferContext inferred(graph_, node);
  THIMBLE_TRY(infer_node(graph_, node, &inferred));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    // The limits hold before the next operator computes with this shape.
    THIMBLE_ASSIGN(const Shape shape, Shape::make(inferred.outputs[i].shape.dims()));
    if (fresh[i]) graph_.at(node.outputs[i]).shape = shape;
  }
  return {};
}

Status GraphCodec::reference(TensorId* id, const Role& role, bool optional, TensorId expected) {
  if (optional && flag(kLeftOut, role.op, role.position, *id == kNoTensor, 0.05)) {
    *id = kNoTensor;
    return {};
  }
  const bool data_operand = role.op > 0 && role.position == 0;
  const bool to_output = role.op == 0 && role.position == 1;
  if (!flag(kNew, role.op, role.position, *id == known_, data_operand || to_output ? 0.03 : 0.9)) {
    if (expected != kNoTensor && flag(kExpected, role.op, role.position, *id == expected, 0.9)) {
      *id = expected;
      return {};
    }
    const uint64_t distance = distance_.code_unsigned(coder_, static_cast<uint64_t>(known_ - 1 - *id));
    if (distance >= static_cast<uint64_t>(known_)) coder_.fail();
    THIMBLE_TRY(sound("an operand"));
    *id = known_ - 1 - static_cast<TensorId>(distance);
    return {};
  }
  if (!writing()) {
    if (static_cast<uint64_t>(known_) >= kMaxTensors) coder_.fail();
    THIMBLE_TRY(sound("the number of tensors"));
    graph_.tensors.emplace_back();
  }
  *id = known_++;
  const bool operand = role.op > 0 && role.position < kOutputPosition;
  const Tensor& given = graph_.at(*id);
  const bool constant = flag(kConstant, role.op, role.position, given.constant(), operand ? 0.95 : 0.02);
  const bool variable = !constant && flag(kVariable, role.op, role.position, given.variable, operand ? 0.5 : 0.02);
  return describe(*id, role, constant, variable);
}

Status GraphCodec::describe(TensorId id, const Role& role, bool constant, bool variable) {
  Tensor& tensor = graph_.at(id);
  tensor.variable = variable;
  THIMBLE_TRY(type_and_batch(tensor, role, false));
  THIMBLE_TRY(shape(tensor, role));
  THIMBLE_TRY(quantization(tensor, role));
  if (constant || (variable && flag(kHasData, role.op, 0, static_cast<bool>(tensor.data), 0.05)))
    THIMBLE_TRY(data(tensor, id));
  return {};
}

Status GraphCodec::type_and_batch(Tensor& tensor, const Role& role, bool batch_expected) {
  DType type = role.guess.type;
  if (!flag(kTypeGuessed, role.op, role.position, tensor.type == type, 0.85)) {
    const uint32_t number = type_.code(coder_, static_cast<uint32_t>(tensor.type));
    if (number >= static_cast<uint32_t>(DType::count)) coder_.fail();
    THIMBLE_TRY(sound("an element type"));
    type = static_cast<DType>(number);
  }
  tensor.type = type;
  const bool as_expected = flag(kBatchUnknown, role.op > 0 ? 1 : 0, batch_expected,
                                tensor.batch_unknown == batch_expected, role.op ? 0.98 : 0.3);
  tensor.batch_unknown = as_expected == batch_expected;
  return {};
}

Status GraphCodec::shape(Tensor& tensor, const Role& role) {
  const Guess& guess = role.guess;
  int rank = tensor.shape.rank();
  if (guess.rank >= 0 && flag(kRankGuessed, role.op, role.position, rank == guess.rank, 0.9))
    rank = guess.rank;
  else
    rank = static_cast<int>(coder_.even_bits(static_cast<uint64_t>(rank), 4));
  if (rank > Shape::kMaxRank) coder_.fail();
  THIMBLE_TRY(sound("a shape"));
  std::vector<int64_t> dims(tensor.shape.dims().begin(), tensor.shape.dims().end());
  dims.resize(static_cast<size_t>(rank));
  for (size_t i = 0; i < dims.size(); ++i) {
    // A kernel is as wide as it is high; a graph input has one sample.
    int64_t expected = rank == guess.rank ? guess.dims[i] : -1;
    if (expected < 0 && i == 2 && rank == 4) expected = dims[1];
    if (expected < 0 && i == 0 && role.op == 0) expected = 1;
    if (expected >= 0 &&
        flag(kDimGuessed, role.op, role.position * 8 + static_cast<uint32_t>(i), dims[i] == expected, 0.9)) {
      dims[i] = expected;
      continue;
    }
    dims[i] = static_cast<int64_t>(dimension_.code_unsigned(coder_, static_cast<uint64_t>(dims[i])) & INT64_MAX);
  }
  THIMBLE_TRY(sound("a shape"));
  THIMBLE_ASSIGN(tensor.shape, Shape::make(std::span<const int64_t>(dims)));
  return {};
}

Status GraphCodec::quantization(Tensor& tensor, const Role& role) {
  const double before = coder_.bits();
  Quantization& q = tensor.quant;
  const bool small = is_quantized_type(tensor.type);
  const uint32_t context = role.position * 2 + (small ? 1 : 0);
  const bool derivable = !role.derived.empty();
  const bool of_output = role.position >= kOutputPosition;  // its shape is inferred later, and the verifier compares
  const double likely = small || (tensor.type == DType::i32 && derivable) ? 0.95 : 0.02;
  if (!flag(kHasQuant, role.op, context, !q.empty(), likely)) {
    q = {};
    return {};
  }
  if (derivable && flag(kDerived, role.op, context, q == role.derived, role.position < kOutputPosition ? 0.95 : 0.5)) {
    q = role.derived;
    THIMBLE_TRY([&]() -> Status {  // an operand's rule may name more scales than the tensor has places
      if (q.per_axis() && !of_output &&
          (q.axis >= tensor.shape.rank() || tensor.shape[q.axis] != static_cast<int64_t>(q.scale.size())))
        coder_.fail();
      return sound("a scale");
    }());
    account_.scale_bytes += (coder_.bits() - before) / 8;
    return {};
  }
  const int rank = tensor.shape.rank();
  const bool per_axis = flag(kPerAxis, role.op, context, q.per_axis(), 0.2);
  int64_t scales = 1, axis = 0;
  if (per_axis) {
    const int64_t expected = role.op == 3 && role.position == 1 ? 3 : 0;  // depthwise_conv2d keeps channels last
    axis = expected;
    if (!flag(kAxisGuessed, role.op, context, q.axis == expected, 0.95))
      axis = static_cast<int64_t>(coder_.even_bits(static_cast<uint64_t>(q.axis), 3));
    if (of_output) {
      scales = static_cast<int64_t>(dimension_.code_unsigned(coder_, q.scale.size()) & INT32_MAX);
    } else {
      if (axis >= rank) coder_.fail();
      THIMBLE_TRY(sound("a quantised dimension"));
      scales = tensor.shape[static_cast<int>(axis)];
    }
    if (!writing()) {
      if (scales < 2 || scales > memory_ / 8) coder_.fail();
      memory_ -= 8 * scales;
    }
    THIMBLE_TRY(sound("the number of scales"));
  }
  q.axis = static_cast<int>(axis);
  q.scale.resize(static_cast<size_t>(scales));
  q.zero_point.resize(static_cast<size_t>(scales));
  for (float& s : q.scale) {
    s = scale_.code(coder_, s);
    THIMBLE_TRY(sound("a scale"));
  }
  const bool all_zero = std::ranges::all_of(q.zero_point, [](int32_t z) { return z == 0; });
  if (flag(kAllZero, role.op, context, all_zero, per_axis ? 0.97 : 0.5)) {
    std::ranges::fill(q.zero_point, 0);
  } else {
    for (int32_t& z : q.zero_point) THIMBLE_TRY(zero_point(z, tensor.type, role.op ? 1 : 0));
  }
  account_.scale_bytes += (coder_.bits() - before) / 8;
  return {};
}

Status GraphCodec::zero_point(int32_t& zero, DType type, uint32_t context) {
  int64_t least = INT32_MIN, greatest = INT32_MAX;
  if (bits(type) <= 16) key_range(type, &least, &greatest);
  if (flag(kZeroLowest, context, static_cast<uint32_t>(type), zero == least, 0.5)) {
    zero = static_cast<int32_t>(least);
    return {};
  }
  int64_t value = zero;
  if (bits(type) <= 8)
    value = least +
            static_cast<int64_t>(coder_.even_bits(static_cast<uint64_t>(zero - least), static_cast<int>(bits(type))));
  else
    value = zero_.code_signed(coder_, zero);
  if (value < least || value > greatest) coder_.fail();
  zero = static_cast<int32_t>(value);
  return sound("a zero point");
}

Status GraphCodec::data(Tensor& tensor, TensorId id) {
  const double before = coder_.bits();
  tensors_.code(tensor, &memory_);
  if (!writing()) {
    if (!tensor.data) coder_.fail();
    return sound("a constant");
  }
  ThimTensor line;
  line.name = tensor.name.empty() ? format("tensor {}", id) : tensor.name;
  line.type = tensor.type;
  line.elements = tensor.shape.elements();
  line.raw_bytes = tensor.bytes();
  line.coded_bytes = (coder_.bits() - before) / 8;
  line.coding = tensors_.described();
  account_.data_bytes += line.coded_bytes;
  account_.tensors.push_back(std::move(line));
  return {};
}

void GraphCodec::text(std::string& value) {
  if (coder_.failed()) return;
  if (!text_) text_ = std::make_unique<TextModel>();
  text_->code(coder_, value);
}

void GraphCodec::texts(bool names) {
  names = flag(kNamed, 0, 0, names);
  if (names) {
    text(graph_.name);
    for (Tensor& tensor : graph_.tensors) text(tensor.name);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      Node& node = graph_.nodes[n];
      const std::string usual = node.outputs.empty() ? format("op{}", n) : graph_.at(node.outputs[0]).name;
      if (flag(kNamed, 1, 0, node.name == usual, 0.95))
        node.name = usual;
      else
        text(node.name);
    }
    for (auto* list : {&graph_.input_names, &graph_.output_names}) {
      const size_t tensors = (list == &graph_.input_names ? graph_.inputs : graph_.outputs).size();
      const bool present = flag(kSignature, 0, 0, list->size() == tensors && tensors > 0);
      list->resize(present ? tensors : 0);
      for (std::string& value : *list) text(value);
    }
  } else if (!writing()) {
    make_names();
  }
  const auto found = graph_.metadata.find(kPreprocessMetadata);
  if (flag(kPreprocess, 0, 0, found != graph_.metadata.end())) {
    std::string value = found != graph_.metadata.end() ? found->second : std::string();
    text(value);
    if (!writing()) graph_.metadata[kPreprocessMetadata] = value;
  }
  std::vector<std::pair<std::string, std::string>> others;
  for (const auto& [key, value] : graph_.metadata)
    if (names && writing() && key != kPreprocessMetadata) others.emplace_back(key, value);
  if (names && writing() && !graph_.signature.empty()) others.emplace_back(kSignatureMetadata, graph_.signature);
  others.resize(count(others.size(), kPreprocess, 1, 0, 1000));
  for (auto& [key, value] : others) {
    text(key);
    text(value);
    if (writing()) continue;
    if (key == kSignatureMetadata)
      graph_.signature = value;
    else
      graph_.metadata[key] = value;
  }
}

void GraphCodec::make_names() {
  for (size_t i = 0; i < graph_.inputs.size(); ++i)
    graph_.at(graph_.inputs[i]).name = i == 0 ? "input" : format("input_{}", i);
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    Node& node = graph_.nodes[n];
    node.name = format("{}_{}", name(node.op), n);
    const bool weighted = layer_of(node) != nullptr;
    for (size_t i = 0; i < node.outputs.size(); ++i)
      graph_.at(node.outputs[i]).name = i == 0 ? node.name : format("{}:{}", node.name, i);
    const auto operands = [&](const std::vector<TensorId>& list, const char* word) {
      for (size_t i = 0; i < list.size(); ++i) {
        if (list[i] == kNoTensor || !graph_.at(list[i]).name.empty()) continue;
        graph_.at(list[i]).name = weighted && i == 1   ? node.name + "/weights"
                                  : weighted && i == 2 ? node.name + "/bias"
                                                       : format("{}/{}_{}", node.name, word, i);
      }
    };
    operands(node.inputs, "input");
    operands(node.intermediates, "intermediate");
  }
}

}  // namespace thimble::thim
