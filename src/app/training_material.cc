#include "app/training_material.h"

#include "api/load_layers.h"
#include "app/flag_fields.h"
#include "app/interrupt.h"
#include "compress/distill/distill.h"
#include "formats/tflite/tflite.h"
#include "measure/units.h"
#include "study/evaluate.h"
#include "study/options/stages.h"
#include "study/recipe.h"
#include "study/session_data.h"
#include "study/validation_score.h"

namespace thimble::app {

void declare_training(Options& options, RetrainArguments* a, const TrainingFlags& flags) {
  FlagFields visitor(options, a->form);
  if (flags.least_epochs >= 0)
    training_fields(visitor, a->form, a->technique, &a->epochs, &a->learning_rate, flags.least_epochs);
  options.text("--optimizer", &a->optimizer, "NAME", "adam (default), sgd, rmsprop …");
  options.integer("--batch", &a->batch, "N", format("samples per step (default: {})", a->batch), 1, 65536);
  options.integer("--limit", &a->limit, "N", "train on the first N samples only", 1);
  options.integer("--seed", &a->seed, "N", "of the order of samples and of random choices (default: 1)");
  options.text("--augment", &a->augment, "TEXT",
               "changes of training pictures as in a recipe: \"shift = 1, flip = true\"");
  if (flags.teacher)
    options.text("--teacher", &a->teacher, "FILE",
                 "a model of the same classes whose answers are learned too; the uncompressed one is a good teacher");
  options.flag("--resume", &a->resume, "go on where an interrupted training was, from OUT.ckpt");
}

void note_teachers_feeding(const Graph& teacher, const std::string& name, const Graph& student,
                           const Context& context) {
  const auto its = own_feeding(teacher), ours = own_feeding(student);
  if (!its || !ours || !*its || !*ours || (*its)->scale.empty() || (*ours)->scale.empty()) return;
  const Feeding &a = **its, &b = **ours;
  if (a.mean == b.mean && a.deviation == b.deviation) return;
  context.warn(
      format("warning: {} was made for inputs of scale {}, the model that learns from it gets {}: it answers what "
             "it does not know",
             name, a.scale, b.scale));
}

Result<Techniques> taught(const RetrainArguments& a, const Graph& student, const Context& context) {
  if (a.teacher.empty()) return Techniques();
  auto model = load_layers(a.teacher);
  if (!model) return with_context(std::move(model).error(), "--teacher");
  note_teachers_feeding(model->graph, a.teacher, student, context);
  DistillOptions lesson;
  lesson.teacher = std::make_shared<const Graph>(std::move(model->graph));
  lesson.teacher_name = a.teacher;
  lesson.threads = context.thread_count();
  return Techniques{std::make_shared<Distillation>(std::move(lesson))};
}

Status refuse_quantised(const Graph& graph) {
  for (const Tensor& t : graph.tensors)
    if (is_quantized_type(t.type) && !t.quant.empty())
      return fail(ErrorCode::unsupported,
                  format("the model is quantised (tensor {}): only float models learn", t.to_string()),
                  "give the float model that it was made from, and quantise the result");
  return {};
}

Result<Material> material_of(const RetrainArguments& a, Graph& graph, const Context& context) {
  Material m;
  m.how.threads = context.thread_count();
  m.how.hooks.stop = interrupted;
  THIMBLE_TRY(refuse_losses(graph));
  if (a.data.empty()) return m;
  THIMBLE_ASSIGN(DataRequest request, data_request(a, DataRequest::Use::learn, context));
  request.seed = static_cast<uint64_t>(a.seed);
  THIMBLE_ASSIGN(ModelData data, open_data(graph, request, context));
  Splits& splits = data.splits;
  if (!splits.train.valid() || splits.train.empty())
    return fail(ErrorCode::usage, format("the data set \"{}\" has no training part", a.data));
  remember_training(request, &data);
  keep_feeding(data.fed, &graph);
  m.test = splits.test;
  splits.train = splits.train.limit(a.limit);
  HeldOut held = hold_out(splits);
  m.how.train = std::move(held.train);
  m.how.validation = std::move(held.validation);
  m.how.feeding = data.fed.feeding;
  THIMBLE_TRY(scale_targets_of(a.data, m.how.train, &m.how.feeding, &graph));
  THIMBLE_ASSIGN(
      const std::string warning,
      constant_warning(graph, m.how.validation.valid() && !m.how.validation.empty() ? m.how.validation : m.test,
                       m.how.feeding, m.how.threads));
  if (!warning.empty()) context.warn(warning);
  if (!a.augment.empty()) {
    auto augment = parse_augment(a.augment);
    if (!augment) return with_context(std::move(augment).error(), "--augment");
    m.how.augment = *augment;
  }
  TrainSpec base;
  THIMBLE_ASSIGN(base.optimizer, make_optimizer(a.optimizer));
  base.batch = a.batch;
  base.seed = static_cast<uint64_t>(a.seed);
  m.how.spec =
      fine_tuning(base, static_cast<int>(a.epochs),
                  a.learning_rate > 0 ? a.learning_rate : base.optimizer.learning_rate * usual_rate(a.technique));
  if (a.output != "-") m.how.checkpoint = a.output + ".ckpt";
  m.how.resume = a.resume;
  return m;
}

Result<TestScore> test_score(const Graph& graph, const Material& m, const Context& context) {
  TestScore score;
  if (!m.test.valid() || m.test.empty()) return score;
  THIMBLE_ASSIGN(
      const EvaluationResult e,
      evaluate_model(graph, m.test, m.how.feeding, {.threads = context.thread_count(), .cancelled = interrupted}));
  if (e.accuracy >= 0) score.accuracy = e.accuracy;
  score.loss = e.loss;
  if (e.regression.present()) score.rmse = e.regression.rmse;
  return score;
}

void add_test_row(TextTable& table, const TestScore& before, const TestScore& after) {
  if (!std::isnan(before.accuracy))
    table.row({"test accuracy", format_percent(before.accuracy), format_percent(after.accuracy)}, Tone::strong);
  else if (!std::isnan(before.rmse))
    table.row({"test RMSE", format_number(before.rmse), format_number(after.rmse)}, Tone::strong);
  else if (!std::isnan(before.loss))
    table.row({"test loss", format_number(before.loss), format_number(after.loss)}, Tone::strong);
}

void write_epochs(JsonWriter& json, const std::vector<EpochRecord>& epochs) {
  json.key("epochs").begin_array();
  for (const EpochRecord& e : epochs)
    json.begin_object()
        .field("epoch", e.epoch)
        .field("loss", e.loss)
        .field("val_loss", e.has_validation ? e.val_loss : NAN)
        .field("val_accuracy", e.has_validation && e.val_accuracy >= 0 ? e.val_accuracy : NAN)
        .end_object();
  json.end_array();
}

}  // namespace thimble::app
