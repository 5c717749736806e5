// `thimble export`: a model as C for microcontrollers, in the folder that an ecosystem takes.
#include <algorithm>
#include <filesystem>
#include <optional>

#include "api/load_layers.h"
#include "app/commands.h"
#include "app/cross_compile.h"
#include "app/export_examples.h"
#include "app/output.h"
#include "app/weight_option.h"
#include "base/file.h"
#include "base/json.h"
#include "formats/model_file.h"
#include "measure/table.h"
#include "measure/units.h"
#include "micro/package.h"
#include "micro/words.h"
#include "passes/pipeline.h"

namespace thimble::app {
namespace {

struct Arguments {
  std::string model, output, name;
  std::optional<micro::PackageFormat> format = micro::PackageFormat::c;
  micro::Ram ram = micro::Ram::balanced;
  micro::Weights weights = micro::Weights::plain;
  ExampleArguments examples;
  bool trainable_head = false;
};

struct FormatWord {
  const char* word;
  std::optional<micro::PackageFormat> package;  // none: the file as an array
};
constexpr FormatWord kFormats[] = {{"c", micro::PackageFormat::c},
                                   {"arduino", micro::PackageFormat::arduino},
                                   {"platformio", micro::PackageFormat::platformio},
                                   {"zephyr", micro::PackageFormat::zephyr},
                                   {"idf", micro::PackageFormat::idf},
                                   {"cmsis-pack", micro::PackageFormat::cmsis_pack},
                                   {"header", std::nullopt}};

// The file's stem where no name is given.
Result<std::string> name_of(const Arguments& a) {
  if (a.name.empty()) return micro::network_name(std::filesystem::path(a.model).stem().string());
  const std::string name = micro::network_name(a.name);
  if (a.name == name) return name;
  return fail(ErrorCode::usage, format("--name \"{}\" cannot name functions and files of C", a.name),
              format("for example --name {}", name));
}

// How the model says that it is fed. Errors: bad_file for damaged metadata.
Result<std::optional<micro::Preparation>> preparation_of(const Graph& graph) {
  THIMBLE_ASSIGN(const std::optional<Feeding> own, own_feeding(graph));
  std::optional<micro::Preparation> said;
  if (!own || own->scale.empty()) return said;
  micro::Preparation& p = said.emplace(micro::Preparation{own->mean, own->deviation, {}, own->labels});
  if (own->table) {
    // Their order is what a program has to know: which element is which column, or which text of one.
    constexpr size_t kMostNames = 500;
    const std::vector<std::string> names = own->table->input_names();
    p.samples = "columns";
    for (size_t i = 0; i < std::min(names.size(), kMostNames); ++i)
      p.samples += format("{} {} {}", i ? "," : ":", i, micro::harmless(names[i]));
    if (names.size() > kMostNames) p.samples += format(" and {} more", names.size() - kMostNames);
  } else {
    const bool pixels = own->scale != "none" && !own->floats && own->mean.size() == 1;
    p.samples = own->features != SoundFeatures::none ? format("values of the front end {}", name(own->features))
                : pixels                             ? "pixels of 0 to 255"
                                                     : "numbers as they were in the data set";
    if (own->handwriting) p.samples += ", brought to MNIST's size, place and colours before";
  }
  p.micro_speech = own->features == SoundFeatures::micro_speech;
  return said;
}

// A folder that is not there, or holds only what this command writes anyway.
Status check_folder(const std::string& folder, const std::vector<micro::File>& files) {
  std::error_code error;
  if (folder.empty())
    return fail(ErrorCode::usage, "--output names no folder", "give -o a folder that is new or empty");
  if (!std::filesystem::exists(folder, error)) return {};
  if (!std::filesystem::is_directory(folder, error))
    return fail(ErrorCode::usage, format("{} is no folder", folder), "give -o a folder that is new or empty");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.is_directory()) continue;
    const std::string path = std::filesystem::relative(entry.path(), folder, error).generic_string();
    const auto same = [&](const micro::File& f) { return f.path == path; };
    if (std::ranges::none_of(files, same))
      return fail(ErrorCode::usage, format("{} holds other files ({})", folder, path),
                  "give -o a folder that is new, empty or written by the same export");
  }
  return {};
}

