#include "train/inference_form.h"

#include <algorithm>

namespace thimble {

void InferenceForm::put(Graph& copy, TensorId parameter, std::span<const float> values) const {
  if (const TensorId t = now[static_cast<size_t>(parameter)]; t != kNoTensor) copy.at(t).data = Data::of(values);
  for (const LoweredLstm& layer : layers)
    for (const LstmGates& operand : layer.operands) {
      if (operand.whole != parameter) continue;
      const size_t each = values.size() / operand.gates.size();
      for (size_t g = 0; g < operand.gates.size(); ++g)
        copy.at(operand.gates[g]).data = Data::of(values.subspan(g * each, each));
    }
}

void InferenceForm::follow(const Rewrite& rewrite) {
  const auto step = [&](TensorId& t) {
    if (t != kNoTensor) t = rewrite.now[static_cast<size_t>(t)];
  };
  std::ranges::for_each(now, step);
  for (LoweredLstm& layer : layers) {
    step(layer.sequence);
    for (LstmGates& operand : layer.operands) std::ranges::for_each(operand.gates, step);
  }
}

Result<InferenceForm> inference_form(const Model& model) {
  InferenceForm form;
  form.graph = model.graph;
  for (const auto* list : {&model.parameters, &model.statistics})
    for (const TensorId t : *list) form.graph.at(t).variable = false;
  THIMBLE_ASSIGN(LstmLowering lowered, lower_lstm(form.graph));
  form.now = std::move(lowered.now);
  form.layers = std::move(lowered.layers);
  return form;
}

}  // namespace thimble
