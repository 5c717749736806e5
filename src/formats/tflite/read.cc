// From the first subgraph of a .tflite file to a graph: which tensors are used, their shapes, scales and data (sparse
// ones expanded), the operators in their order, names of the signature, metadata.
#include <algorithm>
#include <map>
#include <set>

#include "formats/tflite/attached.h"
#include "formats/tflite/file.h"
#include "formats/tflite/node_reader.h"
#include "formats/tflite/schema.h"
#include "formats/tflite/sparse.h"
#include "formats/tflite/tflite.h"
#include "graph/verify.h"
#include "ops/check.h"

namespace thimble {
namespace {

using tflite::DeclaredShape;
using tflite::NodeReader;
using tflite::Table;
using tflite::Tables;
using tflite::TfliteFile;

constexpr size_t kMaxTensors = 1'000'000, kMaxOperators = 100'000, kMaxMetadata = 1000;

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

// What a tensor of the file is for. One that is for nothing is not read.
struct Use {
  bool used = false, input = false, produced = false;
};

class Reader {
 public:
  Reader(TfliteFile& file, bool copies, std::span<const KnownInput> known)
      : file_(file), copies_(copies), known_(known) {}

  Result<Checked> run() {
    codes_ = file_.model().tables(schema::kModelOperatorCodes);
    buffers_ = file_.model().tables(schema::kModelBuffers);
    const Tables subgraphs = file_.model().tables(schema::kModelSubgraphs);
    if (subgraphs.size() == 0) return damaged("the model has no subgraph");
    const Table main = subgraphs[0];
    if (Status s = subgraph(main); !s) return with_context(std::move(s).error(), "subgraph 0");
    THIMBLE_TRY(signature(subgraphs.size()));
    THIMBLE_TRY(metadata());
    if (const std::vector<uint8_t> attached = attached_files(file_.bytes(), 0); !attached.empty())
      graph_.attached = Data::copy(attached);
    drop_unused_tensors();
    return check(std::move(graph_), std::move(resolved_));
  }

 private:
  Status subgraph(const Table& table) {
    graph_.name = std::string(table.string(schema::kSubgraphName));
    const Tables tensors = table.tables(schema::kSubgraphTensors);
    const Tables operators = table.tables(schema::kSubgraphOperators);
    if (tensors.size() > kMaxTensors)
      return fail(ErrorCode::unsupported, format("{} tensors, the limit is {}", tensors.size(), kMaxTensors));
    if (operators.size() > kMaxOperators)
      return fail(ErrorCode::unsupported, format("{} operators, the limit is {}", operators.size(), kMaxOperators));
    THIMBLE_TRY(find_uses(table, operators, tensors.size()));
    graph_id_.assign(tensors.size(), kNoTensor);
    for (size_t t = 0; t < tensors.size(); ++t)
      if (uses_[t].used)
        if (Status s = tensor(tensors[t], t); !s) return with_context(std::move(s).error(), format("tensor {}", t));
    graph_.inputs = ids(table.scalars<int32_t>(schema::kSubgraphInputs));
    graph_.outputs = ids(table.scalars<int32_t>(schema::kSubgraphOutputs));
    if (graph_.outputs.empty()) return damaged("the graph has no output");
    THIMBLE_ASSIGN(const std::vector<TensorId> valued, take_known());
    NodeReader nodes(graph_, std::move(declared_), valued);
    for (size_t n = 0; n < operators.size(); ++n)
      if (Status s = node(operators[n], n, nodes); !s)
        return with_context(std::move(s).error(), format("operator {}", n));
    resolved_ = nodes.take_resolved();
    return file_.sound("subgraph");
  }

