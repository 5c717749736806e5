// The options of the techniques that train a float model further: network, shrink, prune, cluster, distill.
#include "study/options/stages.h"

namespace thimble {
namespace {

const Field kLayers{"layers", "A,B", "only layers of these names", "all with dense or convolution weights"};
const Field kDepthwise{"depthwise", "", "depthwise convolutions too"};

void choice_fields(Fields& v, WeightChoice& choice) {
  v.names(kLayers, &choice.layers);
  v.truth(kDepthwise, &choice.depthwise);
}

}  // namespace

void fields(Fields& v, NetworkStage& stage) {
  v.nested({"layers", "", "another network than [model], trained from nothing", "one of two"});
  v.text({"architecture", "NAME", "instead: a named one, for the recipe's input", "one of two"}, &stage.architecture);
  v.number({"alpha", "X", "its width multiplier", "1"}, &stage.alpha, 0, 10);
  v.number({"decay_epochs", "N", "length of the schedule", "train.schedule's"}, &stage.decay_epochs, 0, 1e6);
}

Status complete(NetworkStage& stage) {
  if (stage.layers.empty() && stage.architecture.empty())
    return stage.form.refuse("", "network needs layers", "network = { layers = [ … ] }, as in [model]");
  if (!stage.layers.empty() && !stage.architecture.empty())
    return stage.form.refuse("architecture", "network has layers and an architecture", "give one of them");
  return {};
}

void fields(Fields&, ContinueStage&) {}  // only how it trains

Status complete(ContinueStage&) { return {}; }

void fields(Fields& v, ShrinkStage& stage) {
  ShrinkOptions& o = stage.plan.options;
  v.section("What goes");
  v.number({"keep", "FRACTION", "of the channels that stay", "one of three"}, &stage.keep, 0, 1);
  v.whole({"macs", "N", "instead: the most channels that fit into so many multiply-accumulates", "one of three"},
          &o.max_macs, 1, int64_t{1} << 60);
  v.whole({"parameters", "N", "instead: the most that fit into so many parameters", "one of three"}, &o.max_parameters,
          1, int64_t{1} << 60);
  v.word({"rank", "", "what is low goes: filters (l1), effect on the loss (taylor), activations …"},
         &stage.plan.ranking,
         {{"l1", Ranking::l1},
          {"taylor", Ranking::taylor},
          {"activation", Ranking::activation},
          {"activation_gradient", Ranking::activation_gradient},
          {"batch_norm", Ranking::batch_norm}});
  v.whole({"rank_samples", "N", "training samples that rank looks at, but for l1 and batch_norm"},
          &stage.plan.rank_samples, 1, 1'000'000);
  v.whole({"rounds", "N", "rank, remove a part and train, so often"}, &stage.plan.rounds, 1, 1000);
  v.truth({"per_layer", "", "the same fraction of every layer; otherwise the lowest of the whole model"}, &o.per_layer);
  v.number({"floor", "FRACTION", "of each layer's channels that stay at least"}, &o.floor, 0, 1);
  v.whole({"multiple", "N", "channels that stay in a layer: a multiple of it"}, &o.multiple, 1, 1024);
  v.names(kLayers, &o.layers);
}

Status complete(ShrinkStage& stage) {
  Form& form = stage.form;
  ShrinkOptions& o = stage.plan.options;
  const bool target = o.max_macs > 0 || o.max_parameters > 0;
  if (stage.keep && !(*stage.keep > 0))
    return form.refuse("keep", format("{} is 0, which leaves no channel", form.name("keep")),
                       "give a fraction above 0 and at most 1, for instance 0.5 for half of the channels");
  if (stage.keep && target)
    return form.refuse("keep",
                       format("{} and a target ({}, {}) exclude each other", form.name("keep"), form.name("macs"),
                              form.name("parameters")),
                       "give one of them");
  if (stage.keep)
    o.keep = *stage.keep;
  else if (!target && !form.flags)
    return form.refuse("", "shrink needs keep, macs or parameters", "shrink = { keep = 0.5 }");
  return {};
}

void fields(Fields& v, PruneStage& stage) {
  PruneSchedule& s = stage.options.schedule;
  v.section("What becomes zero");
  v.number({"sparsity", "FRACTION", "of the weights of each tensor that become zero, from 0 to below 1; biases stay",
            "required, or pattern"},
           &stage.sparsity, 0, 1);
  v.text({"pattern", "N:M", "\"2:4\": two of each four neighbours stay, instead of sparsity", "none"}, &stage.pattern);
  v.text({"block", "RxC", "\"1x4\": weights of so many output channels × neighbours go together", "1x1"}, &stage.block);
  v.truth({"global", "", "one threshold for all layers together; otherwise each gives the same share"},
          &stage.options.global);
  v.word({"schedule", "",
          "from initial to sparsity as s = sparsity + (initial − sparsity)·(1 − t)^power; or constant: at once"},
         &s.kind, {{"polynomial", PruneSchedule::Kind::polynomial}, {"constant", PruneSchedule::Kind::constant}});
  v.number({"initial", "FRACTION", "polynomial: zeros at the beginning"}, &s.initial, 0, 1);
  v.number({"power", "P", "polynomial: its exponent"}, &s.power, 0.01, 100);
  v.whole({"begin", "STEP", "first step of the schedule"}, &s.begin, 0, int64_t{1} << 40);
  v.whole({"end", "STEP", "its last step; after it the mask stays", "half of the steps"}, &s.end, 0, int64_t{1} << 40);
  v.whole({"frequency", "STEPS", "between changes of the mask", "100, fewer in short trainings"}, &s.frequency, 1,
          int64_t{1} << 40);
  choice_fields(v, stage.options.choice);
}

Status complete(PruneStage& stage) {
  Form& form = stage.form;
  PruneOptions& o = stage.options;
  form.at = "block";
  if (!stage.block.empty()) THIMBLE_TRY(parse_block(stage.block, &o));
  form.at = "pattern";
  if (!stage.pattern.empty()) {
    THIMBLE_TRY(parse_pattern(stage.pattern, &o));
    if (stage.sparsity)
      return form.refuse("pattern", "a pattern N:M decides the sparsity: leave one of both out",
                         format("{}, or {}", form.setting("sparsity", "0.8"), form.setting("pattern", "2:4")));
  } else if (!stage.sparsity) {
    return form.refuse("", "prune needs a sparsity or a pattern",
                       form.flags ? "--sparsity 0.8, or --pattern 2:4" : "prune = { sparsity = 0.8 }");
  }
  if (stage.sparsity) o.schedule.target = *stage.sparsity;
  form.at = "sparsity";
  return check(o);
}

void fields(Fields& v, ClusterStage& stage) {
  ClusterOptions& o = stage.options;
  v.section("Clusters");
  v.whole({"clusters", "K", "different values of each weight tensor, 2 to 4,096"}, &o.clusters, -1'000'000, 1'000'000);
  v.word({"init", "", "first values: kmeans is k-means++, then Lloyd"}, &o.init,
         {{"kmeans", ClusterInit::kmeans},
          {"density", ClusterInit::density},
          {"linear", ClusterInit::linear},
          {"random", ClusterInit::random}});
  v.truth({"per_channel", "", "so many values for each output channel; otherwise for each layer"}, &o.per_channel);
  v.truth({"preserve_sparsity", "", "zeros stay zero and are one of the values",
           "where a tenth of the weights or more are zero"},
          &o.preserve_sparsity);
  v.whole({"reassign", "STEPS", "weights may change their cluster so often", "never"}, &o.reassign, 0,
          int64_t{1} << 40);
  choice_fields(v, o.choice);
}

Status complete(ClusterStage& stage) {
  stage.form.at = "clusters";
  return check(stage.options);
}

void fields(Fields& v, DistillStage& stage) {
  v.section("Teacher");
  v.text({"teacher", "FILE",
          stage.form.flags ? "a model of the same inputs and classes, float or int8"
                           : "an earlier variant (its float model), or a .tflite file beside the recipe, float or int8",
          "required"},
         &stage.teacher);
  v.number({"temperature", "T", "above 0; softens the answers"}, &stage.temperature, 0, 1000);
  v.number({"alpha", "A", "share of the teacher in the loss, 0 to 1"}, &stage.alpha, 0, 1);
  v.nested({"student", "", "[ layers ] as in [model]: another network, trained from nothing with the whole [train]",
            "the same network"});
  v.text({"student_feature", "TENSOR", "a tensor of the student that becomes like", "none"}, &stage.student_feature);
  v.text({"teacher_feature", "TENSOR", "this one of the teacher, of the same shape", "none"}, &stage.teacher_feature);
  v.number({"feature_weight", "W", "of that in the loss"}, &stage.feature_weight, 0, 1e6);
}

Status complete(DistillStage& stage) {
  Form& form = stage.form;
  if (stage.teacher.empty())
    return form.refuse(
        "", "distill needs a teacher",
        form.flags ? "--teacher large.tflite" : "teacher = \"float32\": an earlier variant, or a .tflite file");
  if (stage.student_feature.empty() != stage.teacher_feature.empty())
    return form.refuse("student_feature", format("feature matching needs both {} and {}", form.name("student_feature"),
                                                 form.name("teacher_feature")));
  form.at = "temperature";
  DistillOptions o = distill_options(stage);
  o.teacher = std::make_shared<const Graph>();  // which one is known later
  return check(o);
}

DistillOptions distill_options(const DistillStage& stage) {
  DistillOptions o;
  o.teacher_name = stage.teacher;
  o.temperature = stage.temperature;
  o.alpha = stage.alpha;
  o.student_feature = stage.student_feature;
  o.teacher_feature = stage.teacher_feature;
  o.feature_weight = stage.feature_weight;
  return o;
}

void fields(Fields& v, SearchStage& stage) {
  CompressionGoal& goal = stage.goal;
  v.number({"accuracy_drop", "POINTS", "as small as possible, at most so many percentage points below the model given",
            "one of the three"},
           &goal.accuracy_drop, 0, 100);
  v.number({"loss_rise", "PERCENT", "the same for models without classes: at most so many percent above its loss",
            "one of the three"},
           &goal.loss_rise, 0, 1e6);
  v.whole({"target_bytes", "N", "as accurate as possible in so many bytes of the packed file", "one of the three"},
          &goal.most_bytes, 1, int64_t{1} << 40);
  v.whole({"passes", "N", "samples to train on in all, as passes over the training part"}, &stage.passes, 1, 1'000'000);
}

Status complete(SearchStage& stage) {
  int goals = 0;
  for (const char* key : {"accuracy_drop", "loss_rise", "target_bytes"}) goals += stage.form.has(key);
  if (goals != 1)
    return stage.form.refuse("", "search needs one of accuracy_drop, loss_rise and target_bytes",
                             "search = { accuracy_drop = 0.5 }");
  return {};
}

}  // namespace thimble
