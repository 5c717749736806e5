#include "train/class_weights.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/suggest.h"
#include "ops/make.h"

namespace thimble {
namespace {

// A class by its name, or by its number where it has no such name.
int class_of(const std::string& word, const std::vector<std::string>& names, int classes) {
  const auto named = std::ranges::find(names, word);
  if (named != names.end()) return static_cast<int>(named - names.begin());
  int number = -1;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() && number >= 0 && number < classes ? number : -1;
}

std::vector<float> balanced(const Dataset& data) {
  std::vector<double> counts(static_cast<size_t>(data.classes()));
  for (int64_t i = 0; i < data.size(); ++i) ++counts[static_cast<size_t>(data.label(i))];
  const auto present = static_cast<double>(std::ranges::count_if(counts, [](double n) { return n > 0; }));
  std::vector<float> weights;
  for (const double n : counts)
    weights.push_back(n > 0 ? static_cast<float>(static_cast<double>(data.size()) / (present * n)) : 1.0f);
  return weights;
}

}  // namespace

Status add_class_weights(const TrainSpec& spec, const Dataset& data, LossPlan* plan) {
  const ClassWeightSpec& wanted = spec.class_weights;
  if (!wanted.on()) return {};
  if (!plan->classes)
    return fail(ErrorCode::usage,
                format("train.class_weight needs classes, but the targets of \"{}\" are numbers", data.name()));
  const LossKind kind = plan->attrs.kind;
  if (kind != LossKind::crossentropy && kind != LossKind::nll && kind != LossKind::binary_crossentropy)
    return fail(ErrorCode::usage, format("train.class_weight does not go with the loss {}", name(kind)),
                "take a cross-entropy, which is the default for classes");
  if (wanted.balanced) {
    plan->class_weights = balanced(data);
    return {};
  }
  const std::vector<std::string>& names = data.samples().label_names;
  std::vector<float> weights(static_cast<size_t>(data.classes()), 1.0f);
  for (const auto& [word, weight] : wanted.weights) {
    const int c = class_of(word, names, data.classes());
    if (c < 0) {
      std::string list;
      for (size_t i = 0; i < std::min<size_t>(names.size(), 12); ++i) list += (i ? ", " : "") + names[i];
      const std::string near = did_you_mean(word, names);
      return fail(ErrorCode::usage,
                  format("train.class_weight names \"{}\", but \"{}\" has no such class", word, data.name()),
                  near.empty() ? format("its classes are {}{}", list, names.size() > 12 ? " …" : "") : near);
    }
    weights[static_cast<size_t>(c)] = static_cast<float>(weight);
  }
  plan->class_weights = std::move(weights);
  return {};
}

Result<TensorId> weighted_binary_loss(Builder& b, TensorId logits, TensorId targets, const LossPlan& plan) {
  const Shape shape = b.at(logits).shape;
  const int64_t width = shape.elements() / shape[0];
  const auto scalar = [&](double v) { return b.scalar_f32(static_cast<float>(v)); };
  // The weight of each row, from its target as it came.
  TensorId weight = kNoTensor;
  const std::vector<float>& w = plan.class_weights;
  if (width == 1) {
    THIMBLE_ASSIGN(weight, make::mul(b, targets, scalar(static_cast<double>(w[1]) - w[0]), "loss/by_class"));
    THIMBLE_ASSIGN(weight, make::add(b, weight, scalar(w[0]), "loss/weight"));
  } else {
    std::vector<float> row = w;
    row.resize(static_cast<size_t>(width), 1.0f);
    const TensorId constant = b.constant_f32("loss/class_weights", Shape{width}, row);
    const TensorId axis = b.constant_i32("loss/axis", std::array{1});
    THIMBLE_ASSIGN(weight, make::mul(b, targets, constant, "loss/by_class"));
    THIMBLE_ASSIGN(weight, make::sum(b, weight, axis, true, "loss/weight"));
  }
  TensorId t = targets;
  if (const double smoothing = plan.attrs.label_smoothing; smoothing > 0) {
    THIMBLE_ASSIGN(t, make::mul(b, t, scalar(1 - smoothing), "loss/kept"));
    THIMBLE_ASSIGN(t, make::add(b, t, scalar(smoothing / 2), "loss/smoothed"));
  }
  // softplus(−x)·t + softplus(x)·(1 − t) = softplus(x) − x·t
  THIMBLE_ASSIGN(const TensorId both, make::softplus(b, logits, "loss/softplus"));
  THIMBLE_ASSIGN(const TensorId right, make::mul(b, logits, t, "loss/right"));
  THIMBLE_ASSIGN(const TensorId loss, make::sub(b, both, right, "loss/each"));
  THIMBLE_ASSIGN(const TensorId weighted, make::mul(b, loss, weight, "loss/weighted"));
  std::vector<int32_t> axes;
  for (int d = 0; d < shape.rank(); ++d) axes.push_back(d);
  return make::mean(b, weighted, b.constant_i32("loss/axes", axes), false, "loss");
}

void weighted_row(const LossPlan& plan, int32_t label, std::span<float> row) {
  const float s = plan.attrs.label_smoothing, weight = plan.class_weights[static_cast<size_t>(label)];
  std::ranges::fill(row, weight * s / static_cast<float>(row.size()));
  row[static_cast<size_t>(label)] += weight * (1 - s);
}

}  // namespace thimble
