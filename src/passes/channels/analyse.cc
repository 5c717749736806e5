#include "passes/channels/analyse.h"

#include <algorithm>

#include "ops/operands.h"

namespace thimble::channels {
namespace {

class NodeChannels {
 public:
  explicit NodeChannels(Context& c) : c_(c), map_(axes_of(c.graph, c.node)), rule_(*operands_of(c.node.op)) {}

  void run() {
    for (size_t i = 0; i < c_.node.inputs.size(); ++i)
      if (c_.has(i) && computes(i) && c_.shape(c_.x(i)).rank() > 0 && last_use(i).link == AxisLink::coupled)
        return c_.block_node(says(last_use(i)));
    for (size_t i = 0; i < c_.node.inputs.size(); ++i)
      if (c_.has(i) && (layered(i) || (computes(i) && c_.constant(i)))) constant(i);
    for (size_t i = 0; i < c_.node.inputs.size(); ++i)
      if (c_.has(i) && !c_.constant(i)) {
        if (computes(i)) data(i);
        if (rule_.role(i) == Role::indices) c_.block_all(c_.x(i), format("{} picks by it", c_.who()));
      }
  }

 private:
  bool computes(size_t i) const { return rule_.role(i) == Role::data || rule_.role(i) == Role::slope; }
  // Weights, biases and statistics: one part per channel, and not to be computed while running.
  bool layered(size_t i) const {
    const Role role = rule_.role(i);
    return role == Role::weights || role == Role::bias || role == Role::statistics;
  }
  const AxisUse& last_use(size_t i) const { return map_.uses(i).back(); }
  bool ends_channels(const AxisUse& use) const { return use.to == c_.shape(c_.y()).rank() - 1; }
  std::string says(const AxisUse& use) const { return format("{} {}", c_.who(), describe(use, "the channel axis")); }

  void block_both(size_t input, const std::string& why) {
    c_.block_all(c_.x(input), why);
    for (size_t o = 0; o < c_.node.outputs.size(); ++o) c_.block_all(c_.y(o), why);
  }

  // Parts of a constant that follow the output's channels.
  void constant(size_t i) {
    const Shape& shape = c_.shape(c_.x(i));
    for (int a = 0; a < shape.rank(); ++a) {
      const AxisUse& use = map_.uses(i)[static_cast<size_t>(a)];
      if (!ends_channels(use)) continue;
      if (use.link == AxisLink::same && !(use.broadcasts && shape[a] == 1))
        c_.slot(static_cast<int>(i), a, c_.y());
      else if (use.link == AxisLink::placed)
        for (int64_t k = 0; k < shape[a]; ++k)
          c_.block(c_.y(), use.offset + k, format("{} takes it from a constant", c_.who()));
    }
  }

  void data(size_t i) {
    const TensorId x = c_.x(i);
    const int64_t own = c_.channels(x), made = c_.channels(c_.y());
    // A scalar serves all channels, unless there is a single one.
    const AxisUse scalar{.link = AxisLink::same, .to = c_.shape(c_.y()).rank() - 1, .broadcasts = true};
    const AxisUse& use = c_.shape(x).rank() > 0 ? last_use(i) : scalar;
    if (use.link == AxisLink::contracted && use.with >= 0) return contracted(x, use);
    if (!ends_channels(use)) return block_both(i, says(use));
    switch (use.link) {
      case AxisLink::same:
        if (use.broadcasts && own != made) return c_.block_all(x, format("{} repeats it over all channels", c_.who()));
        for (size_t o = 0; o < c_.node.outputs.size(); ++o)
          for (int64_t k = 0; k < own; ++k)
            for (int64_t m = 0; m < use.repeat; ++m) c_.tie(x, k, c_.y(o), k * use.repeat + m);
        return;
      case AxisLink::placed: return placed(x, use);
      case AxisLink::wrapped:
        for (int64_t k = 0; k < std::max(own, made); ++k) c_.tie(x, k % own, c_.y(), k % made);
        return;
      default: return block_both(i, says(use));
    }
  }

  // Weights read the channels. Groups keep one size: the same place of every group goes together.
  void contracted(TensorId x, const AxisUse& use) {
    c_.slot(use.with, use.with_axis, x, /*contracts=*/true);
    const int64_t read = c_.shape(c_.x(static_cast<size_t>(use.with)))[use.with_axis];
    const int64_t channels = c_.channels(x);
    if (read <= 0 || read >= channels) return;
    const int64_t groups = channels / read, made = c_.channels(c_.y()) / groups;
    for (int64_t g = 1; g < groups; ++g) {
      for (int64_t k = 0; k < read; ++k) c_.tie(x, k, x, g * read + k);
      for (int64_t k = 0; k < made; ++k) c_.tie(c_.y(), k, c_.y(), g * made + k);
    }
  }

  void placed(TensorId x, const AxisUse& use) {
    const int64_t own = c_.channels(x);
    int64_t begin = 0;  // of this output, in the outputs laid end to end
    for (size_t o = 0; o < c_.node.outputs.size(); ++o) {
      const int64_t length = c_.channels(c_.y(o));
      for (int64_t k = 0; k < length; ++k) {
        const int64_t from = begin + k - use.offset;
        if (from >= 0 && from < own)
          c_.tie(x, from, c_.y(o), k);
        else if (only_data_input())
          c_.block(c_.y(o), k, format("{} fills it", c_.who()));
        if (use.equal_parts) c_.tie(c_.y(0), k, c_.y(o), k);
      }
      begin += length;
    }
  }
  // Then what it does not give, the operator makes itself.
  bool only_data_input() const {
    int inputs = 0;
    for (size_t i = 0; i < c_.node.inputs.size(); ++i) inputs += c_.has(i) && rule_.role(i) == Role::data;
    return inputs == 1;
  }

  Context& c_;
  const AxisMap map_;
  const OperandRule& rule_;
};

}  // namespace

void analyse(Context& context) {
  const OperandRule* rule = operands_of(context.node.op);
  if (!rule || !rule->axes || context.node.outputs.empty())
    return context.block_node(format("{} is not known to keep channels apart", context.who()));
  NodeChannels(context).run();
}

}  // namespace thimble::channels
