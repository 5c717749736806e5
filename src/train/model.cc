#include "train/model.h"

#include <algorithm>

#include "base/suggest.h"
#include "ops/softmax/softmax.h"
#include "ops/unary/unary.h"
#include "passes/fold_batch_norm.h"
#include "passes/remove_training.h"
#include "train/import.h"
#include "train/layers.h"
#include "train/new_head.h"

namespace thimble {
namespace {

struct ActivationRow {
  const char* name;
  Op op;
  float alpha;  // default slope
  const char* about;
};
// Keras names and defaults (design: numerics).
constexpr ActivationRow kActivations[] = {
    {"relu", Op::relu, 0, "max(x, 0)"},
    {"relu6", Op::relu6, 0, "x between 0 and 6"},
    {"leaky_relu", Op::leaky_relu, 0.2f, "x, below 0 a slope of it (alpha, 0.2)"},
    {"elu", Op::elu, 1, "x, below 0 alpha·(e^x − 1)"},
    {"selu", Op::selu, 0, "elu, scaled so that activations keep mean 0 and deviation 1"},
    {"gelu", Op::gelu, 0, "x times the normal distribution's share below x"},
    {"gelu_tanh", Op::gelu, 0, "gelu by its tanh formula"},
    {"silu", Op::silu, 0, "x·sigmoid(x), also called swish"},
    {"mish", Op::mish, 0, "x·tanh(softplus(x))"},
    {"softplus", Op::softplus, 0, "ln(1 + e^x)"},
    {"softsign", Op::softsign, 0, "x / (1 + |x|)"},
    {"sigmoid", Op::sigmoid, 0, "1 / (1 + e^−x): one probability"},
    {"tanh", Op::tanh, 0, "hyperbolic tangent, −1 … 1"},
    {"exponential", Op::exp, 0, "e^x"},
    {"hard_sigmoid", Op::hard_sigmoid, 0, "sigmoid by straight lines: x/6 + 1/2 between 0 and 1"},
    {"hard_silu", Op::hard_swish, 0, "x·hard_sigmoid(x)"},
    {"hard_swish", Op::hard_swish, 0, "the same as hard_silu"},
    {"softmax", Op::softmax, 0, "probabilities of classes that exclude each other"},
    {"log_softmax", Op::log_softmax, 0, "their logarithms"},
};

bool takes_activation_itself(const std::string& word) {
  return word == "conv2d" || word == "dense" || word == "depthwise_conv2d" || word == "separable_conv2d" ||
         word == "residual";
}

}  // namespace

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const ActivationRow& row : kActivations) names.emplace_back(row.name);
  return names;
}

std::vector<Word> activation_vocabulary() {
  std::vector<Word> words;
  for (const ActivationRow& row : kActivations) words.push_back({row.name, row.about});
  return words;
}

Activation LayerBuilder::fused(const std::string& name) {
  return name == "relu" ? Activation::relu : name == "relu6" ? Activation::relu6 : Activation::none;
}

Result<TensorId> LayerBuilder::weight(const std::string& name, Shape shape, const std::string& initializer,
                                      const WeightShape& fans) {
  const uint64_t number = weights_++;
  if (shape.elements() > (int64_t{1} << 28))
    return fail(ErrorCode::usage, format("{} would have {} values", name, shape.elements()));
  THIMBLE_ASSIGN(const std::vector<float> values, initial_weights(initializer, fans, options_.seed, number));
  const TensorId t = builder_.variable(name, DType::f32, shape, Data::of(std::span<const float>(values)));
  model_.parameters.push_back(t);
  model_.parameter_count += shape.elements();
  return t;
}

TensorId LayerBuilder::statistic(const std::string& name, Shape shape, float value) {
  const std::vector<float> values(static_cast<size_t>(shape.elements()), value);
  const TensorId t = builder_.variable(name, DType::f32, shape, Data::of(std::span<const float>(values)));
  model_.statistics.push_back(t);
  model_.parameter_count += shape.elements();
  return t;
}

Result<TensorId> LayerBuilder::activation(TensorId x, const std::string& name, double alpha, const std::string& layer) {
  model_.last_activation.clear();
  model_.logits = kNoTensor;
  if (name.empty() || name == "linear") return x;
  for (const ActivationRow& row : kActivations) {
    if (name != row.name) continue;
    if (row.op == Op::softmax || row.op == Op::log_softmax || row.op == Op::sigmoid) {
      model_.last_activation = name;
      model_.logits = x;
    }
    Attrs attrs;
    if (row.op == Op::softmax || row.op == Op::log_softmax) {
      attrs = SoftmaxAttrs{};
    } else {
      UnaryAttrs u;
      u.alpha = alpha >= 0 ? static_cast<float>(alpha) : row.alpha;
      u.approximate = name == "gelu_tanh";
      attrs = u;
    }
    return builder_.op(row.op, {x}, attrs, layer);
  }
  return fail(ErrorCode::usage, format("unknown activation \"{}\"", name), did_you_mean(name, activation_names()));
}

