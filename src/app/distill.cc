// `thimble distill`: a float model learns from another model's answers as well as from the labels.
#include "compress/distill/distill.h"

#include "api/load_layers.h"
#include "app/commands.h"
#include "app/flag_fields.h"
#include "app/output.h"
#include "app/retraining.h"
#include "compress/cluster/cluster.h"
#include "compress/prune/prune.h"
#include "measure/units.h"
#include "study/options/stages.h"

namespace thimble::app {
namespace {

struct DistillArguments {
  RetrainArguments common;
  DistillStage stage;
};

Status run_distill(DistillArguments& a, const Context& context) {
  THIMBLE_TRY(complete(a.stage));
  THIMBLE_TRY(check_model_output(context, a.common.output, {a.common.model, a.stage.teacher}, a.common.force));
  THIMBLE_ASSIGN(LoadedModel teacher, load_layers(a.stage.teacher));
  DistillOptions o = distill_options(a.stage);
  o.teacher = std::make_shared<const Graph>(std::move(teacher.graph));
  o.threads = context.thread_count();
  Command command{.name = "distill"};
  command.techniques = [&](const Graph& student, double sparsity, const Context& c) -> Result<Techniques> {
    note_teachers_feeding(*o.teacher, a.stage.teacher, student, c);
    Techniques techniques{std::make_shared<Distillation>(o)};
    techniques.push_back(std::make_shared<Clustering>(ClusterOptions{.keep = true, .choice = {.depthwise = true}}));
    if (sparsity < 0.1) return techniques;
    c.note(format("{} of the weights are zero and stay so: the model was pruned", format_percent(sparsity, 0)));
    PruneOptions keep;
    keep.keep = true;
    keep.choice.depthwise = true;
    techniques.push_back(std::make_shared<Pruning>(keep));
    return techniques;
  };
  return run_retraining(a.common, command, context);
}

}  // namespace

Action define_distill(Options& options) {
  auto a = std::make_shared<DistillArguments>();
  a->common.technique = "distill";
  options.examples(
      "thimble distill small.tflite --teacher large.tflite --data fashion-mnist -o taught.tflite\n"
      "thimble distill pruned.tflite --teacher original.tflite --data mnist --temperature 2 -o t.tflite\n");
  options.about(
      "The teacher answers every batch; its probabilities at a temperature are learned beside the labels. A model "
      "that\n"
      "was pruned or clustered stays so. Teachers may be float or int8.");
  declare_retraining(options, &a->common);
  FlagFields visitor(options, a->stage.form);
  fields(visitor, a->stage);
  options.section("");
  return [a](const Context& context) { return run_distill(*a, context); };
}

}  // namespace thimble::app
