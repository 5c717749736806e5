#include "formats/tflite/parts.h"

#include <algorithm>
#include <map>
#include <set>

#include "formats/tflite/attached.h"
#include "formats/tflite/file.h"
#include "formats/tflite/schema.h"

namespace thimble {
namespace {

using tflite::Table;
using tflite::Tables;

// Bytes of the file by what they hold; the first claim counts.
class Claims {
 public:
  explicit Claims(std::span<const uint8_t> file) : file_(file), owner_(file.size(), 0) {}

  // A vector or string with its length field in front.
  template <class T>
  void claim(uint8_t part, std::span<const T> v, size_t terminator = 0) {
    if (v.data() == nullptr) return;
    const auto* begin = reinterpret_cast<const uint8_t*>(v.data());
    const auto at = static_cast<size_t>(begin - file_.data());
    if (begin < file_.data() || at < 4 || at > file_.size()) return;
    const size_t end = std::min(at + v.size_bytes() + terminator, file_.size());
    for (size_t i = at - 4; i < end; ++i)
      if (owner_[i] == 0) owner_[i] = part;
  }
  void claim(uint8_t part, std::string_view text) { claim(part, std::span<const char>(text.data(), text.size()), 1); }
  void claim_tail(uint8_t part, size_t from) {
    std::fill(owner_.begin() + static_cast<std::ptrdiff_t>(from), owner_.end(), part);
  }
  int64_t count(uint8_t part) const { return std::count(owner_.begin(), owner_.end(), part); }

 private:
  std::span<const uint8_t> file_;
  std::vector<uint8_t> owner_;
};

enum Part : uint8_t {
  kRest,
  kData,
  kDuplicate,
  kUnused,
  kSparse,
  kScales,
  kZeros,
  kMinMax,
  kShapes,
  kNames,
  kMetadata,
  kAttached
};

struct Uses {
  std::set<uint32_t> tensors, sparse, metadata;  // buffers
};

// Level and index lists; tables around them are structure.
void read_sparsity(const Table& sparsity, Claims& claims) {
  const Tables levels = sparsity.tables(schema::kSparsityDimensions);
  claims.claim(kSparse, sparsity.scalars<int32_t>(schema::kSparsityTraversalOrder));
  claims.claim(kSparse, sparsity.scalars<int32_t>(schema::kSparsityBlockMap));
  for (size_t l = 0; l < levels.size() && l < 2 * Shape::kMaxRank; ++l) {
    for (const int field : {schema::kDimensionSegmentsType, schema::kDimensionIndicesType}) {
      const int kind = levels[l].scalar<uint8_t>(field, 0);
      const Table vector = levels[l].table(field + 1);
      if (kind == schema::kInt32Vector) claims.claim(kSparse, vector.scalars<int32_t>(0));
      if (kind == schema::kUint16Vector) claims.claim(kSparse, vector.scalars<uint16_t>(0));
      if (kind == schema::kUint8Vector) claims.claim(kSparse, vector.scalars<uint8_t>(0));
    }
  }
}

// What a tensor of the file takes when it is dense; 0 where its shape or type is no good.
int64_t dense_bytes(const Table& tensor) {
  const auto shape = Shape::make(tensor.scalars<int32_t>(schema::kTensorShape));
  const auto type = schema::dtype(tensor.scalar<int8_t>(schema::kTensorType, 0));
  return shape && type ? byte_size(*type, *shape) : 0;
}

void read_tensor(const Table& tensor, Claims& claims, Uses& uses, TfliteParts& parts) {
  claims.claim(kNames, tensor.string(schema::kTensorName));
  claims.claim(kShapes, tensor.scalars<int32_t>(schema::kTensorShape));
  claims.claim(kShapes, tensor.scalars<int32_t>(schema::kTensorShapeSignature));
  uses.tensors.insert(tensor.scalar<uint32_t>(schema::kTensorBuffer, 0));
  if (const Table sparsity = tensor.table(schema::kTensorSparsity)) {
    read_sparsity(sparsity, claims);
    ++parts.sparse_tensors;
    uses.sparse.insert(tensor.scalar<uint32_t>(schema::kTensorBuffer, 0));
    parts.sparse_dense_bytes += dense_bytes(tensor);
  }
  const Table q = tensor.table(schema::kTensorQuantization);
  if (!q) return;
  claims.claim(kScales, q.scalars<float>(schema::kQuantScale));
  claims.claim(kZeros, q.scalars<int64_t>(schema::kQuantZeroPoint));
  claims.claim(kMinMax, q.scalars<float>(schema::kQuantMin));
  claims.claim(kMinMax, q.scalars<float>(schema::kQuantMax));
}

void read_buffers(const Tables& buffers, const Uses& uses, Claims& claims, TfliteParts& parts) {
  std::map<std::string_view, size_t> seen;
  for (size_t i = 0; i < buffers.size(); ++i) {
    const auto data = buffers[i].scalars<uint8_t>(schema::kBufferData);
    if (data.empty()) continue;
    const auto index = static_cast<uint32_t>(i);
    if (uses.metadata.contains(index)) {
      claims.claim(kMetadata, data);
    } else if (!uses.tensors.contains(index)) {
      claims.claim(kUnused, data);
    } else {
      if (uses.sparse.contains(index)) parts.sparse_values += static_cast<int64_t>(data.size());
      const bool fresh =
          seen.emplace(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()), i).second;
      claims.claim(fresh ? kData : kDuplicate, data);
    }
  }
}

}  // namespace

