#include "micro/row_chains.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "micro/kernels/rows.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/pool2d/pool2d.h"
#include "ops/unary/unary.h"

namespace thimble::micro {
namespace {

thimble_axis axis(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_before, int64_t pad) {
  thimble_axis h{.in = in, .kernel = kernel, .stride = stride, .dilation = dilation, .out = 0, .pad = pad_before};
  h.out = (in + pad - (kernel - 1) * dilation - 1) / stride + 1;
  return h;
}

// Runs a chain on bytes, with the loops that exported C has. x and what is added to the last output are rows of bytes
// in one memory, in which each byte knows whose it is; false where one is read after something was written over it.
class Machine {
 public:
  Machine(std::span<const RowStage> stages, const RowRun& run, int64_t step, bool from_the_end)
      : stages_(stages), run_(run), step_(step), from_the_end_(from_the_end) {}

  // y lies `distance` bytes behind the tensor `t`; other tensors are far away.
  bool works(TensorId t, int64_t tensor_bytes, int64_t distance) {
    tensor_ = t;
    distance_ = distance;
    const int64_t y_bytes = stages_.back().bytes * stages_.back().window.out;
    low_ = std::min<int64_t>(distance, 0);
    memory_.assign(static_cast<size_t>(std::max(tensor_bytes, distance + y_bytes) - low_), 0);
    for (int64_t i = 0; i < tensor_bytes; ++i) memory_[static_cast<size_t>(i - low_)] = 1;
    made_.assign(stages_.size(), {});
    ok_ = true;
    loop();
    return ok_;
  }

 private:
  void loop() {
    const size_t n = stages_.size();
    std::vector<thimble_lines> lines(n, thimble_lines{nullptr, 0, {0, 0}});
    std::vector<std::vector<uint8_t>> kept(n);
    for (size_t k = 0; k + 1 < n; ++k) {
      kept[k].resize(static_cast<size_t>(run_.lines[k]));
      lines[k] = {kept[k].data(), static_cast<thimble_dim>(stages_[k].bytes), {0, 0}};
    }
    const int64_t height = stages_[n - 1].window.out;
    for (int64_t done = 0; done < height; done += step_) {
      const int64_t now = std::min(step_, height - done);
      std::vector<thimble_rows> y(n), x(n);
      y[n - 1] = from_the_end_ ? thimble_rows{height - done - now, height - done} : thimble_rows{done, done + now};
      for (size_t k = n; k-- > 0;) {
        x[k] = thimble_rows_under(&stages_[k].window, y[k]);
        if (k > 0) y[k - 1] = thimble_lines_move(&lines[k - 1], x[k]);
      }
      for (size_t k = 0; k < n; ++k) {
        if (y[k].from >= y[k].to) continue;
        if (k > 0) expect_rows(kept[k - 1], x[k], k);
        const int64_t at_once = stages_[k].several ? y[k].to - y[k].from : 1;
        for (int64_t r = y[k].from; r < y[k].to; r += at_once)
          make(k, {r, r + at_once}, kept[k], x[k + 1 < n ? k + 1 : k]);
      }
    }
    EXPECT_EQ(made_.back().size(), static_cast<size_t>(height)) << "every row once";
  }

  // One call: it may write before it has read all.
  void make(size_t k, thimble_rows rows, std::vector<uint8_t>& to, thimble_rows there) {
    for (int64_t r = rows.from; r < rows.to; ++r) {
      EXPECT_TRUE(made_[k].insert(r).second) << "row " << r << " of stage " << k << " twice";
      const int64_t bytes = stages_[k].bytes;
      for (int64_t i = 0; i < bytes; ++i) {
        if (k + 1 == stages_.size())
          memory_[static_cast<size_t>(distance_ + r * bytes + i - low_)] = 2;
        else
          to.at(static_cast<size_t>((r - there.from) * bytes + i)) = static_cast<uint8_t>(r);
      }
    }
    const thimble_rows x = thimble_rows_under(&stages_[k].window, rows);
    for (const WholeRows& w : stages_[k].whole)
      if (w.tensor == tensor_)
        for (int64_t i = w.all ? 0 : x.from * w.bytes; i < (w.all ? w.all : x.to * w.bytes); ++i)
          ok_ &= memory_[static_cast<size_t>(i - low_)] == 1;
  }

  void expect_rows(const std::vector<uint8_t>& kept, thimble_rows x, size_t k) const {
    const int64_t bytes = stages_[k - 1].bytes;
    for (int64_t r = x.from; r < x.to; ++r)
      ASSERT_EQ(kept.at(static_cast<size_t>((r - x.from) * bytes)), static_cast<uint8_t>(r)) << "before stage " << k;
  }

