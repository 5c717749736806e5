// Structured pruning: whole channels of a float model go, the lowest ranked first; shapes really shrink. Channels
// that depend on each other (residual sums, depthwise convolutions, concatenations) go together.
#pragma once

#include "compress/retrain.h"
#include "passes/channels/channels.h"

namespace thimble {

enum class Ranking {
  l1,          // Σ|w| of the filters that make the channel, relative to the layer's mean
  batch_norm,  // |gamma| of batch normalisation, for graphs that still have it, relative to the layer's mean
  taylor,      // mean over batches of |Σ w·dL/dw| over the filter and its bias: first-order change of the loss
  activation_gradient,  // mean over samples of |Σ a·dL/da| over the channel's positions
  activation            // mean |a|, relative to the layer's mean
};
const char* name(Ranking ranking);  // "l1", "batch_norm", "taylor", "activation_gradient", "activation"
bool needs_data(Ranking ranking);

// By group of find_channels, then by channel: what its removal is expected to cost. Higher stays longer.
using ChannelScores = std::vector<std::vector<double>>;

// Samples to rank with: `samples` of how.train in a fixed order, how.spec's loss and batch. Only where needs_data().
// Errors: usage (no data, a model without batch normalisation), unsupported (a quantised model).
Result<ChannelScores> rank_channels(const Graph& graph, const ChannelMap& map, Ranking ranking,
                                    const Retraining* how = nullptr, int64_t samples = 512);

struct ShrinkOptions {
  double keep = 0.5;  // fraction of the channels that stay, in (0, 1]
  // Instead of keep, where above 0: the most channels that fit into so many multiply-accumulates or parameters.
  int64_t max_macs = 0, max_parameters = 0;
  bool per_layer = false;           // the same fraction of every layer; otherwise the lowest of the whole model
  int64_t multiple = 1;             // channels that stay in a layer: a multiple of this (SIMD widths)
  double floor = 0.1;               // of a layer's channels stay at least so many, and at least one
  std::vector<std::string> layers;  // only channels that these make: names, or prefixes up to a "/"; empty: all
};

// The channels that one group makes.
struct ShrunkLayer {
  std::string name;
  int64_t before = 0, after = 0;
  std::string why;  // why none went, where none did
};

struct Shrunk {
  Graph graph;
  std::vector<ShrunkLayer> layers;
  int64_t channels_before = 0, channels_after = 0;  // of those that can go at all
  int64_t macs_before = 0, macs_after = 0;
  int64_t parameters_before = 0, parameters_after = 0;
};

// `scores` is of find_channels(graph). Weights keep their values. Errors: usage (keep outside (0, 1], an unknown
// layer with the nearest name, a target that cannot be reached: with the smallest that can), unsupported (no
// channel can be removed: the reasons).
Result<Shrunk> shrink_graph(const Graph& graph, const ShrinkOptions& options, const ChannelScores& scores);

struct ShrinkPlan {
  ShrinkOptions options;
  Ranking ranking = Ranking::l1;
  int64_t rank_samples = 512;
  int rounds = 1;  // rank, remove a part and train, so often; the last round reaches the goal
};

struct ShrinkResult {
  Shrunk shrunk;  // counts over all rounds; the graph is the trained one
  std::vector<EpochRecord> epochs;
  bool interrupted = false;
};

// Ranks, removes and trains `how.spec.epochs` epochs after each round (0: no training). how.checkpoint, if any, gets
// ".roundN" appended; `techniques` makes those that take part in a round's training (a teacher, for instance).
Result<ShrinkResult> shrink(const Graph& float_graph, const ShrinkPlan& plan, const Retraining& how,
                            const std::function<Result<Techniques>()>& techniques = {});

// Constant elements with a scale or of a float type: what reports call parameters.
int64_t parameter_count(const Graph& graph);

}  // namespace thimble
