// From a graph to a .tflite file: equal constants share a buffer, equal vectors of numbers one place; constants that
// shall be sparse get the operators that read them.
#include <cstring>
#include <map>
#include <set>
#include <tuple>

#include "formats/tflite/attached.h"
#include "formats/tflite/rule.h"
#include "formats/tflite/schema.h"
#include "formats/tflite/sparse_layout.h"
#include "formats/tflite/stock.h"
#include "formats/tflite/tflite.h"
#include "ops/check.h"

namespace thimble {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using AnyTable = flatbuffers::Table;
using tflite::TableWriter;
using tflite::write_table;

constexpr const char* kRuntimeVersion = "min_runtime_version";
constexpr uint8_t kReshapeOptions = 17, kDensifyOptions = 99;  // in the union BuiltinOptions

class Writer {
 public:
  Writer(const Graph& graph, const TfliteWriteOptions& options) : graph_(graph), options_(options), builder_(1 << 16) {}

  Result<std::vector<uint8_t>> run() {
    THIMBLE_TRY(refuse_losses(graph_));
    THIMBLE_TRY(verify(graph_));
    buffers_.push_back(buffer({}));  // buffer 0 is the empty one, by the format's convention
    std::vector<Offset<AnyTable>> operators, sparse_tensors;
    if (options_.sparse) write_sparse(&operators, &sparse_tensors);
    for (const Node& node : graph_.nodes) {
      THIMBLE_ASSIGN(operators.emplace_back(), write_node(node));
    }
    std::vector<Offset<AnyTable>> tensors;
    for (size_t t = 0; t < graph_.tensors.size(); ++t) tensors.push_back(write_tensor(static_cast<TensorId>(t)));
    tensors.insert(tensors.end(), sparse_tensors.begin(), sparse_tensors.end());

    const auto subgraph_tensors = builder_.CreateVector(tensors);
    const auto inputs = shared<int32_t>(graph_.inputs);
    const auto outputs = shared<int32_t>(graph_.outputs);
    const auto subgraph_operators = builder_.CreateVector(operators);
    const auto subgraph_name = builder_.CreateString(graph_.name.empty() ? "main" : graph_.name);
    const auto subgraph = write_table(builder_, [&](TableWriter& t) {
      t.offset(schema::kSubgraphTensors, subgraph_tensors);
      t.offset(schema::kSubgraphInputs, inputs);
      t.offset(schema::kSubgraphOutputs, outputs);
      t.offset(schema::kSubgraphOperators, subgraph_operators);
      t.offset(schema::kSubgraphName, subgraph_name);
    });

    std::vector<Offset<AnyTable>> metadata;
    if (options_.runtime_version) metadata.push_back(metadata_entry(kRuntimeVersion, runtime_version()));
    for (const auto& [key, value] : graph_.metadata)
      if (key != kRuntimeVersion) metadata.push_back(metadata_entry(key, value));
    const auto metadata_vector =
        metadata.empty() ? Offset<flatbuffers::Vector<Offset<AnyTable>>>() : builder_.CreateVector(metadata);
    const auto signatures = builder_.CreateVector(std::vector<Offset<AnyTable>>{signature()});
    const auto codes = builder_.CreateVector(codes_);
    const auto subgraphs = builder_.CreateVector(std::vector<Offset<AnyTable>>{subgraph});
    const auto description = options_.description ? builder_.CreateString("Thimble") : Offset<flatbuffers::String>();
    const auto buffers = builder_.CreateVector(buffers_);
    const auto model = write_table(builder_, [&](TableWriter& t) {
      t.scalar<uint32_t>(schema::kModelVersion, 3, 0);
      t.offset(schema::kModelOperatorCodes, codes);
      t.offset(schema::kModelSubgraphs, subgraphs);
      if (!description.IsNull()) t.offset(schema::kModelDescription, description);
      t.offset(schema::kModelBuffers, buffers);
      if (!metadata_vector.IsNull()) t.offset(schema::kModelMetadata, metadata_vector);
      t.offset(schema::kModelSignatures, signatures);
    });
    builder_.Finish(model, "TFL3");
    std::vector<uint8_t> file(builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize());
    if (graph_.attached) {
      const std::vector<uint8_t> attached = attached_files({graph_.attached.bytes, graph_.attached.size}, file.size());
      file.insert(file.end(), attached.begin(), attached.end());
    }
    return file;
  }

