#include "study/recipe_layers.h"

#include <algorithm>

#include "base/suggest.h"
#include "train/foreign_words.h"
#include "train/layers.h"

namespace thimble {
namespace {

void read_layers(TableReader& owner, const toml::node& n, std::vector<LayerSpec>* out, Status* status, int depth);

// The main value of a layer: a number, true, a list (reshape, pool windows) or nested layers.
void read_size(TableReader& r, const toml::node& value, LayerSpec* layer, Status* status, int depth) {
  const std::string& word = layer->word;
  if (word == "residual") {
    layer->branches.emplace_back();
    return read_layers(r, value, &layer->branches[0], status, depth + 1);
  }
  if (word == "parallel") {
    const toml::array* list = value.as_array();
    if (!list) return r.fail_at(value, "parallel takes a list of lists of layers");
    for (const toml::node& branch : *list) {
      layer->branches.emplace_back();
      read_layers(r, branch, &layer->branches.back(), status, depth + 1);
    }
    return;
  }
  if (word == "max_pool" || word == "average_pool") return r.pair(word, &layer->window_h, &layer->window_w, 1, 65536);
  if (word == "reshape" || (word == "zero_pad" && value.is_array())) return r.wholes(word, &layer->shape, 0, 1'000'000);
  if (value.is_boolean()) {
    if (!value.value_or(false)) r.fail_at(value, format("{} = false: leave the layer out instead", word));
    constexpr const char* kCounted[] = {"conv2d", "depthwise_conv2d", "separable_conv2d", "dense", "lstm",
                                        "gru",    "dropout",          "channel_shuffle"};
    if (std::ranges::find(kCounted, word) != std::end(kCounted)) r.fail_at(value, format("{} needs a number", word));
    return;
  }
  double size = 0;
  r.number(word, &size, -1e9, 1e9);
  layer->size = size;
  const std::vector<std::string> activations = activation_names();
  if (std::ranges::find(activations, word) != activations.end()) layer->activation_alpha = size;
}

void read_layer(TableReader& r, LayerSpec* layer, Status* status, int depth) {
  const std::vector<std::string> words = layer_words();
  std::vector<std::string> found;
  for (const auto& [key, value] : r.table())
    if (std::ranges::find(words, std::string(key.str())) != words.end()) found.emplace_back(key.str());
  // `activation`-like words may also stand as a layer word; exactly one must name the layer.
  if (found.size() != 1) {
    const toml::table& t = r.table();
    if (found.empty()) {
      // The key that is nearest to a layer word is the one that was meant.
      std::string hint, keys;
      for (const auto& [key, value] : t) {
        keys += format("{}{}", keys.empty() ? "" : ", ", std::string(key.str()));
        if (key.str() == "activation" && t.size() > 1) continue;  // a key of layers, beside the word in question
        if (hint.empty()) hint = foreign_word(WordPlace::layer, key.str());
        if (hint.empty()) hint = did_you_mean(std::string(key.str()), words);
      }
      if (hint.empty()) {
        for (const Word& word : layer_vocabulary()) hint += format("{}{}", hint.empty() ? "" : ", ", word.word);
        hint = format("layer words are {}, and the activations; 'thimble words layers' explains them", hint);
      }
      return r.fail_at(t,
                       keys.empty() ? "this layer is empty" : format("no key of this layer ({}) is a layer word", keys),
                       keys.empty() ? "for example { dense = 10, activation = \"softmax\" }" : hint);
    }
    return r.fail_at(t, format("this layer has two words, {} and {}", found[0], found[1]), "write them as two layers");
  }
  layer->word = found[0];
  read_size(r, *r.node(layer->word), layer, status, depth);
  r.text("name", &layer->name);
  r.pair("kernel", &layer->kernel_h, &layer->kernel_w, 1, 1024);
  r.pair("stride", &layer->stride_h, &layer->stride_w, 1, 1024);
  r.pair("dilation", &layer->dilation_h, &layer->dilation_w, 1, 1024);
  std::string padding = "valid";
  r.text("padding", &padding);
  if (padding != "valid" && padding != "same")
    r.fail_at(*r.node("padding"), format("padding is \"{}\"", padding), "\"valid\" or \"same\"");
  layer->padding = padding == "same" ? Padding::same : Padding::valid;
  r.whole("groups", &layer->groups, 1, 1'000'000);
  r.whole("depth_multiplier", &layer->depth_multiplier, 1, 1024);
  r.truth("bias", &layer->bias);
  r.text("activation", &layer->activation);
  std::vector<std::string> activations = activation_names();
  activations.emplace_back("linear");
  if (!layer->activation.empty() && std::ranges::find(activations, layer->activation) == activations.end())
    r.fail_at(*r.node("activation"), format("unknown activation \"{}\"", layer->activation),
              word_hint(WordPlace::activation, layer->activation, activations));
  if (layer->activation == "linear") layer->activation.clear();
  r.number("alpha", &layer->activation_alpha, 0, 1e6);
  r.text("initializer", &layer->initializer);
  r.text("recurrent_initializer", &layer->recurrent_initializer);
  r.truth("return_sequences", &layer->return_sequences);
  r.truth("split", &layer->split);
  if (layer->split && layer->word != "parallel")
    r.fail_at(*r.node("split"), format("split goes with parallel, not with {}", layer->word));
  if (const toml::node* shortcut = r.node("shortcut")) {
    if (layer->word != "residual")
      return r.fail_at(*shortcut, format("shortcut goes with residual, not with {}", layer->word));
    layer->branches.resize(2);
    read_layers(r, *shortcut, &layer->branches[1], status, depth + 1);
  }
  r.number("momentum", &layer->momentum, 0, 1);
  r.truth("scale", &layer->norm_scale);
  if (!layer->norm_scale && layer->word != "batch_norm")
    r.fail_at(*r.node("scale"), format("scale goes with batch_norm, not with {}", layer->word));
  r.number("epsilon", &layer->epsilon, 1e-12, 1);
  r.finish(words);
}

void read_layers(TableReader& owner, const toml::node& n, std::vector<LayerSpec>* out, Status* status, int depth) {
  const toml::array* list = n.as_array();
  if (!list) return owner.fail_at(n, "layers must be a list", "layers = [ { dense = 10 } ]");
  if (depth > 8) return owner.fail_at(n, "layers are nested more than 8 deep", "write the inner ones in a row");
  if (list->size() > 10000) return owner.fail_at(n, format("{} layers; at most 10,000 are taken", list->size()));
  for (size_t i = 0; i < list->size() && owner.ok(); ++i) {
    const toml::table* table = list->get(i)->as_table();
    if (!table)
      return owner.fail_at(*list->get(i), format("layer {} must be a table", i),
                           "{ dense = 10, activation = \"softmax\" }");
    LayerSpec layer;
    TableReader r(*table, format("model.layers.{}.", i), status);
    read_layer(r, &layer, status, depth);
    out->push_back(std::move(layer));
  }
}

}  // namespace

void read_layers(TableReader& owner, const toml::node& list, std::vector<LayerSpec>* out, Status* status) {
  read_layers(owner, list, out, status, 0);
}

namespace {

// new_head, cut and freeze: what becomes of an imported model.
void read_transfer(TableReader& r, ModelSpec* out, Status* status) {
  for (const char* key : {"new_head", "cut", "freeze", "trainable_layers"})
    if (r.has(key) && out->file.empty())
      return r.fail_at(*r.node(key), format("model.{} goes with model.file", key), "file = \"model.tflite\"");
  if (const toml::node* head = r.node("new_head")) {
    read_layers(r, *head, &out->new_head, status, 0);
    if (out->new_head.empty() && r.ok()) return r.fail_at(*head, "model.new_head has no layers");
    out->frozen_layers = ModelSpec::kAll;
  }
  r.text("cut", &out->cut);
  if (!out->cut.empty() && out->new_head.empty())
    return r.fail_at(*r.node("cut"), "model.cut says where model.new_head begins, and there is none");
  const toml::node* freeze = r.node("freeze");
  if (!freeze) return;
  if (out->trainable_layers > 0)
    return r.fail_at(*freeze, "model.freeze and model.trainable_layers say the same thing twice", "leave one out");
  const auto number = freeze->value_exact<int64_t>();
  if (freeze->value_or(std::string()) == "all" && !out->new_head.empty())
    out->frozen_layers = ModelSpec::kAll;
  else if (number && *number >= 0 && *number <= 1'000'000)
    out->frozen_layers = static_cast<int>(*number);
  else
    r.fail_at(
        *freeze, "model.freeze must be a number of layers, or \"all\" with model.new_head",
        "freeze = \"all\": only the new layers learn; freeze = 4: the first 4 layers with weights stay as they are");
}

}  // namespace

void read_model(TableReader& r, ModelSpec* out, Status* status) {
  r.wholes("input", &out->input, 1, 65536);
  r.text("file", &out->file);
  r.text("architecture", &out->architecture);
  r.number("alpha", &out->alpha, 0.01, 10);
  r.whole("classes", &out->classes, 2, 1'000'000);
  r.number("momentum", &out->momentum, 0, 0.9999);
  r.whole("trainable_layers", &out->trainable_layers, 0, 1'000'000);
  read_transfer(r, out, status);
  const toml::node* layers = r.node("layers");
  const int ways = (layers != nullptr) + !out->file.empty() + !out->architecture.empty();
  if (ways != 1 && r.ok())
    *status = fail(ErrorCode::usage, "[model] needs exactly one of layers, file and architecture");
  if (out->architecture.empty())
    for (const char* key : {"alpha", "classes", "momentum"})
      if (r.has(key)) r.fail_at(*r.node(key), format("model.{} goes with an architecture", key));
  if (layers) read_layers(r, *layers, &out->layers, status, 0);
  r.finish();
}

}  // namespace thimble
