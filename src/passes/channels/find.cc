// The analysis: every entry of every activation's last axis is an element, what operators say of their axes ties
// elements together, and what hangs together is a channel.
#include <algorithm>
#include <map>
#include <numeric>

#include "passes/channels/analyse.h"

namespace thimble {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 24;

class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph), first_(graph.tensors.size(), -1) {}

  Result<ChannelMap> run();

 private:
  class NodeContext final : public channels::Context {
   public:
    NodeContext(Finder& finder, NodeId n) : Context(finder.graph_, n), finder_(finder) {}
    void tie(TensorId a, int64_t i, TensorId b, int64_t j) override { finder_.join(a, i, b, j); }
    void block(TensorId t, int64_t index, const std::string& why) override { finder_.block(t, index, why); }
    void slot(int input, int axis, TensorId tensor, bool contracts) override {
      const Tensor& c = graph.at(x(static_cast<size_t>(input)));
      if (axis < 0) return;
      if (!c.constant()) {
        block_all(tensor, format("{} computes {} while running", who(), c.name));
        block_all(x(static_cast<size_t>(input)), format("{} reads it in place of a constant", who()));
      } else if (bits(c.type) % 8 != 0) {
        block_all(tensor, format("{} packs several values of {} into a byte", who(), c.name));
      } else {
        finder_.map_.slots.push_back({id, input, axis, tensor, contracts});
      }
    }

   private:
    Finder& finder_;
  };

  int64_t length(TensorId t) const {
    const Shape& s = graph_.at(t).shape;
    return s.rank() > 0 ? s.dim(-1) : 1;
  }
  // Gives a tensor its elements; execution order, so that element numbers are in that order too.
  void place(TensorId t) {
    if (t < 0 || graph_.at(t).constant() || first_[static_cast<size_t>(t)] >= 0) return;
    first_[static_cast<size_t>(t)] = static_cast<int64_t>(parent_.size());
    for (int64_t i = 0; i < length(t); ++i) {
      parent_.push_back(static_cast<int64_t>(parent_.size()));
      element_.push_back({t, i});
    }
  }
  int64_t at(TensorId t, int64_t i) const {
    const int64_t first = first_[static_cast<size_t>(t)];
    return first < 0 || i < 0 || i >= length(t) ? -1 : first + i;
  }
  int64_t root(int64_t e) {
    while (parent_[static_cast<size_t>(e)] != e) {
      auto& up = parent_[static_cast<size_t>(e)];
      up = parent_[static_cast<size_t>(up)];
      e = up;
    }
    return e;
  }
  void join(TensorId a, int64_t i, TensorId b, int64_t j) {
    const int64_t p = at(a, i), q = at(b, j);
    if (p < 0 || q < 0) return;
    const int64_t x = root(p), y = root(q);
    parent_[static_cast<size_t>(std::max(x, y))] = std::min(x, y);
  }
  void block(TensorId t, int64_t i, const std::string& why) {
    if (const int64_t e = at(t, i); e >= 0) reasons_.try_emplace(e, why);
  }
  void block_all(TensorId t, const std::string& why) {
    for (int64_t i = 0; i < length(t); ++i) block(t, i, why);
  }
  bool has_empty_tensor(const Node& node) const {
    const auto empty = [&](TensorId t) { return t != kNoTensor && graph_.at(t).shape.elements() == 0; };
    return std::ranges::any_of(node.inputs, empty) || std::ranges::any_of(node.outputs, empty);
  }
  void make_groups();
  void name_groups();

  const Graph& graph_;
  std::vector<int64_t> first_;   // tensor -> its first element, -1 for constants
  std::vector<int64_t> parent_;  // union-find; roots are the smallest element
  std::vector<ChannelElement> element_;
  std::map<int64_t, std::string> reasons_;
  ChannelMap map_;
};

Result<ChannelMap> Finder::run() {
  THIMBLE_TRY(verify(graph_));
  int64_t elements = 0;
  for (size_t t = 0; t < graph_.tensors.size(); ++t)
    if (!graph_.tensors[t].constant()) elements += length(static_cast<TensorId>(t));
  if (elements > kMaxElements)
    return fail(ErrorCode::unsupported,
                format("the model's activations have {} channels, the limit is {}", elements, kMaxElements));
  for (TensorId t : graph_.inputs) place(t);
  for (const Node& node : graph_.nodes) {
    for (TensorId t : node.inputs) place(t);
    for (TensorId t : node.outputs) place(t);
  }
  for (TensorId t : graph_.outputs) place(t);

  for (TensorId t : graph_.inputs) block_all(t, format("an input of the model (\"{}\")", graph_.at(t).name));
  for (TensorId t : graph_.outputs) block_all(t, format("an output of the model (\"{}\")", graph_.at(t).name));
  for (size_t t = 0; t < graph_.tensors.size(); ++t)
    if (graph_.tensors[t].variable)
      block_all(static_cast<TensorId>(t), format("\"{}\" keeps its value between runs", graph_.tensors[t].name));
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    NodeContext context(*this, static_cast<NodeId>(n));
    if (has_empty_tensor(graph_.nodes[n]))
      context.block_node(format("{} has an empty tensor", context.who()));
    else
      channels::analyse(context);
  }
  make_groups();
  name_groups();
  return std::move(map_);
}

