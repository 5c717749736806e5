#include <algorithm>
#include <cstring>
#include <set>

#include "formats/tflite/attached.h"
#include "formats/tflite/rule.h"
#include "formats/tflite/schema.h"
#include "formats/tflite/sparse.h"
#include "formats/tflite/tflite.h"
#include "ops/check.h"

namespace thimble {
namespace {

using tflite::Damage;
using tflite::Table;
using tflite::Tables;

constexpr size_t kMaxFileBytes = size_t{512} << 20;
constexpr int kShapeOperator = 77, kPackOperator = 83;
constexpr size_t kMaxTensors = 1'000'000, kMaxOperators = 100'000;

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner)
      : bytes_(bytes),
        owner_(std::move(owner)),
        verifier_(bytes.data(), bytes.size(), /*max_depth=*/64, /*max_tables=*/1'000'000'000) {
    damage_.verifier = &verifier_;
  }

  Result<Graph> run() {
    if (bytes_.size() > kMaxFileBytes)
      return damaged(format("the file has {} bytes, the limit is {}", bytes_.size(), kMaxFileBytes));
    if (bytes_.size() < 8 || std::memcmp(bytes_.data() + 4, "TFL3", 4) != 0)
      return fail(ErrorCode::bad_file, "not a TFLite model: the identifier TFL3 is missing at byte 4");
    const auto root = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(bytes_.data());
    if (root == 0 || root >= bytes_.size() - 3) return damaged("the root table lies outside the file");
    model_ = Table(reinterpret_cast<const flatbuffers::Table*>(bytes_.data() + root), &damage_);
    THIMBLE_TRY(sound("model"));
    if (const auto version = model_.scalar<uint32_t>(schema::kModelVersion, 0); version != 3)
      return fail(ErrorCode::unsupported, format("schema version {}, only 3 is known", version));
    codes_ = model_.tables(schema::kModelOperatorCodes);
    buffers_ = model_.tables(schema::kModelBuffers);
    const Tables subgraphs = model_.tables(schema::kModelSubgraphs);
    THIMBLE_TRY(sound("model"));
    if (subgraphs.size() == 0) return damaged("the model has no subgraph");
    const Table main = subgraphs[0];
    THIMBLE_TRY(sound("subgraph 0"));
    if (Status s = subgraph(main); !s) return with_context(std::move(s).error(), "subgraph 0");
    THIMBLE_TRY(signature(subgraphs.size()));
    THIMBLE_TRY(metadata());
    if (const std::vector<uint8_t> attached = attached_files(bytes_, 0); !attached.empty())
      graph_.attached = Data::copy(attached);
    THIMBLE_TRY(drop_shape_arithmetic());
    THIMBLE_TRY(verify(graph_));
    if (!densified_.empty()) graph_.remove_unused();  // the constants that were inputs of DENSIFY
    return std::move(graph_);
  }

 private:
  Status sound(const std::string& where) {
    if (damage_.what.empty()) return {};
    return with_context(Error{ErrorCode::bad_file, "damaged file: " + damage_.what, {}, {}}, where);
  }

  Status subgraph(const Table& table) {
    graph_.name = std::string(table.string(schema::kSubgraphName));
    const Tables tensors = table.tables(schema::kSubgraphTensors);
    const Tables operators = table.tables(schema::kSubgraphOperators);
    THIMBLE_TRY(sound("tensor and operator lists"));
    if (tensors.size() > kMaxTensors)
      return damaged(format("{} tensors, the limit is {}", tensors.size(), kMaxTensors));
    if (operators.size() > kMaxOperators)
      return damaged(format("{} operators, the limit is {}", operators.size(), kMaxOperators));
    for (size_t t = 0; t < tensors.size(); ++t)
      if (Status s = tensor(tensors[t]); !s) return with_context(std::move(s).error(), format("tensor {}", t));
    THIMBLE_TRY(ids(table.scalars<int32_t>(schema::kSubgraphInputs), &graph_.inputs, false, "graph input"));
    THIMBLE_TRY(ids(table.scalars<int32_t>(schema::kSubgraphOutputs), &graph_.outputs, false, "graph output"));
    for (size_t n = 0; n < operators.size(); ++n)
      if (Status s = node(operators[n], n); !s) return with_context(std::move(s).error(), format("operator {}", n));
    return sound("subgraph");
  }

