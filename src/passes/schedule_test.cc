#include "passes/schedule.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/reshape/reshape.h"
#include "ops/unary/unary.h"

namespace thimble {
namespace {

struct Net {
  Graph graph;
  Builder b{graph};
  TensorId x = b.input("x", DType::f32, {2, 3});

  TensorId relu(TensorId from, const char* name) { return *b.op(Op::relu, {from}, UnaryAttrs{}, name); }
  TensorId add(TensorId p, TensorId q, const char* name) { return *b.op(Op::add, {p, q}, BinaryAttrs{}, name); }
  TensorId flat(TensorId from, const char* name) { return *b.op(Op::reshape, {from}, ReshapeAttrs{{6}}, name); }
  Schedule schedule(const ScheduleOptions& options = {}) {
    auto checked = check(graph);
    EXPECT_TRUE(checked) << checked.error().to_string();
    return thimble::schedule(*checked, options);
  }
};

int32_t storage(const Schedule& s, TensorId t) { return s.tensors[static_cast<size_t>(t)].storage; }

TEST(Schedule, ViewsShareMemoryAndTakeNoPosition) {
  Net n;
  const TensorId a = n.relu(n.x, "a"), view = n.flat(a, "view"), y = n.relu(view, "y");
  n.graph.outputs = {y};
  const Schedule s = n.schedule({.in_place = false});
  EXPECT_EQ(s.order, (std::vector<NodeId>{0, 2}));
  EXPECT_EQ(storage(s, a), storage(s, view));
  EXPECT_NE(storage(s, a), storage(s, y));
  EXPECT_EQ(s.of(a).first, 0);
  EXPECT_EQ(s.of(a).last, 1);
  EXPECT_TRUE(s.of(n.x).input);
  EXPECT_TRUE(s.of(y).output);
  EXPECT_EQ(s.lower_bound, 3 * 24);
  EXPECT_EQ(n.schedule({.keep_inputs = false, .in_place = false}).lower_bound, 2 * 24);
}

TEST(Schedule, RunsInAnotherOrderWhereItIsTold) {
  Net n;
  const TensorId a = n.relu(n.x, "a"), b = n.relu(n.x, "b"), c = n.relu(a, "c"), y = n.add(b, c, "y");
  n.graph.outputs = {y};
  const Schedule s = n.schedule({.keep_inputs = false, .order = {1, 0, 2, 3}, .apart = {2}});
  EXPECT_EQ(s.order, (std::vector<NodeId>{1, 0, 2, 3}));
  EXPECT_EQ(s.of(b).first, 0);
  EXPECT_EQ(storage(s, a), storage(s, n.x)) << "the last reader of x";
  EXPECT_NE(storage(s, c), storage(s, a)) << "kept apart";
  EXPECT_EQ(storage(n.schedule({.keep_inputs = false}), c), storage(n.schedule({.keep_inputs = false}), a));
}

TEST(Schedule, WritesOverWhatNobodyReadsLater) {
  Net n;
  const TensorId a = n.relu(n.x, "a"), b = n.relu(a, "b"), c = n.add(a, b, "c"), y = n.add(c, c, "y");
  n.graph.outputs = {y};
  const Schedule s = n.schedule();
  EXPECT_NE(storage(s, a), storage(s, n.x)) << "an input is there for the next run";
  EXPECT_NE(storage(s, b), storage(s, a)) << "a has another reader";
  EXPECT_EQ(storage(s, c), storage(s, a));
  EXPECT_EQ(storage(s, y), storage(s, c)) << "both operands are the same";
  EXPECT_TRUE(s.of(y).output);
  EXPECT_EQ(s.of(y).last, 3);
  const Schedule free = n.schedule({.keep_inputs = false});
  EXPECT_EQ(storage(free, a), storage(free, n.x));
}

TEST(Schedule, KeepsOutputsVariablesAndOtherViewsOfAnOperand) {
  Net n;
  const TensorId v = n.b.variable("v", DType::f32, {2, 3});
  const TensorId a = n.relu(n.x, "a"), b = n.relu(a, "b"), c = n.add(v, b, "c");
  const TensorId row = *n.b.op(Op::reshape, {c}, ReshapeAttrs{{1, 2, 3}}, "row");
  const TensorId column = *n.b.op(Op::reshape, {c}, ReshapeAttrs{{2, 1, 3}}, "column");
  const TensorId y = n.add(row, column, "y");  // [2, 2, 3]: longer than either
  n.graph.outputs = {a, y};
  const Schedule s = n.schedule();
  EXPECT_NE(storage(s, b), storage(s, a)) << "a is an output";
  EXPECT_NE(storage(s, c), storage(s, v)) << "v is kept";
  EXPECT_EQ(storage(s, c), storage(s, b));
  EXPECT_EQ(s.of(v).kind, SharedMemory::Kind::variable);
  EXPECT_NE(storage(s, y), storage(s, c));
}

// No two items that live at the same time overlap, and nothing lies outside.
void expect_sound(const ArenaPlan& plan, int64_t alignment) {
  EXPECT_GE(plan.bytes, plan.lower_bound);
  for (const ArenaItem& a : plan.items) {
    EXPECT_EQ(a.offset % alignment, 0);
    EXPECT_LE(a.offset + a.bytes, plan.bytes);
    for (const ArenaItem& b : plan.items) {
      if (&a == &b || a.last_step < b.first_step || b.last_step < a.first_step || a.bytes == 0 || b.bytes == 0)
        continue;
      EXPECT_TRUE(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset)
          << a.name << " and " << b.name << "\n"
          << plan.to_string();
    }
  }
}

TEST(Arena, NothingOverlaps) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    std::vector<ArenaItem> items(1 + random.below(40));
    for (size_t i = 0; i < items.size(); ++i) {
      const auto first = static_cast<int>(random.below(30));
      items[i] = {format("item {}", i), static_cast<int64_t>(random.below(1000)), first,
                  first + static_cast<int>(random.below(6)), 0};
    }
    int64_t before = INT64_MAX;
    for (const int attempts : {0, 60, 2000}) {
      const auto plan = plan_arena(items, {.alignment = 4, .attempts = attempts});
      ASSERT_TRUE(plan);
      expect_sound(*plan, 4);
      EXPECT_LE(plan->bytes, before);
      before = plan->bytes;
    }
  }
}

