#include "compress/squeeze/channels.h"

#include <algorithm>
#include <map>

#include "compress/squeeze/ranges.h"
#include "ops/conv2d/conv2d.h"
#include "ops/operands.h"
#include "ops/weighted.h"
#include "passes/channels/channels.h"

namespace thimble {
namespace {

using compress::TapRange;
using compress::ValueRange;

int32_t weight(const Tensor& w, int64_t i) {
  return w.type == DType::u8 ? w.data.bytes[i] : w.data.as<int8_t>()[static_cast<size_t>(i)];
}
int32_t weight_zero(const Tensor& w, int64_t output) {
  return w.quant.zero_point[w.quant.per_axis() ? static_cast<size_t>(output) : 0];
}

// What removing one channel means for one reader.
struct Share {
  bool possible = false, unread = false;
  std::vector<int64_t> bias;  // per output: what joins the bias; empty: nothing
  std::string why;            // where it is not possible
};

class Round {
 public:
  Round(Graph& graph, bool float_channels)
      : graph_(graph), float_channels_(float_channels), ranges_(compress::value_ranges(graph)) {}

  // Returns how many channels were removed.
  Result<int64_t> run(std::map<std::string, SqueezedLayer>& layers) {
    THIMBLE_ASSIGN(map_, find_channels(graph_));
    std::vector<ChannelRemoval> removals;
    int64_t removed = 0;
    for (size_t g = 0; g < map_.groups.size(); ++g) {
      const ChannelGroup& group = map_.groups[g];
      SqueezedLayer& layer = layers[group.name];
      std::map<std::string, int64_t> reasons;
      ChannelRemoval removal{g, {}};
      for (size_t c = 0; c < group.channels.size(); ++c) {
        if (removal.channels.size() + 1 == group.channels.size()) {
          ++reasons["a layer keeps at least one channel"];
          continue;
        }
        bool unread = true;
        const std::string why = take(group, group.channels[c], &unread);
        if (!why.empty()) {
          ++reasons[why];
          continue;
        }
        removal.channels.push_back(static_cast<int64_t>(c));
        ++(unread ? layer.unread : layer.constant);
      }
      layer.why = text_of(reasons);
      removed += static_cast<int64_t>(removal.channels.size());
      if (!removal.channels.empty()) removals.push_back(std::move(removal));
    }
    if (removed == 0) return 0;
    for (const auto& [node, delta] : bias_) add_to_bias(node, delta);
    if (Status s = remove_channels(graph_, map_, removals); !s) return tl::unexpected<Error>(std::move(s).error());
    return removed;
  }

 private:
  static std::string text_of(const std::map<std::string, int64_t>& reasons) {
    std::string text;
    for (const auto& [why, n] : reasons) text += (text.empty() ? "" : "; ") + format("{} × {}", n, why);
    return text;
  }

  // Books a channel's removal with all its readers; otherwise says why not and books nothing.
  std::string take(const ChannelGroup& group, const Channel& channel, bool* unread) {
    if (!channel.blocked.empty()) return channel.blocked;
    std::vector<std::pair<NodeId, std::vector<int64_t>>> booked;
    for (const size_t i : group.slots) {
      const ChannelSlot& slot = map_.slots[i];
      if (!slot.contracts) continue;
      for (const ChannelElement& e : channel.elements) {
        if (e.tensor != slot.tensor) continue;
        Share share = share_of(slot, e.index);
        if (!share.possible) return share.why;
        *unread = *unread && share.unread;
        if (!share.bias.empty()) booked.emplace_back(slot.node, std::move(share.bias));
      }
    }
    std::map<NodeId, std::vector<int64_t>> sums;
    for (const auto& [node, bias] : booked) {
      std::vector<int64_t>& sum = sums[node];
      sum.resize(bias.size());
      for (size_t o = 0; o < bias.size(); ++o) sum[o] += bias[o];
    }
    for (auto& [node, sum] : sums)
      if (!fits(node, sum)) return format("its share would overflow a bias of \"{}\"", node_at(node).name);
    for (auto& [node, sum] : sums) {
      std::vector<int64_t>& total = bias_[node];
      total.resize(sum.size());
      for (size_t o = 0; o < sum.size(); ++o) total[o] += sum[o];
    }
    return {};
  }

