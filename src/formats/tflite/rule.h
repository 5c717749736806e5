// What a src/ops/*/tflite.cc gives for its operator: which TFLite builtin codes it stands for and
// how attributes are read and written. Operands (inputs and their order) follow TFLite's in the
// graph too, so nothing else needs translating.
#pragma once

#include <map>
#include <type_traits>

#include "formats/graph_reading.h"
#include "formats/tflite/stock.h"
#include "formats/tflite/table.h"
#include "ops/column.h"

namespace thimble::tflite {

// Integer weights that have a scale for every `size` elements of a row, which stand in a tensor of their own.
struct WeightBlocks {
  TensorId scales = kNoTensor;
  int64_t size = 0;
};

// Reading one operator: fill node.op and node.attrs. Inputs and outputs are already set.
struct ReadContext {
  Graph& graph;
  Node& node;
  int builtin = 0;  // BuiltinOperator code
  int version = 1;
  Table options;                              // the builtin options table; reads give defaults when it is absent
  std::span<const Origin> origins{};          // of each tensor of the graph
  std::span<const uint8_t> custom_options{};  // of a custom operator: bytes that nobody has looked at
  // To fill: variables and constants that the file does not name, appended to the inputs.
  std::vector<Tensor> states{};

  const std::map<TensorId, WeightBlocks>* blocks = nullptr;  // of the tensors that have them

  // Null where the input is left out or has none.
  const WeightBlocks* blocks_of(size_t input) const {
    if (!blocks || input >= node.inputs.size()) return nullptr;
    const auto it = blocks->find(node.inputs[input]);
    return it == blocks->end() ? nullptr : &it->second;
  }
  Origin origin(size_t input) const { return origins[static_cast<size_t>(node.inputs[input])]; }
};

// Writing one operator: pick code and version, build the options table.
struct WriteContext {
  const Graph& graph;
  const Node& node;
  flatbuffers::FlatBufferBuilder& builder;
  int builtin = 0;
  int version = 1;
  flatbuffers::Offset<flatbuffers::Table> options = 0;
  std::vector<uint8_t> custom_options;
  std::vector<TensorId> inputs;             // preset to the node's; may be edited
  std::map<TensorId, WeightBlocks> blocks;  // to fill: how the file describes weights with a scale per block

  const Tensor& in(size_t i) const { return graph.at(node.inputs[i]); }
  const Tensor& out(size_t i = 0) const { return graph.at(node.outputs[i]); }
  bool has(size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoTensor; }

  // Refuses numbers (of input 0) that the operator computes here, for files of other formats, and LiteRT's does not.
  Status lacks(std::initializer_list<DType> types) const;

  // Builds the options table: options_table([&](TableWriter& t) { t.scalar<float>(0, beta, 0.f); });
  template <class Fill>
  void options_table(Fill fill);
};

class TableWriter {
 public:
  explicit TableWriter(flatbuffers::FlatBufferBuilder& b) : builder_(b) {}
  // Scalars equal to the schema's default are left out, as the format wants.
  template <class T>
  void scalar(int field, T value, T schema_default) {
    builder_.AddElement<T>(static_cast<flatbuffers::voffset_t>(4 + 2 * field), value, schema_default);
  }
  template <class T>
  void offset(int field, flatbuffers::Offset<T> value) {
    builder_.AddOffset(static_cast<flatbuffers::voffset_t>(4 + 2 * field), value);
  }

 private:
  flatbuffers::FlatBufferBuilder& builder_;
};

// Any table: children must be built before.
template <class Fill>
flatbuffers::Offset<flatbuffers::Table> write_table(flatbuffers::FlatBufferBuilder& builder, Fill fill) {
  const auto start = builder.StartTable();
  TableWriter writer(builder);
  fill(writer);
  return flatbuffers::Offset<flatbuffers::Table>(builder.EndTable(start));
}

template <class Fill>
void WriteContext::options_table(Fill fill) {
  options = write_table(builder, fill);
}

// A builtin operator code, and which table of the union BuiltinOptions it carries (0: none).
struct Builtin {
  int code = 0;
  int options_type = 0;
};

struct TfliteRule {
  std::vector<Builtin> builtins;  // what read() accepts
  Status (*read)(ReadContext&);
  Status (*write)(WriteContext&);
  LeastScales (*least_scales)(const Scales&) = nullptr;  // stock.h; null: any will do
  bool runs_int4 = false;                                // stock.h
  const char* custom = nullptr;                          // the name of a custom operator, in place of a builtin code
  const char* reads_custom = nullptr;                    // one that read() accepts beside the builtins
};

// The demand of sums of products with weights: XNNPACK takes multipliers below 256; accumulators are shifted left in 32
// bits elsewhere.
inline LeastScales weighted_sums(const Scales& s) { return {.output = s.widest() * s.weights * 0x1p-6}; }

// `quantized_bias_type` of layers with int16 activations: the type of their accumulators. Ours follows from the bias,
// so a file whose field says something else is refused. `field` of the options; `bias` an input of the node.
inline constexpr int8_t kInt32 = 2, kInt64 = 4;  // TensorType
Status check_accumulators(const ReadContext& ctx, int field, size_t bias);
// Whether an int16 layer has an int32 bias, and so accumulators of 32 bits.
bool narrow_accumulators(const WriteContext& ctx, size_t bias);

// An operator whose options table has no fields (kOptionsType 0: that has no table), in the version of all its types.
// Attributes: what its nodes carry; void: nothing.
template <Op kOp, int kCode, int kOptionsType, class Attributes = void>
TfliteRule fieldless_rule() {
  return {{{kCode, kOptionsType}},
          [](ReadContext& ctx) -> Status {
            ctx.node.op = kOp;
            if constexpr (!std::is_void_v<Attributes>) ctx.node.attrs = Attributes{};
            return {};
          },
          [](WriteContext& ctx) -> Status {
            ctx.builtin = kCode;
            if constexpr (kOptionsType != 0) ctx.options_table([](TableWriter&) {});
            return {};
          }};
}

using TfliteRuleFn = TfliteRule (*)(Op);
const Cell<TfliteRuleFn>& rule_of(Op op);
// The rule that reads a builtin operator, and its options; a null rule where there is none.
struct BuiltinRule {
  const TfliteRule* rule = nullptr;
  int options_type = 0;
  Op op{};  // what it stands for; of several that a rule reads, one
};
BuiltinRule rule_of_builtin(int code);
BuiltinRule rule_of_custom(std::string_view name);
// "CONV_2D" for 3; "operator 999" for codes beyond the list.
std::string builtin_name(int code);
// Of a table OperatorCode of the file: its number, and what it is called ("CONV_2D", "custom operator "MyOp"").
int builtin_code(const Table& code);
std::string operator_name(const Table& code);

}  // namespace thimble::tflite
