#include "formats/thim/thim.h"

#include <algorithm>
#include <new>

#include "base/hash.h"
#include "formats/tflite/model_metadata.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/graph_codec.h"
#include "ops/check.h"

namespace thimble {
namespace {

// The frame: identifier and version, the coded graph, CRC-32 of all before it (low byte first).
constexpr uint8_t kIdentifier[] = {'T', 'h'};
constexpr size_t kHead = 3, kTail = 4;

// What reading may spend on a file of so many bytes.
int64_t decision_budget(size_t bytes) { return (int64_t{1} << 24) + 256 * static_cast<int64_t>(bytes); }
int64_t memory_budget(size_t bytes) {
  return std::min((int64_t{1} << 24) + 1024 * static_cast<int64_t>(bytes), int64_t{1} << 29);
}

uint32_t checksum(std::span<const uint8_t> bytes) { return crc32(bytes); }

Result<Checked> read_body(int version, std::span<const uint8_t> body, thim::AttributesFn attributes) {
  Graph graph;
  BitCoder coder = BitCoder::reader(body, decision_budget(body.size()));
  thim::GraphCodec codec(coder, graph, version, attributes, memory_budget(body.size()));
  THIMBLE_TRY(codec.code(false));
  if (codec.version() > version)
    return fail(ErrorCode::bad_file, format("damaged packed file: not a file of version {}", version));
  if (!coder.at_end()) return fail(ErrorCode::bad_file, "damaged packed file: bytes are left over after the model");
  if (graph.outputs.empty()) return fail(ErrorCode::bad_file, "damaged packed file: the graph has no output");
  return check(std::move(graph));
}

}  // namespace

bool is_thim(std::span<const uint8_t> bytes) {
  return bytes.size() > kHead && bytes[0] == kIdentifier[0] && bytes[1] == kIdentifier[1] && bytes[2] < 32;
}

Result<PackedModel> write_thim(const Graph& graph, const ThimOptions& options) {
  return thim::write(graph, options, thim::attributes_of);
}

Result<Checked> read_checked_thim(std::span<const uint8_t> bytes) { return thim::read(bytes, thim::attributes_of); }

Result<Graph> read_thim(std::span<const uint8_t> bytes) {
  THIMBLE_ASSIGN(Checked checked, read_checked_thim(bytes));
  return std::move(checked.graph);
}

Result<PackedModel> thim::write(const Graph& graph, const ThimOptions& options, AttributesFn attributes) {
  THIMBLE_TRY(refuse_losses(graph));
  for (const Tensor& tensor : graph.tensors)
    if (tensor.free_dims)
      return fail(ErrorCode::unsupported,
                  format("{} has dimensions of any size (−1), which a packed file cannot say", tensor.to_string()),
                  "write a .tflite");
  THIMBLE_TRY(verify(graph));
  Graph ordered = thim::canonical_order(graph);
  drop_derived_metadata(ordered);  // it follows from thimble.preprocess, which stays
  PackedModel packed;
  BitCoder coder = BitCoder::writer();
  int version = version_of_fields(ordered, attributes);
  for (bool again = true; again;) {
    coder = BitCoder::writer();
    GraphCodec codec(coder, ordered, version, attributes, memory_budget(0));
    THIMBLE_TRY(codec.code(options.names));
    packed.account = std::move(codec.account());
    // What else a graph needs shows while it is written; a higher version may have fields that were left out.
    const int needed = std::max(version, codec.version());
    again = more_fields(ordered, attributes, version, needed);
    version = needed;
  }
  const double bits = coder.bits();
  const int64_t decisions = coder.decisions();
  packed.bytes = {kIdentifier[0], kIdentifier[1], static_cast<uint8_t>(version)};
  const std::vector<uint8_t> body = coder.finish();
  if (decisions > decision_budget(body.size()))
    return fail(ErrorCode::unsupported,
                format("{} decisions in {} bytes are more than readers accept", decisions, body.size()));
  int64_t memory = 0;
  for (const Tensor& tensor : ordered.tensors)
    memory += static_cast<int64_t>(tensor.data.size + 8 * tensor.quant.scale.size());
  if (memory > memory_budget(body.size()))
    return fail(ErrorCode::unsupported,
                format("{} bytes of constants in a file of {} are more than readers accept", memory, body.size()));
  packed.bytes.insert(packed.bytes.end(), body.begin(), body.end());
  const uint32_t sum = checksum(packed.bytes);
  for (int i = 0; i < 4; ++i) packed.bytes.push_back(static_cast<uint8_t>(sum >> (8 * i)));
  ThimAccount& account = packed.account;
  account.frame_bytes = kHead + kTail;
  account.structure_bytes = bits / 8 - account.data_bytes - account.scale_bytes - account.text_bytes;
  return packed;
}

Result<Checked> thim::read(std::span<const uint8_t> bytes, AttributesFn attributes) {
  if (!is_thim(bytes)) return fail(ErrorCode::bad_file, "not a packed model: it does not begin with the identifier Th");
  if (bytes.size() < kHead + kTail)
    return fail(ErrorCode::bad_file, format("the packed file is cut short: {} bytes", bytes.size()));
  uint32_t stored = 0;
  for (size_t i = 0; i < kTail; ++i) stored |= static_cast<uint32_t>(bytes[bytes.size() - kTail + i]) << (8 * i);
  const uint32_t computed = checksum(bytes.first(bytes.size() - kTail));
  if (stored != computed)
    return fail(ErrorCode::bad_file,
                format("the packed file is damaged or cut short: its {} bytes have the checksum {:08x}, it says {:08x}",
                       bytes.size(), computed, stored),
                "copy or pack it again");
  // After the checksum, so that a damaged version is damage.
  if (const int newest = newest_version(attributes); bytes[2] < 1 || bytes[2] > newest)
    return fail(ErrorCode::unsupported, format("packed file of version {}, only 1 to {} are known", bytes[2], newest),
                "a later Thimble wrote it: update this one");
  try {
    return read_body(bytes[2], bytes.subspan(kHead, bytes.size() - kHead - kTail), attributes);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::out_of_memory, "no memory for the packed model's constants");
  }
}

}  // namespace thimble