  // Every list of tensors is looked at before any tensor is read.
  Status find_uses(const Table& table, const Tables& operators, size_t tensors) {
    uses_.assign(tensors, {});
    const auto look = [&](std::span<const int32_t> list, bool optional, const char* what, auto mark) -> Status {
      for (const int32_t id : list) {
        if (optional && id == kNoTensor) continue;
        if (id < 0 || static_cast<size_t>(id) >= tensors)
          return damaged(format("{} is tensor {}, there are {}", what, id, tensors));
        Use& use = uses_[static_cast<size_t>(id)];
        use.used = true;
        mark(use);
      }
      return {};
    };
    const auto nothing = [](Use&) {};
    const auto produced = [](Use& use) { use.produced = true; };
    THIMBLE_TRY(look(table.scalars<int32_t>(schema::kSubgraphInputs), false, "graph input",
                     [](Use& use) { use.input = true; }));
    THIMBLE_TRY(look(table.scalars<int32_t>(schema::kSubgraphOutputs), false, "graph output", nothing));
    for (size_t n = 0; n < operators.size(); ++n) {
      const Table op = operators[n];
      Status s = look(op.scalars<int32_t>(schema::kOperatorInputs), true, "input", nothing);
      if (s) s = look(op.scalars<int32_t>(schema::kOperatorOutputs), false, "output", produced);
      if (s) s = look(op.scalars<int32_t>(schema::kOperatorIntermediates), true, "intermediate", nothing);
      if (!s) return with_context(std::move(s).error(), format("operator {}", n));
    }
    return {};
  }

  // Of tensors that find_uses has seen.
  std::vector<TensorId> ids(std::span<const int32_t> from) const {
    std::vector<TensorId> to;
    for (const int32_t id : from) to.push_back(id == kNoTensor ? kNoTensor : graph_id_[static_cast<size_t>(id)]);
    return to;
  }

  Status tensor(const Table& table, size_t position) {
    const Use& use = uses_[position];
    Tensor tensor;
    tensor.name = std::string(table.string(schema::kTensorName).substr(0, 4096));
    THIMBLE_ASSIGN(tensor.type, schema::dtype(table.scalar<int8_t>(schema::kTensorType, 0)));
    DeclaredShape declared;
    THIMBLE_TRY(shape(table, use, &tensor, &declared));
    // A graph input is fed, whatever the file says of keeping it between runs.
    tensor.variable = !use.input && table.scalar<uint8_t>(schema::kTensorIsVariable, 0) != 0;
    THIMBLE_TRY(quantization(table.table(schema::kTensorQuantization), &tensor));
    THIMBLE_TRY(constant(table, use, &tensor));
    if (!use.produced) THIMBLE_TRY(verify_tensor(tensor));
    graph_id_[position] = graph_.add(std::move(tensor));
    declared_.push_back(declared);
    return {};
  }

  // -1 stands for a dimension that is not known; the graph has the file's placeholder for it, or 1.
  Status shape(const Table& table, const Use& use, Tensor* tensor, DeclaredShape* declared) {
    const auto said = table.scalars<int32_t>(schema::kTensorShape);
    const auto signature = table.scalars<int32_t>(schema::kTensorShapeSignature);
    const bool of_signature = said.empty() && use.input && !signature.empty();
    std::vector<int64_t> dims(of_signature ? signature.begin() : said.begin(),
                              of_signature ? signature.end() : said.end());
    if (dims.size() > Shape::kMaxRank)
      return fail(ErrorCode::unsupported,
                  format("\"{}\" has {} dimensions, the limit is {}", tensor->name, dims.size(), Shape::kMaxRank));
    for (size_t d = 0; d < dims.size(); ++d) {
      if (dims[d] == -1 || (d < signature.size() && signature[d] == -1)) declared->free_dims |= 1u << d;
      if (dims[d] == -1 && (use.input || use.produced)) dims[d] = 1;
    }
    THIMBLE_ASSIGN(tensor->shape, Shape::make(std::span<const int64_t>(dims)));
    declared->open = use.produced && (tensor->shape.rank() == 0 || tensor->shape.elements() == 0 || !known_.empty());
    tensor->batch_unknown = (declared->free_dims & 1) != 0;
    tensor->free_dims = declared->free_dims & ~1u;
    if (use.produced && !known_.empty()) tensor->free_dims = 0;
    return {};
  }

