// From a .tflite file to a graph: the subgraph of a signature, names of inputs and outputs, metadata.
#include <algorithm>
#include <map>
#include <set>

#include "base/suggest.h"
#include "formats/tflite/attached.h"
#include "formats/tflite/schema.h"
#include "formats/tflite/subgraph_reader.h"
#include "formats/tflite/tflite.h"
#include "graph/verify.h"

namespace thimble {
namespace {

using tflite::ModelReading;
using tflite::Operand;
using tflite::SubgraphReader;
using tflite::Table;
using tflite::Tables;
using tflite::TfliteFile;

constexpr size_t kMaxMetadata = 1000, kMaxListed = 1000;  // signatures and subgraphs that are looked at

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

class Reader {
 public:
  Reader(TfliteFile& file, const TfliteReadOptions& options, RunTimeValues* values = nullptr)
      : file_(file),
        model_(file, values),
        graph_(model_.reading.graph),
        known_(options.known),
        wanted_(options.signature) {
    model_.refused = options.refused;
    model_.nodes.custom = options.custom;
  }

  Result<Checked> run() {
    THIMBLE_TRY(read());
    return model_.reading.finish();
  }

  Result<StagedModel> run_staged() {
    THIMBLE_TRY(read());
    return model_.reading.finish_staged();
  }

  // Inputs, outputs, names and metadata alone.
  Result<Graph> edges() {
    THIMBLE_TRY(choose());
    SubgraphReader main(model_, main_, "");
    if (Status s = begin(main); !s) return in_main(std::move(s).error());
    const auto list = model_.subgraphs[main_].scalars<int32_t>(schema::kSubgraphOutputs);
    for (const int32_t t : list) {
      THIMBLE_ASSIGN(const TensorId id, main.declared(static_cast<size_t>(t)));
      graph_.outputs.push_back(id);
    }
    THIMBLE_TRY(names(main));
    THIMBLE_TRY(metadata());
    std::vector<char> used(graph_.tensors.size(), 0);
    for (const auto* ids : {&graph_.inputs, &graph_.outputs})
      for (const TensorId t : *ids) used[static_cast<size_t>(t)] = 1;
    graph_.keep_tensors(used);
    return std::move(graph_);
  }

 private:
  tl::unexpected<Error> in_main(Error error) const {
    return with_context(std::move(error), format("subgraph {}", main_));
  }

  Status read() {
    THIMBLE_TRY(choose());
    SubgraphReader main(model_, main_, "");
    if (Status s = subgraph(main); !s) return in_main(std::move(s).error());
    THIMBLE_TRY(names(main));
    THIMBLE_TRY(left_out());
    THIMBLE_TRY(metadata());
    if (const std::vector<uint8_t> attached = attached_files(file_.bytes(), 0); !attached.empty())
      graph_.attached = Data::copy(attached);
    return {};
  }

  // Which subgraph is meant: the signature's that is asked for, else the first.
  Status choose() {
    if (model_.subgraphs.size() == 0) return damaged("the model has no subgraph");
    const Tables signatures = file_.model().tables(schema::kModelSignatures);
    std::vector<std::string> keys;
    for (size_t i = 0; i < std::min(signatures.size(), kMaxListed); ++i) {
      const auto of = signatures[i].scalar<uint32_t>(schema::kSignatureSubgraph, 0);
      keys.emplace_back(signatures[i].string(schema::kSignatureKey));
      const bool chosen = wanted_.empty() ? of == 0 : keys.back() == wanted_;
      if (!chosen || signature_) continue;
      if (of >= model_.subgraphs.size())
        return damaged(
            format("signature \"{}\" is of subgraph {}, there are {}", keys.back(), of, model_.subgraphs.size()));
      signature_ = i;
      main_ = of;
    }
    if (!wanted_.empty() && !signature_)
      return fail(
          ErrorCode::usage, format("the model has no signature \"{}\"", wanted_),
          keys.empty() ? "it has no signature at all: leave the option out" : did_you_mean_or_all(wanted_, keys));
    return file_.sound("signature");
  }

  Status begin(SubgraphReader& main) {
    const Table table = model_.subgraphs[main_];
    graph_.name = std::string(table.string(schema::kSubgraphName));
    model_.reading.shapes_open = !known_.empty();
    THIMBLE_TRY(main.begin(nullptr));
    const auto inputs = table.scalars<int32_t>(schema::kSubgraphInputs);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const TensorId id = main.operands()[static_cast<size_t>(inputs[i])].id;
      if (id == kNoTensor) return damaged(format("the graph input {} is computed by an operator", i));
      graph_.inputs.push_back(id);
      model_.reading.origin(id) = Origin::run_time;
      model_.reading.set_slot(id, static_cast<Slot>(i));
    }
    return take_known();
  }

