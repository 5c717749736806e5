// `thimble prune`: the smallest weights of a float model become zero while it goes on learning.
#include "compress/prune.h"

#include <cmath>

#include "app/commands.h"
#include "app/retraining.h"

namespace thimble::app {
namespace {

struct PruneArguments {
  RetrainArguments common;
  std::string schedule = "polynomial", block, pattern;
  double sparsity = NAN, initial = 0;
  int64_t begin = 0, end = -1, frequency = 0;
  bool global = false, depthwise = false;
};

Result<PruneOptions> options_of(const PruneArguments& a) {
  PruneOptions o;
  if (std::isnan(a.sparsity) == a.pattern.empty())
    return fail(ErrorCode::usage, "give either --sparsity or --pattern", "--sparsity 0.8, or --pattern 2:4");
  if (!std::isnan(a.sparsity)) o.schedule.target = a.sparsity;
  o.schedule.kind = a.schedule == "constant" ? PruneSchedule::Kind::constant : PruneSchedule::Kind::polynomial;
  o.schedule.initial = a.initial;
  o.schedule.begin = a.begin;
  o.schedule.end = a.end;
  o.schedule.frequency = a.frequency;
  o.global = a.global;
  o.choice.layers = layer_names(a.common);
  o.choice.depthwise = a.depthwise;
  if (!a.block.empty()) THIMBLE_TRY(parse_block(a.block, &o));
  if (!a.pattern.empty()) THIMBLE_TRY(parse_pattern(a.pattern, &o));
  THIMBLE_TRY(check(o));
  return o;
}

Status run_prune(const PruneArguments& a, const Context& context) {
  THIMBLE_ASSIGN(const PruneOptions options, options_of(a));
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
      "thimble prune model.tflite --data mnist --sparsity 0.9 --layers dense_1 --epochs 8 -o pruned.tflite\n"
      "thimble prune model.tflite --data mnist --sparsity 0.7 --block 1x4 --global -o blocks.tflite\n"
      "thimble prune model.tflite --data mnist --pattern 2:4 -o two_of_four.tflite\n");
  options.about(
      "Magnitude pruning: more and more of the smallest weights become zero during the first half of the\n"
      "training, the other half learns with those that are left. The file has its size until it is deflated.");
  declare_retraining(options, &a->common);
  options.section("What becomes zero");
  options.number("--sparsity", &a->sparsity, "FRACTION", "of the weights that become zero, from 0 to below 1");
  options.choice("--schedule", &a->schedule, {"polynomial", "constant"}, "default: polynomial (cubic)");
  options.number("--initial", &a->initial, "FRACTION", "polynomial: zeros at the beginning (default: 0)", 0, 1);
  options.integer("--begin", &a->begin, "STEP", "first step of the schedule (default: 0)");
  options.integer("--end", &a->end, "STEP", "its last step (default: half of the training)");
  options.integer("--frequency", &a->frequency, "STEPS", "between changes (default: 100, fewer in short trainings)", 1);
  options.flag("--global", &a->global, "one threshold for all layers; otherwise each gives the same share");
  options.text("--block", &a->block, "RxC", "blocks of R output channels and C neighbours go together: 1x4, 4x1");
  options.text("--pattern", &a->pattern, "N:M", "N of each M neighbours stay, instead of --sparsity");
  declare_layers(options, &a->common);
  options.flag("--depthwise", &a->depthwise, "depthwise convolutions too");
  options.section("");
  return [a](const Context& context) { return run_prune(*a, context); };
}

}  // namespace thimble::app