  // Inputs get the shapes and values that are known; those with a value, which are returned, are inputs no more.
  Result<std::vector<TensorId>> take_known() {
    std::vector<TensorId> valued, left;
    if (known_.empty()) return valued;
    if (known_.size() != graph_.inputs.size())
      return fail(ErrorCode::usage, format("{} shapes for {} inputs", known_.size(), graph_.inputs.size()));
    for (size_t i = 0; i < known_.size(); ++i) {
      const TensorId id = graph_.inputs[i];
      Tensor& x = graph_.at(id);
      if (known_[i].shape) {
        const Shape& shape = *known_[i].shape;
        bool fits = shape.rank() == x.shape.rank();
        for (int d = 0; fits && d < shape.rank(); ++d)
          fits = shape[d] == x.shape[d] || (declared_[static_cast<size_t>(id)].free_dims >> d & 1) != 0;
        if (!fits)
          return fail(ErrorCode::usage,
                      format("input {} {} cannot take the shape {}", i, x.to_string(), shape.to_string()));
        x.shape = shape;
        x.free_dims = 0;
      }
      if (!known_[i].value) {
        left.push_back(id);
        continue;
      }
      x.data = known_[i].value;
      if (Status s = verify_tensor(x); !s) {
        Error error = std::move(s).error();
        error.code = ErrorCode::usage;
        return with_context(std::move(error), format("the value of input {} {}", i, x.to_string()));
      }
      valued.push_back(id);
    }
    graph_.inputs = std::move(left);
    return valued;
  }

  Status quantization(const Table& q, Tensor* tensor) {
    if (!q) return {};
    const auto scale = q.scalars<float>(schema::kQuantScale);
    const auto zero = q.scalars<int64_t>(schema::kQuantZeroPoint);
    // What training has left on numbers that are not whole says nothing of them.
    const DType type = tensor->type;
    if (scale.empty() || type == DType::f32 || type == DType::f16 || type == DType::f64 || type == DType::boolean)
      return {};
    if (!zero.empty() && zero.size() != scale.size() && zero.size() != 1)
      return damaged(format("\"{}\" has {} scales but {} zero points", tensor->name, scale.size(), zero.size()));
    tensor->quant.scale.assign(scale.begin(), scale.end());
    tensor->quant.zero_point.assign(scale.size(), 0);
    for (size_t i = 0; i < scale.size() && !zero.empty(); ++i) {
      const int64_t z = zero[zero.size() == 1 ? 0 : i];
      if (z < INT32_MIN || z > INT32_MAX) return damaged(format("\"{}\" has zero point {}", tensor->name, z));
      tensor->quant.zero_point[i] = static_cast<int32_t>(z);
    }
    tensor->quant.axis = q.scalar<int32_t>(schema::kQuantDimension, 0);
    // Real files carry a meaningless dimension on rank-1 biases: there is only one to choose.
    if (tensor->shape.rank() == 1) tensor->quant.axis = 0;
    return {};
  }

  Status constant(const Table& table, const Use& use, Tensor* tensor) {
    const auto index = table.scalar<uint32_t>(schema::kTensorBuffer, 0);
    const bool sparse = table.has(schema::kTensorSparsity);
    if (index == 0 && !sparse) return {};
    if (index >= buffers_.size())
      return damaged(format("\"{}\" names buffer {}, there are {}", tensor->name, index, buffers_.size()));
    const Table buffer = buffers_[index];
    std::span<const uint8_t> data = buffer.scalars<uint8_t>(schema::kBufferData);
    if (const auto offset = buffer.scalar<uint64_t>(schema::kBufferOffset, 0); offset > 1) {
      const auto size = buffer.scalar<uint64_t>(schema::kBufferSize, 0);
      const std::span<const uint8_t> file = file_.bytes();
      if (offset > file.size() || size > file.size() - offset)
        return damaged(format("buffer {} spans bytes {}+{} of a file of {}", index, offset, size, file.size()));
      data = file.subspan(offset, size);
    }
    if (sparse) {
      if (Status s = expand(table.table(schema::kTensorSparsity), data, tensor); !s)
        return with_context(std::move(s).error(), tensor->to_string());
      return {};
    }
    if (data.empty()) {
      // An empty tensor that nothing computes is still a constant; otherwise there is no data.
      if (tensor->shape.elements() == 0 && !tensor->variable && !use.produced && !use.input)
        tensor->data = Data::copy({});
      return {};
    }
    if (use.input)
      return fail(ErrorCode::unsupported, format("the graph input \"{}\" has stored values", tensor->name));
    const int64_t bytes = tensor->bytes();
    if (static_cast<int64_t>(data.size()) < bytes)
      return damaged(format("\"{}\" {} {} needs {} bytes, its buffer has {}", tensor->name, name(tensor->type),
                            tensor->shape.to_string(), bytes, data.size()));
    tensor->data = view(index, data.first(static_cast<size_t>(bytes)));  // what lies behind is not the tensor's
    return {};
  }