  Status subgraph(SubgraphReader& main) {
    THIMBLE_TRY(begin(main));
    const auto list = model_.subgraphs[main_].scalars<int32_t>(schema::kSubgraphOutputs);
    if (list.empty()) return damaged("the graph has no output");
    for (const int32_t t : list) graph_.outputs.push_back(main.operands()[static_cast<size_t>(t)].id);
    THIMBLE_TRY(main.run());
    THIMBLE_ASSIGN(const std::vector<Operand> outputs, main.outputs());
    const std::set<TensorId> inputs(graph_.inputs.begin(), graph_.inputs.end());
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].variable >= 0) return damaged(format("the graph output {} is a resource", i));
      const TensorId given = outputs[i].id;
      if (given != graph_.outputs[i] && !inputs.contains(given))
        graph_.at(given).name =
            std::string(model_.subgraphs[main_].tables(schema::kSubgraphTensors)[static_cast<size_t>(list[i])].string(
                schema::kTensorName));
      graph_.outputs[i] = given;
    }
    return model_.end_run();
  }

  // Inputs get the shapes and values that are known; those with a value, which are returned, are inputs no more.
  Status take_known() {
    std::vector<TensorId> left;
    if (known_.empty()) return {};
    if (known_.size() != graph_.inputs.size())
      return fail(ErrorCode::usage, format("{} shapes for {} inputs", known_.size(), graph_.inputs.size()));
    for (size_t i = 0; i < known_.size(); ++i) {
      const TensorId id = graph_.inputs[i];
      Tensor& x = graph_.at(id);
      if (known_[i].shape) {
        const Shape& shape = *known_[i].shape;
        bool fits = shape.rank() == x.shape.rank();
        for (int d = 0; fits && d < shape.rank(); ++d)
          fits = shape[d] == x.shape[d] || (d == 0 ? x.batch_unknown : (x.free_dims >> d & 1) != 0);
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
      model_.reading.origin(id) = Origin::known;
    }
    graph_.inputs = std::move(left);
    return {};
  }

  // Names of inputs and outputs from the signature, where there is one.
  Status names(const SubgraphReader& main) {
    if (!signature_) return {};
    const Table signature = file_.model().tables(schema::kModelSignatures)[*signature_];
    const std::string key(signature.string(schema::kSignatureKey));
    if (key != schema::kUsualSignature) graph_.signature = key;
    names(main, signature.tables(schema::kSignatureInputs), graph_.inputs, &graph_.input_names);
    names(main, signature.tables(schema::kSignatureOutputs), graph_.outputs, &graph_.output_names);
    return file_.sound("signature");
  }

  void names(const SubgraphReader& main, const Tables& maps, const std::vector<TensorId>& tensors,
             std::vector<std::string>* out) {
    std::map<TensorId, std::string> name_of;
    for (size_t m = 0; m < maps.size(); ++m) {
      const Table entry = maps[m];
      const auto tensor = entry.scalar<uint32_t>(schema::kMapTensor, 0);
      if (tensor < main.operands().size() && main.operands()[tensor].id != kNoTensor)
        name_of.try_emplace(main.operands()[tensor].id, entry.string(schema::kMapName));
    }
    const auto named = [&](TensorId t) { return name_of.contains(t); };
    if (!std::ranges::all_of(tensors, named)) return;
    for (const TensorId t : tensors) out->push_back(name_of[t]);
  }

  // What the file holds beside the subgraph and those that it calls.
  Status left_out() {
    const Tables signatures = file_.model().tables(schema::kModelSignatures);
    std::set<uint32_t> named;
    for (size_t i = 0; i < std::min(signatures.size(), kMaxListed); ++i) {
      if (i == signature_) continue;
      graph_.left_out.push_back(format("signature \"{}\"", signatures[i].string(schema::kSignatureKey)));
      named.insert(signatures[i].scalar<uint32_t>(schema::kSignatureSubgraph, 0));
    }
    for (size_t s = 0; s < std::min(model_.subgraphs.size(), kMaxListed); ++s)
      if (!model_.reached(s) && !named.contains(static_cast<uint32_t>(s)))
        graph_.left_out.push_back(format("subgraph {}", s));
    return file_.sound("signature");
  }

  Status metadata() {
    const Tables entries = file_.model().tables(schema::kModelMetadata);
    const Tables buffers = file_.model().tables(schema::kModelBuffers);
    size_t left = 2 * file_.bytes().size();
    for (size_t i = 0; i < entries.size() && i < kMaxMetadata; ++i) {
      const Table entry = entries[i];
      const auto buffer = entry.scalar<uint32_t>(schema::kMetadataBuffer, 0);
      if (buffer >= buffers.size())
        return damaged(format("metadata {} names buffer {}, there are {}", i, buffer, buffers.size()));
      const auto data = buffers[buffer].scalars<uint8_t>(schema::kBufferData);
      if (data.size() > left) return damaged("metadata entries share buffers and take more than twice the file");
      left -= data.size();
      const std::string key(entry.string(schema::kMetadataName));
      if (!key.empty()) graph_.metadata[key] = std::string(reinterpret_cast<const char*>(data.data()), data.size());
    }
    return file_.sound("metadata");
  }

  TfliteFile& file_;
  ModelReading model_;
  Graph& graph_;
  std::span<const KnownInput> known_;
  std::string_view wanted_;
  size_t main_ = 0;
  std::optional<size_t> signature_;
};

}  // namespace

Result<Checked> read_checked_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                    const TfliteReadOptions& options) {
  TfliteFile file(bytes, std::move(owner));
  THIMBLE_TRY(file.open());
  return Reader(file, options).run();
}

Result<Checked> read_checked_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                    std::span<const KnownInput> known) {
  return read_checked_tflite(bytes, std::move(owner), TfliteReadOptions{.known = known, .signature = {}});
}

Result<Graph> read_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                          std::span<const KnownInput> known) {
  THIMBLE_ASSIGN(Checked checked, read_checked_tflite(bytes, std::move(owner), known));
  return std::move(checked.graph);
}

Result<StagedModel> read_staged_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                       const TfliteReadOptions& options, RunTimeValues& values) {
  TfliteFile file(bytes, std::move(owner));
  THIMBLE_TRY(file.open());
  return Reader(file, options, &values).run_staged();
}

Result<Graph> read_tflite_edges(std::span<const uint8_t> bytes, std::string_view signature) {
  TfliteFile file(bytes);
  THIMBLE_TRY(file.open());
  return Reader(file, {.known = {}, .signature = signature}).edges();
}

}  // namespace thimble