// `fit`: none of a header that is no C.
std::string json_of(const std::vector<micro::File>& files, const micro::Emitted& emitted,
                    const std::optional<BoardFit>& fit) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.export/1").key("files").begin_array();
  for (const micro::File& file : files) json.value(file.path);
  json.end_array();
  json.field("arena_bytes", emitted.arena_bytes).field("ram_bytes", fit ? fit->ram_bytes : 0);
  if (emitted.head_bytes > 0) json.field("head_bytes", emitted.head_bytes);
  json.field("weights_bytes", emitted.weights_bytes).field("derived_bytes", emitted.derived_bytes);
  if (fit) {
    json.field("flash_bytes", fit->flash_bytes).field("code_bytes", fit->code_bytes);
    json.field("stack_bytes", fit->stack_bytes).field("core", fit->board.core->name);
    json.field("measured", fit->compiled ? "compiled" : "modelled");
  }
  json.key("weights").begin_array();
  for (const micro::StoredTensor& s : emitted.weights) {
    json.begin_object().field("tensor", s.name).field("type", s.type).field("form", s.form);
    if (s.bits > 0) json.field("bits", s.bits);
    json.field("bytes", s.bytes).field("plain_bytes", s.plain_bytes);
    if (!s.why.empty()) json.field("why", s.why);
    json.end_object();
  }
  json.end_array();
  json.key("calls").begin_array();
  for (const micro::KernelCall& c : emitted.calls) {
    json.begin_object().field("node", c.node).field("function", c.function);
    if (!c.on_avr.empty()) json.field("on_avr", c.on_avr);
    for (const micro::KernelFeature& f : micro::kKernelFeatures) json.field(f.name, c.*f.value);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

// How many weights took another form, and what that saves.
void note_forms(const micro::Emitted& emitted, const Context& context) {
  int taken = 0;
  int64_t saved = 0;
  for (const micro::StoredTensor& s : emitted.weights) {
    if (s.form == "plain") continue;
    ++taken;
    saved += s.plain_bytes - s.bytes;
  }
  context.note(taken == 0 ? std::string("weights stay plain: other forms would save less than the code that reads them")
                          : format("{} of {} constants take another form, in {} bytes less (README.md lists them)",
                                   taken, emitted.weights.size(), format_count(saved)));
}

Status run(const Arguments& a, const Context& context) {
  THIMBLE_ASSIGN(const std::string name, name_of(a));
  if (!a.format && a.trainable_head)
    return fail(ErrorCode::usage, "--format header writes the file, which holds no trainable head",
                "take another --format, or leave --trainable-head out");
  if (!a.format && a.weights != micro::Weights::plain)
    return fail(ErrorCode::usage, "--format header writes the file, whose weights are what they are",
                "take another --format, or leave --weights out");
  THIMBLE_ASSIGN(LoadedModel model, load_layers(a.model));
  note_left_out(model.graph, context);
  micro::Emitted emitted;
  std::vector<micro::File> files;
  if (!a.format) {
    if (!a.examples.files.empty() || !a.examples.data.empty() || a.examples.count > 0)
      return fail(ErrorCode::usage, "an array of the file has no self-test",
                  "leave --self-test, --data and --examples out, or choose another --format");
    std::span<const uint8_t> bytes(model.file.bytes, model.file.size);
    std::vector<uint8_t> unpacked;
    if (!is_tflite(bytes)) {
      THIMBLE_ASSIGN(unpacked, model_bytes(model.graph, name + ".tflite", context));
      bytes = unpacked;
    }
    files.push_back(micro::model_header(bytes, name));
  } else {
    note_free_sizes(model.graph, context);
    THIMBLE_ASSIGN(const Checked prepared, prepare_for_inference(std::move(model)));
    micro::EmitOptions options;
    options.name = name;
    // Some ecosystems take descriptions of 255 characters at most.
    options.origin = micro::harmless(std::filesystem::path(a.model).filename().string()).substr(0, 100);
    options.version = THIMBLE_VERSION;
    THIMBLE_ASSIGN(options.preparation, preparation_of(prepared.graph));
    options.ram = a.ram;
    options.weights = a.weights;
    options.trainable_head = a.trainable_head;
    // What cannot be written is said before anything is computed.
    THIMBLE_ASSIGN(emitted, micro::emit_c(prepared, options));
    THIMBLE_TRY(make_examples(prepared, a.examples, context, &options));
    THIMBLE_ASSIGN(emitted, micro::emit_c(prepared, options));
    micro::PackageOptions package;
    package.format = *a.format;
    package.name = name;
    package.version = options.version;
    package.origin = options.origin;
    if (options.preparation) package.labels = options.preparation->labels;
    files = micro::package(prepared.graph, emitted, package);
    std::ranges::move(example_files(prepared.graph, options, "extras/golden"), std::back_inserter(files));
  }
  THIMBLE_TRY(check_folder(a.output, files));
  for (const micro::File& file : files) {
    const std::filesystem::path path = std::filesystem::path(a.output) / file.path;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error)
      return fail(ErrorCode::io, format("cannot make the folder {}: {}", path.parent_path().string(), error.message()));
    THIMBLE_TRY(write_file_atomic(path.string(), file.text));
  }
  std::optional<BoardFit> fit;
  if (a.format) {
    THIMBLE_ASSIGN(fit, usual_processor(emitted, !context.quiet || context.json));
  }
  if (context.json) {
    context.print(json_of(files, emitted, fit));
    return {};
  }
  context.note(format("wrote {} files to {}", files.size(), a.output));
  if (!a.format) return {};
  TextTable table;
  table.column("in").column("of").column("bytes", Align::right);
  table.row({"RAM", "the arena, with inputs and outputs", format_count(emitted.arena_bytes)});
  if (a.trainable_head) table.row({"RAM", "the trainable head", format_count(emitted.head_bytes)});
  if (a.weights != micro::Weights::plain) note_forms(emitted, context);
  table.row({"flash", "weights and biases", format_count(emitted.weights_bytes)});
  table.row({"flash", "multipliers, shifts and tables", format_count(emitted.derived_bytes)});
  table.row({"flash", format("code on a {}, {}", fit->board.core->title, fit->compiled ? "compiled -O2" : "estimated"),
             format_count(fit->code_bytes)});
  context.print(table.text(context.colour(), context.table_width()));
  context.note(format("`thimble fit {}` says which boards it fits", a.model));
  return {};
}

}  // namespace