  std::vector<Error> refusals() {
    std::vector<Error> refused;
    for (const Node& node : graph_.nodes)
      if (auto offset = write_node(node); !offset) refused.push_back(std::move(offset).error());
    return refused;
  }

 private:
  Offset<AnyTable> buffer(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return write_table(builder_, [](TableWriter&) {});
    builder_.ForceVectorAlignment(bytes.size(), 1, 16);
    const auto data = builder_.CreateVector(bytes.data(), bytes.size());
    return write_table(builder_, [&](TableWriter& t) { t.offset(schema::kBufferData, data); });
  }

  // Tensors of the same bytes share a buffer.
  uint32_t add_buffer(std::span<const uint8_t> bytes) {
    if (bytes.empty()) {  // of an empty constant: not buffer 0, which says that there is no data
      buffers_.push_back(buffer({}));
      return static_cast<uint32_t>(buffers_.size() - 1);
    }
    const auto [it, fresh] = buffer_index_.try_emplace(
        std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), buffers_.size());
    if (fresh) buffers_.push_back(buffer(bytes));
    return static_cast<uint32_t>(it->second);
  }

  // A vector of numbers, written where it first occurs.
  template <class T>
  Offset<flatbuffers::Vector<T>> shared(const std::vector<T>& values) {
    std::string key(1, static_cast<char>(sizeof(T)));
    key.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    const auto [it, fresh] = written_.try_emplace(std::move(key), 0);
    if (fresh) it->second = builder_.CreateVector(values).o;
    return Offset<flatbuffers::Vector<T>>(it->second);
  }

  Offset<AnyTable> metadata_entry(const std::string& key, const std::string& value) {
    const uint32_t index = add_buffer({reinterpret_cast<const uint8_t*>(value.data()), value.size()});
    const auto key_text = builder_.CreateString(key);
    return write_table(builder_, [&](TableWriter& t) {
      t.offset(schema::kMetadataName, key_text);
      t.scalar<uint32_t>(schema::kMetadataBuffer, index, 0);
    });
  }

  Offset<AnyTable> signature() {
    const auto maps = [&](const std::vector<TensorId>& tensors, const std::vector<std::string>& names) {
      std::vector<Offset<AnyTable>> entries;
      for (size_t i = 0; i < tensors.size(); ++i) {
        const bool named = names.size() == tensors.size() && !names[i].empty();
        const auto text = builder_.CreateSharedString(named ? names[i] : graph_.at(tensors[i]).name);
        entries.push_back(write_table(builder_, [&](TableWriter& t) {
          t.offset(schema::kMapName, text);
          t.scalar<uint32_t>(schema::kMapTensor, static_cast<uint32_t>(tensors[i]), 0);
        }));
      }
      return builder_.CreateVector(entries);
    };
    const auto inputs = maps(graph_.inputs, graph_.input_names);
    const auto outputs = maps(graph_.outputs, graph_.output_names);
    const auto key =
        builder_.CreateString(graph_.signature.empty() ? std::string(schema::kUsualSignature) : graph_.signature);
    return write_table(builder_, [&](TableWriter& t) {
      t.offset(schema::kSignatureInputs, inputs);
      t.offset(schema::kSignatureOutputs, outputs);
      t.offset(schema::kSignatureKey, key);
      t.scalar<uint32_t>(schema::kSignatureSubgraph, 0, 0);
    });
  }

  // 16 bytes, zero padded, as TFLite's converter writes it. Every operator version written here
  // is known to runtimes from 2.16 on.
  static std::string runtime_version() {
    std::string text = "2.16.0";
    text.resize(16, '\0');
    return text;
  }

  Result<Offset<AnyTable>> write_node(const Node& node) {
    auto offset = write_operator(node);
    if (!offset) return with_context(std::move(offset).error(), format("node \"{}\" {}", node.name, name(node.op)));
    return offset;
  }

