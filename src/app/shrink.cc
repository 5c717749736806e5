// `thimble shrink`: fewer channels in a float model (structured pruning), then a few epochs of training.
#include "compress/shrink/shrink.h"

#include <algorithm>
#include <cmath>

#include "api/load_layers.h"
#include "app/commands.h"
#include "app/flag_fields.h"
#include "app/interrupt.h"
#include "app/long_work.h"
#include "app/output.h"
#include "app/training_material.h"
#include "base/file.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "passes/pipeline.h"
#include "study/options/stages.h"

namespace thimble::app {
namespace {

struct Arguments : RetrainArguments {
  ShrinkStage stage;
};

struct Report {
  const Shrunk& shrunk;
  const std::vector<EpochRecord>& epochs;
  int64_t bytes_before = 0, bytes_after = 0;
  TestScore before, after;
};

void print_json(const Report& r, const Arguments& a, const Context& context) {
  const Shrunk& s = r.shrunk;
  JsonWriter json;
  json.begin_object().field("schema", "thimble.shrink/1").field("model", a.model).field("file", a.output);
  json.field("rank", name(a.stage.plan.ranking)).field("rounds", a.stage.plan.rounds);
  json.field("bytes_before", r.bytes_before).field("bytes", r.bytes_after);
  json.field("macs_before", s.macs_before).field("macs", s.macs_after);
  json.field("parameters_before", s.parameters_before).field("parameters", s.parameters_after);
  json.field("channels_before", s.channels_before).field("channels", s.channels_after);
  json.field("accuracy_before", r.before.accuracy).field("accuracy", r.after.accuracy);
  json.field("loss_before", r.before.loss).field("loss", r.after.loss);
  json.key("layers").begin_array();
  for (const ShrunkLayer& l : s.layers)
    json.begin_object()
        .field("name", l.name)
        .field("before", l.before)
        .field("after", l.after)
        .field("why", l.why)
        .end_object();
  json.end_array();
  write_epochs(json, r.epochs);
  json.end_object();
  context.print(json.take() + "\n");
}

void print_tables(const Report& r, const Context& context) {
  const Shrunk& s = r.shrunk;
  TextTable layers;
  layers.column("layer").column("channels", Align::right).column("left", Align::right).column("why none went");
  for (const ShrunkLayer& l : s.layers)
    layers.row({clip_text(l.name, 48), format("{}", l.before), format("{}", l.after), l.why},
               l.why.empty() ? Tone::plain : Tone::dim);
  context.print(layers.text(context.colour(), context.table_width()) + "\n");
  TextTable table;
  table.column("").column("before", Align::right).column("after", Align::right);
  const auto count = [](int64_t n) { return format_count(n); };
  table.row({"parameters", count(s.parameters_before), count(s.parameters_after)});
  table.row({"multiply-accumulates", count(s.macs_before), count(s.macs_after)});
  table.row(
      {"file", format_bytes(static_cast<double>(r.bytes_before)), format_bytes(static_cast<double>(r.bytes_after))});
  add_test_row(table, r.before, r.after);
  context.print(table.text(context.colour(), context.table_width()));
}

Status run_shrink(Arguments& a, const Context& context) {
  THIMBLE_TRY(complete(a.stage));
  const ShrinkPlan& plan = a.stage.plan;
  if (a.data.empty() && needs_data(plan.ranking))
    return fail(ErrorCode::usage, format("--rank {} needs samples", name(plan.ranking)),
                "give --data SET, for instance --data fashion-mnist, or use --rank l1");
  THIMBLE_TRY(check_model_output(context, a.output, {a.model, a.teacher}, a.force));
  THIMBLE_ASSIGN(LoadedModel model, load_layers(a.model));
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(model)));
  Graph& graph = prepared.graph;
  if (graph.inputs.empty()) return fail(ErrorCode::usage, "the model has no input");
  THIMBLE_ASSIGN(Material m, material_of(a, graph, context));
  if (a.data.empty()) {
    m.how.spec.epochs = 0;
    context.note("without --data the model is not trained again: its accuracy is lost to a part");
  }
  THIMBLE_ASSIGN(const TestScore before, test_score(graph, m, context));

