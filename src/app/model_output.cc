#include "app/model_output.h"

#include "formats/model_file.h"
#include "formats/tflite/attached.h"
#include "formats/tflite/model_metadata.h"
#include "study/model_feeding.h"
#include "study/model_metadata.h"

namespace thimble::app {

void note_left_out(const Graph& graph, const Context& context) {
  if (graph.left_out.empty()) return;
  std::string others;
  for (const std::string& what : graph.left_out) others += (others.empty() ? "" : ", ") + what;
  const std::string meant =
      graph.signature.empty() ? std::string("the first subgraph") : format("signature \"{}\"", graph.signature);
  context.note(format("the file holds more than one network: what is meant here is {}, not {}", meant, others));
}

Status ready_to_pack(Graph& graph, const Context& context) {
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
  if (is_packed_name(path)) THIMBLE_TRY(ready_to_pack(graph, context));
  return write_model(graph, path);
}

}  // namespace thimble::app
