// The removal: constants are sliced along the axes that follow removed channels, shape operands adapted, shapes
// inferred again.
#include <algorithm>
#include <cstring>
#include <map>

#include "ops/operands.h"
#include "passes/channels/channels.h"

namespace thimble {
namespace {

using Mask = std::vector<char>;  // per entry of a tensor's last axis: 1 = stays

int64_t kept(const Mask& mask) { return std::ranges::count(mask, 1); }

// The tensor without the entries of `axis` whose channel goes: entry j follows mask[j mod size].
Tensor sliced(const Tensor& from, int axis, const Mask& mask) {
  Tensor to = from;
  const int64_t along = from.shape[axis], outer = from.shape.elements(0, axis),
                inner = from.shape.elements(axis + 1, from.shape.rank()) * (bits(from.type) / 8);
  const auto stays = [&](int64_t j) { return mask[static_cast<size_t>(j) % mask.size()] != 0; };
  int64_t left = 0;
  for (int64_t j = 0; j < along; ++j) left += stays(j);
  to.shape.set(axis, left);
  std::vector<uint8_t> bytes(static_cast<size_t>(outer * left * inner));
  uint8_t* at = bytes.data();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t j = 0; j < along; ++j) {
      if (!stays(j)) continue;
      std::memcpy(at, from.data.bytes + (o * along + j) * inner, static_cast<size_t>(inner));
      at += inner;
    }
  to.data = Data::copy(bytes);
  if (from.quant.per_axis() && from.quant.axis == axis) {
    to.quant.scale.clear();
    to.quant.zero_point.clear();
    for (int64_t j = 0; j < along; ++j) {
      if (!stays(j)) continue;
      to.quant.scale.push_back(from.quant.scale[static_cast<size_t>(j)]);
      to.quant.zero_point.push_back(from.quant.zero_point[static_cast<size_t>(j)]);
    }
  }
  return to;
}

Result<std::map<TensorId, Mask>> masks_of(const Graph& graph, const ChannelMap& map,
                                          std::span<const ChannelRemoval> removals) {
  std::map<TensorId, Mask> masks;
  for (const ChannelRemoval& removal : removals) {
    if (removal.group >= map.groups.size())
      return fail(ErrorCode::usage, format("channel group {} of {}", removal.group, map.groups.size()));
    const ChannelGroup& group = map.groups[removal.group];
    for (const int64_t c : removal.channels) {
      if (c < 0 || c >= static_cast<int64_t>(group.channels.size()))
        return fail(ErrorCode::usage, format("channel {} of {} in \"{}\"", c, group.channels.size(), group.name));
      const Channel& channel = group.channels[static_cast<size_t>(c)];
      if (!channel.blocked.empty())
        return fail(ErrorCode::usage,
                    format("channel {} of \"{}\" cannot be removed: {}", c, group.name, channel.blocked));
      for (const ChannelElement& e : channel.elements) {
        const Shape& s = graph.at(e.tensor).shape;
        Mask& mask =
            masks.try_emplace(e.tensor, Mask(static_cast<size_t>(s.rank() > 0 ? s.dim(-1) : 1), 1)).first->second;
        mask[static_cast<size_t>(e.index)] = 0;
      }
    }
  }
  for (const auto& [t, mask] : masks)
    if (kept(mask) == 0)
      return fail(ErrorCode::usage, format("all {} channels of {} would go", mask.size(), graph.at(t).to_string()),
                  "leave at least one channel");
  return masks;
}

// A node's output shapes from its new inputs; only last axes may have changed, as the masks say.
Status infer_again(Graph& graph, Node& node, const std::map<TensorId, Mask>& masks) {
  std::vector<int64_t> channels;
  bool changes = false;
  for (TensorId t : node.outputs) {
    const Shape& s = graph.at(t).shape;
    const auto it = masks.find(t);
    changes = changes || it != masks.end();
    channels.push_back(it != masks.end() ? kept(it->second) : s.rank() > 0 ? s.dim(-1) : 1);
  }
  if (node.outputs.empty()) return {};
  const OperandRule* rule = operands_of(node.op);
  const int rank = graph.at(node.outputs[0]).shape.rank();
  if (changes && rank > 0 && rule && rule->resize) {
    Resize to{graph, node, rank - 1, channels};
    THIMBLE_TRY(rule->resize(to));
  }
  InferContext context(graph, node);
  THIMBLE_TRY(infer_node(graph, node, &context));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    Shape& shape = graph.at(node.outputs[i]).shape;
    Shape want = shape;
    if (want.rank() > 0) want.set(want.rank() - 1, channels[i]);
    if (!(context.outputs[i].shape == want))
      return fail(ErrorCode::internal, format("{} became {} in place of {}", graph.at(node.outputs[i]).name,
                                              context.outputs[i].shape.to_string(), want.to_string()));
    shape = want;
  }
  return {};
}

}  // namespace

Status remove_channels(Graph& graph, const ChannelMap& map, std::span<const ChannelRemoval> removals) {
  THIMBLE_ASSIGN(const auto masks, masks_of(graph, map, removals));
  if (masks.empty()) return {};
  Graph work = graph;
  for (const ChannelSlot& slot : map.slots) {
    const auto it = masks.find(slot.tensor);
    if (it == masks.end()) continue;
    TensorId& operand = work.nodes[static_cast<size_t>(slot.node)].inputs[static_cast<size_t>(slot.input)];
    operand = work.add(sliced(work.at(operand), slot.axis, it->second));
  }
  for (size_t n = 0; n < work.nodes.size(); ++n)
    if (Status s = infer_again(work, work.nodes[n], masks); !s)
      return with_context(std::move(s).error(), format("removing channels before node \"{}\"", work.nodes[n].name));
  work.remove_unused();
  THIMBLE_TRY(verify(work));
  graph = std::move(work);
  return {};
}

}  // namespace thimble