  ProgressLine line(context);
  int64_t round = 1;
  m.how.hooks.progress = [&](const TrainProgress& p) {
    line.update({"training", (static_cast<int64_t>(p.epoch - 1) * p.steps + p.step) * a.batch,
                 static_cast<int64_t>(p.epochs) * p.steps * a.batch, "images",
                 format("round {}/{}  epoch {}/{}  loss {:.4f}", round, plan.rounds, p.epoch, p.epochs, p.loss)});
  };
  m.how.hooks.epoch = [&](const EpochRecord& e) {
    std::string text = format("round {}/{}  epoch {}/{}  loss {:.4f}", round, plan.rounds, e.epoch, a.epochs, e.loss);
    if (e.has_validation && e.val_accuracy >= 0) text += format("  val_accuracy {:.4f}", e.val_accuracy);
    line.note(text);
    if (e.epoch == a.epochs) ++round;
  };
  THIMBLE_ASSIGN(ShrinkResult result, shrink(graph, plan, m.how, [&] { return taught(a, graph, context); }));
  if (result.interrupted || interrupted())
    return fail(ErrorCode::interrupted, format("training was interrupted in round {}", round),
                m.how.checkpoint.empty() ? "nothing was written"
                                         : format("go on with --resume; the state is in {}.round*", m.how.checkpoint));
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, model_bytes(result.shrunk.graph, a.output, context));
  THIMBLE_ASSIGN(const TestScore after, test_score(result.shrunk.graph, m, context));
  const Report report{
      result.shrunk, result.epochs, static_cast<int64_t>(model.file.size), static_cast<int64_t>(file.size()),
      before,        after};
  if (a.output == "-") {
    context.print({reinterpret_cast<const char*>(file.data()), file.size()});
    return {};
  }
  THIMBLE_TRY(write_file_atomic(a.output, std::span<const uint8_t>(file)));
  for (int64_t r = 1; r <= plan.rounds && !m.how.checkpoint.empty(); ++r)
    remove_checkpoint(format("{}.round{}", m.how.checkpoint, r));
  if (context.json) {
    print_json(report, a, context);
    return {};
  }
  print_tables(report, context);
  context.note(format("wrote {}", a.output));
  return {};
}

}  // namespace

Action define_shrink(Options& options) {
  auto a = std::make_shared<Arguments>();
  a->technique = "shrink";
  a->epochs = 3;
  options.examples(
      "thimble shrink model.tflite --data fashion-mnist --keep 0.5 -o half.tflite\n"
      "thimble shrink model.tflite --data mnist --macs 200000 --rank taylor --rounds 3 -o small.tflite\n"
      "thimble shrink model.tflite --data mnist --keep 0.25 --layers conv2d_1,dense_1 -o slim.tflite\n");
  options.about(
      "Structured pruning: channels are ranked, the lowest go with everything that depends on them (residual sums,\n"
      "depthwise convolutions, concatenations), and the rest is trained again. Shapes, bytes and time really shrink.");
  options.argument("MODEL", &a->model, "a float .tflite, .onnx or .thim file; - reads it from the standard input");
  options.text("-o,--output", &a->output, "OUT",
               "the file to write: .tflite, .onnx or .thim (packed); - is the standard output", true);
  declare_force(options, &a->force);
  FlagFields visitor(options, a->stage.form);
  fields(visitor, a->stage);
  options.section("Training");
  options.text("--data", &a->data, "SET", "mnist, fashion-mnist, folder:PATH, …; without it nothing is trained");
  declare_feeding(options, a.get());
  declare_training(options, a.get(), {.least_epochs = 0});
  options.section("");
  return [a](const Context& context) { return run_shrink(*a, context); };
}

}  // namespace thimble::app