  Status ids(std::span<const int32_t> from, std::vector<TensorId>* to, bool optional, const char* what) {
    for (const int32_t id : from) {
      if (!(optional && id == kNoTensor) && (id < 0 || static_cast<size_t>(id) >= graph_.tensors.size()))
        return damaged(format("{} is tensor {}, there are {}", what, id, graph_.tensors.size()));
      to->push_back(id);
    }
    return sound(what);
  }

  Status tensor(const Table& table) {
    Tensor tensor;
    tensor.name = std::string(table.string(schema::kTensorName).substr(0, 4096));
    THIMBLE_ASSIGN(tensor.shape, Shape::make(table.scalars<int32_t>(schema::kTensorShape)));
    THIMBLE_ASSIGN(tensor.type, schema::dtype(table.scalar<int8_t>(schema::kTensorType, 0)));
    const auto signature = table.scalars<int32_t>(schema::kTensorShapeSignature);
    tensor.batch_unknown = !signature.empty() && signature[0] == -1;
    for (size_t d = 1; d < std::min<size_t>(signature.size(), static_cast<size_t>(tensor.shape.rank())); ++d)
      if (signature[d] == -1) tensor.free_dims |= 1u << d;
    tensor.variable = table.scalar<uint8_t>(schema::kTensorIsVariable, 0) != 0;
    THIMBLE_TRY(quantization(table.table(schema::kTensorQuantization), &tensor));
    THIMBLE_TRY(sound(format("\"{}\"", tensor.name)));
    THIMBLE_TRY(constant(table, &tensor));
    graph_.tensors.push_back(std::move(tensor));
    return {};
  }

