// `thimble prune`: the smallest weights of a float model become zero while it goes on learning.
#include "compress/prune/prune.h"

#include <cmath>

#include "app/commands.h"
#include "app/flag_fields.h"
#include "app/retraining.h"
#include "study/options/stages.h"

namespace thimble::app {
namespace {

struct PruneArguments {
  RetrainArguments common;
  PruneStage stage;
};

Status run_prune(PruneArguments& a, const Context& context) {
  THIMBLE_TRY(complete(a.stage));
  const PruneOptions& options = a.stage.options;
  Command command{.name = "prune"};
  command.techniques = [&](const Graph&, double, const Context&) -> Result<Techniques> {
    return Techniques{std::make_shared<Pruning>(options)};
  };
  return run_retraining(a.common, command, context);
}

}  // namespace

Action define_prune(Options& options) {
  auto a = std::make_shared<PruneArguments>();
  a->common.technique = "prune";
  options.examples(
      "thimble prune model.tflite --data fashion-mnist --sparsity 0.8 -o pruned.tflite\n"
      "thimble prune model.tflite --data mnist --sparsity 0.9 --layers dense_1 -o pruned.tflite\n"
      "thimble prune model.tflite --data mnist --sparsity 0.7 --block 1x4 --global -o blocks.tflite\n"
      "thimble prune model.tflite --data mnist --pattern 2:4 -o two_of_four.tflite\n");
  options.about(
      "Magnitude pruning: more and more of the smallest weights become zero during the first half of the\n"
      "training, the other half learns with those that are left. The file has its size until it is deflated.");
  declare_retraining(options, &a->common);
  FlagFields visitor(options, a->stage.form);
  fields(visitor, a->stage);
  options.section("");
  return [a](const Context& context) { return run_prune(*a, context); };
}

}  // namespace thimble::app