  Result<Offset<AnyTable>> write_operator(const Node& node) {
    const auto make = tflite::rule_of(node.op).rule;
    const tflite::TfliteRule rule = make ? make(node.op) : tflite::TfliteRule{};
    if (!rule.write) {
      const char* why = tflite::rule_of(node.op).why_not;
      return fail(ErrorCode::unsupported,
                  format("{} cannot be written to a .tflite file: {}", name(node.op), why ? why : "no rule"));
    }
    tflite::WriteContext ctx{graph_, node, builder_};
    ctx.inputs = node.inputs;
    THIMBLE_TRY(rule.write(ctx));
    blocks_.merge(ctx.blocks);
    const uint32_t code =
        code_index(rule.custom ? schema::kCustomOperator : ctx.builtin, ctx.version, rule.custom ? rule.custom : "");
    const auto custom_options =
        rule.custom ? builder_.CreateVector(ctx.custom_options) : Offset<flatbuffers::Vector<uint8_t>>();
    const auto inputs = shared<int32_t>(ctx.inputs);
    const auto outputs = shared<int32_t>(node.outputs);
    const auto intermediates =
        node.intermediates.empty() ? Offset<flatbuffers::Vector<int32_t>>() : shared<int32_t>(node.intermediates);
    return write_table(builder_, [&](TableWriter& t) {
      t.scalar<uint32_t>(schema::kOperatorCodeIndex, code, 0);
      t.offset(schema::kOperatorInputs, inputs);
      t.offset(schema::kOperatorOutputs, outputs);
      if (!ctx.options.IsNull()) {
        const int options_type = tflite::rule_of_builtin(ctx.builtin).options_type;
        t.scalar<uint8_t>(schema::kOperatorOptionsType, static_cast<uint8_t>(options_type), 0);
        t.offset(schema::kOperatorOptions, ctx.options);
      }
      if (rule.custom) t.offset(schema::kOperatorCustomOptions, custom_options);
      if (!node.intermediates.empty()) t.offset(schema::kOperatorIntermediates, intermediates);
    });
  }

  // `custom`: the name of a custom operator, else empty.
  uint32_t code_index(int builtin, int version, const std::string& custom = "") {
    const std::tuple key(builtin, version, custom);
    for (size_t i = 0; i < code_keys_.size(); ++i)
      if (code_keys_[i] == key) return static_cast<uint32_t>(i);
    code_keys_.push_back(key);
    const auto name = custom.empty() ? Offset<flatbuffers::String>() : builder_.CreateString(custom);
    codes_.push_back(write_table(builder_, [&](TableWriter& t) {
      // Codes beyond 127 put 127 in the old one-byte field.
      t.scalar<int8_t>(schema::kCodeDeprecated, static_cast<int8_t>(builtin > 127 ? 127 : builtin), 0);
      if (!custom.empty()) t.offset(schema::kCodeCustom, name);
      t.scalar<int32_t>(schema::kCodeVersion, version, 1);
      t.scalar<int32_t>(schema::kCodeBuiltin, builtin, 0);
    }));
    return static_cast<uint32_t>(codes_.size() - 1);
  }

  Offset<AnyTable> write_quantization(const Quantization& q) {
    const auto scale = shared(q.scale);
    const auto zero = shared(std::vector<int64_t>(q.zero_point.begin(), q.zero_point.end()));
    const int axis = q.per_axis() ? q.axis : 0;
    Offset<AnyTable>& table = quantizations_[{scale.o, zero.o, axis}];
    if (table.IsNull())
      table = write_table(builder_, [&](TableWriter& t) {
        t.offset(schema::kQuantScale, scale);
        t.offset(schema::kQuantZeroPoint, zero);
        t.scalar<int32_t>(schema::kQuantDimension, axis, 0);
      });
    return table;
  }

  Offset<AnyTable> write_blocks(const tflite::WeightBlocks& blocks) {
    const auto details = write_table(builder_, [&](TableWriter& t) {
      t.scalar<int32_t>(schema::kBlockwiseScales, blocks.scales, 0);
      t.scalar<int32_t>(schema::kBlockwiseZeroPoints, kNoTensor, 0);
      t.scalar<int32_t>(schema::kBlockwiseSize, static_cast<int32_t>(blocks.size), 0);
    });
    return write_table(builder_, [&](TableWriter& t) {
      t.scalar<uint8_t>(schema::kQuantDetailsType, schema::kBlockwiseDetails, 0);
      t.offset(schema::kQuantDetails, details);
    });
  }