  // The bytes where they lie, or a copy: one for all tensors that share it.
  Data view(uint32_t buffer, std::span<const uint8_t> data) {
    if (!copies_ && reinterpret_cast<uintptr_t>(data.data()) % 8 == 0) return {file_.owner(), data.data(), data.size()};
    Data& copy = copied_[{buffer, data.size()}];
    if (!copy) copy = Data::copy(data);
    return copy;
  }

  Status expand(const Table& sparsity, std::span<const uint8_t> values, Tensor* tensor) {
    auto stored = tflite::SparseTensor::read(sparsity, *tensor, values);
    THIMBLE_TRY(file_.sound("sparsity"));
    if (!stored) return tl::unexpected<Error>(std::move(stored).error());
    if (tensor->bytes() > tflite::kMaxExpandedBytes - expanded_)
      return fail(ErrorCode::unsupported,
                  format("the sparse tensors expand to more than {} MiB", tflite::kMaxExpandedBytes >> 20));
    expanded_ += tensor->bytes();
    THIMBLE_ASSIGN(tensor->data, stored->expand());
    return {};
  }

  Status node(const Table& table, size_t position, NodeReader& nodes) {
    const auto code_index = table.scalar<uint32_t>(schema::kOperatorCodeIndex, 0);
    if (code_index >= codes_.size()) return damaged(format("operator code {} of {}", code_index, codes_.size()));
    const Table code = codes_[code_index];
    const int builtin = tflite::builtin_code(code);
    const int version = code.scalar<int32_t>(schema::kCodeVersion, 1);
    Node node;
    node.inputs = ids(table.scalars<int32_t>(schema::kOperatorInputs));
    node.outputs = ids(table.scalars<int32_t>(schema::kOperatorOutputs));
    node.intermediates = ids(table.scalars<int32_t>(schema::kOperatorIntermediates));
    node.name = node.outputs.empty() ? format("op{}", position) : graph_.at(node.outputs[0]).name;
    const std::string what =
        format("{} v{} (node {} \"{}\")", tflite::operator_name(code), version, position, node.name);
    if (builtin == schema::kCustomOperator) {
      THIMBLE_TRY(nodes.add_custom(std::move(node), code.string(schema::kCodeCustom),
                                   table.scalars<uint8_t>(schema::kOperatorCustomOptions), what));
      return file_.sound("custom operator");
    }
    THIMBLE_TRY(nodes.add(std::move(node), builtin, version, table.scalar<uint8_t>(schema::kOperatorOptionsType, 0),
                          table.table(schema::kOperatorOptions), what));
    return file_.sound(tflite::builtin_name(builtin));
  }

