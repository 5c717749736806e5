#include "app/output.h"

#include <algorithm>
#include <cstdio>

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "formats/model_file.h"
#include "formats/tflite/attached.h"
#include "formats/tflite/model_metadata.h"
#include "study/model_feeding.h"
#include "study/model_note.h"

namespace thimble::app {
namespace {

// Whether both names lead to one file that is there.
bool same_file(const std::string& a, const std::string& b) {
  struct stat first = {}, second = {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

bool is_device(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

}  // namespace

void declare_force(Options& options, bool* force) {
  options.flag("--force", force, "write even onto the model that is read, which is then gone");
}

Status check_file_output(const std::string& output, const std::string& option) {
  if (output.empty() || output == "-" || is_device(output)) return {};
  if (output.back() == '/' || directory_exists(output))
    return fail(ErrorCode::usage, format("{} '{}' is a folder, not a file", option, output),
                format("name a file in it: {}", join_path(output, "NAME")));
  const std::string folder = directory_of(output);
  THIMBLE_TRY(make_directories(folder));
  if (::access(folder.c_str(), W_OK) != 0 || (file_exists(output) && ::access(output.c_str(), W_OK) != 0))
    return fail(ErrorCode::io, format("no permission to write '{}'", output),
                format("check the owner and mode of '{}', or write elsewhere", folder));
  return {};
}

Status check_model_output(const Context& context, const std::string& output, const std::vector<std::string>& inputs,
                          bool force) {
  if (output == "-" && context.json)
    return fail(ErrorCode::usage, "the model (-o -) and the document of --json both want the standard output",
                "name a file: -o model.tflite");
  if (output.empty() || output == "-" || is_device(output)) return {};
  if (output.back() == '/' || directory_exists(output))
    return fail(ErrorCode::usage, format("-o '{}' is a folder, not a file", output),
                format("name the model: -o {}", join_path(output, "model.tflite")));
  const std::string ending = extension_of(output);
  if (!ending.empty() && ending != ".tflite" && ending != ".thim" && ending != ".onnx")
    return fail(ErrorCode::usage,
                format("-o '{}' ends in {}, but what is written is .tflite, .onnx or .thim (packed)", output, ending),
                format("write {0}.tflite, {0}.onnx or {0}.thim", without_extension(output)));
  if (!force)
    for (const std::string& input : inputs)
      if (!input.empty() && input != "-" && same_file(input, output))
        return fail(ErrorCode::usage, format("-o '{}' is the model that is read: it would be gone", output),
                    "write to another name, or say --force");
  return check_file_output(output, "-o");
}

void remove_checkpoint(const std::string& checkpoint) {
  if (checkpoint.empty()) return;
  for (const char* suffix : {"", ".previous"}) std::remove((checkpoint + suffix).c_str());
}

void note_left_out(const Graph& graph, const Context& context) {
  if (graph.left_out.empty()) return;
  std::string others;
  for (const std::string& what : graph.left_out) others += (others.empty() ? "" : ", ") + what;
  const std::string meant =
      graph.signature.empty() ? std::string("the first subgraph") : format("signature \"{}\"", graph.signature);
  context.note(format("the file holds more than one network: what is meant here is {}, not {}", meant, others));
}

void note_free_sizes(const Graph& graph, const Context& context) {
  for (const TensorId id : graph.inputs)
    if (const Tensor& input = graph.at(id); input.free_dims)
      context.note(format("the input \"{}\" takes any size, and none is given: it is run with {}", input.name,
                          input.shape.to_string()));
}

Status ready_to_pack(Graph& graph, const Context& context) {
  drop_derived_metadata(graph);
  if (!graph.attached && !graph.metadata.contains(kTfliteMetadataKey)) return {};
  THIMBLE_ASSIGN(const std::optional<Feeding> own, own_feeding(graph));
  std::string labels, others;
  if (const auto entry = graph.metadata.find(kTfliteMetadataKey); entry != graph.metadata.end() && own)
    if (const auto said = read_tflite_metadata(entry->second); said && !own->labels.empty()) labels = said->labels_file;
  for (const AttachedFile& file : attached_list({graph.attached.bytes, graph.attached.size}))
    if (file.name != labels) others += (others.empty() ? "" : ", ") + file.name;
  if (!others.empty())
    return fail(ErrorCode::unsupported,
                format("a packed file has no room for the attached files, and would lose {}", others),
                "write a .tflite, or squeeze it: both keep them");
  if (own && !graph.metadata.contains(kPreprocessKey)) {
    graph.metadata[kPreprocessKey] = own->to_json();
    context.note("what TFLite's metadata says of feeding and labels is kept in Thimble's own words");
  }
  graph.attached = {};
  return {};
}

Result<std::vector<uint8_t>> model_bytes(Graph graph, const std::string& path, const Context& context) {
  if (is_packed_name(path))
    THIMBLE_TRY(ready_to_pack(graph, context));
  else if (!is_onnx_name(path))
    describe_for_others(&graph);  // read from a packed file, the graph comes without
  return write_model(graph, path);
}

}  // namespace thimble::app
