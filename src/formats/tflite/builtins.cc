// The builtin operator codes of the TFLite schema (schema.fbs, enum BuiltinOperator), by number.
#include <array>
#include <map>

#include "formats/tflite/rule.h"
#include "formats/tflite/schema.h"

namespace thimble {

namespace tflite_rule {
#define OP(id, types, family, packed) tflite::TfliteRule family(Op);
#include "ops/ops.def"
}  // namespace tflite_rule

namespace tflite {

const Cell<TfliteRuleFn>& rule_of(Op op) {
  static constexpr Cell<TfliteRuleFn> table[] = {
#define OP(id, types, family, packed) THIMBLE_CELL(TfliteRuleFn, "tflite", id, tflite_rule::family)
#include "ops/ops.def"
  };
  return table[index(op)];
}

namespace {

const std::map<Op, TfliteRule>& all_rules() {
  static const std::map<Op, TfliteRule> rules = [] {
    std::map<Op, TfliteRule> all;
    for (size_t i = 0; i < kOpCount; ++i)
      if (const auto make = rule_of(static_cast<Op>(i)).rule) all.emplace(static_cast<Op>(i), make(static_cast<Op>(i)));
    return all;
  }();
  return rules;
}

}  // namespace

BuiltinRule rule_of_custom(std::string_view name) {
  for (const auto& [op, rule] : all_rules())
    for (const char* own : {rule.custom, rule.reads_custom})
      if (own && own == name && rule.read) return {&rule, 0, op};
  return {};
}

BuiltinRule rule_of_builtin(int code) {
  static const std::map<int, BuiltinRule> by_code = [] {
    std::map<int, BuiltinRule> all;
    for (const auto& [op, rule] : all_rules())
      for (const Builtin& builtin : rule.builtins)
        if (rule.read) all.emplace(builtin.code, BuiltinRule{&rule, builtin.options_type, op});
    return all;
  }();
  const auto it = by_code.find(code);
  return it == by_code.end() ? BuiltinRule{} : it->second;
}

std::string builtin_name(int code) {
  // clang-format off
  static constexpr const char* names[] = {
      "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE",
      "EMBEDDING_LOOKUP", "FLOOR", "FULLY_CONNECTED", "HASHTABLE_LOOKUP", "L2_NORMALIZATION", "L2_POOL_2D",
      "LOCAL_RESPONSE_NORMALIZATION", "LOGISTIC", "LSH_PROJECTION", "LSTM", "MAX_POOL_2D", "MUL", "RELU",
      "RELU_N1_TO_1", "RELU6", "RESHAPE", "RESIZE_BILINEAR", "RNN", "SOFTMAX", "SPACE_TO_DEPTH", "SVDF", "TANH",
      "CONCAT_EMBEDDINGS", "SKIP_GRAM", "CALL", "CUSTOM", "EMBEDDING_LOOKUP_SPARSE", "PAD",
      "UNIDIRECTIONAL_SEQUENCE_RNN", "GATHER", "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND", "TRANSPOSE", "MEAN", "SUB",
      "DIV", "SQUEEZE", "UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE", "BIDIRECTIONAL_SEQUENCE_RNN", "EXP", "TOPK_V2",
      "SPLIT", "LOG_SOFTMAX", "DELEGATE", "BIDIRECTIONAL_SEQUENCE_LSTM", "CAST", "PRELU", "MAXIMUM", "ARG_MAX",
      "MINIMUM", "LESS", "NEG", "PADV2", "GREATER", "GREATER_EQUAL", "LESS_EQUAL", "SELECT", "SLICE", "SIN",
      "TRANSPOSE_CONV", "SPARSE_TO_DENSE", "TILE", "EXPAND_DIMS", "EQUAL", "NOT_EQUAL", "LOG", "SUM", "SQRT", "RSQRT",
      "SHAPE", "POW", "ARG_MIN", "FAKE_QUANT", "REDUCE_PROD", "REDUCE_MAX", "PACK", "LOGICAL_OR", "ONE_HOT",
      "LOGICAL_AND", "LOGICAL_NOT", "UNPACK", "REDUCE_MIN", "FLOOR_DIV", "REDUCE_ANY", "SQUARE", "ZEROS_LIKE", "FILL",
      "FLOOR_MOD", "RANGE", "RESIZE_NEAREST_NEIGHBOR", "LEAKY_RELU", "SQUARED_DIFFERENCE", "MIRROR_PAD", "ABS",
      "SPLIT_V", "UNIQUE", "CEIL", "REVERSE_V2", "ADD_N", "GATHER_ND", "COS", "WHERE", "RANK", "ELU",
      "REVERSE_SEQUENCE", "MATRIX_DIAG", "QUANTIZE", "MATRIX_SET_DIAG", "ROUND", "HARD_SWISH", "IF", "WHILE",
      "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "SCATTER_ND", "SELECT_V2", "DENSIFY", "SEGMENT_SUM",
      "BATCH_MATMUL", "PLACEHOLDER_FOR_GREATER_OP_CODES", "CUMSUM", "CALL_ONCE", "BROADCAST_TO", "RFFT2D", "CONV_3D",
      "IMAG", "REAL", "COMPLEX_ABS", "HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "REDUCE_ALL",
      "CONV_3D_TRANSPOSE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "BROADCAST_ARGS",
      "RANDOM_STANDARD_NORMAL", "BUCKETIZE", "RANDOM_UNIFORM", "MULTINOMIAL", "GELU", "DYNAMIC_UPDATE_SLICE",
      "RELU_0_TO_1", "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_SUM", "ATAN2",
      "UNSORTED_SEGMENT_MIN", "SIGN", "BITCAST", "BITWISE_XOR", "RIGHT_SHIFT"};
  // clang-format on
  if (code >= 0 && code < static_cast<int>(std::size(names))) return names[code];
  return code == schema::kCompositeOperator ? "STABLEHLO_COMPOSITE" : format("operator {}", code);
}

int builtin_code(const Table& code) {
  return std::max<int>(code.scalar<int8_t>(schema::kCodeDeprecated, 0), code.scalar<int32_t>(schema::kCodeBuiltin, 0));
}

std::string operator_name(const Table& code) {
  const int builtin = builtin_code(code);
  return builtin == schema::kCustomOperator ? format("custom operator \"{}\"", code.string(schema::kCodeCustom))
                                            : builtin_name(builtin);
}

}  // namespace tflite
}  // namespace thimble