  const Node& node_at(NodeId n) const { return graph_.nodes[static_cast<size_t>(n)]; }
  static bool has_bias(const Node& node) { return node.inputs.size() > 2 && node.inputs[2] != kNoTensor; }

  bool fits(NodeId id, const std::vector<int64_t>& more) const {
    const Node& node = node_at(id);
    const auto it = bias_.find(id);
    for (size_t o = 0; o < more.size(); ++o) {
      int64_t sum = more[o] + (it == bias_.end() ? 0 : it->second[o]);
      if (has_bias(node)) sum += graph_.at(node.inputs[2]).data.as<int32_t>()[o];
      if (sum < INT32_MIN || sum > INT32_MAX) return false;
    }
    return true;
  }

  // All weights of the slot's node on one channel, as f(output, tap row, tap column, weight index).
  template <class F>
  void each_weight(const ChannelSlot& slot, int64_t channel, F f) const {
    const Tensor& w = graph_.at(node_at(slot.node).inputs[1]);
    const bool conv = node_at(slot.node).attrs.holds<Conv2dAttrs>();
    const int64_t outputs = w.shape[0], kh = conv ? w.shape[1] : 1, kw = conv ? w.shape[2] : 1, inner = w.shape.dim(-1);
    const Shape& x = graph_.at(slot.tensor).shape;
    const int64_t channels = x.rank() > 0 ? x.dim(-1) : 1;
    const int64_t groups = conv ? channels / inner : 1, group_outputs = outputs / groups;
    for (int64_t o = 0; o < outputs; ++o) {
      if (conv && groups > 1 && channel / inner != o / group_outputs) continue;
      for (int64_t i = 0; i < kh; ++i)
        for (int64_t j = 0; j < kw; ++j)
          for (int64_t k = conv ? channel % inner : channel; k < inner; k += channels)
            f(o, i, j, ((o * kh + i) * kw + j) * inner + k);
    }
  }

  Share share_of(const ChannelSlot& slot, int64_t channel) const {
    const Node& node = node_at(slot.node);
    const Tensor &x = graph_.at(slot.tensor), &w = graph_.at(node.inputs[1]);
    const WeightedKind kind = weighted_kind(x, w);
    Share share;
    if (kind == WeightedKind::f32) {
      bool none = true;
      const auto values = w.data.as<float>();
      each_weight(slot, channel,
                  [&](int64_t, int64_t, int64_t, int64_t at) { none = none && values[static_cast<size_t>(at)] == 0; });
      const bool zero = ranges_.zero[static_cast<size_t>(slot.tensor)][static_cast<size_t>(channel)] != 0;
      share.unread = none && !zero;
      share.possible = float_channels_ && (none || zero);
      if (!share.possible)
        share.why = none || zero ? "float sums of another length may round differently" : "carries information";
      return share;
    }
    if (bits(w.type) != 8) {
      share.why = format("the weights of \"{}\" have {} bits", node.name, bits(w.type));
      return share;
    }
    if (kind != WeightedKind::s8 && kind != WeightedKind::u8) {
      share.why = format("\"{}\" quantises its input while running", node.name);
      return share;
    }
    bool none = true;
    each_weight(slot, channel,
                [&](int64_t o, int64_t, int64_t, int64_t at) { none = none && weight(w, at) == weight_zero(w, o); });
    if (none) return {.possible = true, .unread = true};
    const auto& known = ranges_.integer[static_cast<size_t>(slot.tensor)];
    if (known.empty() || !known[static_cast<size_t>(channel)].constant()) {
      share.why = "carries information";
      return share;
    }
    fold(slot, channel, known[static_cast<size_t>(channel)].lo - x.quant.zero_point[0], &share);
    return share;
  }

