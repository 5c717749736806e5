#include "app/version.h"

#include <vector>

#include "app/commands.h"
#include "base/cpu.h"
#include "base/format.h"
#include "base/json.h"
#include "kernels/kernels.h"

#ifndef THIMBLE_VERSION
#define THIMBLE_VERSION "unknown"
#endif

namespace thimble::app {
namespace {

struct Licence {
  const char* name;
  const char* licence;
  const char* what;
};
// What is linked into the program.
constexpr Licence kLicences[] = {
    {"thimble", "Apache-2.0", "this program"},
    {"flatbuffers", "Apache-2.0", "container of .tflite files"},
    {"fmt", "MIT", "text"},
    {"tl::expected", "CC0-1.0", "errors as values"},
    {"CLI11", "BSD-3-Clause", "command line"},
    {"toml++", "MIT", "recipes"},
    {"nlohmann-json", "MIT", "reading JSON"},
    {"stb", "MIT OR Unlicense", "decoding pictures"},
    {"protozero", "BSD-2-Clause", "ONNX and TensorBoard files"},
    {"libwebp", "BSD-3-Clause", "decoding WebP pictures"},
    {"minizip", "Zlib", "reading .npz"},
    {"libsodium", "ISC", "SHA-256"},
    {"xxhash", "BSD-2-Clause", "check sums of checkpoints"},
    {"zlib", "Zlib", "compression"},
};

// Commands that this program has (thimble-run: few) and the formats that they read and write.
std::vector<std::string> features() {
  std::vector<std::string> all;
  for (const CommandRow& row : commands()) all.emplace_back(row.name);
  for (const char* format_name : {"tflite", "onnx", "thim"}) {
    all.push_back(format("{}-read", format_name));
    if (find_command("convert")) all.push_back(format("{}-write", format_name));
  }
  return all;
}

}  // namespace

std::string version() { return THIMBLE_VERSION; }

std::string version_text() {
  std::string text = format("thimble {}\n\nkernels    ", version());
  for (const KernelTable* table : available_kernels()) text += format("{} ", name(table->isa));
  text += format("(in force: {})\nprocessor  {}, {} physical core{}\n", name(kernels().isa), cpu_model_name(),
                 physical_cores(), physical_cores() == 1 ? "" : "s");
  text += "features   ";
  size_t column = 0;
  for (const std::string& feature : features()) {
    if (column + feature.size() > 90) text += "\n           ", column = 0;
    text += feature + " ";
    column += feature.size() + 1;
  }
  text += "\n\nlicences\n";
  for (const Licence& entry : kLicences) text += format("  {:<14} {:<21} {}\n", entry.name, entry.licence, entry.what);
  return text;
}

std::string version_json() {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.version/1").field("version", version());
  json.key("isa").begin_object().field("in_force", name(kernels().isa)).key("available").begin_array();
  for (const KernelTable* table : available_kernels()) json.value(name(table->isa));
  json.end_array().end_object();
  json.key("machine").begin_object().field("cpu", cpu_model_name()).array("features", cpu_feature_names());
  json.field("physical_cores", physical_cores()).field("os", os_name()).end_object();
  json.key("features").begin_array();
  for (const std::string& feature : features()) json.value(feature);
  json.end_array().key("licences").begin_array();
  for (const Licence& entry : kLicences)
    json.begin_object()
        .field("name", entry.name)
        .field("licence", entry.licence)
        .field("what", entry.what)
        .end_object();
  json.end_array().end_object();
  return json.take();
}

}  // namespace thimble::app