  std::span<const RowStage> stages_;
  const RowRun& run_;
  const int64_t step_;
  const bool from_the_end_;
  TensorId tensor_ = 0;
  int64_t distance_ = 0, low_ = 0;
  std::vector<uint8_t> memory_;
  std::vector<std::set<int64_t>> made_;
  bool ok_ = true;
};

// The distances are safe, and one byte nearer is not.
void hold_to_machine(std::span<const RowStage> stages, int64_t step, bool from_the_end, int64_t x_bytes) {
  const RowRun run = run_by_rows(stages, step, from_the_end);
  Machine machine(stages, run, step, from_the_end);
  for (const RowDistance& d : run.distances) {
    const int64_t bytes = d.tensor == 0 ? x_bytes : stages.back().bytes * stages.back().window.out;
    if (d.most >= d.least) {
      for (const int64_t distance : {int64_t{-7}, int64_t{0}, int64_t{5}})
        EXPECT_TRUE(machine.works(d.tensor, bytes, distance));
      continue;
    }
    for (const int64_t distance : {d.most - 3, d.most, d.least, d.least + 3})
      EXPECT_TRUE(machine.works(d.tensor, bytes, distance)) << distance << " of " << d.most << " " << d.least;
    EXPECT_FALSE(machine.works(d.tensor, bytes, d.most + 1));
    EXPECT_FALSE(machine.works(d.tensor, bytes, d.least - 1));
  }
}

TEST(RowChains, ConvolutionOverItsInputKeepsItsWindow) {
  // 3x3 on 10 rows of 20 bytes: row 0 of the output waits for rows 0 and 1, and row 2 wants row 1.
  const RowStage stage{.window = axis(10, 3, 1, 1, 1, 2), .several = true, .bytes = 20, .whole = {{0, 20, 0}}};
  const RowRun down = run_by_rows({&stage, 1}, 1, false);
  ASSERT_EQ(down.distances.size(), 1u);
  EXPECT_EQ(down.distances[0].most, -40);  // the call for row 2 reads row 1
  EXPECT_EQ(run_by_rows({&stage, 1}, 1, true).distances[0].least, 40);
  EXPECT_TRUE(down.lines.empty());
  // Two layers: of what is between them three rows are kept, and the output may lie on the input.
  const std::vector<RowStage> two = {stage, {.window = axis(10, 3, 1, 1, 1, 2), .several = true, .bytes = 20}};
  const RowRun run = run_by_rows(two, 1, false);
  EXPECT_EQ(run.lines, (std::vector<int64_t>{60}));
  EXPECT_EQ(run.distances[0].most, 0);
}

TEST(RowChains, DistancesAreThoseOfAMachine) {
  Random random(5);
  for (int trial = 0; trial < 400; ++trial) {
    const auto pick = [&](int64_t lo, int64_t hi) {
      return lo + static_cast<int64_t>(random.below(static_cast<uint64_t>(hi - lo + 1)));
    };
    std::vector<RowStage> stages(static_cast<size_t>(pick(1, 4)));
    int64_t height = pick(2, 14);
    int64_t bytes = pick(1, 6);
    const int64_t x_bytes = height * bytes;
    for (size_t k = 0; k < stages.size(); ++k) {
      RowStage& s = stages[k];
      if (k == 0) s.whole = {{0, bytes, 0}};
      s.several = pick(0, 3) > 0;
      s.window = axis(height, 1, 1, 1, 0, 0);
      if (s.several) {
        const int64_t kernel = pick(1, 4), dilation = pick(1, 2), extent = (kernel - 1) * dilation + 1;
        const int64_t pad = pick(std::max<int64_t>(0, extent - height), extent - 1);
        s.window = axis(height, kernel, pick(1, 3), dilation, pad / 2, pad);
      }
      height = s.window.out;
      bytes = s.bytes = pick(1, 6);
    }
    RowStage& last = stages.back();
    if (!last.several) last.whole.push_back({1, last.bytes, 0});
    for (const bool from_the_end : {false, true}) hold_to_machine(stages, pick(1, 3), from_the_end, x_bytes);
  }
}

TEST(RowChains, OperatorsSayThemselvesWhetherTheyWorkByRows) {
  Graph g;
  Builder b(g);
  const TensorId x = b.input("x", DType::f32, {1, 6, 4, 3}), batch = b.input("batch", DType::f32, {2, 6, 4, 3});
  const TensorId a = *b.op(Op::relu, {x}, UnaryAttrs{}, "a");
  const TensorId pool = *b.op(Op::max_pool, {a}, Pool2dAttrs{.filter_h = 2, .filter_w = 2}, "pool");
  const TensorId sum = *b.op(Op::add, {a, x}, BinaryAttrs{}, "sum");
  const TensorId channels = b.constant_f32("channels", {3}, std::vector<float>{1, 2, 3});
  const TensorId scaled = *b.op(Op::mul, {sum, channels}, BinaryAttrs{}, "scaled");
  const TensorId many = *b.op(Op::relu, {batch}, UnaryAttrs{}, "many");
  g.outputs = {pool, scaled, many};
  const auto checked = check(g);
  ASSERT_TRUE(checked) << checked.error().to_string();
  std::vector<std::optional<thimble_axis>> windows(g.nodes.size());
  windows[1] = checked->nodes[1].plan.as<thimble_pool2d>().h;
  const auto operators = row_operators(*checked, windows);
  ASSERT_TRUE(operators[0] && operators[1] && operators[2] && operators[3]);
  EXPECT_FALSE(operators[4]) << "two images";
  EXPECT_EQ(operators[0]->row.plan.as<thimble_unary>().n, 12);
  EXPECT_TRUE(operators[1]->several);
  EXPECT_EQ(operators[2]->inputs, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(operators[3]->inputs, (std::vector<size_t>{0}));
  EXPECT_EQ(operators[3]->row.plan.as<thimble_binary>().broadcast.outer, 4);

  const std::vector<int> uses = checked->graph.use_counts();
  EXPECT_EQ(row_link(checked->graph, uses, 2, 3), 0);
  EXPECT_EQ(row_link(checked->graph, uses, 0, 2), -1) << "the pool reads it as well";
  const std::vector<NodeId> nodes = {2, 3};
  const std::vector<RowStage> stages = row_stages(*checked, operators, nodes);
  EXPECT_EQ(stages[0].whole.size(), 2u);
  EXPECT_EQ(stages[0].bytes, 48);
  EXPECT_TRUE(stages[1].whole.empty());
}

}  // namespace
}  // namespace thimble::micro