  // A constant stored sparse is the input of a DENSIFY, and of a RESHAPE to its own shape where the choice says so; the
  // result takes the constant's number.
  void write_sparse(std::vector<Offset<AnyTable>>* operators, std::vector<Offset<AnyTable>>* tensors) {
    const auto append = [&](Offset<AnyTable> tensor) {
      tensors->push_back(tensor);
      return static_cast<int32_t>(graph_.tensors.size() + tensors->size() - 1);
    };
    const auto add = [&](int builtin, uint8_t options_type, Offset<AnyTable> options, int32_t in, int32_t out) {
      const uint32_t code = code_index(builtin, 1);
      const auto inputs = shared(std::vector<int32_t>{in}), outputs = shared(std::vector<int32_t>{out});
      operators->push_back(write_table(builder_, [&](TableWriter& t) {
        t.scalar<uint32_t>(schema::kOperatorCodeIndex, code, 0);
        t.offset(schema::kOperatorInputs, inputs);
        t.offset(schema::kOperatorOutputs, outputs);
        t.scalar<uint8_t>(schema::kOperatorOptionsType, options_type, 0);
        t.offset(schema::kOperatorOptions, options);
      }));
    };
    for (const tflite::SparseChoice& choice : tflite::sparse_choices(graph_)) {
      if (!choice.chosen) continue;
      const Tensor& tensor = graph_.at(choice.tensor);
      densified_.insert(choice.tensor);
      const int32_t source = append(sparse_tensor(tensor, choice.layout));
      const auto none = write_table(builder_, [](TableWriter&) {});
      if (!choice.reshaped) {
        add(schema::kDensifyOperator, kDensifyOptions, none, source, choice.tensor);
        continue;
      }
      Tensor unnamed = tensor;
      unnamed.name.clear();
      const int32_t dense = append(write_tensor(unnamed, true));
      add(schema::kDensifyOperator, kDensifyOptions, none, source, dense);
      const auto shape = shared(std::vector<int32_t>(tensor.shape.dims().begin(), tensor.shape.dims().end()));
      const auto options = write_table(builder_, [&](TableWriter& t) { t.offset(0, shape); });
      add(schema::kReshapeOperator, kReshapeOptions, options, dense, choice.tensor);
    }
  }

  Offset<AnyTable> sparse_tensor(const Tensor& tensor, const tflite::SparseLayout& layout) {
    const tflite::SparseContent content = tflite::sparse_content(tensor, layout);
    const uint32_t data = add_buffer(content.values);
    std::vector<Offset<AnyTable>> levels;
    const auto dense = [&](int64_t size) {
      return write_table(builder_, [&](TableWriter& t) {
        t.scalar<int32_t>(schema::kDimensionDenseSize, static_cast<int32_t>(size), 0);
      });
    };
    for (int l = 0; l + 1 < tensor.shape.rank(); ++l) {
      const int d = content.order[static_cast<size_t>(l)];
      levels.push_back(dense(tensor.shape[d] / (d == layout.blocked ? layout.block : 1)));
    }
    const auto segments = numbers(content.segments, layout.segment_width);
    const auto indices = numbers(content.indices, layout.index_width);
    levels.push_back(write_table(builder_, [&](TableWriter& t) {
      t.scalar<int8_t>(schema::kDimensionFormat, schema::kDimensionSparse, 0);
      t.scalar<uint8_t>(schema::kDimensionSegmentsType, vector_kind(layout.segment_width), 0);
      t.offset(schema::kDimensionSegments, segments);
      t.scalar<uint8_t>(schema::kDimensionIndicesType, vector_kind(layout.index_width), 0);
      t.offset(schema::kDimensionIndices, indices);
    }));
    if (layout.block > 1) levels.push_back(dense(layout.block));
    const auto order = shared(content.order);
    const auto blocks =
        layout.block > 1 ? shared(std::vector<int32_t>{layout.blocked}) : Offset<flatbuffers::Vector<int32_t>>();
    const auto dimensions = builder_.CreateVector(levels);
    const auto sparsity = write_table(builder_, [&](TableWriter& t) {
      t.offset(schema::kSparsityTraversalOrder, order);
      if (!blocks.IsNull()) t.offset(schema::kSparsityBlockMap, blocks);
      t.offset(schema::kSparsityDimensions, dimensions);
    });
    Tensor unnamed = tensor;  // the name is that of the dense one
    unnamed.name.clear();
    return tensor_table(unnamed, data, sparsity);
  }

  static uint8_t vector_kind(int width) {
    return width == 1 ? schema::kUint8Vector : width == 2 ? schema::kUint16Vector : schema::kInt32Vector;
  }
  Offset<AnyTable> numbers(const std::vector<int64_t>& values, int width) {
    return width == 1   ? numbers_as<uint8_t>(values)
           : width == 2 ? numbers_as<uint16_t>(values)
                        : numbers_as<int32_t>(values);
  }
  template <class T>
  Offset<AnyTable> numbers_as(const std::vector<int64_t>& values) {
    std::vector<T> narrow(values.size());
    for (size_t i = 0; i < values.size(); ++i) narrow[i] = static_cast<T>(values[i]);
    builder_.ForceVectorAlignment(narrow.size(), sizeof(T), 4);
    const auto list = builder_.CreateVector(narrow);
    return write_table(builder_, [&](TableWriter& t) { t.offset(0, list); });
  }

