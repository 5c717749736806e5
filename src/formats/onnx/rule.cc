#include "formats/onnx/rule.h"

#include <algorithm>

namespace thimble::onnx {

const AttributeProto* Call::attribute(std::string_view name) const {
  for (const AttributeProto& a : node.attributes) {
    if (a.name != name) continue;
    if (a.reference.empty()) return &a;
    if (!bindings_) {
      m_.bad(format("attribute \"{}\" refers to \"{}\" outside a function", name, a.reference));
      return nullptr;
    }
    const auto found = bindings_->attributes.find(a.reference);
    return found == bindings_->attributes.end() ? nullptr : found->second;
  }
  return nullptr;
}

const AttributeProto* Call::typed(std::string_view name, AttributeType type) const {
  const AttributeProto* a = attribute(name);
  if (!a || a->type == type || a->type == kNoType) return a;
  m_.bad(format("attribute \"{}\" has type {} of AttributeProto, not {}", name, a->type, static_cast<int>(type)));
  return nullptr;
}

int64_t Call::i(std::string_view name, int64_t otherwise) const {
  const AttributeProto* a = typed(name, kIntValue);
  return a ? a->i : otherwise;
}

float Call::f(std::string_view name, float otherwise) const {
  const AttributeProto* a = typed(name, kFloatValue);
  return a ? a->f : otherwise;
}

std::string_view Call::s(std::string_view name, std::string_view otherwise) const {
  const AttributeProto* a = typed(name, kStringValue);
  return a ? a->s : otherwise;
}

Ints Call::ints(std::string_view name, Ints otherwise) const {
  const AttributeProto* a = typed(name, kIntValues);
  return a ? a->ints : otherwise;
}

std::vector<float> Call::floats(std::string_view name) const {
  const AttributeProto* a = typed(name, kFloatValues);
  return a ? a->floats : std::vector<float>();
}

std::vector<std::string_view> Call::strings(std::string_view name) const {
  const AttributeProto* a = typed(name, kStringValues);
  return a ? a->strings : std::vector<std::string_view>();
}

Ints Call::ints_of(size_t input, std::string_view name, bool* given) const {
  *given = true;
  if (has(input)) return m_.ints(in[input], std::string(name).c_str());
  if (const AttributeProto* a = attribute(name)) return a->type == kIntValue ? Ints{a->i} : ints(name);
  *given = false;
  return {};
}

Call Call::with(Ids inputs, int64_t version) const {
  Call other(m_, node, version, bindings_);
  other.in = std::move(inputs);
  other.constants = constants;
  return other;
}

namespace {

const std::map<std::string_view, const Rule*>& rules() {
  static const auto all = [] {
    std::map<std::string_view, const Rule*> map;
    for (const auto family :
         {elementwise_rules(), logic_rules(),    index_rules(),     loss_rules(),    attention_rules(), sample_rules(),
          bits_rules(),        shape_rules(),    movement_rules(),  matrix_rules(),  conv_rules(),      pool_rules(),
          norm_rules(),        reduce_rules(),   recurrent_rules(), integer_rules(), resize_rules(),    product_rules(),
          sequence_rules(),    spectrum_rules(), region_rules(),    place_rules(),   unique_rules()})
      for (const Rule& rule : family) map.emplace(rule.op, &rule);
    return map;
  }();
  return all;
}

}  // namespace

const Rule* rule_of(std::string_view op, std::string_view domain) {
  if (domain == "com.microsoft" || domain == "ai.onnx.ml" || domain == kTraining) {
    const auto list = domain == "ai.onnx.ml" ? ml_rules() : domain == kTraining ? training_rules() : microsoft_rules();
    const auto found = std::ranges::find(list, op, &Rule::op);
    return found == list.end() ? nullptr : &*found;
  }
  if (!domain.empty()) return nullptr;
  const auto found = rules().find(op);
  return found == rules().end() ? nullptr : found->second;
}

std::vector<std::string_view> known_operators() {
  std::vector<std::string_view> names;
  for (const auto& [name, rule] : rules()) names.push_back(name);
  return names;
}

}  // namespace thimble::onnx
