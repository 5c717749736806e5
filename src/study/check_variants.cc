#include "study/check_variants.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/file.h"
#include "compress/layer_choice.h"
#include "formats/model_file.h"
#include "study/variants.h"
#include "train/loss.h"
#include "train/model.h"

namespace thimble {
namespace {

// Every list of layers that the variant's stages have.
std::vector<std::string> named_layers(const VariantSpec& v) {
  std::vector<std::string> names;
  const auto add = [&](const std::vector<std::string>& list) { names.insert(names.end(), list.begin(), list.end()); };
  const auto add_bits = [&](const QuantizeOptions& q) {
    add(q.layers);
    for (const auto& [layer, bits] : q.layer_bits) names.push_back(layer);
  };
  if (v.shrink) add(v.shrink->plan.options.layers);
  if (v.prune) add(v.prune->options.choice.layers);
  if (v.cluster) add(v.cluster->options.choice.layers);
  if (v.qat) add_bits(v.qat->options.quantize);
  if (v.quantize) add_bits(v.quantize->options);
  return names;
}

// The float model as stages get it, with weights that mean nothing: its layers have the names that it will have.
Result<Graph> untrained(const ModelSpec& spec, const Model& model, const Feeding& feeding) {
  Weights weights;
  const auto ones = [&](TensorId t) {
    return std::vector<float>(static_cast<size_t>(model.graph.at(t).shape.elements()), 1.0f);
  };
  std::ranges::transform(model.parameters, std::back_inserter(weights.parameters), ones);
  std::ranges::transform(model.statistics, std::back_inserter(weights.statistics), ones);
  return deployable_graph(spec, weights, feeding, "untrained");
}

// What is known of a variant's model.
struct Origin {
  ModelSpec spec;
  std::optional<Graph> graph;  // made when it is asked for
  bool clustered = false;

  // Whether there is a graph. Where none can be made the training of the recipe's model says it better.
  bool made(const Feeding& feeding) {
    if (graph) return true;
    const auto model = build_model(spec, {.batch = 1});
    if (!model) return false;
    auto untrained_graph = untrained(spec, *model, feeding);
    if (untrained_graph) graph = std::move(*untrained_graph);
    return graph.has_value();
  }
};

class Check {
 public:
  Check(const Recipe& recipe, const StudyData& data) : recipe_(recipe), data_(data) {
    origins_[""].spec = recipe.model;
  }

  Status variant(const VariantSpec& v) {
    Origin origin = origins_.at(v.from);
    const bool student = v.distill && !v.distill->student.empty();
    if (v.network || student) {
      origin = {};
      origin.spec.input = recipe_.model.input;
      origin.spec.layers = v.network ? v.network->layers : v.distill->student;
      THIMBLE_ASSIGN(const Model model, build_model(origin.spec, {.batch = 1}));
      if (const Dataset& train = data_.splits.train; train.valid() && !train.empty())
        THIMBLE_TRY(plan_loss(recipe_.train.loss, recipe_.train.label_smoothing, model, train));
    }
    if (v.distill && v.distill->teacher.ends_with(".tflite"))
      if (const std::string path = join_path(recipe_.directory, v.distill->teacher); !file_exists(path))
        return tl::unexpected<Error>(missing_file_error(path));
    if (v.prune && origin.clustered)
      return fail(ErrorCode::usage, "pruning after clustering would pull each cluster towards zero",
                  "prune first, then cluster");
    if (v.search) {
      const Dataset& held = data_.splits.validation;
      if (!held.valid() || held.empty())
        return fail(ErrorCode::usage, "a search chooses by validation samples, and the data has none",
                    "data.split = { train = 50000, validation = 10000, test = 10000 }");
      THIMBLE_TRY(check_goal(v.search->goal, data_.splits.train.classes() > 0));
    }
    THIMBLE_TRY(layers(v, origin));
    THIMBLE_TRY(writes(v, origin));
    origin.clustered = origin.clustered || v.cluster;
    origins_[v.name] = std::move(origin);
    return {};
  }

 private:
  // Whether the format has all operators is known before anything is trained.
  Status writes(const VariantSpec& v, Origin& origin) {
    if (v.format == "tflite" || !origin.made(data_.feeding)) return {};
    const auto file = write_model(*origin.graph, v.file_name());
    return file ? Status() : tl::unexpected(file.error());
  }

  Status layers(const VariantSpec& v, Origin& origin) {
    const std::vector<std::string> names = named_layers(v);
    if (names.empty()) return {};
    if (!origin.made(data_.feeding)) return {};
    return compress::check_layers(names, *origin.graph);
  }

  const Recipe& recipe_;
  const StudyData& data_;
  std::map<std::string, Origin> origins_;
};

}  // namespace

Status check_variants(const Recipe& recipe, const StudyData& data) {
  Check check(recipe, data);
  for (const VariantSpec& v : recipe.variants)
    if (Status good = check.variant(v); !good)
      return with_context(std::move(good).error(), format("variant \"{}\"", v.name));
  return {};
}

}  // namespace thimble
