// What an operator's emit function sees of the emission.
#include "base/format.h"
#include "micro/emitter.h"
#include "micro/words.h"

namespace thimble::micro {

EmitContext::EmitContext(Emitter& emitter, NodeId id)
    : graph(emitter.checked.graph),
      node_id(id),
      node(graph.nodes[static_cast<size_t>(id)]),
      resolved(emitter.resolved(id)),
      emitter_(emitter) {}

std::string EmitContext::operand(size_t input) { return has(input) ? emitter_.address(node.inputs[input]) : "NULL"; }
std::string EmitContext::result(size_t output) { return emitter_.address(node.outputs[output]); }
std::string EmitContext::plan(std::string_view type) { return emitter_.plan_of(node_id, type); }
std::string EmitContext::scratch(int64_t bytes) { return emitter_.scratch(node_id, bytes, 0, bytes).word; }
EmitContext::Buffer EmitContext::scratch(int64_t least, int64_t step, int64_t most) {
  return emitter_.scratch(node_id, least, step, most);
}

std::string EmitContext::constant(std::string_view what, std::span<const int32_t> values) {
  return emitter_.constant_of(node_id, what, values, false);
}

std::string EmitContext::constant_on_avr(std::string_view what, std::span<const int32_t> values) {
  return emitter_.constant_of(node_id, what, values, true);
}

std::string EmitContext::numbers(std::string_view what, std::span<const uint8_t> values) {
  return emitter_.numbers_of(node_id, what, "uint8_t", values);
}

std::string EmitContext::numbers(std::string_view what, std::span<const int8_t> values) {
  return emitter_.numbers_of(node_id, what, "int8_t", values);
}

std::string EmitContext::numbers(std::string_view what, std::span<const float> values) {
  return emitter_.numbers_of(node_id, what, "float", values);
}

Weights EmitContext::weights() const { return emitter_.weights_of(node_id); }
void EmitContext::stored(StoredTensor tensor) { emitter_.stored(std::move(tensor)); }
void EmitContext::plain_because(const std::string& why) { emitter_.plain_because(node.inputs[1], why); }

std::string EmitContext::declare(std::string_view what, std::string_view type, std::string_view value, int64_t count) {
  return emitter_.declared(node_id, what, type, value, count);
}

std::string EmitContext::packed(std::string_view what, std::span<const int8_t> values, std::span<const int8_t> on_avr) {
  return emitter_.packed_of(node_id, what, values, on_avr);
}

void EmitContext::windows(const thimble_axis& h) { emitter_.windows_of(node_id, h); }
void EmitContext::not_on_avr(const std::string& why) { emitter_.not_on_avr(why); }

void EmitContext::call(const std::string& header, std::string_view function,
                       const std::vector<std::string>& arguments) {
  emitter_.call(node_id, header, function, wrapped(format("{}{}(", emitter_.indent(), function), arguments, ");\n"));
}

void EmitContext::on_avr(const std::string& header, std::string_view function,
                         const std::vector<std::string>& arguments) {
  emitter_.on_avr(header, function, wrapped(format("{}{}(", emitter_.indent(), function), arguments, ");\n"));
}

Status EmitContext::usual(std::string_view family, std::string_view function, size_t inputs) {
  const DType type = in(0).type;
  if (type == DType::u8)
    return unsupported("no C for uint8", "int8 and float32 have C: quantise the float model again, to int8");
  if (type != DType::i8 && type != DType::f32)
    return unsupported(format("no C for {}", name(type)), "int8 and float32 have C");
  for (size_t i = 0; i < inputs; ++i)
    if (has(i) && in(i).type != type && !(type == DType::i8 && in(i).type == DType::i32))
      return unsupported(format("operand {} is {} beside {}", i, name(in(i).type), name(type)),
                         "`thimble quantize --to int8` of the float model makes all of it integers");
  if (out().type != type)
    return unsupported(format("the result is {} beside {}", name(out().type), name(type)),
                       "C has it where both are of one type");
  std::vector<std::string> arguments = {plan(format("thimble_{}", family))};
  for (size_t i = 0; i < inputs; ++i) arguments.push_back(operand(i));
  arguments.push_back(result());
  call(kernel(family), format("thimble_{}{}", function, type == DType::i8 ? "_s8" : "_f32"), arguments);
  return {};
}

std::string EmitContext::bytes_of(const std::string& operand) const {
  return operand == "NULL" ? operand : "(int8_t *)" + operand;
}

Status EmitContext::usual_bytes(std::string_view family, std::string_view function, size_t inputs) {
  if (in(0).type != DType::u8) return usual(family, function, inputs);
  std::vector<std::string> arguments = {plan(format("thimble_{}", family))};
  for (size_t i = 0; i < inputs; ++i) arguments.push_back("(const int8_t *)" + operand(i));
  arguments.push_back(bytes_of(result()));
  arguments.emplace_back("0x80");
  call(kernel(family), format("thimble_{}_bytes", function), arguments);
  return {};
}

tl::unexpected<Error> EmitContext::unsupported(const std::string& why, const std::string& fix) const {
  std::string tensors;
  for (const TensorId t : node.inputs)
    if (t != kNoTensor && !graph.at(t).constant()) tensors += "\n      in  " + graph.at(t).to_string();
  for (const TensorId t : node.outputs) tensors += "\n      out " + graph.at(t).to_string();
  return fail(ErrorCode::unsupported,
              format("node {} \"{}\" {}: {}{}", node_id, node.name, thimble::name(node.op), why, tensors), fix);
}

}  // namespace thimble::micro