void Finder::make_groups() {
  std::map<int64_t, Channel> channels;  // by root, so in execution order
  for (size_t e = 0; e < element_.size(); ++e) channels[root(static_cast<int64_t>(e))].elements.push_back(element_[e]);
  for (const auto& [e, why] : reasons_) {
    Channel& channel = channels[root(e)];
    if (channel.blocked.empty()) channel.blocked = why;
  }
  std::map<std::vector<TensorId>, size_t> group_of;
  for (auto& [e, channel] : channels) {
    std::vector<TensorId> tensors;
    for (const ChannelElement& x : channel.elements) tensors.push_back(x.tensor);
    std::ranges::sort(tensors);
    tensors.erase(std::unique(tensors.begin(), tensors.end()), tensors.end());
    const auto [it, fresh] = group_of.try_emplace(tensors, map_.groups.size());
    if (fresh) map_.groups.emplace_back().tensors = std::move(tensors);
    map_.groups[it->second].channels.push_back(std::move(channel));
  }
}

void Finder::name_groups() {
  const auto producers = graph_.producers();
  std::vector<char> mixes(graph_.nodes.size(), 0);
  std::vector<std::vector<size_t>> slots_of(graph_.tensors.size());
  for (size_t i = 0; i < map_.slots.size(); ++i) {
    const ChannelSlot& slot = map_.slots[i];
    if (slot.contracts) mixes[static_cast<size_t>(slot.node)] = 1;
    slots_of[static_cast<size_t>(slot.tensor)].push_back(i);
  }
  for (ChannelGroup& group : map_.groups) {
    const auto inside = [&](TensorId t) { return std::ranges::binary_search(group.tensors, t); };
    for (TensorId t : group.tensors)
      group.slots.insert(group.slots.end(), slots_of[static_cast<size_t>(t)].begin(),
                         slots_of[static_cast<size_t>(t)].end());
    std::ranges::sort(group.slots);
    for (const size_t i : group.slots) {
      const ChannelSlot& slot = map_.slots[i];
      // Channels begin in a node that mixes its inputs, or whose inputs lie outside the group.
      const Node& node = graph_.nodes[static_cast<size_t>(slot.node)];
      const bool begins = mixes[static_cast<size_t>(slot.node)] || std::ranges::none_of(node.inputs, inside);
      std::vector<NodeId>* list = slot.contracts ? &group.consumers : begins ? &group.producers : nullptr;
      if (list && (list->empty() || list->back() != slot.node)) list->push_back(slot.node);
    }
    for (auto* list : {&group.producers, &group.consumers}) {
      std::ranges::sort(*list);
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    if (!group.producers.empty()) {
      group.name = graph_.nodes[static_cast<size_t>(group.producers[0])].name;
    } else {
      const ChannelElement& e = group.channels[0].elements[0];
      const NodeId made_by = producers[static_cast<size_t>(e.tensor)];
      group.name = made_by < 0 ? graph_.at(e.tensor).name : graph_.nodes[static_cast<size_t>(made_by)].name;
    }
    if (std::ranges::all_of(group.channels, [](const Channel& c) { return !c.blocked.empty(); }))
      group.blocked = group.channels[0].blocked;
    else if (group.channels.size() == 1)
      group.blocked = "a single channel";
  }
}

}  // namespace

Result<ChannelMap> find_channels(const Graph& graph) { return Finder(graph).run(); }

int64_t channel_parameters(const Graph& graph, const ChannelMap& map, const ChannelGroup& group,
                           const Channel& channel) {
  int64_t total = 0;
  for (const size_t s : group.slots) {
    const ChannelSlot& slot = map.slots[s];
    const Tensor& c = graph.at(graph.nodes[static_cast<size_t>(slot.node)].inputs[static_cast<size_t>(slot.input)]);
    const int64_t along = c.shape[slot.axis], each = along > 0 ? c.shape.elements() / along : 0;
    const Shape& shape = graph.at(slot.tensor).shape;
    const int64_t period = shape.rank() > 0 ? shape.dim(-1) : 1;
    for (const ChannelElement& e : channel.elements)
      if (e.tensor == slot.tensor)
        for (int64_t j = e.index; j < along; j += period) total += each;
  }
  return total;
}

}  // namespace thimble
