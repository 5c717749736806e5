#include "micro/package.h"

#include <algorithm>
#include <cctype>

#include "base/format.h"
#include "micro/sources.h"
#include "micro/words.h"

namespace thimble::micro {
namespace {

// What the texts of a package say again and again.
struct Facts {
  const Graph& graph;
  const Emitted& emitted;
  const PackageOptions& options;

  const std::string& n() const { return options.name; }
  std::string macro() const { return capitals(options.name); }
  bool plain() const { return graph.inputs.size() == 1 && graph.outputs.size() == 1; }
  bool tested() const { return contains("_self_test.c"); }
  bool contains(std::string_view ending) const {
    return std::ranges::any_of(emitted.files, [&](const File& f) { return f.path.ends_with(ending); });
  }
  // Whether NAME.h has this function of the network.
  bool declares(std::string_view function) const {
    const auto header = std::ranges::find(emitted.files, n() + ".h", &File::path);
    return header->text.find(format("{}_{}(", n(), function)) != std::string::npos;
  }
  std::string sentence() const { return format("A neural network as C, made by Thimble from {}", options.origin); }
  std::string interface() const {
    std::string text;
    for (const TensorId t : graph.inputs) text += (text.empty() ? "" : ", ") + spec(graph.at(t));
    text += " to ";
    for (size_t i = 0; i < graph.outputs.size(); ++i) text += (i ? ", " : "") + spec(graph.at(graph.outputs[i]));
    return text;
  }
};

// A loop body that fills the input with zeros and runs once.
std::string call(const Facts& f) {
  if (f.plain())
    return format(
        "  {2} *const in = ({2} *)(void *)(arena + {1}_INPUT_OFFSET); /* fill these {1}_INPUT_SIZE values */\n"
        "  {3} *const out = ({3} *)(void *)(arena + {1}_OUTPUT_OFFSET);\n"
        "  const int status = {0}_run(arena, sizeof arena, in, out);\n",
        f.n(), f.macro(), c_type(f.graph.at(f.graph.inputs[0]).type), c_type(f.graph.at(f.graph.outputs[0]).type));
  std::string in, out;
  for (size_t i = 0; i < f.graph.inputs.size(); ++i)
    in += (i ? ", " : "") + format("arena + {}_{}_OFFSET", f.macro(), numbered("INPUT", i, f.graph.inputs.size()));
  for (size_t i = 0; i < f.graph.outputs.size(); ++i)
    out += (i ? ", " : "") + format("arena + {}_{}_OFFSET", f.macro(), numbered("OUTPUT", i, f.graph.outputs.size()));
  return format(
      "  const void *const in[] = {{{}}};\n  void *const out[] = {{{}}};\n"
      "  const int status = {}_run_io(arena, sizeof arena, in, out);\n",
      in, out, f.n());
}

File posix_example(const Facts& f) {
  std::string text = format("/* Runs {0} once, on an input of zero bytes, and prints its answer{1}. */\n", f.n(),
                            f.tested() ? "; then what its self-test says" : "");
  text += format("#include <stdio.h>\n#include <string.h>\n\n#include \"{}.h\"\n\n", f.n()) + static_arena(f.macro());
  text += "int main(void) {\n" + call(f);
  const auto prints = [&](const std::string& arguments) {
    text += "  printf(" + arguments + ");\n";  // lint: allow (the text of an example)
  };
  prints("\"status %d\\n\", status");
  if (f.plain()) {
    const Tensor& y = f.graph.at(f.graph.outputs[0]);
    const bool scaled = y.quant.scale.size() == 1 && is_quantized_type(y.type);
    text += format("  for (size_t i = 0; i < {}_OUTPUT_SIZE; ++i)\n  ", f.macro());
    prints("\"%g\\n\", " +
           (scaled ? format("(double)({0}_OUTPUT_SCALE * (float)(out[i] - {0}_OUTPUT_ZERO_POINT))", f.macro())
                   : std::string("(double)out[i]")));
  }
  if (f.tested()) prints(format("\"self-test %d\\n\", {}_self_test_in(arena, sizeof arena)", f.n()));
  return {"examples/posix/main.c", text + "  return status;\n}\n"};
}

File arduino_example(const Facts& f) {
  std::string title = f.n();
  title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  std::string text =
      format("// Runs {0} again and again; open the serial monitor at 115200 baud.\n#include <{0}.h>\n\n", f.n());
  text += static_arena(f.macro()) + "void setup() {\n  Serial.begin(115200);\n";
  if (f.tested())
    text +=
        format("  Serial.print(\"self-test: \");\n  Serial.println({0}_self_test_in(arena, sizeof arena));\n", f.n());
  text += "}\n\nvoid loop() {\n" + call(f) + "  Serial.print(\"status \");\n  Serial.println(status);\n";
  if (f.plain())
    text += format(
        "  for (size_t i = 0; i < {0}_OUTPUT_SIZE; ++i) {{\n    Serial.print({1}out[i]);\n    Serial.print(' ');\n  "
        "}}\n"
        "  Serial.println();\n",
        f.macro(), f.graph.at(f.graph.outputs[0]).type == DType::i64 ? "(long)" : "");
  return {format("examples/{0}/{0}.ino", title), text + "  delay(1000);\n}\n"};
}

// What is known of memory without a compiler.
std::string figures(const Facts& f) {
  std::string text = "| | bytes |\n|---|---|\n";
  const auto row = [&](const std::string& what, int64_t bytes) { text += format("| {} | {} |\n", what, bytes); };
  row(format("RAM: the arena (`{}_ARENA_BYTES`: inputs, outputs and everything between)", f.macro()),
      f.emitted.arena_bytes);
  if (f.emitted.head_bytes > 0) row(format("RAM: `{}_head`, of a program that learns", f.n()), f.emitted.head_bytes);
  row("flash: weights and biases", f.emitted.weights_bytes);
  row("flash: multipliers, shifts and tables", f.emitted.derived_bytes);
  const auto& stored = f.emitted.weights;
  if (!std::ranges::all_of(stored, [](const StoredTensor& s) { return s.form == "plain" && s.why.empty(); })) {
    text +=
        "\nWeights lie in flash in the form that takes the fewest bytes, of those that were asked for:\n\n"
        "| tensor | form | bytes | plain | |\n|---|---|--:|--:|---|\n";
    for (const StoredTensor& s : stored)
      text += format("| {} {} | {}{} | {} | {} | {} |\n", short_name(s.name), s.type, s.form,
                     s.bits ? format(", {} bits", s.bits) : "", s.bytes, s.plain_bytes, s.why);
  }
  return text +
         "\nCode and stack depend on the compiler: `size` and `-fstack-usage` say them. There is no heap, and no "
         "variable outside the arena.\n";
}

File readme(const Facts& f) {
  std::string text = format("# {}\n\n{}: {}.\n\n", f.n(), f.sentence(), f.interface());
  text += format("```c\n#include \"{}.h\"\n\n{}int answer(void) {{\n{}  return status;\n}}\n```\n\n", f.n(),
                 static_arena(f.macro()), call(f));
  if (f.declares("prepare"))
    text += format("- `{0}_prepare(i, v)` is the real value of a sample's element `i`, as the network was trained.\n",
                   f.n());
  if (f.declares("run_float"))
    text += format("- `{}_run_float` takes and gives real values, and quantises by itself.\n", f.n());
  if (f.declares("run_io_float"))
    text += format("- `{}_run_io_float` takes and gives real values, and quantises by itself.\n", f.n());
  if (f.declares("predict_class")) text += format("- `{}_predict_class` gives the largest output's number.\n", f.n());
  if (f.declares("reset"))
    text += format(
        "- `{0}_run{1}_state` goes on from a `{0}_state`, which `{0}_reset` brings to the start of a sequence.\n",
        f.n(), f.plain() ? "" : "_io");
  text += format("- C++: `{0}_network` of `{0}.hpp` holds the arena.\n", f.n());
  if (f.tested())
    text += format(
        "- `{0}_self_test_in(arena, sizeof arena)` returns 0 where the examples give the answers that the host "
        "computed; `{0}_self_test()` does it in an arena of its own. A program that calls neither pays for neither. "
        "`extras/golden` has the same examples as arrays for NumPy.\n",
        f.n());
  if (!f.options.labels.empty()) {
    text += "\nOutputs: ";
    for (size_t i = 0; i < f.options.labels.size(); ++i)
      text += format("{}{} {}", i ? ", " : "", i, harmless(f.options.labels[i]));
    text += ".\n";
  }
  text += "\n" + figures(f);
  text +=
      "\nC99 and C++11, any compiler of the last ten years. Compile with `-ffp-contract=off` where floats have to give "
      "the same bits everywhere.\n\n"
      "The code is under the Apache License 2.0 (`LICENSE`); weights are whose the model is.\n";
  return {"README.md", text};
}

// Thimble's own.
File license() {
  const std::span<const Source> sources(kSources, kSourceCount);
  return {"LICENSE", std::string(std::ranges::find(sources, "../LICENSE", &Source::path)->text)};
}

// `src/NAME.c src/NAME_self_test.c`
std::string sources(const Facts& f) {
  std::string text;
  for (const File& file : f.emitted.files)
    if (file.path.ends_with(".c")) text += (text.empty() ? "src/" : " src/") + file.path;
  return text;
}

// The format demands an address, and its lint one that answers. The package has no page of its own: that of its
// licence.
constexpr const char* kPage = "https://www.apache.org/licenses/LICENSE-2.0";

void arduino(const Facts& f, std::vector<File>& files) {
  files.push_back({"library.properties",
                   format("name={4}\nversion=1.0.0\nauthor=Thimble\nmaintainer=Thimble\nsentence={1}.\nparagraph={2}; "
                          "{3} bytes of working memory.\ncategory=Data Processing\nurl={5}\n"
                          "architectures=*\nincludes={0}.h\n",
                          f.n(), f.sentence(), f.interface(), f.emitted.arena_bytes, f.n().substr(0, 63), kPage)});
  std::string keywords;
  keywords += format("{}_network\tKEYWORD1\n", f.n());
  for (const char* function : {"run", "run_io", "run_state", "run_io_state", "run_float", "run_io_float",
                               "run_float_state", "run_io_float_state", "predict_class", "prepare", "reset",
                               "self_test_in", "self_test", "head_reset", "run_head", "train_step"})
    if (f.declares(function)) keywords += format("{}_{}\tKEYWORD2\n", f.n(), function);
  std::vector<std::string> constants = {"ARENA_BYTES", "OK", "ARENA_TOO_SMALL", "ARENA_MISALIGNED"};
  if (f.plain()) constants.insert(constants.begin(), {"INPUT_SIZE", "OUTPUT_SIZE"});
  for (const std::string& constant : constants) keywords += format("{}_{}\tLITERAL1\n", f.macro(), constant);
  files.push_back({"keywords.txt", keywords});
  files.push_back(arduino_example(f));
}

void platformio(const Facts& f, std::vector<File>& files) {
  files.push_back(
      {"library.json", format("{{\n  \"name\": \"{0}\",\n  \"version\": \"1.0.0\",\n  \"description\": \"{1}\",\n"
                              "  \"keywords\": \"neural network, inference\",\n  \"license\": \"Apache-2.0\",\n"
                              "  \"frameworks\": \"*\",\n  \"platforms\": \"*\",\n  \"headers\": \"{0}.h\",\n"
                              "  \"build\": {{\"srcDir\": \"src\", \"includeDir\": \"src\"}}\n}}\n",
                              f.n(), f.sentence())});
  files.push_back(posix_example(f));
}

void zephyr(const Facts& f, std::vector<File>& files) {
  files.push_back({"zephyr/module.yml", format("name: {}\nbuild:\n  cmake: .\n  kconfig: Kconfig\n", f.n())});
  files.push_back(
      {"CMakeLists.txt", format("if(CONFIG_{1})\n  zephyr_include_directories(src)\n  zephyr_library_named({0})\n"
                                "  zephyr_library_sources({2})\nendif()\n",
                                f.n(), f.macro(), sources(f))});
  files.push_back({"Kconfig", format("config {}\n\tbool \"{}: {}\"\n\thelp\n\t  {}. {} bytes of working memory.\n",
                                     f.macro(), f.n(), f.interface(), f.sentence(), f.emitted.arena_bytes)});
  files.push_back(posix_example(f));
}

void idf(const Facts& f, std::vector<File>& files) {
  files.push_back({"CMakeLists.txt",
                   format("if(ESP_PLATFORM)\n  idf_component_register(SRCS {0} INCLUDE_DIRS src)\nelse()\n"
                          "  cmake_minimum_required(VERSION 3.16)\n  project({1} C)\n  add_library({1} STATIC {0})\n"
                          "  target_include_directories({1} PUBLIC src)\nendif()\n",
                          sources(f), f.n())});
  files.push_back(
      {"idf_component.yml", format("version: \"1.0.0\"\ndescription: \"{}\"\nlicense: Apache-2.0\n", f.sentence())});
  files.push_back(posix_example(f));
}

// url stays empty: the pack lies on no server.
void cmsis_pack(const Facts& f, std::vector<File>& files) {
  std::string list;
  for (const File& file : f.emitted.files)
    list += format("        <file category=\"{}\" name=\"src/{}\"/>\n", file.path.ends_with(".c") ? "source" : "header",
                   file.path);
  files.push_back(
      {format("Thimble.{}.pdsc", f.n()),
       format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
              "<package schemaVersion=\"1.7.36\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema-instance\" "
              "xs:noNamespaceSchemaLocation=\"PACK.xsd\">\n  <vendor>Thimble</vendor>\n  <name>{0}</name>\n"
              "  <description>{1}</description>\n  <url></url>\n"
              "  <license>LICENSE</license>\n"
              "  <releases>\n    <release version=\"1.0.0\">Exported by Thimble {2}.</release>\n  </releases>\n"
              "  <components>\n    <component Cclass=\"Machine Learning\" Cgroup=\"Network\" Csub=\"{5}\" "
              "Cversion=\"1.0.0\">\n      <description>{3}</description>\n      <files>\n"
              "        <file category=\"doc\" name=\"README.md\"/>\n"
              "        <file category=\"include\" name=\"src/\"/>\n{4}"
              "      </files>\n    </component>\n  </components>\n</package>\n",
              f.n(), f.sentence(), f.options.version, f.interface(), list, f.n().substr(0, 32))});
  files.push_back(posix_example(f));
}

}  // namespace

