// The layer words. Each adds its nodes to the graph being built; layers.cc holds the table.
#pragma once

#include "base/word.h"
#include "train/initializer.h"
#include "train/model.h"

namespace thimble {

// What a layer function works on: the graph so far and the tensor that flows through it.
class LayerBuilder {
 public:
  LayerBuilder(Model& model, const ModelOptions& options) : model_(model), builder_(model.graph), options_(options) {}

  Builder& builder() { return builder_; }
  const ModelOptions& options() const { return options_; }
  const Shape& shape(TensorId t) const { return model_.graph.at(t).shape; }
  Model& model() { return model_; }

  // A trainable weight, a variable until with_weights() makes it a constant.
  Result<TensorId> weight(const std::string& name, Shape shape, const std::string& initializer,
                          const WeightShape& fans);
  // A variable that training updates by itself, starting at `value` everywhere.
  TensorId statistic(const std::string& name, Shape shape, float value);
  // Appends an activation by its name; "" and "linear" add nothing. alpha < 0: the default slope.
  Result<TensorId> activation(TensorId x, const std::string& name, double alpha, const std::string& layer);
  // relu, relu6: fused into the operator that comes before.
  static Activation fused(const std::string& name);

  // A list of layers one after the other; `prefix` goes before their names. The outermost ones are listed in
  // Model::layers.
  Result<TensorId> sequence(TensorId x, const std::vector<LayerSpec>& layers, const std::string& prefix,
                            bool outermost = false);
  // How many dropout layers there are so far: each draws from a stream of its own.
  int next_dropout() { return dropouts_++; }

 private:
  Result<TensorId> layer(TensorId x, const LayerSpec& spec, const std::string& name);

  Model& model_;
  Builder builder_;
  const ModelOptions& options_;
  uint64_t weights_ = 0;
  int dropouts_ = 0;
};

using LayerFn = Result<TensorId> (*)(LayerBuilder&, TensorId x, const LayerSpec&, const std::string& name);
// Null for an unknown word.
LayerFn find_layer(const std::string& word);
// All words that a recipe may use, activations included.
std::vector<std::string> layer_words();
std::vector<std::string> activation_names();
// The same with a sentence each; layers without the activations.
std::vector<Word> layer_vocabulary();
std::vector<Word> activation_vocabulary();

}  // namespace thimble
