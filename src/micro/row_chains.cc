#include "micro/row_chains.h"

#include <algorithm>
#include <map>

#include "ops/operands.h"

namespace thimble::micro {
namespace {

bool is_image(const Tensor& t) { return t.shape.rank() == 4 && t.shape[0] == 1 && bits(t.type) % 8 == 0; }
bool is_activation(const Tensor& t) { return !t.constant() && !t.variable; }

int64_t row_bytes(const Tensor& t) { return t.bytes() / t.shape[1]; }

// The inputs whose axis 1 is that of the output; none where some axis of an operand has to do with more than one row.
std::vector<size_t> row_inputs(const Graph& g, const Node& node) {
  const OperandRule* rule = operands_of(node.op);
  if (!rule || !rule->axes) return {};
  const AxisMap map = axes_of(g, node);
  std::vector<size_t> inputs;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!map.has(i) || rule->role(i) == Role::integers || rule->role(i) == Role::parameter) continue;
    if (g.at(node.inputs[i]).variable) return {};
    const std::span<const AxisUse> uses = map.uses(i);
    for (size_t a = 0; a < uses.size(); ++a) {
      if (uses[a].link == AxisLink::mixed || uses[a].link == AxisLink::wrapped || uses[a].link == AxisLink::picked)
        return {};
      if (uses[a].to != 1) continue;
      const int64_t length = map.x(i)[static_cast<int>(a)];
      if (uses[a].link != AxisLink::same || uses[a].repeat != 1) return {};
      if (uses[a].broadcasts && length == 1) continue;
      if (a != 1 || length != map.y()[1] || !is_image(g.at(node.inputs[i]))) return {};
      inputs.push_back(i);
    }
  }
  return inputs;
}

// What inference says of one row of an operator that works on each by itself.
std::optional<Resolved> one_row(const Graph& g, const Node& node, std::span<const size_t> inputs) {
  Graph small;
  Node row = node;
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (node.inputs[i] != kNoTensor) row.inputs[i] = small.add(g.at(node.inputs[i]));
  row.outputs[0] = small.add(g.at(node.outputs[0]));
  const auto cut = [&](TensorId t) {
    const Shape whole = small.at(t).shape;
    small.at(t).shape = Shape{1, 1, whole[2], whole[3]};
  };
  for (const size_t i : inputs) cut(row.inputs[i]);
  cut(row.outputs[0]);
  InferContext context(small, row);
  if (!infer_node(small, row, &context) || !(context.outputs[0].shape == small.at(row.outputs[0]).shape) ||
      context.outputs[0].type != small.at(row.outputs[0]).type)
    return std::nullopt;
  return static_cast<Resolved&&>(context);
}

std::optional<RowOperator> row_operator(const Checked& checked, NodeId id, const std::optional<thimble_axis>& window) {
  const Graph& g = checked.graph;
  const Node& node = g.nodes[static_cast<size_t>(id)];
  if (node.outputs.size() != 1 || node.inputs.empty() || checked.nodes[static_cast<size_t>(id)].output_is_input)
    return std::nullopt;
  const Tensor& y = g.at(node.outputs[0]);
  if (!is_image(y) || y.shape.elements() == 0) return std::nullopt;
  RowOperator op;
  if (window) {
    const Tensor& x = g.at(node.inputs[0]);
    if (!is_image(x) || !is_activation(x) || window->in < 2) return std::nullopt;
    op.window = *window;
    op.several = true;
    op.inputs = {0};
    return op;
  }
  op.inputs = row_inputs(g, node);
  if (y.shape[1] < 2 || std::ranges::none_of(op.inputs, [&](size_t i) { return is_activation(g.at(node.inputs[i])); }))
    return std::nullopt;
  auto row = one_row(g, node, op.inputs);
  if (!row) return std::nullopt;
  op.row = std::move(*row);
  op.window = {.in = y.shape[1], .kernel = 1, .stride = 1, .dilation = 1, .out = y.shape[1], .pad = 0};
  return op;
}

struct Rows {
  int64_t from = 0, to = 0;
  int64_t count() const { return to - from; }
};

Rows rows_under(const thimble_axis& h, Rows y) {
  if (y.count() <= 0) return y;
  return {std::max<int64_t>(y.from * h.stride - h.pad, 0),
          std::min<int64_t>((y.to - 1) * h.stride - h.pad + (h.kernel - 1) * h.dilation + 1, h.in)};
}

// Bytes of a tensor that are read, or of the output that are written, at some time.
struct Access {
  int64_t time = 0, from = 0, to = 0;
};

// See thimble_lines_move.
Rows make_room(Rows& there, Rows wanted, int64_t* kept_rows) {
  if (wanted.count() <= 0) return wanted;
  const Rows kept{std::max(there.from, wanted.from), std::min(there.to, wanted.to)};
  there = wanted;
  *kept_rows = std::max<int64_t>(kept.count(), 0);
  if (kept.count() <= 0) return wanted;
  return kept.from > wanted.from ? Rows{wanted.from, kept.from} : Rows{kept.to, wanted.to};
}