std::vector<File> package(const Graph& graph, Emitted emitted, const PackageOptions& options) {
  const Facts f{graph, emitted, options};
  std::vector<File> files;
  files.push_back(readme(f));
  files.push_back(license());
  switch (options.format) {
    case PackageFormat::c: files.push_back(posix_example(f)); break;
    case PackageFormat::arduino: arduino(f, files); break;
    case PackageFormat::platformio: platformio(f, files); break;
    case PackageFormat::zephyr: zephyr(f, files); break;
    case PackageFormat::idf: idf(f, files); break;
    case PackageFormat::cmsis_pack: cmsis_pack(f, files); break;
  }
  for (File& file : emitted.files) files.push_back({"src/" + file.path, std::move(file.text)});
  return files;
}

File model_header(std::span<const uint8_t> tflite, const std::string& name) {
  std::string guard = capitals(name) + "_MODEL_H";
  std::string text =
      format("/* {} bytes of a .tflite file. */\n#ifndef {}\n#define {}\n\n", tflite.size(), guard, guard);
  text += "#if defined(__GNUC__)\n__attribute__((aligned(16)))\n#endif\n";
  text += format("static const unsigned char {}[] = {{", name);
  for (size_t i = 0; i < tflite.size(); ++i) text += format("{}0x{:02x},", i % 16 ? " " : "\n    ", tflite[i]);
  text += format("\n}};\nstatic const unsigned int {}_len = {};\n\n#endif\n", name, tflite.size());
  return {name + ".h", std::move(text)};
}

}  // namespace thimble::micro
