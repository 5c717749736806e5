#include "formats/tflite/file.h"

#include <cstring>

#include "formats/tflite/schema.h"
#include "graph/graph.h"

namespace thimble::tflite {
namespace {

constexpr size_t kMaxTables = 1'000'000;

enum class Kind : uint8_t {
  i8,
  i32,
  u64,
  text,
  data,  // bytes that are viewed, never copied once per visit
  int32s,
  int64s,
  floats,
  index_list,  // a union of three kinds of vectors: its type, and in the field behind it the table
  options,     // of an operator: what its fields are, only the operator's rule knows (rule.h)
  table,
  tables,
};

struct Layout;
struct Field {
  int id;
  Kind kind;
  const Layout* child = nullptr;
};
struct Layout {
  std::span<const Field> fields;
};

// The schema's tables as far as they are read.
constexpr Field kQuantFields[] = {{schema::kQuantMin, Kind::floats},     {schema::kQuantMax, Kind::floats},
                                  {schema::kQuantScale, Kind::floats},   {schema::kQuantZeroPoint, Kind::int64s},
                                  {schema::kQuantDetailsType, Kind::i8}, {schema::kQuantDimension, Kind::i32}};
constexpr Layout kQuant{kQuantFields};
constexpr Field kDimensionFields[] = {{schema::kDimensionFormat, Kind::i8},
                                      {schema::kDimensionDenseSize, Kind::i32},
                                      {schema::kDimensionSegmentsType, Kind::index_list},
                                      {schema::kDimensionIndicesType, Kind::index_list}};
constexpr Layout kDimension{kDimensionFields};
constexpr Field kSparsityFields[] = {{schema::kSparsityTraversalOrder, Kind::int32s},
                                     {schema::kSparsityBlockMap, Kind::int32s},
                                     {schema::kSparsityDimensions, Kind::tables, &kDimension}};
constexpr Layout kSparsity{kSparsityFields};
constexpr Field kTensorFields[] = {{schema::kTensorShape, Kind::int32s},
                                   {schema::kTensorType, Kind::i8},
                                   {schema::kTensorBuffer, Kind::i32},
                                   {schema::kTensorName, Kind::text},
                                   {schema::kTensorQuantization, Kind::table, &kQuant},
                                   {schema::kTensorIsVariable, Kind::i8},
                                   {schema::kTensorSparsity, Kind::table, &kSparsity},
                                   {schema::kTensorShapeSignature, Kind::int32s},
                                   {schema::kTensorHasRank, Kind::i8}};
constexpr Layout kTensor{kTensorFields};
constexpr Field kOperatorFields[] = {{schema::kOperatorCodeIndex, Kind::i32},
                                     {schema::kOperatorInputs, Kind::int32s},
                                     {schema::kOperatorOutputs, Kind::int32s},
                                     {schema::kOperatorOptionsType, Kind::options},
                                     {schema::kOperatorIntermediates, Kind::int32s}};
constexpr Layout kOperator{kOperatorFields};
constexpr Field kSubgraphFields[] = {{schema::kSubgraphTensors, Kind::tables, &kTensor},
                                     {schema::kSubgraphInputs, Kind::int32s},
                                     {schema::kSubgraphOutputs, Kind::int32s},
                                     {schema::kSubgraphOperators, Kind::tables, &kOperator},
                                     {schema::kSubgraphName, Kind::text}};
constexpr Layout kSubgraph{kSubgraphFields};
constexpr Field kCodeFields[] = {{schema::kCodeDeprecated, Kind::i8},
                                 {schema::kCodeCustom, Kind::text},
                                 {schema::kCodeVersion, Kind::i32},
                                 {schema::kCodeBuiltin, Kind::i32}};
constexpr Layout kCode{kCodeFields};
constexpr Field kBufferFields[] = {
    {schema::kBufferData, Kind::data}, {schema::kBufferOffset, Kind::u64}, {schema::kBufferSize, Kind::u64}};
constexpr Layout kBuffer{kBufferFields};
constexpr Field kMetadataFields[] = {{schema::kMetadataName, Kind::text}, {schema::kMetadataBuffer, Kind::i32}};
constexpr Layout kMetadata{kMetadataFields};
constexpr Field kMapFields[] = {{schema::kMapName, Kind::text}, {schema::kMapTensor, Kind::i32}};
constexpr Layout kMap{kMapFields};
constexpr Field kSignatureFields[] = {{schema::kSignatureInputs, Kind::tables, &kMap},
                                      {schema::kSignatureOutputs, Kind::tables, &kMap},
                                      {schema::kSignatureKey, Kind::text},
                                      {schema::kSignatureSubgraph, Kind::i32}};
constexpr Layout kSignature{kSignatureFields};
constexpr Field kModelFields[] = {{schema::kModelVersion, Kind::i32},
                                  {schema::kModelOperatorCodes, Kind::tables, &kCode},
                                  {schema::kModelSubgraphs, Kind::tables, &kSubgraph},
                                  {schema::kModelDescription, Kind::text},
                                  {schema::kModelBuffers, Kind::tables, &kBuffer},
                                  {schema::kModelMetadata, Kind::tables, &kMetadata},
                                  {schema::kModelSignatures, Kind::tables, &kSignature}};
constexpr Layout kModel{kModelFields};

// Visits every table below the root once per way that leads there. The schema nests six deep at most. Table's accessors
// check each offset before it is followed and note the first violation; the walk stops there.
class Walk {
 public:
  // A table that is named once takes at least 8 bytes: 4 in the list that names it and 4 of its own. Numbers that
  // tensors share (shapes, scales) are read once per tensor, and so counted.
  Walk(Damage* damage, size_t file_bytes)
      : damage_(damage),
        tables_left_(std::min(kMaxTables, 4096 + file_bytes / 8)),
        bytes_left_((1 << 20) + 4 * file_bytes) {}

