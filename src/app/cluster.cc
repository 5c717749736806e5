// `thimble cluster`: the weights of a float model get along with few different values.
#include "compress/cluster.h"

#include "app/commands.h"
#include "app/retraining.h"
#include "compress/prune.h"
#include "measure/units.h"

namespace thimble::app {
namespace {

struct ClusterArguments {
  RetrainArguments common;
  std::string init = "kmeans";
  int64_t clusters = 16, reassign = 0;
  bool per_channel = false, preserve_sparsity = false, depthwise = false;
};

Status run_cluster(const ClusterArguments& a, const Context& context) {
  ClusterOptions o;
  o.clusters = static_cast<int>(a.clusters);
  o.init = a.init == "linear"    ? ClusterInit::linear
           : a.init == "random"  ? ClusterInit::random
           : a.init == "density" ? ClusterInit::density
                                 : ClusterInit::kmeans;
  o.per_channel = a.per_channel;
  o.reassign = a.reassign;
  o.choice.layers = layer_names(a.common);
  o.choice.depthwise = a.depthwise;
  o.seed = static_cast<uint64_t>(a.common.seed);
  THIMBLE_TRY(check(o));
  std::shared_ptr<Clustering> clustering;
  Command command{.name = "cluster"};
  command.techniques = [&](const Graph&, double sparsity, const Context& c) -> Result<Techniques> {
    Techniques techniques;
    o.preserve_sparsity = a.preserve_sparsity || sparsity >= 0.1;
    if (o.preserve_sparsity) {
      if (!a.preserve_sparsity)
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
      "thimble cluster model.tflite --data mnist --clusters 4 --per-channel --init density --epochs 8 -o "
      "four.tflite\n");
  options.about(
      "Every weight of a layer becomes one of a few values, which are then trained. The file has its size until it is\n"
      "deflated. Quantising the result to int8 keeps the values.");
  declare_retraining(options, &a->common);
  options.section("Clusters");
  options.integer("--clusters", &a->clusters, "K", "different values, 2 to 4,096 (default: 16)", -1'000'000, 1'000'000);
  options.choice("--init", &a->init, {"kmeans", "density", "linear", "random"},
                 "first values (default: kmeans, k-means++)");
  options.flag("--per-channel", &a->per_channel, "K values for each output channel; otherwise for each layer");
  options.flag("--preserve-sparsity", &a->preserve_sparsity,
               "zeros stay zero (always where a tenth of the weights or more are)");
  options.integer("--reassign", &a->reassign, "STEPS", "weights may change their cluster so often (default: never)", 0);
  declare_layers(options, &a->common);
  options.flag("--depthwise", &a->depthwise, "depthwise convolutions too");
  options.section("");
  return [a](const Context& context) { return run_cluster(*a, context); };
}

}  // namespace thimble::app
