// Field ids and numbers of the TFLite schema's tables that are not operator options.
// Source: schema.fbs of LiteRT (schema version 3).
#pragma once

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
enum Operator {
  kOperatorCodeIndex,
  kOperatorInputs,
  kOperatorOutputs,
  kOperatorOptionsType,
  kOperatorOptions,
  kOperatorCustomOptions,
  kOperatorCustomFormat,
  kOperatorMutating,
  kOperatorIntermediates
};
enum Buffer { kBufferData, kBufferOffset, kBufferSize };
enum Metadata { kMetadataName, kMetadataBuffer };
enum Signature { kSignatureInputs, kSignatureOutputs, kSignatureKey, kSignatureUnused, kSignatureSubgraph };
enum TensorMap { kMapName, kMapTensor };
inline constexpr int kCustomOperator = 32;

// TensorType numbers of the file.
Result<DType> dtype(int file_type);
int file_type(DType type);

}  // namespace thimble::schema
