// `thimble pack`: a model as a packed file, and where its bytes are; or a packed file as a .tflite again.
#include <algorithm>

#include "api/load.h"
#include "app/commands.h"
#include "app/output.h"
#include "base/file.h"
#include "base/json.h"
#include "data/feeding.h"
#include "formats/model_file.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "study/model_note.h"

namespace thimble::app {
namespace {

struct Arguments {
  std::string model, output, names = "drop", labels = "keep";
  bool force = false;
};

double bits_per_weight(const ThimTensor& t) {
  return t.elements > 0 ? 8 * t.coded_bytes / static_cast<double>(t.elements) : 0;
}

std::string json_of(const Arguments& a, int64_t before, int64_t after, const ThimAccount& account) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.pack/1").field("model", a.model).field("file", a.output);
  json.field("bytes_before", before).field("bytes", after);
  json.field("data_bytes", account.data_bytes).field("structure_bytes", account.structure_bytes);
  json.field("scale_bytes", account.scale_bytes).field("text_bytes", account.text_bytes);
  json.field("frame_bytes", account.frame_bytes).key("tensors").begin_array();
  for (const ThimTensor& t : account.tensors)
    json.begin_object()
        .field("name", t.name)
        .field("dtype", name(t.type))
        .field("elements", t.elements)
        .field("raw_bytes", t.raw_bytes)
        .field("coded_bytes", t.coded_bytes)
        .field("bits_per_element", bits_per_weight(t))
        .field("coding", t.coding)
        .end_object();
  json.end_array().end_object();
  return json.take() + "\n";
}

std::string table_of(int64_t before, int64_t after, const ThimAccount& account, const Context& context) {
  TextTable table;
  table.column("constant").column("type").column("elements", Align::right).column("bytes", Align::right);
  table.column("packed", Align::right).column("bits each", Align::right).column("coding");
  const auto bytes = [](double v) { return format("{:.1f}", v); };
  int64_t elements = 0, raw = 0;
  for (const ThimTensor& t : account.tensors) {
    table.row({clip_text(t.name, 48), name(t.type), format_count(t.elements), format_count(t.raw_bytes),
               bytes(t.coded_bytes), format("{:.2f}", bits_per_weight(t)), t.coding});
    elements += t.elements;
    raw += t.raw_bytes;
  }
  table.rule();
  table.row({format("{} constants", account.tensors.size()), "", format_count(elements), format_count(raw),
             bytes(account.data_bytes),
             elements ? format("{:.2f}", 8 * account.data_bytes / static_cast<double>(elements)) : "", ""});
  const auto other = [&](const char* what, double size, const char* note) {
    table.row({what, "", "", "", bytes(size), "", note}, Tone::dim);
  };
  other("structure", account.structure_bytes, "operators, attributes, shapes, wiring");
  other("scales and zero points", account.scale_bytes, "");
  other("names and metadata", account.text_bytes, "");
  other("frame", static_cast<double>(account.frame_bytes), "identifier, version, checksum");
  table.row({"whole file", "", "", format_count(before), format_count(after), "", size_change(before, after)},
            Tone::strong);
  return table.text(context.colour(), context.table_width());
}

Status write_output(const Arguments& a, std::span<const uint8_t> bytes, const Context& context) {
  if (a.output == "-") {
    context.print({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return {};
  }
  THIMBLE_TRY(write_file_atomic(a.output, bytes));
  context.note(format("wrote {} ({})", a.output, format_bytes(static_cast<double>(bytes.size()))));
  return {};
}

Status drop_labels(Graph& graph) {
  const auto found = graph.metadata.find(kPreprocessKey);
  if (found == graph.metadata.end()) return {};
  THIMBLE_ASSIGN(Feeding feeding, Feeding::from_json(found->second));
  feeding.labels.clear();
  found->second = feeding.to_json();
  return {};
}

Status run(const Arguments& a, const Context& context) {
  THIMBLE_TRY(check_model_output(context, a.output, {a.model}, a.force));
  THIMBLE_ASSIGN(LoadedModel model, load_model(a.model));
  if (!a.output.ends_with(".tflite")) THIMBLE_TRY(ready_to_pack(model.graph, context));
  const auto before = static_cast<int64_t>(model.file.size);
  if (a.labels == "drop") THIMBLE_TRY(drop_labels(model.graph));
  if (a.output.ends_with(".tflite")) {
    describe_for_others(&model.graph);
    THIMBLE_ASSIGN(const std::vector<uint8_t> bytes, write_tflite(model.graph));
    return write_output(a, bytes, context);
  }
  THIMBLE_ASSIGN(const PackedModel packed, write_thim(model.graph, {.names = a.names == "keep"}));
  THIMBLE_TRY(write_output(a, packed.bytes, context));
  if (a.output == "-") return {};
  const auto after = static_cast<int64_t>(packed.bytes.size());
  context.print(context.json ? json_of(a, before, after, packed.account)
                             : table_of(before, after, packed.account, context));
  return {};
}

}  // namespace

Action define_pack(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble pack model.tflite -o model.thim\n"
      "thimble pack model.tflite -o model.thim --names keep\n"
      "thimble pack model.tflite -o model.thim --labels drop   # the last bytes\n"
      "thimble pack model.thim -o model.tflite                 # back again\n");
  options.about(
      "A packed file (.thim) holds the same network bit for bit: every command that reads .tflite reads it and "
      "computes\n"
      "the same. Weights are coded by an adaptive arithmetic coder; the table shows what each constant takes.");
  options.argument("MODEL", &a->model, "a .tflite, .onnx or .thim file; - reads it from the standard input");
  options.text("-o,--output", &a->output, "OUT.thim", "the file to write (.tflite: unpacks); - is the standard output",
               true);
  declare_force(options, &a->force);
  options.choice("--names", &a->names, {"keep", "drop"},
                 "names of tensors and signatures, and foreign metadata (default: drop; how to feed it always stays)");
  options.choice("--labels", &a->labels, {"keep", "drop"}, "names of the classes (default: keep)");
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
