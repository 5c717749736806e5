#include "compress/squeeze/squeeze.h"

#include <algorithm>
#include <set>

#include "compress/squeeze/float16_weights.h"
#include "formats/model_file.h"
#include "formats/tflite/model_metadata.h"
#include "formats/tflite/sparse_layout.h"
#include "formats/tflite/stock.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"
#include "passes/merge_constants.h"

namespace thimble {
namespace {

void shorten_names(Graph& graph, SqueezeOptions::Names names) {
  if (names == SqueezeOptions::Names::keep) return;
  std::vector<char> keeps(graph.tensors.size(), 0);
  for (const auto* list : {&graph.inputs, &graph.outputs})
    for (TensorId t : *list) keeps[static_cast<size_t>(t)] = 1;
  std::set<std::string> taken;
  for (const Tensor& t : graph.tensors) taken.insert(t.name);
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    if (keeps[t]) continue;
    std::string& name = graph.tensors[t].name;
    if (names == SqueezeOptions::Names::none) {
      name.clear();
    } else if (const size_t end = name.find(';'); end != std::string::npos) {
      std::string first = name.substr(0, end);
      for (int i = 2; !taken.insert(first).second; ++i) first = format("{}#{}", name.substr(0, end), i);
      name = std::move(first);
    }
  }
  if (names == SqueezeOptions::Names::none) graph.name.clear();
}

// The parts of a packed file, in whole bytes.
TfliteParts parts_of(std::span<const uint8_t> file, const ThimAccount& account) {
  TfliteParts p;
  p.total = static_cast<int64_t>(file.size());
  p.data = static_cast<int64_t>(account.data_bytes);
  p.scales = static_cast<int64_t>(account.scale_bytes);
  p.names = static_cast<int64_t>(account.text_bytes);
  p.structure = p.total - p.data - p.scales - p.names;
  p.subgraphs = 1;
  return p;
}

std::string words_of(const tflite::SparseLayout& l) {
  std::string text = l.block > 1 ? format("blocks of {} along dimension {}, ", l.block, l.blocked) : "";
  return text + format("places in {} bytes each, listed along dimension {}", l.index_width, l.compressed);
}

std::vector<SqueezedWeights> weights_of(const Graph& graph) {
  std::vector<SqueezedWeights> all;
  for (const tflite::SparseChoice& c : tflite::sparse_choices(graph)) {
    const Tensor& t = graph.at(c.tensor);
    SqueezedWeights w{.name = t.name, .type = name(t.type), .elements = c.elements, .zeros = c.zeros};
    w.sparse = c.chosen;
    w.bytes_dense = t.bytes();
    w.bytes = c.chosen ? c.layout.data_bytes : w.bytes_dense;
    if (c.hybrid) {
      w.why = "int8 weights of a float operator: LiteRT's XNNPACK does not run them sparse";
      all.push_back(std::move(w));
      continue;
    }
    if (c.chosen && c.reshaped) w.why = "int8 dense layer, outside XNNPACK and slower there; ";
    w.why += c.chosen                  ? words_of(c.layout)
             : c.layout.data_bytes > 0 ? format("the cheapest sparse layout takes {} bytes and about {} of tables",
                                                c.layout.data_bytes, tflite::kSparseTableBytes)
             : c.zeros == 0            ? "no zeros"
             : c.zeros == c.elements   ? "zeros alone: stock runtimes do not take a sparse tensor without values"
                                       : format("{} zeros are fewer bytes than the tables of a sparse tensor", c.zeros);
    all.push_back(std::move(w));
  }
  return all;
}

struct Attempt {
  Graph graph;
  std::vector<uint8_t> file;
  TfliteParts parts;  // of a packed file
  SqueezedChannels channels;
  std::vector<SqueezedWeights> weights;
  int64_t merged_constants = 0, bytes_without_sparse = 0;
  Proof proof;
};

// What was there stays as it was; the writer itself adds nothing. Sparse only where the whole file gains.
Status write_tflite_of(const SqueezeOptions& options, Attempt* a) {
  TfliteWriteOptions write{.runtime_version = options.keep_metadata, .description = false};
  THIMBLE_ASSIGN(a->file, write_tflite(a->graph, write));
  if (!options.sparse) return {};
  write.sparse = true;
  a->weights = weights_of(a->graph);
  THIMBLE_ASSIGN(std::vector<uint8_t> sparse, write_tflite(a->graph, write));
  if (sparse.size() >= a->file.size()) return {};
  a->bytes_without_sparse = static_cast<int64_t>(a->file.size());
  a->file = std::move(sparse);
  return {};
}

Result<Attempt> attempt(const Graph& original, const SqueezeOptions& options, bool float_channels) {
  Attempt a;
  a.graph = original;
  a.graph.remove_unused();
  if (options.channels) {
    const compress::Float16Marks halves = compress::widen_float16(a.graph);
    THIMBLE_ASSIGN(a.channels, squeeze_channels(a.graph, float_channels));
    compress::narrow_float16(a.graph, halves);
  }
  a.merged_constants = merge_constants(a.graph);
  if (!options.keep_metadata) std::erase_if(a.graph.metadata, [](const auto& e) { return is_build_metadata(e.first); });
  shorten_names(a.graph, options.names);
  if (options.packed) {
    THIMBLE_ASSIGN(PackedModel packed, write_thim(a.graph, {.names = options.names == SqueezeOptions::Names::keep}));
    a.file = std::move(packed.bytes);
    a.parts = parts_of(a.file, packed.account);
  } else {
    THIMBLE_TRY(write_tflite_of(options, &a));
  }
  THIMBLE_ASSIGN(Checked written, read_model(a.file));
  a.graph = std::move(written.graph);
  THIMBLE_ASSIGN(a.proof, prove_equal(original, a.graph, options.proof));
  return a;
}

bool has_float_weights(const Graph& graph) {
  return std::ranges::any_of(graph.tensors, [](const Tensor& t) {
    return t.constant() && (t.type == DType::f32 || t.type == DType::f16) && t.shape.rank() > 1;
  });
}

}  // namespace