Result<TensorId> LayerBuilder::layer(TensorId x, const LayerSpec& spec, const std::string& name) {
  const LayerFn fn = find_layer(spec.word);
  TensorId y = x;
  if (fn) {
    model_.last_activation.clear();
    model_.logits = kNoTensor;
    THIMBLE_ASSIGN(y, fn(*this, x, spec, name));
    const bool is_fused = takes_activation_itself(spec.word) && fused(spec.activation) != Activation::none;
    if (is_fused || spec.activation.empty()) return y;
    return activation(y, spec.activation, spec.activation_alpha, name + "/" + spec.activation);
  }
  if (const auto names = activation_names(); std::ranges::find(names, spec.word) != names.end())
    return activation(x, spec.word, spec.activation_alpha, name);
  return fail(ErrorCode::usage, format("unknown layer \"{}\"", spec.word), did_you_mean(spec.word, layer_words()));
}

Result<TensorId> LayerBuilder::sequence(TensorId x, const std::vector<LayerSpec>& layers, const std::string& prefix,
                                        bool outermost) {
  std::map<std::string, int> seen;
  for (size_t i = 0; i < layers.size(); ++i) {
    const LayerSpec& spec = layers[i];
    const int number = ++seen[spec.word];
    const std::string name = prefix + (spec.name.empty() ? format("{}_{}", spec.word, number) : spec.name);
    const int64_t before = model_.parameter_count;
    const size_t first_node = model_.graph.nodes.size();
    auto y = layer(x, spec, name);
    if (!y) {
      // Shape inference blames a file; here the recipe is what is wrong.
      if (y.error().code == ErrorCode::bad_file) y.error().code = ErrorCode::usage;
      return with_context(std::move(y).error(),
                          format("layer {} \"{}\" ({}), input {}", i, name, spec.word, shape(x).to_string()));
    }
    x = *y;
    if (outermost)
      model_.layers.push_back(
          {name, spec.word, shape(x), model_.parameter_count - before, first_node, model_.graph.nodes.size()});
  }
  return x;
}

Result<Model> build_model(const ModelSpec& spec, const ModelOptions& options) {
  if (spec.graph) {
    THIMBLE_ASSIGN(Model imported, import_model(spec, options));
    if (!spec.new_head.empty()) THIMBLE_TRY(add_new_head(spec, options, &imported));
    return imported;
  }
  Model model;
  if (spec.input.empty() || spec.input.size() > 4)
    return fail(ErrorCode::usage, format("model.input has {} dimensions, 1 to 4 are possible", spec.input.size()),
                "for pictures: input = [28, 28, 1]");
  if (spec.layers.empty()) return fail(ErrorCode::usage, "the model has no layers");
  Shape shape{options.batch};
  int64_t elements = options.batch;
  for (int64_t d : spec.input) {
    if (d < 1 || d > 65536 || (elements *= d) > (int64_t{1} << 31))
      return fail(ErrorCode::usage, format("model.input has dimension {}", d));
    shape.push_back(d);
  }
  LayerBuilder layers(model, options);
  const TensorId input = layers.builder().input("input", DType::f32, shape);
  model.graph.at(input).batch_unknown = true;
  THIMBLE_ASSIGN(model.output, layers.sequence(input, spec.layers, "", true));
  model.graph.outputs = {model.output};
  model.graph.input_names = {"input"};
  model.graph.output_names = {"output"};
  for (Tensor& t : model.graph.tensors)
    if (!t.data && !t.variable && t.shape.rank() > 0 && t.shape[0] == options.batch) t.batch_unknown = true;
  return model;
}

Result<Graph> with_constants(Model model, const Weights& weights) {
  const auto put = [&](const std::vector<TensorId>& ids, const std::vector<std::vector<float>>& values) -> Status {
    for (size_t i = 0; i < ids.size(); ++i) {
      Tensor& tensor = model.graph.at(ids[i]);
      if (i >= values.size() || static_cast<int64_t>(values[i].size()) != tensor.shape.elements())
        return fail(ErrorCode::internal, format("no weights for {}", tensor.to_string()));
      tensor.data = Data::of(std::span<const float>(values[i]));
      tensor.variable = false;
    }
    return {};
  };
  THIMBLE_TRY(put(model.parameters, weights.parameters));
  THIMBLE_TRY(put(model.statistics, weights.statistics));
  return std::move(model.graph);
}

Result<Graph> with_weights(Model model, const Weights& weights) {
  THIMBLE_ASSIGN(Graph graph, with_constants(std::move(model), weights));
  remove_training(graph);
  if (auto folded = fold_batch_norm(graph); !folded) return tl::unexpected<Error>(std::move(folded).error());
  return graph;
}

}  // namespace thimble
