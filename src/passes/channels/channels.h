// Channels of a graph that can be removed: which entries of which tensors' last axes belong together, why
// some may not go, and the removal itself. Structured pruning and the lossless squeeze share this.
//
// A channel is a set of elements (tensor, index on its last axis) that only make sense together: the same
// filter seen through activations, pools, both operands of a residual sum, a depthwise convolution (with
// multiplier M one input channel and M outputs), a concatenation (at an offset), a flatten (one channel is a
// set of columns). Convolutions and dense layers end one channel and begin others. A group is what one would
// call "the channels of a layer": the channels that touch the same tensors.
#pragma once

#include "ops/check.h"

namespace thimble {

struct ChannelElement {
  TensorId tensor = kNoTensor;
  int64_t index = 0;  // on the tensor's last axis
  friend bool operator==(const ChannelElement&, const ChannelElement&) = default;
};

// An axis of a node's constant operand that follows the channels of a tensor: index j belongs to element
// (tensor, j mod channels).
struct ChannelSlot {
  NodeId node = -1;
  int input = 0, axis = 0;
  TensorId tensor = kNoTensor;
  bool contracts = false;  // the node sums over this axis: its weights read the channel
};

struct Channel {
  std::vector<ChannelElement> elements;  // sorted by tensor, then index
  std::string blocked;                   // why it cannot be removed; empty where it can
};

struct ChannelGroup {
  std::string name;               // of the first layer that makes these channels
  std::vector<Channel> channels;  // in the order of their first element
  std::vector<TensorId> tensors;  // that the channels live in, sorted
  std::vector<size_t> slots;      // those of these tensors, indices in ChannelMap::slots
  std::vector<NodeId> producers;  // layers whose filters make them
  std::vector<NodeId> consumers;  // layers whose weights read them
  std::string blocked;            // the reason of the first channel, where no channel can be removed
};

struct ChannelMap {
  std::vector<ChannelGroup> groups;  // in execution order
  std::vector<ChannelSlot> slots;    // of all nodes
};

// Operators that say nothing of their axes (ops/operands.h) block what they touch, as do the graph's inputs and
// outputs; the reasons name them.
Result<ChannelMap> find_channels(const Graph& graph);

struct ChannelRemoval {
  size_t group = 0;               // index in ChannelMap::groups
  std::vector<int64_t> channels;  // indices in ChannelGroup::channels
};

// Slices the weights, biases and per-channel scales of all layers concerned, the constant operands of sums
// and products, shape operands, and infers all shapes anew. Constants that several nodes read are sliced for
// each. Tensor and node ids change: `map` is of the graph before. Fails with `usage` where a removal is
// blocked or would leave a tensor without channels (graph unchanged), otherwise verifies the result.
Status remove_channels(Graph& graph, const ChannelMap& map, std::span<const ChannelRemoval> removals);

// Parameters that the removal of one channel saves: elements of sliced constants.
int64_t channel_parameters(const Graph& graph, const ChannelMap& map, const ChannelGroup& group,
                           const Channel& channel);

}  // namespace thimble
