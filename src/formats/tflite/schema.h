// Field ids and numbers of the TFLite schema's tables that are not operator options.
// Source: schema.fbs of LiteRT (schema version 3).
#pragma once

#include <string_view>

#include "graph/type.h"

namespace thimble::schema {

enum Model {
  kModelVersion,
  kModelOperatorCodes,
  kModelSubgraphs,
  kModelDescription,
  kModelBuffers,
  kModelMetadataBuffer,
  kModelMetadata,
  kModelSignatures
};
enum OperatorCode { kCodeDeprecated, kCodeCustom, kCodeVersion, kCodeBuiltin };
enum Subgraph { kSubgraphTensors, kSubgraphInputs, kSubgraphOutputs, kSubgraphOperators, kSubgraphName };
enum TensorField {
  kTensorShape,
  kTensorType,
  kTensorBuffer,
  kTensorName,
  kTensorQuantization,
  kTensorIsVariable,
  kTensorSparsity,
  kTensorShapeSignature,
  kTensorHasRank
};
enum Quant { kQuantMin, kQuantMax, kQuantScale, kQuantZeroPoint, kQuantDetailsType, kQuantDetails, kQuantDimension };
enum QuantDetails { kNoDetails, kCustomDetails, kBlockwiseDetails };  // in the union QuantizationDetails
enum Blockwise { kBlockwiseScales, kBlockwiseZeroPoints, kBlockwiseSize };
enum Sparsity { kSparsityTraversalOrder, kSparsityBlockMap, kSparsityDimensions };
enum Dimension {
  kDimensionFormat,
  kDimensionDenseSize,
  kDimensionSegmentsType,
  kDimensionSegments,
  kDimensionIndicesType,
  kDimensionIndices
};
enum DimensionFormat { kDimensionDense, kDimensionSparse };
enum SparseIndexVector { kNoVector, kInt32Vector, kUint16Vector, kUint8Vector };
enum Operator {
  kOperatorCodeIndex,
  kOperatorInputs,
  kOperatorOutputs,
  kOperatorOptionsType,
  kOperatorOptions,
  kOperatorCustomOptions,
  kOperatorCustomFormat,
  kOperatorMutating,
  kOperatorIntermediates,
  kOperatorLargeOptionsOffset,
  kOperatorLargeOptionsSize,
  kOperatorOptions2Type,  // of the union BuiltinOptions2
  kOperatorOptions2
};
enum Buffer { kBufferData, kBufferOffset, kBufferSize };
enum Metadata { kMetadataName, kMetadataBuffer };
enum Signature { kSignatureInputs, kSignatureOutputs, kSignatureKey, kSignatureUnused, kSignatureSubgraph };
enum TensorMap { kMapName, kMapTensor };
inline constexpr std::string_view kUsualSignature = "serving_default";
inline constexpr int kReshapeOperator = 22, kCustomOperator = 32, kShapeOperator = 77, kPackOperator = 83,
                     kRankOperator = 110, kIfOperator = 118, kWhileOperator = 119, kDensifyOperator = 124,
                     kCallOnceOperator = 129, kVarHandleOperator = 142, kReadVariableOperator = 143,
                     kAssignVariableOperator = 144, kCompositeOperator = 206;
// In the unions BuiltinOptions and BuiltinOptions2.
inline constexpr int kPackOptions = 59, kIfOptions = 92, kWhileOptions = 93, kCallOnceOptions = 103,
                     kVarHandleOptions = 111, kCompositeOptions = 21;
inline constexpr int kResourceType = 13;  // a TensorType without values

// TensorType numbers of the file.
Result<DType> dtype(int file_type);
int file_type(DType type);
// What the schema calls a type, also one that has no DType: "string".
std::string type_name(int file_type);

}  // namespace thimble::schema