  // Names of inputs and outputs from the first signature of subgraph 0, where there is one; what the others are called.
  Status signature(size_t subgraphs) {
    const Tables signatures = file_.model().tables(schema::kModelSignatures);
    bool found = false;
    std::set<uint32_t> named;
    for (size_t i = 0; i < std::min<size_t>(signatures.size(), 1000); ++i) {
      const Table signature = signatures[i];
      const auto of = signature.scalar<uint32_t>(schema::kSignatureSubgraph, 0);
      const std::string key(signature.string(schema::kSignatureKey));
      if (of != 0 || found) {
        graph_.left_out.push_back(format("signature \"{}\"", key));
        named.insert(of);
        continue;
      }
      found = true;
      if (key != schema::kUsualSignature) graph_.signature = key;
      names(signature.tables(schema::kSignatureInputs), graph_.inputs, &graph_.input_names);
      names(signature.tables(schema::kSignatureOutputs), graph_.outputs, &graph_.output_names);
    }
    for (size_t s = 1; s < std::min<size_t>(subgraphs, 1000); ++s)
      if (!named.contains(static_cast<uint32_t>(s))) graph_.left_out.push_back(format("subgraph {}", s));
    return file_.sound("signature");
  }

  void names(const Tables& maps, const std::vector<TensorId>& tensors, std::vector<std::string>* out) {
    std::map<TensorId, std::string> name_of;
    for (size_t m = 0; m < maps.size(); ++m) {
      const Table entry = maps[m];
      const auto tensor = entry.scalar<uint32_t>(schema::kMapTensor, 0);
      if (tensor < graph_id_.size() && graph_id_[tensor] != kNoTensor)
        name_of.try_emplace(graph_id_[tensor], entry.string(schema::kMapName));
    }
    const auto named = [&](TensorId t) { return name_of.contains(t); };
    if (!std::ranges::all_of(tensors, named)) return;
    for (const TensorId t : tensors) out->push_back(name_of[t]);
  }

  Status metadata() {
    const Tables entries = file_.model().tables(schema::kModelMetadata);
    size_t left = 2 * file_.bytes().size();
    for (size_t i = 0; i < entries.size() && i < kMaxMetadata; ++i) {
      const Table entry = entries[i];
      const auto buffer = entry.scalar<uint32_t>(schema::kMetadataBuffer, 0);
      if (buffer >= buffers_.size())
        return damaged(format("metadata {} names buffer {}, there are {}", i, buffer, buffers_.size()));
      const auto data = buffers_[buffer].scalars<uint8_t>(schema::kBufferData);
      if (data.size() > left) return damaged("metadata entries share buffers and take more than twice the file");
      left -= data.size();
      const std::string key(entry.string(schema::kMetadataName));
      if (!key.empty()) graph_.metadata[key] = std::string(reinterpret_cast<const char*>(data.data()), data.size());
    }
    return file_.sound("metadata");
  }

  // Tensors that no node of the graph names: what shapes were computed from, inputs of DENSIFY.
  void drop_unused_tensors() {
    std::vector<char> used(graph_.tensors.size(), 0);
    const auto mark = [&](const std::vector<TensorId>& list) {
      for (const TensorId t : list)
        if (t != kNoTensor) used[static_cast<size_t>(t)] = 1;
    };
    mark(graph_.inputs), mark(graph_.outputs);
    for (const Node& node : graph_.nodes) mark(node.inputs), mark(node.outputs), mark(node.intermediates);
    graph_.keep_tensors(used);
  }

  TfliteFile& file_;
  const bool copies_;
  std::span<const KnownInput> known_;
  Tables codes_, buffers_;
  Graph graph_;
  std::vector<Resolved> resolved_;       // per node of the graph
  std::vector<Use> uses_;                // per tensor of the file
  std::vector<TensorId> graph_id_;       // of a tensor of the file
  std::vector<DeclaredShape> declared_;  // per tensor of the graph
  std::map<std::pair<uint32_t, size_t>, Data> copied_;
  int64_t expanded_ = 0;  // bytes of constants that were stored sparse
};

}  // namespace

Result<Checked> read_checked_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                    std::span<const KnownInput> known) {
  TfliteFile file(bytes, std::move(owner));
  THIMBLE_TRY(file.open());
  return Reader(file, file.owner() == nullptr, known).run();
}

Result<Graph> read_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                          std::span<const KnownInput> known) {
  THIMBLE_ASSIGN(Checked checked, read_checked_tflite(bytes, std::move(owner), known));
  return std::move(checked.graph);
}

}  // namespace thimble