RowDistance distance(TensorId tensor, std::span<const Access> reads, std::span<const Access> writes) {
  RowDistance d{tensor, INT64_MAX, INT64_MIN};
  int64_t first = INT64_MAX, last = INT64_MIN;  // of what is still to be read
  size_t r = reads.size();
  for (size_t w = writes.size(); w-- > 0;) {
    for (; r > 0 && reads[r - 1].time >= writes[w].time; --r) {
      first = std::min(first, reads[r - 1].from);
      last = std::max(last, reads[r - 1].to);
    }
    if (first > last) continue;
    d.most = std::min(d.most, first - writes[w].to);
    d.least = std::max(d.least, last - writes[w].from);
  }
  if (d.most == INT64_MAX) d.most = d.least = 0;  // all is read before anything is written
  return d;
}

// Rough numbers of instructions on a small processor. What an operator of a chain takes in flash counts as some.
constexpr int64_t kCall = 120, kRowCall = 60, kMac = 2, kCode = 2000;

}  // namespace

std::vector<std::optional<RowOperator>> row_operators(const Checked& checked,
                                                      std::span<const std::optional<thimble_axis>> windows) {
  std::vector<std::optional<RowOperator>> operators;
  for (size_t n = 0; n < checked.graph.nodes.size(); ++n)
    operators.push_back(row_operator(checked, static_cast<NodeId>(n), windows[n]));
  return operators;
}

RowRun run_by_rows(std::span<const RowStage> stages, int64_t step, bool from_the_end) {
  const size_t n = stages.size();
  RowRun run;
  run.lines.assign(n - 1, 0);
  run.idle.assign(n, 0);
  run.overhead = static_cast<int64_t>(n) * kCode;
  std::vector<Rows> there(n), y(n);
  std::map<TensorId, std::vector<Access>> reads;
  std::vector<Access> writes;
  int64_t time = 0;
  const int64_t height = stages[n - 1].window.out;
  for (int64_t done = 0; done < height; done += step) {
    const int64_t now = std::min(step, height - done);
    y[n - 1] = from_the_end ? Rows{height - done - now, height - done} : Rows{done, done + now};
    for (size_t i = n; i-- > 0;) {
      if (i == 0) break;
      const Rows wanted = rows_under(stages[i].window, y[i]);
      int64_t kept = 0;
      y[i - 1] = make_room(there[i - 1], wanted, &kept);
      run.lines[i - 1] = std::max(run.lines[i - 1], wanted.count() * stages[i - 1].bytes);
      run.overhead += kept * stages[i - 1].bytes / 2;
    }
    for (size_t i = 0; i < n; ++i) {
      const RowStage& s = stages[i];
      if (y[i].count() <= 0) run.idle[i] = 1;
      const int64_t at_once = s.several ? y[i].count() : 1;
      for (int64_t r = y[i].from; r < y[i].to; r += at_once, ++time) {
        const Rows made{r, r + at_once}, under = rows_under(s.window, made);
        for (const WholeRows& w : s.whole)
          reads[w.tensor].push_back(w.all ? Access{time, 0, w.all}
                                          : Access{time, under.from * w.bytes, under.to * w.bytes});
        if (i == n - 1) writes.push_back({time, made.from * s.bytes, made.to * s.bytes});
        // Rows that are looked at again are prepared again.
        if (s.several) run.overhead += std::max<int64_t>(s.window.kernel - s.window.stride, 0) * s.input_bytes;
        // Layers take three pixels at a time: one or two that are left over cost as much as three.
        run.overhead += (s.several ? kCall : kRowCall) + (3 - at_once * s.pixels % 3) % 3 * s.work * kMac / 2;
      }
    }
  }
  for (const auto& [tensor, accesses] : reads) run.distances.push_back(distance(tensor, accesses, writes));
  return run;
}

int row_link(const Graph& graph, std::span<const int> use_counts, NodeId before, NodeId node) {
  const std::vector<TensorId>& given = graph.nodes[static_cast<size_t>(before)].outputs;
  if (given.size() != 1 || use_counts[static_cast<size_t>(given[0])] != 1) return -1;
  const std::vector<TensorId>& inputs = graph.nodes[static_cast<size_t>(node)].inputs;
  const auto at = std::ranges::find(inputs, given[0]);
  return at == inputs.end() ? -1 : static_cast<int>(at - inputs.begin());
}

std::vector<RowStage> row_stages(const Checked& checked, std::span<const std::optional<RowOperator>> operators,
                                 std::span<const NodeId> nodes) {
  const Graph& g = checked.graph;
  std::vector<RowStage> stages;
  for (size_t k = 0; k < nodes.size(); ++k) {
    const auto n = static_cast<size_t>(nodes[k]);
    const RowOperator& op = *operators[n];
    const Tensor& y = g.at(g.nodes[n].outputs[0]);
    RowStage stage{.window = op.window, .several = op.several, .bytes = row_bytes(y), .pixels = y.shape[2]};
    stage.input_bytes = row_bytes(g.at(g.nodes[n].inputs[op.inputs[0]]));
    stage.work = checked.nodes[n].macs / std::max<int64_t>(y.shape[1] * y.shape[2], 1);
    for (size_t i = 0; i < g.nodes[n].inputs.size(); ++i) {
      const TensorId t = g.nodes[n].inputs[i];
      if (t == kNoTensor || !is_activation(g.at(t))) continue;
      if (k > 0 && g.nodes[static_cast<size_t>(nodes[k - 1])].outputs[0] == t) continue;
      if (std::ranges::find(op.inputs, i) != op.inputs.end())
        stage.whole.push_back({t, row_bytes(g.at(t))});
      else
        stage.whole.push_back({t, 0, g.at(t).bytes()});
    }
    stages.push_back(std::move(stage));
  }
  return stages;
}

}  // namespace thimble::micro
