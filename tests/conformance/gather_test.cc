// gather: the fast path against the reference, indices that are only known while running, and what inference refuses.
#include <thread>

#include "gradient_check.h"
#include "ops/gather/gather.h"

namespace thimble::test {
namespace {

Graph gathering(DType type, Shape x, DType index_type, Shape indices, GatherAttrs attrs) {
  Graph g;
  Builder b(g);
  const TensorId data = b.input("x", type, x), at = b.input("indices", index_type, indices);
  const auto y = b.op(Op::gather, {data, at}, attrs, "picked");
  EXPECT_TRUE(y) << y.error().to_string();
  if (y) g.outputs = {*y};
  return g;
}

Bytes numbered(int64_t bytes) {
  Bytes all(static_cast<size_t>(bytes));
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i * 37 + 11);
  return all;
}

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TEST(Gather, FastPathsAgreeWithTheReference) {
  const struct {
    Shape x, indices;
    GatherAttrs attrs;
  } cases[] = {{{7}, {3}, {0, 0}},
               {{5, 4}, {2, 3}, {0, 0}},
               {{5, 4}, {6}, {1, 0}},
               {{2, 300, 3}, {2, 500}, {1, 1}},
               {{3, 2, 5, 64}, {3, 40}, {2, 1}},
               {{4, 3}, {0}, {0, 0}},
               {{3, 1, 2}, {}, {0, 0}},
               {{2, 3, 4}, {2, 3}, {2, 2}},
               {{200, 64}, {900}, {-2, 0}}};
  for (const auto& c : cases)
    for (const DType type : {DType::i8, DType::i16, DType::f32, DType::i64})
      for (const bool wide : {false, true}) {
        const Graph g = gathering(type, c.x, wide ? DType::i64 : DType::i32, c.indices, c.attrs);
        const auto axes = gather_axes(c.attrs.axis, c.attrs.batch_dims, c.x, c.indices);
        ASSERT_TRUE(axes);
        std::vector<int64_t> at(static_cast<size_t>(c.indices.elements()));
        for (size_t i = 0; i < at.size(); ++i) at[i] = static_cast<int64_t>(i * 31 + 2) % c.x[axes->axis];
        const Bytes x = numbered(byte_size(type, c.x));
        const Bytes indices = wide ? bytes_of(at) : bytes_of(std::vector<int32_t>(at.begin(), at.end()));
        const auto want = run_graph(g, {x, indices}, kModes[0]);
        ASSERT_TRUE(want) << want.error().to_string();
        for (const RunMode& mode : kModes) {
          const auto got = run_graph(g, {x, indices}, mode);
          ASSERT_TRUE(got) << got.error().to_string();
          EXPECT_EQ(*got, *want) << mode.name << "\n" << dump(g);
        }
      }
}

TEST(Gather, AnIndexOutsideItsAxisEndsTheRunAndTheNextOneWorks) {
  const Graph g = gathering(DType::f32, {5, 2}, DType::i32, {3}, {});
  for (const RunMode& mode : kModes) {
    auto program = Program::plan(g, {.threads = mode.threads, .reference_only = mode.reference_only});
    ASSERT_TRUE(program);
    auto session = Session::create(*program);
    ASSERT_TRUE(session);
    const auto feed = [&](std::vector<int32_t> at) {
      std::memcpy((*session)->input(1).data(), at.data(), 12);
      return (*session)->run();
    };
    for (const int32_t bad : {5, -1, INT32_MAX, INT32_MIN}) {
      const Status ran = feed({0, bad, 4});
      ASSERT_FALSE(ran) << mode.name << " " << bad;
      EXPECT_EQ(ran.error().code, ErrorCode::bad_file);
      EXPECT_NE(ran.error().to_string().find(format("index {} of an axis of 5 entries", bad)), std::string::npos)
          << ran.error().to_string();
      EXPECT_NE(ran.error().to_string().find("picked"), std::string::npos) << ran.error().to_string();
      EXPECT_TRUE(feed({0, 4, 4})) << mode.name;
    }
  }
}

TEST(Gather, ConstantIndicesAreCheckedWhenLoaded) {
  Graph g;
  Builder b(g);
  const TensorId x = b.input("x", DType::f32, {4, 2});
  EXPECT_FALSE(b.op(Op::gather, {x, b.constant_i32("at", std::vector<int32_t>{0, 4})}, GatherAttrs{}, "beyond"));
  EXPECT_FALSE(b.op(Op::gather, {x, b.constant_i32("at", std::vector<int32_t>{-1})}, GatherAttrs{}, "negative"));
  EXPECT_FALSE(b.op(Op::gather, {x, b.constant_i32("at", std::vector<int32_t>{1})}, GatherAttrs{2}, "axis"));
  EXPECT_FALSE(b.op(Op::gather, {x, b.constant_i32("at", std::vector<int32_t>{1})}, GatherAttrs{0, 1}, "batch"));
  EXPECT_FALSE(b.op(Op::gather, {x, x}, GatherAttrs{}, "float indices"));
  EXPECT_TRUE(b.op(Op::gather, {x, b.constant_i32("at", std::vector<int32_t>{3})}, GatherAttrs{-2}, "right"));
}

// ---- runs that end early ----

TEST(RunLimits, ADeadlineAndACancelEndARun) {
  const Graph g = gathering(DType::f32, {5, 2}, DType::i32, {3}, {});
  auto session = Session::create(*Program::plan(g));
  ASSERT_TRUE(session);
  const Status late = (*session)->run(nullptr, {.deadline = std::chrono::steady_clock::now()});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::interrupted);
  EXPECT_NE(late.error().message.find("deadline"), std::string::npos);
  std::atomic<bool> cancel = false;
  EXPECT_TRUE((*session)->run(nullptr, {.cancel = &cancel}));
  std::thread([&] { cancel = true; }).join();
  const Status stopped = (*session)->run(nullptr, {.cancel = &cancel});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
  EXPECT_NE(stopped.error().message.find("cancelled"), std::string::npos);
  EXPECT_TRUE((*session)->run());
}

}  // namespace
}  // namespace thimble::test
