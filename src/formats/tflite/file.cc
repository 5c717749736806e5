#include "formats/tflite/file.h"

#include <cstring>

#include "formats/tflite/schema.h"
#include "formats/tflite/walk.h"
#include "graph/graph.h"

namespace thimble::tflite {
namespace {

// The schema's tables as far as they are read.
constexpr Field kQuantFields[] = {{schema::kQuantMin, Kind::floats},          {schema::kQuantMax, Kind::floats},
                                  {schema::kQuantScale, Kind::floats},        {schema::kQuantZeroPoint, Kind::int64s},
                                  {schema::kQuantDetailsType, Kind::options}, {schema::kQuantDimension, Kind::i32}};
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
constexpr Field kOperatorFields[] = {
    {schema::kOperatorCodeIndex, Kind::i32},       {schema::kOperatorInputs, Kind::int32s},
    {schema::kOperatorOutputs, Kind::int32s},      {schema::kOperatorOptionsType, Kind::options},
    {schema::kOperatorCustomOptions, Kind::data},  {schema::kOperatorIntermediates, Kind::int32s},
    {schema::kOperatorOptions2Type, Kind::options}};
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
  walk_tables(model_, kModel, bytes_.size(), &damage_);
  return sound("model");
}

Status TfliteFile::sound(const std::string& where) const {
  if (damage_.what.empty()) return {};
  return with_context(Error{ErrorCode::bad_file, "damaged file: " + damage_.what, {}, {}}, where);
}

}  // namespace thimble::tflite