bool is_build_metadata(const std::string& key) { return key == "min_runtime_version" || key == "CONVERSION_METADATA"; }

Result<Squeezed> squeeze(std::span<const uint8_t> file, const SqueezeOptions& given) {
  SqueezeOptions options = given;
  Squeezed s;
  const bool was_packed = is_thim(file);
  if (was_packed) {
    s.before.total = s.before.structure = static_cast<int64_t>(file.size());
    s.before.subgraphs = 1;
  } else {
    THIMBLE_ASSIGN(s.before, tflite_parts(file));
  }
  options.sparse = !options.packed && (options.sparse || s.before.sparse_tensors > 0);
  THIMBLE_ASSIGN(const Checked read, read_model(file));
  const Graph& original = read.graph;
  THIMBLE_TRY(refuse_losses(original));
  for (const std::string& key : s.before.metadata_keys)
    (!options.keep_metadata && is_build_metadata(key) ? s.dropped_metadata : s.kept_metadata).push_back(key);
  const auto cost_of = [](const Graph& g, int64_t* macs) -> Status {
    THIMBLE_ASSIGN(const GraphCost c, cost(g));
    *macs = c.macs;
    return {};
  };
  THIMBLE_TRY(cost_of(original, &s.macs_before));
  s.nodes_before = static_cast<int64_t>(original.nodes.size());
  s.tensors_before = static_cast<int64_t>(original.tensors.size());

  THIMBLE_ASSIGN(Attempt a, attempt(original, options, true));
  if (!a.proof.equal && has_float_weights(original) && a.channels.removed > 0) {
    s.notes.push_back(format("float channels stay: without them sums round differently ({})", a.proof.difference));
    THIMBLE_ASSIGN(a, attempt(original, options, false));
  }
  if (!a.proof.equal)
    return fail(ErrorCode::internal, "the squeezed model computes something else: " + a.proof.difference,
                "nothing was written; please report this model");
  s.proof = a.proof;
  s.channels = std::move(a.channels);
  s.merged_constants = a.merged_constants;
  s.weights = std::move(a.weights);
  s.bytes_without_sparse = a.bytes_without_sparse;
  if (options.packed && original.attached && !has_derived_metadata(original))
    s.notes.push_back(
        format("a packed file has no room for the {} bytes of files attached to the .tflite", original.attached.size));
  // A file that kills other runtimes is worse than one that is some bytes larger.
  const bool mended = !options.packed && !tflite::is_complete(original);
  if (mended)
    s.notes.push_back("added what other runtimes crash or refuse without: biases of zeros, a scale per channel");
  if (!options.packed)
    for (const std::string& what : tflite::stock_obstacles(a.graph))
      s.notes.push_back(format("LiteRT refuses this model or crashes: {}", what));
  if (was_packed == options.packed && a.file.size() >= file.size() && !mended) {
    s.notes.push_back(
        format("nothing to gain: rewritten, the file would have {} bytes; it is copied as it is", a.file.size()));
    s.file.assign(file.begin(), file.end());
    s.graph = original;
    s.after = s.before;
    s.channels.removed = 0;
    s.bytes_without_sparse = 0;
    s.weights.clear();
  } else {
    s.file = std::move(a.file);
    s.graph = std::move(a.graph);
    s.after = a.parts;
    if (!options.packed) {
      THIMBLE_ASSIGN(s.after, tflite_parts(s.file));
    }
  }
  THIMBLE_TRY(cost_of(s.graph, &s.macs_after));
  s.nodes_after = static_cast<int64_t>(s.graph.nodes.size());
  s.tensors_after = static_cast<int64_t>(s.graph.tensors.size());
  return s;
}

}  // namespace thimble