Result<TfliteParts> tflite_parts(std::span<const uint8_t> file) {
  tflite::TfliteFile opened(file);
  THIMBLE_TRY(opened.open());
  file = opened.bytes();
  const Table& model = opened.model();

  TfliteParts parts;
  parts.total = static_cast<int64_t>(file.size());
  Claims claims(file);
  Uses uses;
  claims.claim_tail(kAttached, attached_begin(file));
  claims.claim(kNames, model.string(schema::kModelDescription));
  const Tables subgraphs = model.tables(schema::kModelSubgraphs);
  parts.subgraphs = static_cast<int64_t>(subgraphs.size());
  for (size_t s = 0; s < subgraphs.size(); ++s) {
    const Table graph = subgraphs[s];
    claims.claim(kNames, graph.string(schema::kSubgraphName));
    const Tables tensors = graph.tables(schema::kSubgraphTensors);
    for (size_t t = 0; t < tensors.size(); ++t) read_tensor(tensors[t], claims, uses, parts);
  }
  const Tables metadata = model.tables(schema::kModelMetadata);
  for (size_t i = 0; i < metadata.size(); ++i) {
    const Table entry = metadata[i];
    parts.metadata_keys.emplace_back(entry.string(schema::kMetadataName));
    claims.claim(kMetadata, entry.string(schema::kMetadataName));
    uses.metadata.insert(entry.scalar<uint32_t>(schema::kMetadataBuffer, 0));
  }
  const Tables signatures = model.tables(schema::kModelSignatures);
  for (size_t i = 0; i < signatures.size(); ++i) {
    const Table signature = signatures[i];
    claims.claim(kNames, signature.string(schema::kSignatureKey));
    for (const int field : {schema::kSignatureInputs, schema::kSignatureOutputs}) {
      const Tables maps = signature.tables(field);
      for (size_t m = 0; m < maps.size(); ++m) claims.claim(kNames, maps[m].string(schema::kMapName));
    }
  }
  read_buffers(model.tables(schema::kModelBuffers), uses, claims, parts);

  parts.data = claims.count(kData);
  parts.duplicate_buffers = claims.count(kDuplicate);
  parts.unused_buffers = claims.count(kUnused);
  parts.sparse_index = claims.count(kSparse);
  parts.scales = claims.count(kScales);
  parts.zero_points = claims.count(kZeros);
  parts.min_max = claims.count(kMinMax);
  parts.shapes = claims.count(kShapes);
  parts.names = claims.count(kNames);
  parts.metadata = claims.count(kMetadata);
  parts.attached = claims.count(kAttached);
  parts.structure = claims.count(kRest);
  return parts;
}

}  // namespace thimble