  // The products with a channel that is d above the zero point everywhere; their sum per output must not depend on
  // the position.
  void fold(const ChannelSlot& slot, int64_t channel, int64_t d, Share* share) const {
    const Node& node = node_at(slot.node);
    const Tensor &x = graph_.at(slot.tensor), &w = graph_.at(node.inputs[1]);
    share->possible = true;
    if (d == 0) return;
    std::vector<TapRange> rows{{0, 1}}, columns{{0, 1}};
    if (node.attrs.holds<Conv2dAttrs>()) {
      const auto window = conv_window(node.attrs.as<Conv2dAttrs>(), x.shape, w.shape);
      if (!window) return refuse(share, "its window is unknown");
      rows = compress::tap_ranges(window->h);
      columns = compress::tap_ranges(window->w);
    }
    bool first = true;
    for (const TapRange& r : rows)
      for (const TapRange& c : columns) {
        std::vector<int64_t> sum(static_cast<size_t>(w.shape[0]));
        each_weight(slot, channel, [&](int64_t o, int64_t i, int64_t j, int64_t at) {
          if (i < r.first || i >= r.last || j < c.first || j >= c.last) return;
          sum[static_cast<size_t>(o)] += d * (weight(w, at) - weight_zero(w, o));
        });
        if (first) share->bias = sum;
        if (!first && sum != share->bias)
          return refuse(share, format("constant, but not the padding of \"{}\": its borders differ", node.name));
        first = false;
      }
  }
  static void refuse(Share* share, std::string why) {
    share->possible = false;
    share->why = std::move(why);
  }

  void add_to_bias(NodeId id, const std::vector<int64_t>& delta) {
    Node& node = graph_.nodes[static_cast<size_t>(id)];
    const Tensor &x = graph_.at(node.inputs[0]), &w = graph_.at(node.inputs[1]);
    const bool fresh = !has_bias(node);
    Tensor bias;
    if (fresh) {
      bias.name = node.name + "/bias";
      bias.type = DType::i32;
      bias.shape = Shape{static_cast<int64_t>(delta.size())};
      for (const float s : w.quant.scale) bias.quant.scale.push_back(x.quant.scale[0] * s);
      bias.quant.zero_point.assign(bias.quant.scale.size(), 0);
    } else {
      bias = graph_.at(node.inputs[2]);
    }
    std::vector<int32_t> values(delta.size());
    for (size_t o = 0; o < delta.size(); ++o)
      values[o] = static_cast<int32_t>(delta[o] + (fresh ? 0 : bias.data.as<int32_t>()[o]));
    bias.data = Data::of(std::span<const int32_t>(values));
    if (node.inputs.size() < 3) node.inputs.resize(3, kNoTensor);
    node.inputs[2] = graph_.add(std::move(bias));
    if (fresh) map_.slots.push_back({id, 2, 0, node.outputs[0]});
  }

  Graph& graph_;
  const bool float_channels_;
  compress::GraphRanges ranges_;
  ChannelMap map_;
  std::map<NodeId, std::vector<int64_t>> bias_;  // per reader: what joins its bias
};

// Channels and weights per layer that makes channels.
struct Count {
  std::string name;
  int64_t channels = 0, weights = 0;
};
Result<std::vector<Count>> count_channels(const Graph& graph) {
  THIMBLE_ASSIGN(const ChannelMap map, find_channels(graph));
  std::vector<Count> counts;
  for (const ChannelGroup& group : map.groups) {
    if (group.producers.empty()) continue;
    Count count{group.name, static_cast<int64_t>(group.channels.size()), 0};
    for (const Channel& c : group.channels) count.weights += channel_parameters(graph, map, group, c);
    counts.push_back(std::move(count));
  }
  return counts;
}

}  // namespace

Result<SqueezedChannels> squeeze_channels(Graph& graph, bool float_channels) {
  constexpr int64_t kMaxRounds = 1000;
  SqueezedChannels result;
  THIMBLE_ASSIGN(const std::vector<Count> before, count_channels(graph));
  std::map<std::string, SqueezedLayer> layers;
  while (result.rounds < kMaxRounds) {
    THIMBLE_ASSIGN(const int64_t removed, Round(graph, float_channels).run(layers));
    if (removed == 0) break;
    result.removed += removed;
    ++result.rounds;
  }
  THIMBLE_ASSIGN(const std::vector<Count> after, count_channels(graph));
  for (const Count& b : before) {
    SqueezedLayer layer = layers[b.name];
    layer.name = b.name;
    layer.before = b.channels;
    layer.weights_before = b.weights;
    for (const Count& a : after)
      if (a.name == b.name) layer.after = a.channels, layer.weights_after = a.weights;
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace thimble
