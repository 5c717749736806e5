#include "data/batches.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "data/order.h"

namespace thimble {
namespace {

// n pictures of 8×8 whose pixel (y, x) is 3·sample + 8·y + x.
Dataset pictures(int64_t n) {
  Samples s;
  s.name = "made";
  s.sample_shape = {8, 8, 1};
  s.count = n;
  s.classes = 10;
  for (int i = 0; i < 10; ++i) s.label_names.push_back(std::to_string(i));
  for (int64_t i = 0; i < n; ++i) {
    for (int p = 0; p < 64; ++p) s.bytes.push_back(static_cast<uint8_t>(3 * i + p));
    s.labels.push_back(static_cast<int32_t>(i % 10));
  }
  EXPECT_TRUE(s.check());
  return Dataset(std::make_shared<const Samples>(std::move(s)));
}

BatchOptions options(int64_t batch, float shift = 0) {
  BatchOptions o;
  o.batch = batch;
  o.seed = 7;
  o.augment.shift = shift;
  return o;
}

TEST(Order, IsAPermutationThatDependsOnSeedAndEpoch) {
  const auto a = shuffled_order(1000, 1, 0), b = shuffled_order(1000, 1, 1), c = shuffled_order(1000, 2, 0);
  EXPECT_EQ(std::set<uint32_t>(a.begin(), a.end()).size(), 1000u);
  EXPECT_EQ(a, shuffled_order(1000, 1, 0));
  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
  // About one fixed point is expected in a random permutation.
  int fixed = 0;
  for (size_t i = 0; i < a.size(); ++i) fixed += a[i] == i;
  EXPECT_LT(fixed, 8);
}

TEST(Batches, EveryEpochVisitsEverySampleOnce) {
  Batches batches(pictures(50), Feeding{}, options(16));
  EXPECT_EQ(batches.steps(), 4);
  std::vector<float> inputs(16 * 64);
  std::vector<int32_t> labels(16);
  for (int64_t epoch : {0, 1, 5}) {
    std::multiset<float> first_pixels;
    int64_t seen = 0;
    for (int64_t step = 0; step < 4; ++step) {
      const int64_t n = batches.fill(epoch, step, inputs.data(), labels.data(), nullptr);
      EXPECT_EQ(n, step == 3 ? 2 : 16);
      for (int64_t i = 0; i < n; ++i) {
        first_pixels.insert(inputs[static_cast<size_t>(i * 64)]);
        EXPECT_EQ(labels[static_cast<size_t>(i)], static_cast<int>(inputs[static_cast<size_t>(i * 64)]) / 3 % 10);
      }
      seen += n;
    }
    EXPECT_EQ(seen, 50);
    EXPECT_EQ(std::set<float>(first_pixels.begin(), first_pixels.end()).size(), 50u);
  }
}

TEST(Batches, DropLastLeavesOutTheIncompleteBatch) {
  BatchOptions o = options(16);
  o.drop_last = true;
  EXPECT_EQ(Batches(pictures(50), Feeding{}, o).steps(), 3);
}

// Threaded, synchronous, and started in the middle: the same batches.
TEST(Prefetcher, IsDeterministicAndResumes) {
  const Dataset set = pictures(50);
  for (float shift : {0.0f, 2.0f}) {
    Prefetcher plain(Batches(set, Feeding{}, options(8, shift)), 0, 0, 3, 0);
    Prefetcher ahead(Batches(set, Feeding{}, options(8, shift)), 0, 0, 3, 3);
    Prefetcher resumed(Batches(set, Feeding{}, options(8, shift)), 1, 2, 3, 2);
    EXPECT_FALSE(plain.threaded());
    EXPECT_TRUE(ahead.threaded());
    int64_t n = 0;
    for (const Batch* a = plain.next(); a; a = plain.next(), ++n) {
      const Batch* b = ahead.next();
      ASSERT_NE(b, nullptr);
      EXPECT_EQ(a->epoch, b->epoch);
      EXPECT_EQ(a->step, b->step);
      ASSERT_EQ(a->count, b->count);
      EXPECT_TRUE(std::equal(a->inputs, a->inputs + a->count * 64, b->inputs));
      EXPECT_TRUE(std::equal(a->labels, a->labels + a->count, b->labels));
      if (n >= 7 + 2) {
        const Batch* c = resumed.next();
        ASSERT_NE(c, nullptr);
        EXPECT_EQ(a->step, c->step);
        EXPECT_TRUE(std::equal(a->inputs, a->inputs + a->count * 64, c->inputs));
      }
    }
    EXPECT_EQ(n, 21);
    EXPECT_EQ(ahead.next(), nullptr);
    EXPECT_EQ(resumed.next(), nullptr);
  }
}

TEST(Prefetcher, StopsInTheMiddle) {
  for (int i = 0; i < 20; ++i) {
    Prefetcher ahead(Batches(pictures(50), Feeding{}, options(8, 2)), 0, 0, 1000, 2);
    for (int j = 0; j < i; ++j) ASSERT_NE(ahead.next(), nullptr);
  }
}

TEST(Prefetcher, AStepBeyondTheEpochGoesOnInTheNext) {
  Prefetcher p(Batches(pictures(50), Feeding{}, options(8)), 0, 7, 2, 0);
  const Batch* b = p.next();
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->epoch, 1);
  EXPECT_EQ(b->step, 0);
}

TEST(Dataset, ViewsShareThePixels) {
  const Dataset all = pictures(20);
  const Dataset part = all.slice(5, 10).shuffled(3).slice(2, 4);
  EXPECT_EQ(part.size(), 4);
  EXPECT_EQ(&part.samples(), &all.samples());
  std::set<int64_t> seen;
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_GE(part.position(i), 5);
    EXPECT_LT(part.position(i), 15);
    EXPECT_EQ(part.bytes(i)[0], 3 * part.position(i));
    seen.insert(part.position(i));
  }
  EXPECT_EQ(seen.size(), 4u);
  EXPECT_EQ(all.slice(18, 10).size(), 2);
  EXPECT_EQ(all.limit(0).size(), 20);
}

}  // namespace
}  // namespace thimble
