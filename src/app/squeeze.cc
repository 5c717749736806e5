// `thimble squeeze`: the same model in fewer bytes, outputs identical bit for bit.
#include "compress/squeeze/squeeze.h"

#include <algorithm>

#include "api/load.h"
#include "app/commands.h"
#include "app/interrupt.h"
#include "app/model_inputs.h"
#include "app/output.h"
#include "app/task_progress.h"
#include "base/file.h"
#include "base/json.h"
#include "formats/model_file.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"

namespace thimble::app {
namespace {

struct Arguments {
  std::string model, output, names = "first", scale;
  std::vector<std::string> inputs;
  int64_t verify = 100, seed = 1;
  bool keep_channels = false, keep_metadata = false, sparse = false, force = false;
};

// Files for the comparison: one input's pictures and arrays.
Status given_inputs(const Arguments& a, const Graph& graph, ProofOptions* proof, const Context& context) {
  if (a.inputs.empty()) return {};
  if (graph.inputs.size() != 1)
    return fail(ErrorCode::usage, format("--input needs a model of one input, this has {}", graph.inputs.size()),
                "leave --input out: random inputs are compared");
  GatheredFeed gathered;
  FeedingOverrides overrides;
  overrides.scale = a.scale;
  THIMBLE_TRY(gather(a.inputs, graph, overrides, &gathered));
  for (const std::string& note : gathered.notes) context.note(note);
  Feed& feed = gathered.feed;
  proof->given_runs = feed.runs;
  proof->given = {std::move(feed.bytes)};
  return {};
}

struct Category {
  const char* key;
  const char* label;
  int64_t TfliteParts::*bytes;
};
constexpr Category kCategories[] = {
    {"data", "weights and other constants", &TfliteParts::data},
    {"sparse_index", "places of values stored sparse", &TfliteParts::sparse_index},
    {"scales", "scales", &TfliteParts::scales},
    {"zero_points", "zero points", &TfliteParts::zero_points},
    {"min_max", "min and max", &TfliteParts::min_max},
    {"names", "names", &TfliteParts::names},
    {"shapes", "shapes", &TfliteParts::shapes},
    {"metadata", "metadata", &TfliteParts::metadata},
    {"attached", "attached files", &TfliteParts::attached},
    {"duplicate_buffers", "buffers stored twice", &TfliteParts::duplicate_buffers},
    {"unused_buffers", "buffers that nothing reads", &TfliteParts::unused_buffers},
    {"structure", "tables, operators, alignment", &TfliteParts::structure},
};

// Why what is left of a category stays.
std::string why_left(const Category& c, const Squeezed& s, const Arguments& a) {
  const std::string key = c.key;
  if (s.after.*c.bytes == 0) return s.before.*c.bytes > 0 ? "gone" : "";
  if (is_packed_name(a.output)) return key == "structure" ? "operators, shapes, checksum" : "";
  if (key == "data") return s.channels.removed > 0 ? "what is left carries information" : "carries information";
  if (key == "scales") return "one per channel; equal lists are shared";
  if (key == "zero_points") return "8 bytes per scale by the format; equal lists are shared";
  if (key == "names")
    return a.names == "short" ? "inputs, outputs and signature" : "--names short drops the inner ones";
  if (key == "metadata") {
    std::string kept;
    for (const std::string& entry : s.kept_metadata) kept += (kept.empty() ? "kept: " : ", ") + entry;
    return kept;
  }
  if (key == "structure") return "the format's tables; buffers on 16-byte boundaries";
  if (key == "attached") return "labels and the like of metadata tools";
  if (key == "shapes") return "one list per distinct shape";
  return "";
}

void print_tables(const Squeezed& s, const Arguments& a, const Context& context) {
  const auto bytes = [](int64_t n) { return format_bytes(static_cast<double>(n)); };
  TextTable parts;
  parts.column("part of the file").column("before", Align::right).column("after", Align::right).column("what is left");
  for (const Category& c : kCategories)
    if (s.before.*c.bytes > 0 || s.after.*c.bytes > 0)
      parts.row({c.label, bytes(s.before.*c.bytes), bytes(s.after.*c.bytes), why_left(c, s, a)});
  parts.rule();
  const double gain =
      1 - static_cast<double>(s.after.total) / static_cast<double>(std::max<int64_t>(s.before.total, 1));
  parts.row({"whole file", bytes(s.before.total), bytes(s.after.total),
             gain > 0 ? format("{} smaller", format_percent(gain, 1)) : size_change(s.before.total, s.after.total)},
            Tone::strong);
  parts.row({"multiply-accumulates", format_quantity(static_cast<double>(s.macs_before)),
             format_quantity(static_cast<double>(s.macs_after)), ""});
  context.print(parts.text(context.colour(), context.table_width()));
  if (s.channels.removed > 0) {
    TextTable layers;
    layers.column("layer")
        .column("channels", Align::right)
        .column("left", Align::right)
        .column("constant", Align::right)
        .column("unread", Align::right)
        .column("why the others stay");
    for (const SqueezedLayer& l : s.channels.layers)
      if (l.constant + l.unread > 0)
        layers.row({clip_text(l.name, 48), format("{}", l.before), format("{}", l.after), format("{}", l.constant),
                    format("{}", l.unread), l.why});
    context.print("\n" + layers.text(context.colour(), context.table_width()));
  }
  if (!s.weights.empty()) {
    TextTable weights;
    weights.column("weights")
        .column("type")
        .column("zeros", Align::right)
        .column("dense", Align::right)
        .column("stored", Align::right)
        .column("how");
    for (const SqueezedWeights& w : s.weights)
      weights.row(
          {clip_text(w.name, 48), w.type,
           format_percent(static_cast<double>(w.zeros) / static_cast<double>(std::max<int64_t>(w.elements, 1)), 1),
           bytes(w.bytes_dense), bytes(w.bytes), w.why});
    context.print("\n" + weights.text(context.colour(), context.table_width()));
  }
  if (s.bytes_without_sparse > 0)
    context.note(
        format("sparse tensors save {} of {}; TensorFlow Lite and LiteRT (with and without XNNPACK) run them, "
               "TensorFlow Lite Micro does not",
               bytes(s.bytes_without_sparse - s.after.total), bytes(s.bytes_without_sparse)));
  else if (a.sparse)
    context.note("no constant is smaller as a sparse tensor: all are dense");
  for (const std::string& note : s.notes) context.note(note);
  context.note(format("identical outputs in {} runs ({} of them also by the reference kernels)", s.proof.runs,
                      s.proof.reference_runs));
}

void print_json(const Squeezed& s, const Arguments& a, const Context& context) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.squeeze/1").field("model", a.model).field("file", a.output);
  json.field("bytes_before", s.before.total).field("bytes", s.after.total);
  json.field("macs_before", s.macs_before).field("macs", s.macs_after);
  json.field("nodes_before", s.nodes_before).field("nodes", s.nodes_after);
  json.field("tensors_before", s.tensors_before).field("tensors", s.tensors_after);
  json.field("merged_constants", s.merged_constants).field("channels_removed", s.channels.removed);
  json.field("rounds", s.channels.rounds);
  json.key("parts").begin_array();
  for (const Category& c : kCategories)
    json.begin_object()
        .field("part", c.key)
        .field("before", s.before.*c.bytes)
        .field("after", s.after.*c.bytes)
        .field("why", why_left(c, s, a))
        .end_object();
  json.end_array().key("layers").begin_array();
  for (const SqueezedLayer& l : s.channels.layers)
    json.begin_object()
        .field("name", l.name)
        .field("before", l.before)
        .field("after", l.after)
        .field("constant", l.constant)
        .field("unread", l.unread)
        .field("weights_before", l.weights_before)
        .field("weights_after", l.weights_after)
        .field("why", l.why)
        .end_object();
  json.end_array();
  if (!s.weights.empty()) {
    json.field("bytes_without_sparse", s.bytes_without_sparse).key("weights").begin_array();
    for (const SqueezedWeights& w : s.weights)
      json.begin_object()
          .field("name", w.name)
          .field("type", w.type)
          .field("elements", w.elements)
          .field("zeros", w.zeros)
          .field("bytes_dense", w.bytes_dense)
          .field("bytes", w.bytes)
          .field("sparse", w.sparse)
          .field("why", w.why)
          .end_object();
    json.end_array();
  }
  json.array("dropped_metadata", s.dropped_metadata).array("kept_metadata", s.kept_metadata).array("notes", s.notes);
  json.key("proof")
      .begin_object()
      .field("identical", s.proof.equal)
      .field("runs", s.proof.runs)
      .field("reference_runs", s.proof.reference_runs)
      .end_object();
  json.end_object();
  context.print(json.take() + "\n");
}

Status run_squeeze(const Arguments& a, const Context& context) {
  THIMBLE_TRY(check_model_output(context, a.output, {a.model}, a.force));
  if (is_onnx_name(a.output))
    return fail(ErrorCode::usage, "squeeze writes .tflite and packed files", "name a .tflite or .thim");
  THIMBLE_ASSIGN(const LoadedModel model, load_model(a.model));
  if (is_onnx({model.file.bytes, model.file.size}, a.model))
    return fail(ErrorCode::usage, format("'{}' is an .onnx file, and squeeze works on a .tflite", a.model),
                format("thimble convert {} {}.tflite makes one", a.model, without_extension(a.model)));
  SqueezeOptions options;
  options.channels = !a.keep_channels;
  options.names = a.names == "keep"    ? SqueezeOptions::Names::keep
                  : a.names == "short" ? SqueezeOptions::Names::none
                                       : SqueezeOptions::Names::first;
  options.keep_metadata = a.keep_metadata;
  options.packed = is_packed_name(a.output);
  options.sparse = a.sparse;
  if (options.packed && options.sparse)
    return fail(ErrorCode::usage, "--sparse is a way to store zeros in a .tflite; a packed file codes them anyway",
                "leave --sparse out, or name a .tflite");
  options.proof.runs = a.verify;
  options.proof.seed = static_cast<uint64_t>(a.seed);
  options.proof.threads = context.thread_count();
  THIMBLE_TRY(given_inputs(a, model.graph, &options.proof, context));
  TaskProgress progress(context, "comparing", "runs");
  options.proof.progress = [&](int64_t done, int64_t total) {
    progress.update(done, total);
    return !interrupted();
  };
  auto squeezed = squeeze({model.file.bytes, model.file.size}, options);
  progress.clear();
  if (!squeezed && interrupted()) return interrupted_error("nothing was written");
  THIMBLE_ASSIGN(const Squeezed s, std::move(squeezed));
  if (a.output == "-") {
    context.print({reinterpret_cast<const char*>(s.file.data()), s.file.size()});
    return {};
  }
  THIMBLE_TRY(write_file_atomic(a.output, std::span<const uint8_t>(s.file)));
  if (context.json) {
    print_json(s, a, context);
    return {};
  }
  print_tables(s, a, context);
  context.note(format("wrote {}", a.output));
  return {};
}

}  // namespace

