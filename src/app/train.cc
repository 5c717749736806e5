// `thimble train RECIPE.toml -o MODEL.tflite`: training alone.
#include <cmath>
#include <cstdio>

#include "app/commands.h"
#include "app/interrupt.h"
#include "app/long_work.h"
#include "app/output.h"
#include "app/train_summary.h"
#include "base/file.h"
#include "measure/clock.h"
#include "measure/resources.h"
#include "measure/units.h"
#include "report/report_json.h"
#include "study/evaluate.h"
#include "study/train_log.h"
#include "study/variants.h"

namespace thimble::app {
namespace {

struct TrainArguments {
  std::string recipe, output, preset, csv_log, tensorboard;
  std::vector<std::string> set;
  int64_t seed = -1;
  double max_seconds = 0;
  bool resume = false, summary = false;
};

std::string json_of(const TrainResult& trained, int64_t peak, double test_accuracy, double test_loss,
                    bool interrupted_by_time) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.train/1");
  json.field("images_per_s", trained.images_per_s)
      .field("seconds", trained.seconds)
      .field("startup_s", trained.startup_s);
  json.field("peak_rss_bytes", peak).field("arena_bytes", trained.arena_bytes).field("parameters", trained.parameters);
  json.field("images", trained.images).field("test_accuracy", test_accuracy).field("test_loss", test_loss);
  json.field("stopped_by_time", interrupted_by_time).field("stopped_early", trained.stopped_early);
  json.key("epochs").begin_array();
  for (const EpochRecord& e : trained.epochs) {
    json.begin_object()
        .field("epoch", e.epoch)
        .field("loss", e.loss)
        .field("accuracy", e.accuracy >= 0 ? e.accuracy : NAN);
    json.field("val_loss", e.has_validation ? e.val_loss : NAN)
        .field("val_accuracy", e.has_validation && e.val_accuracy >= 0 ? e.val_accuracy : NAN);
    json.field("learning_rate", e.learning_rate).field("seconds", e.seconds).end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

Status run(const TrainArguments& a, const Context& context) {
  const Stopwatch since_start;
  if (a.output.empty() && !a.summary)
    return fail(ErrorCode::usage, "thimble train needs --output", "see the examples in 'thimble train --help'");
  if (a.output == "-")
    return fail(ErrorCode::usage, "training keeps its state beside the model: the standard output has no place for it",
                "give a name: -o model.tflite");
  THIMBLE_TRY(check_model_output(context, a.output));
  RecipeOptions recipe_options;
  recipe_options.preset = a.preset;
  THIMBLE_ASSIGN(recipe_options.settings, parse_settings(a.set));
  if (a.seed >= 0) recipe_options.settings.push_back({"study.seed", std::to_string(a.seed)});
  THIMBLE_ASSIGN(Recipe recipe, read_recipe(a.recipe, recipe_options));
  const std::string csv_log = a.csv_log.empty() ? recipe.train.csv_log : a.csv_log;
  const std::string tensorboard = a.tensorboard.empty() ? recipe.train.tensorboard : a.tensorboard;
  THIMBLE_TRY(check_file_output(csv_log, "--csv-log (train.csv_log)"));
  THIMBLE_TRY(load_imported_model(recipe));
  recipe.data.extra_test.clear();  // a study's; reading them would only delay the first step
  THIMBLE_ASSIGN(const StudyData data, open_study_data(recipe, context.data_dir));
  for (const std::string& note : data.splits.notes) context.note("data: " + note);
  if (a.summary) return print_summary(recipe, data, context);
  TrainOptions options;
  options.threads = context.thread_count();
  options.checkpoint = a.output + ".ckpt";
  options.resume = a.resume;
  options.max_seconds = a.max_seconds;
  if (a.resume && !file_exists(options.checkpoint))
    context.note(format("there is no {}: training begins at the beginning", options.checkpoint));
  ProgressLine line(context);
  TrainLog log(csv_log, tensorboard);
  THIMBLE_TRY(log.prepare());
  TrainHooks hooks;
  hooks.stop = interrupted;
  hooks.progress = [&](const TrainProgress& p) {
    std::string detail = format("epoch {}/{}  loss {:.4f}", p.epoch, p.epochs, p.loss);
    if (p.accuracy >= 0) detail += format("  accuracy {:.4f}", p.accuracy);
    line.update({"training", (static_cast<int64_t>(p.epoch - 1) * p.steps + p.step) * recipe.train.batch,
                 static_cast<int64_t>(p.epochs) * p.steps * recipe.train.batch, "images", detail});
  };
  hooks.epoch = [&](const EpochRecord& e) {
    log.add(e);
    std::string text = format("epoch {}/{}  loss {:.4f}", e.epoch, recipe.train.epochs, e.loss);
    if (e.accuracy >= 0) text += format("  accuracy {:.4f}", e.accuracy);
    if (e.has_validation) text += format("  val_loss {:.4f}", e.val_loss);
    if (e.has_validation && e.val_accuracy >= 0) text += format("  val_accuracy {:.4f}", e.val_accuracy);
    line.note(text + format("  {:.1f} s", e.seconds));
  };
  const double before_training = since_start.seconds();
  THIMBLE_ASSIGN(TrainResult trained, train(recipe.model, recipe.train, data.splits.train, data.splits.validation,
                                            data.feeding, recipe.data.augment, options, hooks));
  trained.startup_s += before_training;  // reading the data counts
  THIMBLE_TRY(log.finish());
  const bool by_user = trained.interrupted && interrupted();
  const int64_t peak = peak_rss_bytes();
  THIMBLE_ASSIGN(const Graph graph, deployable_graph(recipe.model, trained.weights, data.feeding, recipe.name));
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, model_bytes(graph, a.output, context));
  THIMBLE_TRY(write_file_atomic(a.output, file));
  if (by_user)
    return fail(
        ErrorCode::interrupted,
        format("training was interrupted in epoch {}; the model so far is in {}", trained.epochs.size() + 1, a.output),
        format("go on with --resume; the state is in {}", options.checkpoint));
  // One checkpoint stays: with --resume and more epochs the training goes on from it.
  if (!trained.interrupted) std::remove((options.checkpoint + ".previous").c_str());
  double accuracy = NAN, loss = NAN;
  RegressionScore regression;
  if (!data.splits.test.empty() && !trained.interrupted) {
    THIMBLE_ASSIGN(const EvaluationResult e, evaluate_model(graph, data.splits.test, data.feeding,
                                                            {.threads = options.threads, .cancelled = interrupted}));
    accuracy = e.accuracy >= 0 ? e.accuracy : NAN;
    loss = e.loss;
    regression = e.regression;
  }
  if (context.json) {
    context.print(json_of(trained, peak, accuracy, loss, trained.interrupted));
    return {};
  }
  context.print(format("{} parameters, {} images/s, {} in all, peak memory {}\n", format_count(trained.parameters),
                       format_count(static_cast<int64_t>(trained.images_per_s)), format_seconds(trained.seconds),
                       format_bytes(static_cast<double>(peak))));
  if (accuracy == accuracy)
    context.print(format("test accuracy {}\n", format_percent(accuracy)));
  else if (regression.present())
    context.print(format("test RMSE {}, R² {}\n", format_number(regression.rmse), format_number(regression.r2, 5)));
  else if (loss == loss)
    context.print(format("test loss {}\n", format_number(loss)));
  context.print(format("model {} ({})\n", a.output, format_bytes(static_cast<double>(file.size()))));
  return {};
}

}  // namespace

Action define_train(Options& options) {
  auto a = std::make_shared<TrainArguments>();
  options.examples(
      "thimble train studies/mnist_mlp.toml -o mlp.tflite\n"
      "thimble train studies/fashion_cnn.toml -o cnn.tflite --preset quick --threads 2\n"
      "thimble train studies/mnist_cnn.toml -o cnn.tflite --set train.epochs=3 --seed 7\n"
      "thimble train studies/mnist_cnn.toml -o cnn.tflite --resume\n"
      "thimble train studies/mnist_cnn.toml --summary     # what would be trained");
  declare_recipe_keys(options);
  options.about(
      "Trains the recipe's model and writes it as a float32 .tflite or packed .thim file. The state is saved beside it "
      "(MODEL.ckpt) every epoch and every 30 seconds: --resume goes on from it, also with more epochs.");
  options.argument("RECIPE", &a->recipe, "the study as a text file (TOML); variants and sweeps are ignored");
  options.text("-o,--output", &a->output, "MODEL",
               "the file to write: .tflite, .onnx or .thim (packed); required but with --summary");
  options.text("--preset", &a->preset, "NAME", "one of the recipe's presets");
  options.texts("--set", &a->set, "KEY=VALUE", "change a key by its path: train.epochs=4");
  options.integer("--seed", &a->seed, "N", "instead of the recipe's study.seed");
  options.number("--max-seconds", &a->max_seconds, "S", "stop training after so many seconds, as a success", 0);
  options.flag("--resume", &a->resume, "go on from MODEL.ckpt where there is one");
  options.flag("--summary", &a->summary, "layers, shapes, parameters, MACs, memory of training; nothing is trained");
  options.text("--csv-log", &a->csv_log, "FILE", "one line per epoch");
  options.text("--tensorboard", &a->tensorboard, "DIR", "a TensorBoard log directory, made if missing");
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
