#include "train/loss.h"

#include <cmath>

#include "train/foreign_words.h"

namespace thimble {
namespace {
// In the order of LossChoice.
constexpr struct {
  const char* name;
  const char* about;
} kLosses[] = {
    {"automatic", "what the last layer and the data ask for; the default"},
    {"sparse_categorical_crossentropy", "classes as whole numbers, probabilities from a softmax"},
    {"categorical_crossentropy", "classes as one-hot rows, probabilities from a softmax"},
    {"binary_crossentropy", "yes or no by one sigmoid, or several independent ones"},
    {"mse", "mean of squared differences: the usual one for numbers"},
    {"mae", "mean of absolute differences: outliers count less"},
    {"huber", "squared where small, absolute where large"},
    {"kl_divergence", "between two distributions"},
};
}  // namespace

const char* name(LossChoice loss) { return kLosses[static_cast<size_t>(loss)].name; }

std::vector<Word> loss_vocabulary() {
  std::vector<Word> words;
  for (const auto& row : kLosses) words.push_back({row.name, row.about});
  return words;
}

Result<LossChoice> loss_choice(std::string_view word) {
  std::vector<std::string> names;
  for (size_t i = 0; i < std::size(kLosses); ++i) {
    if (word == kLosses[i].name) return static_cast<LossChoice>(i);
    names.emplace_back(kLosses[i].name);
  }
  if (word == "mean_squared_error") return LossChoice::mse;
  if (word == "mean_absolute_error") return LossChoice::mae;
  return fail(ErrorCode::usage, format("unknown loss \"{}\"", std::string(word)),
              word_hint(WordPlace::loss, word, names));
}

namespace {

// The commonest slip: a dense layer on a picture works on each of its places, and gives an answer at each.
Status check_one_answer(const Model& model, const Dataset& data, int64_t wanted) {
  const Shape& output = model.graph.at(model.output).shape;
  if (output.rank() < 3 || output.elements(1, output.rank()) == wanted) return {};
  for (const LayerInfo& layer : model.layers)
    if (layer.word == "dense" && layer.output.rank() > 2)
      return fail(
          ErrorCode::usage,
          format("layer {} gives an answer at each place of its input, {} in all, the data set \"{}\" has {} per "
                 "sample",
                 layer.name, output.to_string(), data.name(), wanted),
          format("put {{ flatten = true }} or {{ global_average_pool = true }} before {}", layer.name));
  return {};
}

}  // namespace

Result<LossPlan> plan_loss(LossChoice choice, double label_smoothing, const Model& model, const Dataset& data) {
  const Tensor& output = model.graph.at(model.output);
  const int64_t width = output.shape.rank() > 1 ? output.shape.elements(1, output.shape.rank()) : 1;
  const bool classes = data.classes() > 0;
  LossPlan plan;
  plan.attrs.label_smoothing = static_cast<float>(label_smoothing);
  const bool probabilities = model.last_activation == "softmax";
  THIMBLE_TRY(check_one_answer(model, data, classes ? data.classes() : data.target_width()));
  if (choice == LossChoice::automatic) {
    if (classes && width == 1)
      choice = LossChoice::binary_crossentropy;
    else if (classes)
      choice = model.last_activation == "sigmoid" ? LossChoice::binary_crossentropy
                                                  : LossChoice::sparse_categorical_crossentropy;
    else if (probabilities || model.last_activation == "log_softmax")
      return fail(ErrorCode::usage,
                  format("the last layer is {}, which tells classes apart, but the targets of \"{}\" are numbers",
                         model.last_activation, data.name()),
                  "leave its activation out to learn numbers, or set data.task = \"classification\" where they are "
                  "the numbers of classes");
    else
      choice = LossChoice::mse;
  }
  switch (choice) {
    case LossChoice::automatic:
    case LossChoice::sparse_categorical_crossentropy:
    case LossChoice::categorical_crossentropy:
      if (!classes)
        return fail(
            ErrorCode::usage,
            format("loss {} needs classes, but the data set \"{}\" has numbers as targets", name(choice), data.name()),
            "use loss = \"mse\", or set data.task = \"classification\" where they are the numbers of classes");
      plan.classes = true;
      if (model.last_activation == "log_softmax") {
        plan.attrs.kind = LossKind::nll;
      } else {
        plan.attrs.kind = LossKind::crossentropy;
        if (!probabilities && model.last_activation.empty())
          return fail(ErrorCode::usage,
                      format("loss {} needs probabilities, but the last layer is linear", name(choice)),
                      "give the last layer activation = \"softmax\"");
      }
      plan.from_logits = model.logits != kNoTensor && (probabilities || model.last_activation == "log_softmax");
      break;
    case LossChoice::binary_crossentropy:
      plan.attrs.kind = LossKind::binary_crossentropy;
      plan.one_hot = classes && width > 1;
      plan.classes = classes;
      if (classes && width == 1 && data.classes() > 2)
        return fail(ErrorCode::usage, format("one output cannot tell {} classes apart", data.classes()),
                    format("end the model with dense = {}", data.classes()));
      if (classes && model.last_activation.empty())
        return fail(ErrorCode::usage,
                    format("loss binary_crossentropy needs probabilities, but the last layer is {}",
                           width == 1 ? "one output without sigmoid" : "without sigmoid"),
                    "give the last layer activation = \"sigmoid\"; to learn numbers, set data.task = \"regression\"");
      break;
    case LossChoice::mse:
      plan.attrs.kind = LossKind::mse;
      plan.one_hot = classes;
      plan.classes = classes;
      break;
    case LossChoice::mae:
      plan.attrs.kind = LossKind::mae;
      plan.one_hot = classes;
      plan.classes = classes;
      break;
    case LossChoice::huber:
      plan.attrs.kind = LossKind::huber;
      plan.one_hot = classes;
      plan.classes = classes;
      break;
    case LossChoice::kl_divergence:
      plan.attrs.kind = LossKind::kl_divergence;
      plan.one_hot = classes;
      plan.classes = classes;
      break;
  }
  const int64_t expected =
      classes ? (choice == LossChoice::binary_crossentropy && width == 1 ? 1 : data.classes()) : data.target_width();
  if (classes ? width < expected : width != expected)
    return fail(ErrorCode::usage,
                format("the model gives {} outputs, the data set \"{}\" has {} {}", width, data.name(), expected,
                       classes ? "classes" : "target columns"),
                model.imported
                    ? format("model.new_head = [ {{ dense = {}{} }} ] puts a new last layer on it", expected,
                             classes ? ", activation = \"softmax\"" : "")
                    : format("end the model with dense = {}{}", expected,
                             classes && width == 1 ? ", or set data.task = \"regression\" to learn the numbers" : ""));
  return plan;
}

int64_t arg_max(const float* outputs, int64_t width) {
  int64_t best = 0;
  for (int64_t i = 1; i < width; ++i)
    if (outputs[i] > outputs[best]) best = i;
  return best;
}

void add_losses(const LossPlan& plan, const float* outputs, int64_t rows, int64_t width, const int32_t* labels,
                const float* targets, LossSum* sum) {
  std::vector<float> one_hot(plan.one_hot ? static_cast<size_t>(width) : 0);
  LossAttrs attrs = plan.attrs;
  attrs.label_smoothing = 0;  // smoothing shapes training; what is reported is the plain loss
  const bool by_row = is_classification(attrs.kind) || attrs.kind == LossKind::kl_divergence;
  for (int64_t r = 0; r < rows; ++r) {
    const float* y = outputs + r * width;
    const int32_t* label = plan.classes ? labels + r : nullptr;
    const float* target = targets ? targets + r * width : nullptr;
    float binary_target = 0;
    if (plan.one_hot) {
      std::fill(one_hot.begin(), one_hot.end(), 0.0f);
      if (*label >= 0 && *label < width) one_hot[static_cast<size_t>(*label)] = 1;
      target = one_hot.data();
    } else if (plan.classes && width == 1) {
      binary_target = static_cast<float>(*label);
      target = &binary_target;
    }
    const float loss = loss_of_row(attrs, y, target, is_classification(attrs.kind) ? label : nullptr, width);
    sum->loss += static_cast<double>(loss) / (by_row ? 1.0 : static_cast<double>(width));
    if (plan.classes) sum->correct += (width == 1 ? (y[0] > 0.5f ? 1 : 0) : arg_max(y, width)) == *label;
  }
  sum->rows += rows;
}

}  // namespace thimble
