#include "graph/int4.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(Int4, LowHalfFirstAndOddCounts) {
  const std::vector<int8_t> values{1, -1, 7, -8, -7};
  const Data packed = pack_int4(values);
  ASSERT_EQ(packed.size, 3u);
  EXPECT_EQ(packed.bytes[0], 0xf1);
  EXPECT_EQ(packed.bytes[1], 0x87);
  EXPECT_EQ(packed.bytes[2], 0x09);
  EXPECT_EQ(unpack_int4({packed.bytes, packed.size}, 5), values);
}

TEST(Int4, ConstantsWidenAndOthersStay) {
  const std::vector<int8_t> values{3, -4, 5};
  Graph graph;
  const Tensor w{.name = "w",
                 .type = DType::i8,
                 .shape = {3},
                 .quant = {{0.5f}, {0}},
                 .data = Data::of(std::span<const int8_t>(values))};
  graph.add(as_int4(w));
  graph.add({.name = "x", .type = DType::i4, .shape = {3}});
  EXPECT_EQ(graph.tensors[0].type, DType::i4);
  EXPECT_EQ(graph.tensors[0].bytes(), 2);
  EXPECT_EQ(widen_int4(graph), 1);
  EXPECT_EQ(graph.tensors[0].type, DType::i8);
  EXPECT_EQ(graph.tensors[0].quant, w.quant);
  const auto back = graph.tensors[0].data.as<int8_t>();
  EXPECT_EQ(std::vector<int8_t>(back.begin(), back.end()), values);
  EXPECT_EQ(graph.tensors[1].type, DType::i4);
}

}  // namespace
}  // namespace thimble
