#include "formats/tflite/listing.h"

#include <algorithm>

#include "formats/tflite/file.h"
#include "formats/tflite/node_reader.h"
#include "formats/tflite/rule.h"
#include "formats/tflite/schema.h"

namespace thimble {
namespace {

using tflite::Table;
using tflite::Tables;

constexpr size_t kMaxName = 4096;

std::string text(std::string_view from) { return std::string(from.substr(0, kMaxName)); }

ListedTensor tensor_of(const Table& table) {
  ListedTensor tensor{text(table.string(schema::kTensorName)), {}, {}};
  const int type = table.scalar<int8_t>(schema::kTensorType, 0);
  const auto known = schema::dtype(type);
  if (known) tensor.dtype = *known;
  tensor.type = known ? name(*known) : schema::type_name(type);
  const auto said = table.scalars<int32_t>(schema::kTensorShape);
  const auto signature = table.scalars<int32_t>(schema::kTensorShapeSignature);
  const auto shape = signature.empty() ? said : signature;
  tensor.shape.assign(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(shape.size(), 64)));
  return tensor;
}

Result<std::vector<int32_t>> ids_of(const Table& table, int field, bool optional, size_t tensors) {
  const auto ids = table.scalars<int32_t>(field);
  for (const int32_t id : ids)
    if (id < (optional ? -1 : 0) || (id >= 0 && static_cast<size_t>(id) >= tensors))
      return fail(ErrorCode::bad_file, format("tensor {} is named, there are {}", id, tensors));
  return std::vector<int32_t>(ids.begin(), ids.end());
}

// Bit of ops.def for values of this type.
uint32_t bit_of(DType type) {
  switch (type) {
    case DType::f32: return F32;
    case DType::f16: return F16;
    case DType::i8: return S8;
    case DType::u8: return U8;
    case DType::i16: return S16;
    case DType::i32: return I32;
    case DType::i64: return I64;
    case DType::boolean: return BOOL;
    default: return 0;
  }
}

// Whether the operator computes in the type of its first operand or result (the first operand of some is an axis, the
// results of some are of another type).
bool computes(const ListedOperator& op, const ListedSubgraph& graph) {
  if (op.read_as.size() != 1) return true;
  uint32_t types = 0;
  for (const auto* list : {&op.inputs, &op.outputs})
    if (!list->empty() && list->front() >= 0)
      if (const auto type = graph.tensors[static_cast<size_t>(list->front())].dtype) types |= bit_of(*type);
  return (row(op.read_as[0]).types & types) != 0;
}

Result<ListedOperator> operator_of(const Table& table, const Tables& codes, const ListedSubgraph& graph) {
  const auto index = table.scalar<uint32_t>(schema::kOperatorCodeIndex, 0);
  if (index >= codes.size()) return fail(ErrorCode::bad_file, format("operator code {} of {}", index, codes.size()));
  ListedOperator op;
  op.name = text(tflite::operator_name(codes[index]));
  op.version = codes[index].scalar<int32_t>(schema::kCodeVersion, 1);
  THIMBLE_ASSIGN(op.inputs, ids_of(table, schema::kOperatorInputs, true, graph.tensors.size()));
  THIMBLE_ASSIGN(op.outputs, ids_of(table, schema::kOperatorOutputs, false, graph.tensors.size()));
  auto known = tflite::operators_of(tflite::builtin_code(codes[index]));
  if (known) op.read_as = std::move(*known);
  op.supported = known && computes(op, graph);
  for (const auto* list : {&op.inputs, &op.outputs})
    for (const int32_t id : *list)
      op.supported = op.supported && (id < 0 || graph.tensors[static_cast<size_t>(id)].dtype ||
                                      graph.tensors[static_cast<size_t>(id)].type == "resource");
  return op;
}

Result<ListedSubgraph> subgraph_of(const Table& table, const Tables& codes) {
  ListedSubgraph graph;
  graph.name = text(table.string(schema::kSubgraphName));
  const Tables tensors = table.tables(schema::kSubgraphTensors), operators = table.tables(schema::kSubgraphOperators);
  for (size_t t = 0; t < tensors.size(); ++t) graph.tensors.push_back(tensor_of(tensors[t]));
  THIMBLE_ASSIGN(graph.inputs, ids_of(table, schema::kSubgraphInputs, false, tensors.size()));
  THIMBLE_ASSIGN(graph.outputs, ids_of(table, schema::kSubgraphOutputs, false, tensors.size()));
  for (size_t n = 0; n < operators.size(); ++n) {
    auto op = operator_of(operators[n], codes, graph);
    if (!op) return with_context(std::move(op).error(), format("operator {}", n));
    graph.operators.push_back(std::move(*op));
  }
  return graph;
}

Result<std::vector<ListedPort>> ports_of(const Tables& maps, size_t tensors) {
  std::vector<ListedPort> ports;
  for (size_t m = 0; m < maps.size(); ++m) {
    const auto id = maps[m].scalar<uint32_t>(schema::kMapTensor, 0);
    if (id >= tensors) return fail(ErrorCode::bad_file, format("tensor {} is named, there are {}", id, tensors));
    ports.push_back({text(maps[m].string(schema::kMapName)), static_cast<int32_t>(id)});
  }
  return ports;
}

int64_t count(const TfliteListing& listing, bool only_supported) {
  int64_t n = 0;
  for (const ListedSubgraph& graph : listing.subgraphs)
    n += std::ranges::count_if(graph.operators,
                               [&](const ListedOperator& op) { return op.supported || !only_supported; });
  return n;
}

}  // namespace

int64_t TfliteListing::operators() const { return count(*this, false); }
int64_t TfliteListing::supported() const { return count(*this, true); }

Result<TfliteListing> list_tflite(std::span<const uint8_t> bytes) {
  tflite::TfliteFile file(bytes);
  THIMBLE_TRY(file.open());
  TfliteListing listing;
  const Tables codes = file.model().tables(schema::kModelOperatorCodes);
  const Tables subgraphs = file.model().tables(schema::kModelSubgraphs);
  for (size_t s = 0; s < subgraphs.size(); ++s) {
    auto graph = subgraph_of(subgraphs[s], codes);
    if (!graph) return with_context(std::move(graph).error(), format("subgraph {}", s));
    listing.subgraphs.push_back(std::move(*graph));
  }
  const Tables signatures = file.model().tables(schema::kModelSignatures);
  for (size_t i = 0; i < signatures.size(); ++i) {
    ListedSignature signature{text(signatures[i].string(schema::kSignatureKey)), {}, {}, {}};
    const auto of = signatures[i].scalar<uint32_t>(schema::kSignatureSubgraph, 0);
    if (of >= listing.subgraphs.size())
      return fail(ErrorCode::bad_file, format("signature \"{}\" is of subgraph {}, there are {}", signature.key, of,
                                              listing.subgraphs.size()));
    signature.subgraph = of;
    const size_t tensors = listing.subgraphs[of].tensors.size();
    THIMBLE_ASSIGN(signature.inputs, ports_of(signatures[i].tables(schema::kSignatureInputs), tensors));
    THIMBLE_ASSIGN(signature.outputs, ports_of(signatures[i].tables(schema::kSignatureOutputs), tensors));
    listing.signatures.push_back(std::move(signature));
  }
  THIMBLE_TRY(file.sound("model"));
  return listing;
}

}  // namespace thimble