Action define_squeeze(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble squeeze model.tflite -o smaller.tflite\n"
      "thimble squeeze model.tflite --names short --verify 1000 -o smaller.tflite\n"
      "thimble squeeze model.tflite -o packed.thim\n"
      "thimble squeeze pruned.tflite --sparse -o sparse.tflite\n"
      "thimble squeeze model.tflite --input cat.jpg --input dog.jpg -o smaller.tflite\n");
  options.about(
      "Lossless: drops min/max and what nothing reads, shares what is stored twice, and removes channels that\n"
      "provably hold one number or that no reader uses, moving their contribution into int32 biases. The result is\n"
      "run beside the original; nothing is written unless all outputs are identical, bit for bit.");
  options.argument("MODEL", &a->model,
                   "a .tflite or .thim file, float or quantised; - reads it from the standard input");
  options.text("-o,--output", &a->output, "OUT",
               "the file to write, .tflite or .thim (packed); - is the standard output", true);
  declare_force(options, &a->force);
  options.choice("--names", &a->names, {"first", "keep", "short"},
                 "inside the model: first (default) of those joined with ';'; keep all; short: none");
  options.flag("--sparse", &a->sparse,
               "weights with many zeros as sparse tensors, where that is smaller; run by TensorFlow Lite and LiteRT, "
               "with and without XNNPACK, not by TensorFlow Lite Micro");
  options.flag("--keep-channels", &a->keep_channels, "remove no channels");
  options.flag("--keep-metadata", &a->keep_metadata, "keep entries that only describe how the file was made");
  options.section("Proof");
  options.integer("--verify", &a->verify, "N", "compare on N random inputs (default: 100)", 1, 100'000'000);
  options.texts("--input", &a->inputs, "FILE", "compare on this picture or .npy array too");
  options.integer("--seed", &a->seed, "N", "of the random inputs (default: 1)");
  options.text("--scale", &a->scale, "WORD", "pictures: 0..1, -1..1 or none (default: as the model says)");
  options.section("");
  return [a](const Context& context) { return run_squeeze(*a, context); };
}

}  // namespace thimble::app