  Offset<AnyTable> write_tensor(TensorId t) {
    const auto blocks = blocks_.find(t);
    return write_tensor(graph_.at(t), densified_.contains(t), blocks == blocks_.end() ? nullptr : &blocks->second);
  }

  Offset<AnyTable> write_tensor(const Tensor& tensor, bool densified, const tflite::WeightBlocks* blocks = nullptr) {
    uint32_t data = 0;
    if (tensor.data && !tensor.variable && !densified) data = add_buffer({tensor.data.bytes, tensor.data.size});
    return tensor_table(tensor, data, 0, blocks);
  }

  Offset<AnyTable> tensor_table(const Tensor& tensor, uint32_t data, Offset<AnyTable> sparsity,
                                const tflite::WeightBlocks* blocks = nullptr) {
    std::vector<int32_t> dims(tensor.shape.dims().begin(), tensor.shape.dims().end());
    const auto shape = shared(dims);
    flatbuffers::Offset<flatbuffers::Vector<int32_t>> shape_signature = 0;
    if (!dims.empty() && (tensor.batch_unknown || tensor.free_dims)) {
      if (tensor.batch_unknown) dims[0] = -1;
      for (size_t d = 1; d < dims.size(); ++d)
        if (tensor.free_dims >> d & 1) dims[d] = -1;
      shape_signature = shared(dims);
    }
    const auto text = tensor.name.empty() ? Offset<flatbuffers::String>() : builder_.CreateSharedString(tensor.name);
    Offset<AnyTable> quantization = 0;
    if (!tensor.quant.empty()) quantization = write_quantization(tensor.quant);
    if (blocks) quantization = write_blocks(*blocks);
    return write_table(builder_, [&](TableWriter& t) {
      t.offset(schema::kTensorShape, shape);
      t.scalar<int8_t>(schema::kTensorType, static_cast<int8_t>(schema::file_type(tensor.type)), 0);
      t.scalar<uint32_t>(schema::kTensorBuffer, data, 0);
      if (!text.IsNull()) t.offset(schema::kTensorName, text);
      if (!quantization.IsNull()) t.offset(schema::kTensorQuantization, quantization);
      t.scalar<uint8_t>(schema::kTensorIsVariable, tensor.variable, 0);
      if (!sparsity.IsNull()) t.offset(schema::kTensorSparsity, sparsity);
      if (!shape_signature.IsNull()) t.offset(schema::kTensorShapeSignature, shape_signature);
      t.scalar<uint8_t>(schema::kTensorHasRank, 1, 0);
    });
  }

  const Graph& graph_;
  const TfliteWriteOptions& options_;
  FlatBufferBuilder builder_;
  std::vector<Offset<AnyTable>> buffers_, codes_;
  std::map<std::string, size_t> buffer_index_;             // by content
  std::map<std::string, flatbuffers::uoffset_t> written_;  // vectors by content
  std::map<std::tuple<flatbuffers::uoffset_t, flatbuffers::uoffset_t, int>, Offset<AnyTable>> quantizations_;
  std::vector<std::tuple<int, int, std::string>> code_keys_;
  std::set<TensorId> densified_;
  std::map<TensorId, tflite::WeightBlocks> blocks_;
};

}  // namespace

Status refuse_losses(const Graph& graph) {
  if (graph.left_out.empty()) return {};
  std::string all;
  for (const std::string& what : graph.left_out) all += (all.empty() ? "" : ", ") + what;
  return fail(
      ErrorCode::unsupported,
      format("the file holds more than the {}, and that would be lost: {}",
             graph.signature.empty() ? std::string("first subgraph") : format("signature \"{}\"", graph.signature),
             all),
      "convert each signature to a file of its own");
}

Result<std::vector<uint8_t>> write_tflite(const Graph& graph, const TfliteWriteOptions& options) {
  if (tflite::is_complete(graph)) return Writer(graph, options).run();
  Graph whole = graph;
  tflite::complete(whole);
  return Writer(whole, options).run();
}

std::vector<Error> without_tflite(const Graph& graph) {
  if (Status s = refuse_losses(graph); !s) return {std::move(s).error()};
  Graph whole = graph;
  tflite::complete(whole);
  return Writer(whole, {}).refusals();
}

}  // namespace thimble
