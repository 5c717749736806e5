#include "app/retraining.h"

#include <cmath>

#include "api/load_layers.h"
#include "app/interrupt.h"
#include "app/long_work.h"
#include "app/output.h"
#include "base/file.h"
#include "compress/size_report.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "passes/pipeline.h"

namespace thimble::app {
namespace {

struct Score {
  TestScore test;
  SizeReport sizes;
  double sparsity = 0;
};

Result<Score> score_of(const Graph& graph, const Material& m, const Context& context) {
  Score s;
  THIMBLE_ASSIGN(s.sizes, size_report(graph));
  s.sparsity = sparsity(graph);
  THIMBLE_ASSIGN(s.test, test_score(graph, m, context));
  return s;
}

const TensorBytes* find(const SizeReport& report, const std::string& name) {
  for (const TensorBytes& t : report.tensors)
    if (t.name == name) return &t;
  return nullptr;
}

void print_json(const RetrainArguments& a, const Command& command, const Score& before, const Score& after,
                const std::vector<EpochRecord>& epochs, const std::string& how, const std::vector<std::string>& notes,
                const Context& context) {
  JsonWriter json;
  json.begin_object().field("schema", format("thimble.{}/1", command.name)).field("model", a.model);
  json.field("file", a.output).field("how", how);
  json.field("accuracy_before", before.test.accuracy).field("accuracy", after.test.accuracy);
  json.field("loss_before", before.test.loss).field("loss", after.test.loss);
  json.field("bytes_before", before.sizes.file_bytes).field("bytes", after.sizes.file_bytes);
  json.field("bytes_deflated_before", before.sizes.file_deflated).field("bytes_deflated", after.sizes.file_deflated);
  json.field("bytes_packed_before", before.sizes.file_packed).field("bytes_packed", after.sizes.file_packed);
  json.field("sparsity_before", before.sparsity).field("sparsity", after.sparsity);
  json.key("tensors").begin_array();
  for (const TensorBytes& t : after.sizes.tensors)
    json.begin_object()
        .field("name", t.name)
        .field("elements", t.elements)
        .field("zeros", t.zeros)
        .field("distinct", t.distinct)
        .field("bytes", t.raw)
        .field("bytes_deflated", t.deflated)
        .end_object();
  json.end_array();
  write_epochs(json, epochs);
  json.key("notes").begin_array();
  for (const std::string& note : notes) json.value(note);
  json.end_array().end_object();
  context.print(json.take() + "\n");
}

void print_tables(const Score& before, const Score& after, const Context& context) {
  TextTable tensors;
  tensors.column("tensor").column("elements", Align::right).column("zeros", Align::right).column("", Align::right);
  tensors.column("different values", Align::right).column("bytes", Align::right).column("deflated", Align::right);
  const auto bytes = [](int64_t n) { return format_bytes(static_cast<double>(n)); };
  for (const TensorBytes& t : after.sizes.tensors) {
    if (t.elements < 2) continue;
    const TensorBytes* was = find(before.sizes, t.name);
    tensors.row(
        {clip_text(t.name, 48), format_count(t.elements), format_count(t.zeros),
         format_percent(static_cast<double>(t.zeros) / static_cast<double>(t.elements), 1),
         was && was->distinct != t.distinct ? format("{} → {}", format_count(was->distinct), format_count(t.distinct))
                                            : format_count(t.distinct),
         bytes(t.raw),
         was && was->deflated != t.deflated ? format("{} → {}", bytes(was->deflated), bytes(t.deflated))
                                            : bytes(t.deflated)},
        was && was->deflated <= t.deflated ? Tone::dim : Tone::plain);
  }
  context.print(tensors.text(context.colour(), context.table_width()) + "\n");
  TextTable table;
  table.column("").column("before", Align::right).column("after", Align::right);
  table.row({"zeros among the weights", format_percent(before.sparsity, 1), format_percent(after.sparsity, 1)});
  table.row({"file", bytes(before.sizes.file_bytes), bytes(after.sizes.file_bytes)});
  table.row({"file, deflated", bytes(before.sizes.file_deflated), bytes(after.sizes.file_deflated)}, Tone::strong);
  table.row({"file, packed", bytes(before.sizes.file_packed), bytes(after.sizes.file_packed)}, Tone::strong);
  add_test_row(table, before.test, after.test);
  context.print(table.text(context.colour(), context.table_width()));
}

}  // namespace

void declare_retraining(Options& options, RetrainArguments* a) {
  options.argument("MODEL", &a->model, "a float .tflite, .onnx or .thim file; - reads it from the standard input");
  options.text("-o,--output", &a->output, "OUT",
               "the file to write: .tflite, .onnx or .thim (packed); - is the standard output", true);
  declare_force(options, &a->force);
  options.section("Training");
  options.text("--data", &a->data, "SET", "mnist, fashion-mnist, folder:PATH, csv:PATH, npz:PATH, function:NAME", true);
  declare_feeding(options, a);
  declare_training(options, a, {.teacher = a->technique != "distill"});  // that has more to say about it
  options.section("");
}

Status run_retraining(const RetrainArguments& a, const Command& command, const Context& context) {
  THIMBLE_TRY(check_model_output(context, a.output, {a.model, a.teacher}, a.force));
  THIMBLE_ASSIGN(LoadedModel model, load_layers(a.model));
  THIMBLE_TRY(refuse_quantised(model.graph));
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(model)));
  Graph& graph = prepared.graph;
  if (graph.inputs.empty()) return fail(ErrorCode::usage, "the model has no input");
  THIMBLE_ASSIGN(Material m, material_of(a, graph, context));
  THIMBLE_ASSIGN(Techniques techniques, command.techniques(graph, sparsity(graph), context));
  THIMBLE_ASSIGN(const Techniques lessons, taught(a, graph, context));
  techniques.insert(techniques.begin(), lessons.begin(), lessons.end());
  THIMBLE_ASSIGN(const Score before, score_of(graph, m, context));
  std::string how;
  for (const auto& technique : techniques) how += (how.empty() ? "" : "; ") + technique->describe();

  ProgressLine line(context);
  m.how.hooks.progress = [&](const TrainProgress& p) {
    std::string detail = format("epoch {}/{}  loss {:.4f}", p.epoch, p.epochs, p.loss);
    if (p.accuracy >= 0) detail += format("  accuracy {:.4f}", p.accuracy);
    line.update({"training", (static_cast<int64_t>(p.epoch - 1) * p.steps + p.step) * a.batch,
                 static_cast<int64_t>(p.epochs) * p.steps * a.batch, "images", detail});
  };
  bool said = false;  // how, once the techniques have taken the model
  m.how.hooks.epoch = [&](const EpochRecord& e) {
    if (!said) line.note(how);
    said = true;
    std::string text = format("epoch {}/{}  loss {:.4f}", e.epoch, a.epochs, e.loss);
    if (e.has_validation) text += format("  val_loss {:.4f}", e.val_loss);
    if (e.has_validation && e.val_accuracy >= 0) text += format("  val_accuracy {:.4f}", e.val_accuracy);
    line.note(text + format("  {:.1f} s", e.seconds));
  };
  THIMBLE_ASSIGN(const Retrained result, retrain(graph, m.how, techniques));
  if (result.interrupted || interrupted())
    return fail(ErrorCode::interrupted, format("training was interrupted in epoch {}", result.epochs.size() + 1),
                m.how.checkpoint.empty() ? "" : format("go on with --resume; the state is in {}", m.how.checkpoint));
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, model_bytes(result.graph, a.output, context));
  THIMBLE_ASSIGN(const Score after, score_of(result.graph, m, context));
  if (a.output == "-") {
    context.print({reinterpret_cast<const char*>(file.data()), file.size()});
    return {};
  }
  THIMBLE_TRY(write_file_atomic(a.output, std::span<const uint8_t>(file)));
  remove_checkpoint(m.how.checkpoint);
  const std::vector<std::string> notes = command.notes ? command.notes() : std::vector<std::string>();
  for (const std::string& note : notes) line.note(note);
  if (context.json) {
    print_json(a, command, before, after, result.epochs, how, notes, context);
    return {};
  }
  print_tables(before, after, context);
  context.note(
      format("wrote {}; zeros and equal values shrink it once it is deflated, or packed (thimble pack)", a.output));
  return {};
}

}  // namespace thimble::app