Action define_export(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble export model_int8.tflite -o model_c\n"
      "thimble export model_int8.tflite --format arduino --name digits -o Digits\n"
      "thimble export model_int8.tflite --ram tight -o model_c    # half of the working memory\n"
      "thimble export clustered_int8.tflite --weights auto -o model_c    # less flash, the same answers\n"
      "thimble export model.thim --format zephyr -o modules/model\n"
      "thimble export model.tflite --data mnist -o model_c    # digits of the test set as its self-test\n"
      "thimble export model.tflite --self-test samples.npy -o model_c\n"
      "thimble export model.tflite --format header -o include    # the file as a C array\n");
  options.about(
      "Writes the network as C99: one call per operator with everything that can be known beforehand written out\n"
      "(memory plan, multipliers, tables). No heap, no interpreter, no dependency; int8 gives the same bytes as on "
      "the\n"
      "host. The folder holds src/NAME.c and NAME.h, an example, and a self-test with answers from this machine.");
  options.argument("MODEL", &a->model, "a .tflite, .onnx or .thim file; - reads it from the standard input");
  options.text("-o,--output", &a->output, "DIR", "the folder to write: new, empty or of the same export", true);
  std::vector<std::string> words;
  for (const FormatWord& f : kFormats) words.emplace_back(f.word);
  options.choice("--format", words, "what the folder is for (default: c)",
                 [a](size_t i) { a->format = kFormats[i].package; });
  options.text("--name", &a->name, "NAME",
               "of the functions, and in capitals of the macros (default: the file's stem)");
  options.choice("--ram", {"balanced", "tight"},
                 "tight: layers run row by row where that makes the working memory smaller (default: balanced)",
                 [a](size_t i) { a->ram = i == 0 ? micro::Ram::balanced : micro::Ram::tight; });
  declare_weights(options, &a->weights);
  declare_examples(options, &a->examples);
  options.flag("--trainable-head", &a->trainable_head,
               "the last dense layer in float32 too, with a step of training: it learns on, on the controller");
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
