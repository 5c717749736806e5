// `thimble cluster`: the weights of a float model get along with few different values.
#include "compress/cluster/cluster.h"

#include "app/commands.h"
#include "app/flag_fields.h"
#include "app/retraining.h"
#include "compress/prune/prune.h"
#include "measure/units.h"
#include "study/options/stages.h"

namespace thimble::app {
namespace {

struct ClusterArguments {
  RetrainArguments common;
  ClusterStage stage;
};

Status run_cluster(ClusterArguments& a, const Context& context) {
  THIMBLE_TRY(complete(a.stage));
  ClusterOptions o = a.stage.options;
  o.seed = static_cast<uint64_t>(a.common.seed);
  std::shared_ptr<Clustering> clustering;
  Command command{.name = "cluster"};
  command.techniques = [&](const Graph&, double sparsity, const Context& c) -> Result<Techniques> {
    Techniques techniques;
    o.preserve_sparsity = a.stage.options.preserve_sparsity || sparsity >= 0.1;
    if (o.preserve_sparsity) {
      if (!a.stage.options.preserve_sparsity)
        c.note(format("{} of the weights are zero and stay so: the model was pruned", format_percent(sparsity, 0)));
      PruneOptions keep;  // also in layers that are not clustered
      keep.keep = true;
      keep.choice.depthwise = true;
      techniques.push_back(std::make_shared<Pruning>(keep));
    }
    clustering = std::make_shared<Clustering>(o);
    techniques.push_back(clustering);
    return techniques;
  };
  command.notes = [&] { return clustering->notes(); };
  return run_retraining(a.common, command, context);
}

}  // namespace

Action define_cluster(Options& options) {
  auto a = std::make_shared<ClusterArguments>();
  a->common.technique = "cluster";
  options.examples(
      "thimble cluster model.tflite --data fashion-mnist --clusters 16 -o clustered.tflite\n"
      "thimble cluster pruned.tflite --data mnist --clusters 8 --preserve-sparsity -o both.tflite\n"
      "thimble cluster model.tflite --data mnist --clusters 4 --per-channel --init density -o "
      "four.tflite\n");
  options.about(
      "Every weight of a layer becomes one of a few values, which are then trained. The file has its size until it is\n"
      "deflated. Quantising the result to int8 keeps the values.");
  declare_retraining(options, &a->common);
  FlagFields visitor(options, a->stage.form);
  fields(visitor, a->stage);
  options.section("");
  return [a](const Context& context) { return run_cluster(*a, context); };
}

}  // namespace thimble::app