  void table(const Table& t, const Layout& layout) {
    if (!t || !damage_->what.empty()) return;
    if (tables_left_-- == 0) return damage_->report(format("more tables than a file of its size can hold"));
    for (const Field& field : layout.fields) {
      if (!damage_->what.empty()) return;
      visit(t, field);
    }
  }

 private:
  void visit(const Table& t, const Field& f) {
    switch (f.kind) {
      case Kind::i8: (void)t.scalar<int8_t>(f.id, 0); break;
      case Kind::i32: (void)t.scalar<int32_t>(f.id, 0); break;
      case Kind::u64: (void)t.scalar<uint64_t>(f.id, 0); break;
      case Kind::text: count(t.string(f.id).size()); break;
      case Kind::data: (void)t.scalars<uint8_t>(f.id); break;
      case Kind::int32s: count(t.scalars<int32_t>(f.id).size_bytes()); break;
      case Kind::int64s: count(t.scalars<int64_t>(f.id).size_bytes()); break;
      case Kind::floats: count(t.scalars<float>(f.id).size_bytes()); break;
      case Kind::index_list: index_list(t, f.id); break;
      case Kind::options:
        (void)t.scalar<uint8_t>(f.id, 0);
        table(t.table(f.id + 1), Layout{});
        break;
      case Kind::table: table(t.table(f.id), *f.child); break;
      case Kind::tables: {
        const Tables all = t.tables(f.id);
        count(all.size() * sizeof(flatbuffers::uoffset_t));
        for (size_t i = 0; i < all.size() && damage_->what.empty(); ++i) table(all[i], *f.child);
        break;
      }
    }
  }

  void index_list(const Table& t, int id) {
    const int kind = t.scalar<uint8_t>(id, 0);
    const Table list = t.table(id + 1);
    table(list, Layout{});
    if (kind == schema::kInt32Vector) count(list.scalars<int32_t>(0).size_bytes());
    if (kind == schema::kUint16Vector) count(list.scalars<uint16_t>(0).size_bytes());
    if (kind == schema::kUint8Vector) count(list.scalars<uint8_t>(0).size_bytes());
  }

  void count(size_t bytes) {
    if (bytes > bytes_left_) return damage_->report("its tables share lists so often that they would outgrow the file");
    bytes_left_ -= bytes;
  }

  Damage* damage_;
  size_t tables_left_, bytes_left_;
};

}  // namespace

TfliteFile::TfliteFile(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner)
    : bytes_(bytes), owner_(std::move(owner)) {
  if (bytes.size() > kMaxBytes || reinterpret_cast<uintptr_t>(bytes.data()) % 16 == 0) return;
  const Data copy = Data::copy(bytes);
  bytes_ = {copy.bytes, copy.size};
  owner_ = copy.owner;
}

Status TfliteFile::open() {
  if (bytes_.size() > kMaxBytes)
    return fail(ErrorCode::unsupported, format("the file has {} bytes, the limit is {}", bytes_.size(), kMaxBytes));
  if (bytes_.size() < 8 || std::memcmp(bytes_.data() + 4, "TFL3", 4) != 0)
    return fail(ErrorCode::bad_file, "not a TFLite model: the identifier TFL3 is missing at byte 4");
  verifier_.emplace(bytes_.data(), bytes_.size(), /*max_depth=*/64, /*max_tables=*/1'000'000'000);
  damage_.verifier = &*verifier_;
  const auto root = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(bytes_.data());
  if (root == 0 || root >= bytes_.size() - 3)
    return fail(ErrorCode::bad_file, "damaged file: the root table lies outside the file");
  model_ = Table(reinterpret_cast<const flatbuffers::Table*>(bytes_.data() + root), &damage_);
  THIMBLE_TRY(sound("model"));
  if (const auto version = model_.scalar<uint32_t>(schema::kModelVersion, 0); version != 3)
    return fail(ErrorCode::unsupported, format("schema version {}, only 3 is known", version));
  Walk(&damage_, bytes_.size()).table(model_, kModel);
  return sound("model");
}

Status TfliteFile::sound(const std::string& where) const {
  if (damage_.what.empty()) return {};
  return with_context(Error{ErrorCode::bad_file, "damaged file: " + damage_.what, {}, {}}, where);
}

}  // namespace thimble::tflite