  Status quantization(const Table& q, Tensor* tensor) {
    if (!q) return {};
    const auto scale = q.scalars<float>(schema::kQuantScale);
    const auto zero = q.scalars<int64_t>(schema::kQuantZeroPoint);
    if (scale.empty() || tensor->type == DType::f32) return {};
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

  Status constant(const Table& table, Tensor* tensor) {
    const auto index = table.scalar<uint32_t>(schema::kTensorBuffer, 0);
    const bool sparse = table.has(schema::kTensorSparsity);
    if (index == 0 && !sparse) return {};
    if (index >= buffers_.size())
      return damaged(format("\"{}\" names buffer {}, there are {}", tensor->name, index, buffers_.size()));
    const Table buffer = buffers_[index];
    std::span<const uint8_t> data = buffer.scalars<uint8_t>(schema::kBufferData);
    THIMBLE_TRY(sound(format("buffer {}", index)));
    if (const auto offset = buffer.scalar<uint64_t>(schema::kBufferOffset, 0); offset > 1) {
      const auto size = buffer.scalar<uint64_t>(schema::kBufferSize, 0);
      if (offset > bytes_.size() || size > bytes_.size() - offset)
        return damaged(format("buffer {} spans bytes {}+{} of a file of {}", index, offset, size, bytes_.size()));
      data = bytes_.subspan(offset, size);
    }
    if (sparse) {
      if (Status s = expand(table.table(schema::kTensorSparsity), data, tensor); !s)
        return with_context(std::move(s).error(), tensor->to_string());
      return {};
    }
    if (data.empty()) {
      // An empty tensor that nothing computes is still a constant; otherwise there is no data.
      if (tensor->shape.elements() == 0 && !tensor->variable) tensor->data = Data::copy({});
      return {};
    }
    if (static_cast<int64_t>(data.size()) != tensor->bytes())
      return damaged(format("\"{}\" {} {} needs {} bytes, its buffer has {}", tensor->name, name(tensor->type),
                            tensor->shape.to_string(), tensor->bytes(), data.size()));
    const bool aligned = reinterpret_cast<uintptr_t>(data.data()) % 8 == 0;
    tensor->data = owner_ && aligned ? Data{owner_, data.data(), data.size()} : Data::copy(data);
    return {};
  }

  Status expand(const Table& sparsity, std::span<const uint8_t> values, Tensor* tensor) {
    auto stored = tflite::SparseTensor::read(sparsity, *tensor, values);
    THIMBLE_TRY(sound("sparsity"));
    if (!stored) return tl::unexpected<Error>(std::move(stored).error());
    if (tensor->bytes() > tflite::kMaxExpandedBytes - expanded_)
      return fail(ErrorCode::bad_file,
                  format("the sparse tensors expand to more than {} MiB", tflite::kMaxExpandedBytes >> 20));
    expanded_ += tensor->bytes();
    THIMBLE_ASSIGN(tensor->data, stored->expand());
    return {};
  }

  // The output of DENSIFY is the constant that its input has become already.
  Status densify(const Node& node) {
    if (node.inputs.size() != 1 || node.outputs.size() != 1 || node.inputs[0] == kNoTensor)
      return damaged(format("DENSIFY has {} inputs and {} outputs", node.inputs.size(), node.outputs.size()));
    const Tensor& in = graph_.at(node.inputs[0]);
    Tensor& out = graph_.at(node.outputs[0]);
    if (!in.constant())
      return fail(ErrorCode::unsupported, format("DENSIFY of \"{}\", which is not a constant", in.name));
    if (out.data || out.variable || in.type != out.type || !(in.shape == out.shape))
      return damaged(format("DENSIFY of {} gives {}{}", in.to_string(), out.to_string(),
                            out.data || out.variable ? ", which has a value already" : ""));
    out.data = in.data;
    if (out.quant.empty()) out.quant = in.quant;
    densified_.insert(node.outputs[0]);
    return {};
  }

  // A RESHAPE of what DENSIFY gives, without a change of shape: it keeps XNNPACK away from int8 weights
  // (sparse_layout.h) and is folded away with the DENSIFY.
  bool reshapes_densified(const Node& node, int builtin) const {
    return builtin == schema::kReshapeOperator && node.inputs.size() == 1 && node.outputs.size() == 1 &&
           densified_.contains(node.inputs[0]) && graph_.at(node.inputs[0]).shape == graph_.at(node.outputs[0]).shape;
  }

  Status node(const Table& table, size_t position) {
    const auto code_index = table.scalar<uint32_t>(schema::kOperatorCodeIndex, 0);
    if (code_index >= codes_.size()) return damaged(format("operator code {} of {}", code_index, codes_.size()));
    const Table code = codes_[code_index];
    const int builtin =
        std::max<int>(code.scalar<int8_t>(schema::kCodeDeprecated, 0), code.scalar<int32_t>(schema::kCodeBuiltin, 0));
    Node node;
    THIMBLE_TRY(ids(table.scalars<int32_t>(schema::kOperatorInputs), &node.inputs, true, "input"));
    THIMBLE_TRY(ids(table.scalars<int32_t>(schema::kOperatorOutputs), &node.outputs, false, "output"));
    THIMBLE_TRY(ids(table.scalars<int32_t>(schema::kOperatorIntermediates), &node.intermediates, true, "intermediate"));
    node.name = node.outputs.empty() ? format("op{}", position) : graph_.at(node.outputs[0]).name;
    if (builtin == schema::kDensifyOperator || reshapes_densified(node, builtin)) return densify(node);
    const tflite::TfliteRule* rule = find_rule(builtin);
    if (!rule && (builtin == kShapeOperator || builtin == kPackOperator)) {
      const int version = code.scalar<int32_t>(schema::kCodeVersion, 1);
      std::string what = format("{} v{} (node {} \"{}\")", tflite::builtin_name(builtin), version, position, node.name);
      skipped_.push_back({std::move(node), std::move(what)});
      return {};
    }
    if (!rule) {
      std::string what = builtin == schema::kCustomOperator
                             ? format("custom operator \"{}\"", code.string(schema::kCodeCustom))
                             : tflite::builtin_name(builtin);
      Error error{ErrorCode::unsupported,
                  format("operator not supported: {} v{} (node {} \"{}\")", what,
                         code.scalar<int32_t>(schema::kCodeVersion, 1), position, node.name),
                  {},
                  "`thimble ops` lists the supported operators"};
      return tl::unexpected<Error>(std::move(error));
    }
    tflite::ReadContext ctx{graph_, node, builtin, code.scalar<int32_t>(schema::kCodeVersion, 1),
                            table.table(schema::kOperatorOptions)};
    if (Status s = rule->read(ctx); !s)
      return with_context(std::move(s).error(), format("{} \"{}\"", tflite::builtin_name(builtin), node.name));
    graph_.nodes.push_back(std::move(node));
    return sound(tflite::builtin_name(builtin));
  }

  // Converters write a flatten for any batch size as SHAPE → STRIDED_SLICE → PACK → RESHAPE. Shapes are static
  // here and RESHAPE takes its target from the declared output, so the chain in between computes nothing that is
  // needed; what else reads it cannot be run.
  Status drop_shape_arithmetic() {
    if (skipped_.empty()) return {};
    std::vector<const Skipped*> unknown(graph_.tensors.size());
    for (const Skipped& skipped : skipped_)
      for (TensorId t : skipped.node.outputs) unknown[static_cast<size_t>(t)] = &skipped;
    const auto unsupported = [&](const Skipped& skipped, const std::string& reader) {
      return fail(ErrorCode::unsupported,
                  format("operator not supported: {}, whose result is {}", skipped.what, reader),
                  "`thimble ops` lists the supported operators");
    };
    for (TensorId t : graph_.outputs)
      if (unknown[static_cast<size_t>(t)]) return unsupported(*unknown[static_cast<size_t>(t)], "an output");
    std::vector<int> uses = graph_.use_counts();
    std::vector<char> dead(graph_.nodes.size(), 0);
    for (size_t n = graph_.nodes.size(); n-- > 0;) {
      const Node& node = graph_.nodes[n];
      if (!std::ranges::all_of(node.outputs, [&](TensorId t) { return uses[static_cast<size_t>(t)] == 0; }) ||
          node.outputs.empty())
        continue;
      dead[n] = 1;
      for (TensorId t : node.inputs)
        if (t >= 0) --uses[static_cast<size_t>(t)];
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n)
      for (TensorId t : graph_.nodes[n].inputs)
        if (!dead[n] && t >= 0 && unknown[static_cast<size_t>(t)])
          return unsupported(*unknown[static_cast<size_t>(t)],
                             format("read by node {} \"{}\"", n, graph_.nodes[n].name));
    graph_.remove_unused(dead);
    return {};
  }

  static const tflite::TfliteRule* find_rule(int builtin) {
    static const std::map<int, tflite::TfliteRule> rules = [] {
      std::map<int, tflite::TfliteRule> all;
      for (size_t i = 0; i < kOpCount; ++i)
        if (const auto make = tflite::rule_of(static_cast<Op>(i)).rule) {
          const tflite::TfliteRule rule = make(static_cast<Op>(i));
          for (int code : rule.builtins)
            if (rule.read) all.emplace(code, rule);
        }
      return all;
    }();
    const auto it = rules.find(builtin);
    return it == rules.end() ? nullptr : &it->second;
  }

  // Names of inputs and outputs from the first signature of subgraph 0, where there is one; what the others are called.
  Status signature(size_t subgraphs) {
    const Tables signatures = model_.tables(schema::kModelSignatures);
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
    return sound("signature");
  }

  void names(const Tables& maps, const std::vector<TensorId>& tensors, std::vector<std::string>* out) {
    if (maps.size() != tensors.size()) return;
    out->assign(tensors.size(), {});
    for (size_t m = 0; m < maps.size(); ++m) {
      const Table entry = maps[m];
      const auto tensor = entry.scalar<uint32_t>(schema::kMapTensor, 0);
      for (size_t i = 0; i < tensors.size(); ++i)
        if (static_cast<uint32_t>(tensors[i]) == tensor) (*out)[i] = std::string(entry.string(schema::kMapName));
    }
  }

  Status metadata() {
    const Tables entries = model_.tables(schema::kModelMetadata);
    for (size_t i = 0; i < entries.size() && i < 1000; ++i) {
      const Table entry = entries[i];
      const auto buffer = entry.scalar<uint32_t>(schema::kMetadataBuffer, 0);
      if (buffer >= buffers_.size())
        return damaged(format("metadata {} names buffer {}, there are {}", i, buffer, buffers_.size()));
      const auto data = buffers_[buffer].scalars<uint8_t>(schema::kBufferData);
      const std::string key(entry.string(schema::kMetadataName));
      if (!key.empty()) graph_.metadata[key] = std::string(reinterpret_cast<const char*>(data.data()), data.size());
    }
    return sound("metadata");
  }

  std::span<const uint8_t> bytes_;
  std::shared_ptr<const void> owner_;
  flatbuffers::Verifier verifier_;
  Damage damage_;
  Table model_;
  Tables codes_, buffers_;
  Graph graph_;
  int64_t expanded_ = 0;  // bytes of constants that were stored sparse
  std::set<TensorId> densified_;
  struct Skipped {
    Node node;
    std::string what;  // "PACK v2 (node 0 …)"
  };
  std::vector<Skipped> skipped_;  // SHAPE and PACK, see drop_shape_arithmetic
};

}  // namespace

Result<Graph> read_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner) {
  // flatbuffers wants an aligned base; a caller's odd buffer is copied once.
  Data copy;
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 16 != 0) {
    copy = Data::copy(bytes);
    bytes = {copy.bytes, copy.size};
    owner = copy.owner;
  }
  return Reader(bytes, std::move(owner)).run();
}

}  // namespace thimble
