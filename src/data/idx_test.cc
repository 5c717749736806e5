#include "data/idx.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "data/sources.h"

namespace thimble {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes idx_bytes(std::vector<uint32_t> shape, Bytes data) {
  Bytes out = {0, 0, 8, static_cast<uint8_t>(shape.size())};
  for (uint32_t d : shape)
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(d >> shift));
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

Bytes gzip(const Bytes& in) {
  Bytes out(in.size() + in.size() / 100 + 1000);
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  z.next_in = const_cast<Bytef*>(in.data());
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

TEST(Idx, ReadsPlainAndPacked) {
  const Bytes file = idx_bytes({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  for (const Bytes& f : {file, gzip(file)}) {
    auto idx = parse_idx(f, 3);
    ASSERT_TRUE(idx) << idx.error().to_string();
    EXPECT_EQ(idx->shape, (std::vector<int64_t>{2, 2, 3}));
    EXPECT_EQ(idx->bytes[11], 12);
  }
}

TEST(Idx, EveryTruncationIsRefused) {
  const Bytes file = idx_bytes({2, 2, 3}, Bytes(12, 7)), packed = gzip(file);
  for (size_t n = 0; n < file.size(); ++n) EXPECT_FALSE(parse_idx({file.data(), n}, 3)) << n;
  for (size_t n = 0; n < packed.size(); ++n) EXPECT_FALSE(parse_idx({packed.data(), n}, 3)) << n;
}

TEST(Idx, SaysWhatWasExpectedAndFound) {
  auto labels_for_pictures = parse_idx(idx_bytes({3}, {1, 2, 3}), 3);
  ASSERT_FALSE(labels_for_pictures);
  EXPECT_NE(labels_for_pictures.error().message.find("0x00000801, expected 0x00000803"), std::string::npos);
  EXPECT_NE(labels_for_pictures.error().hint.find("exchanged"), std::string::npos);
  EXPECT_EQ(labels_for_pictures.error().code, ErrorCode::bad_file);
  auto longer = parse_idx(idx_bytes({2}, {1, 2, 3}), 1);
  ASSERT_FALSE(longer);
  EXPECT_NE(longer.error().message.find("goes on after the 2 bytes"), std::string::npos);
  EXPECT_FALSE(parse_idx(idx_bytes({0, 28, 28}, {}), 3));
}

TEST(Idx, AbsurdSizesTakeNoMemory) {
  EXPECT_FALSE(parse_idx(idx_bytes({0xffffffff, 0xffffffff, 0xffffffff}, {1}), 3));
  EXPECT_FALSE(parse_idx(idx_bytes({60000, 2800, 2800}, {1}), 3));
  // A bomb: few packed bytes, more zeros than announced, is refused without unpacking all of it.
  Bytes bomb = idx_bytes({16}, Bytes(50 << 20, 0));
  EXPECT_FALSE(parse_idx(gzip(bomb), 1));
  // 400 MiB announced by a file of 100 bytes: refused before memory is taken.
  Bytes small = gzip(idx_bytes({400u << 20}, Bytes(1000, 0)));
  auto refused = parse_idx(small, 1);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().hint.find("truncated"), std::string::npos);
}

TEST(Idx, DamagedGzipIsRefused) {
  Bytes packed = gzip(idx_bytes({64}, Bytes(64, 3)));
  packed[12] ^= 0xff;
  EXPECT_FALSE(parse_idx(packed, 1));
}

TEST(Sources, MnistFromTheRepository) {
  OpenOptions options;
  options.data_dir = "datasets";
  options.split = {50000, 10000, 10000};
  auto sets = open_splits("mnist", options);
  ASSERT_TRUE(sets) << sets.error().to_string();
  EXPECT_EQ(sets->train.size(), 50000);
  EXPECT_EQ(sets->validation.size(), 10000);
  EXPECT_EQ(sets->test.size(), 10000);
  EXPECT_EQ(sets->train.sample_shape(), (std::vector<int64_t>{28, 28, 1}));
  // The first labels of the official files: 5 0 4 1 9 … and 7 2 1 0 4 …; validation is the last 10,000.
  EXPECT_EQ(sets->train.label(0), 5);
  EXPECT_EQ(sets->train.label(2), 4);
  EXPECT_EQ(sets->test.label(0), 7);
  EXPECT_EQ(sets->validation.position(0), 50000);
  EXPECT_EQ(&sets->validation.samples(), &sets->train.samples());
}

TEST(Sources, UnknownSet) {
  auto sets = open_splits("mnits");
  ASSERT_FALSE(sets);
  EXPECT_EQ(sets.error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace thimble