TEST(Arena, SharesBytesAtTheDistancesThatAreAllowed) {
  const std::vector<ArenaItem> items = {{"x", 100, 0, 1, 0}, {"y", 100, 1, 2, 0}, {"z", 100, 2, 3, 0}};
  // y begins 8 bytes in front of x or further, z 8 bytes behind y or further.
  const std::vector<ArenaOverlap> overlaps = {{0, 1, -8, 100}, {1, 2, -100, 8}};
  const auto plan = plan_arena(items, {.alignment = 4}, overlaps);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->bytes, 108);
  EXPECT_EQ(plan->lower_bound, 108);
  EXPECT_EQ(plan_arena(items, {.alignment = 4})->bytes, 200);
  EXPECT_EQ(plan_arena(items, {.alignment = 16}, overlaps)->bytes, 128) << "the distance is a multiple, too";
}

TEST(Arena, DistancesHoldAmongManyItems) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const auto below = [&](uint64_t n) { return static_cast<int64_t>(random.below(n)); };
    std::vector<ArenaItem> items(2 + random.below(20));
    std::vector<ArenaOverlap> overlaps;
    for (size_t i = 0; i < items.size(); ++i) {
      const auto first = static_cast<int>(i);
      items[i] = {format("item {}", i), below(1000), first, first + 1 + static_cast<int>(below(3)), 0};
      if (i > 0 && below(3) > 0) overlaps.push_back({i - 1, i, below(1200) - 900, below(1200) - 300});
    }
    const auto plan = plan_arena(items, {.alignment = 4, .attempts = 300}, overlaps);
    ASSERT_TRUE(plan);
    for (size_t i = 0; i < items.size(); ++i)
      for (size_t j = i + 1; j < items.size(); ++j) {
        const ArenaItem &a = plan->items[i], &b = plan->items[j];
        if (a.last_step < b.first_step || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset) continue;
        const auto known = std::ranges::find_if(overlaps, [&](auto& o) { return o.first == i && o.second == j; });
        ASSERT_NE(known, overlaps.end()) << a.name << " and " << b.name << "\n" << plan->to_string();
        const int64_t distance = b.offset - a.offset;
        EXPECT_TRUE(distance <= known->most || distance >= known->least) << distance << " of " << b.name;
      }
  }
}

// d, the largest, takes the ground and b lies on it: a and c do not both fit below.
TEST(Arena, ReachesTheLowerBoundWhereGreedyDoesNot) {
  const std::vector<ArenaItem> items = {{"a", 4, 0, 2, 0}, {"b", 5, 1, 3, 0}, {"c", 3, 1, 2, 0}, {"d", 6, 3, 5, 0}};
  const auto greedy = plan_arena(items, {.alignment = 1, .attempts = 0});
  const auto plan = plan_arena(items, {.alignment = 1});
  ASSERT_TRUE(greedy && plan);
  expect_sound(*plan, 1);
  EXPECT_EQ(greedy->bytes, 14);
  EXPECT_EQ(plan->bytes, 12);
  EXPECT_EQ(plan->lower_bound, 12);
}

TEST(Arena, RefusesWhatIsTooLarge) {
  const auto plan = plan_arena({{"a", 100, 0, 0, 0}}, {.max_bytes = 64});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace thimble
