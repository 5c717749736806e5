#include "data/npy.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstring>

#include "data/files.h"
#include "data/sources.h"

namespace thimble {
namespace {

using Bytes = std::vector<uint8_t>;

std::string temporary(const char* name) {
  return testing::TempDir() + "/thimble_" + std::to_string(::getpid()) + "_" + name;
}

// numpy.save of asfortranarray(arange(6, dtype='>i4').reshape(2, 3)), and numpy.savez_compressed of
// x_train = arange(12, dtype=uint8).reshape(2, 2, 3), y_train = [1, 0].
const Bytes kFortranBig = {147, 78,  85,  77,  80, 89, 1,  0,   118, 0,   123, 39,  100, 101, 115, 99,  114, 39,  58,
                           32,  39,  62,  105, 52, 39, 44, 32,  39,  102, 111, 114, 116, 114, 97,  110, 95,  111, 114,
                           100, 101, 114, 39,  58, 32, 84, 114, 117, 101, 44,  32,  39,  115, 104, 97,  112, 101, 39,
                           58,  32,  40,  50,  44, 32, 51, 41,  44,  32,  125, 32,  32,  32,  32,  32,  32,  32,  32,
                           32,  32,  32,  32,  32, 32, 32, 32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,
                           32,  32,  32,  32,  32, 32, 32, 32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,
                           32,  32,  32,  32,  32, 32, 32, 32,  32,  32,  32,  32,  32,  10,  0,   0,   0,   0,   0,
                           0,   0,   3,   0,   0,  0,  1,  0,   0,   0,   4,   0,   0,   0,   2,   0,   0,   0,   5};
const Bytes kCompressed = {
    80,  75,  3,   4,   45,  0,   0,   0,   8,   0,   0,   0,   33,  0,   197, 34,  132, 160, 255, 255, 255, 255, 255,
    255, 255, 255, 11,  0,   20,  0,   120, 95,  116, 114, 97,  105, 110, 46,  110, 112, 121, 1,   0,   16,  0,   140,
    0,   0,   0,   0,   0,   0,   0,   84,  0,   0,   0,   0,   0,   0,   0,   155, 236, 23,  234, 27,  16,  201, 200,
    80,  198, 80,  173, 158, 146, 90,  156, 92,  164, 110, 165, 160, 94,  83,  106, 168, 174, 163, 160, 158, 150, 95,
    84,  82,  148, 152, 23,  159, 95,  148, 146, 10,  18,  119, 75,  204, 41,  78,  5,   138, 23,  103, 36,  22,  164,
    2,   249, 26,  70,  58,  10,  64,  100, 172, 169, 163, 80,  171, 64,  30,  224, 98,  96,  100, 98,  102, 97,  101,
    99,  231, 224, 228, 226, 6,   0,   80,  75,  3,   4,   45,  0,   0,   0,   8,   0,   0,   0,   33,  0,   113, 251,
    57,  171, 255, 255, 255, 255, 255, 255, 255, 255, 11,  0,   20,  0,   121, 95,  116, 114, 97,  105, 110, 46,  110,
    112, 121, 1,   0,   16,  0,   144, 0,   0,   0,   0,   0,   0,   0,   72,  0,   0,   0,   0,   0,   0,   0,   155,
    236, 23,  234, 27,  16,  201, 200, 80,  198, 80,  173, 158, 146, 90,  156, 92,  164, 110, 165, 160, 110, 147, 105,
    161, 174, 163, 160, 158, 150, 95,  84,  82,  148, 152, 23,  159, 95,  148, 146, 10,  18,  119, 75,  204, 41,  78,
    5,   138, 23,  103, 36,  22,  164, 2,   249, 26,  70,  58,  154, 58,  10,  181, 10,  20,  0,   46,  70,  6,   84,
    0,   0,   80,  75,  1,   2,   45,  3,   45,  0,   0,   0,   8,   0,   0,   0,   33,  0,   197, 34,  132, 160, 84,
    0,   0,   0,   140, 0,   0,   0,   11,  0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   128, 1,   0,   0,
    0,   0,   120, 95,  116, 114, 97,  105, 110, 46,  110, 112, 121, 80,  75,  1,   2,   45,  3,   45,  0,   0,   0,
    8,   0,   0,   0,   33,  0,   113, 251, 57,  171, 72,  0,   0,   0,   144, 0,   0,   0,   11,  0,   0,   0,   0,
    0,   0,   0,   0,   0,   0,   0,   128, 1,   145, 0,   0,   0,   121, 95,  116, 114, 97,  105, 110, 46,  110, 112,
    121, 80,  75,  5,   6,   0,   0,   0,   0,   2,   0,   2,   0,   114, 0,   0,   0,   22,  1,   0,   0,   0,   0};

TEST(Npy, FortranOrderAndBigEndian) {
  auto a = parse_npy(kFortranBig);
  ASSERT_TRUE(a) << a.error().to_string();
  EXPECT_EQ(a->dtype, "i4");
  EXPECT_EQ(a->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(*a->as_integers(), (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
}

TEST(Npy, BigEndianComplexKeepsItsParts) {
  const std::vector<uint8_t> data = {0x3f, 0x80, 0, 0, 0x40, 0, 0, 0};  // 1 + 2i
  std::vector<uint8_t> file = npy_bytes("c8", {1}, data);
  *std::ranges::find(file, '<') = '>';
  const auto a = parse_npy(file);
  ASSERT_TRUE(a) << a.error().to_string();
  EXPECT_EQ(a->as_floats(), (std::vector<float>{1}));
}

TEST(Npy, RoundTripOfEveryType) {
  for (const char* dtype : {"f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "b1"})
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{}, {3}, {2, 3}, {1, 1, 4}, {0, 5}}) {
      int64_t n = npy_item_size(dtype);
      for (int64_t d : shape) n *= d;
      Bytes data(static_cast<size_t>(n));
      for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i % 2);
      const Bytes file = npy_bytes(dtype, shape, data);
      EXPECT_EQ((file.size() - data.size()) % 64, 0u);
      auto a = parse_npy(file);
      ASSERT_TRUE(a) << a.error().to_string();
      EXPECT_EQ(a->dtype, dtype);
      EXPECT_EQ(a->shape, shape);
      EXPECT_EQ(a->bytes, data);
      EXPECT_EQ(static_cast<int64_t>(a->as_floats().size()), a->elements());
    }
}

TEST(Npy, Values) {
  const float values[] = {1.5f, -2};
  Bytes raw(8);
  std::memcpy(raw.data(), values, 8);
  NpyArray a{"f4", {2}, raw};
  EXPECT_EQ(a.as_floats(), (std::vector<float>{1.5f, -2}));
  EXPECT_FALSE(a.as_integers());
  EXPECT_EQ((NpyArray{"i1", {2}, {255, 5}}.as_floats()), (std::vector<float>{-1, 5}));
  EXPECT_EQ((NpyArray{"f2", {1}, {0, 0xc0}}.as_floats()), (std::vector<float>{-2}));
}

TEST(Npy, HostileFilesAreRefused) {
  const Bytes good = npy_bytes("u1", {2, 3}, Bytes(6));
  for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(parse_npy({good.data(), n})) << n;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(parse_npy(longer));
  const auto header = [&](const char* dict) {
    Bytes out = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<uint8_t>(std::strlen(dict)), 0};
    out.insert(out.end(), dict, dict + std::strlen(dict));
    return out;
  };
  for (const char* dict : {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999999,), }",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,) * 9, }",
                           "{'descr': '|O', 'fortran_order': False, 'shape': (0,), }",
                           "{'descr': [('a','<f4')], 'fortran_order': False, 'shape': (0,), }",
                           "{'fortran_order': False, 'shape': (0,), }", "{'descr': '<f4', 'shape': (0,), }",
                           "{'descr': '<f4', 'fortran_order': False}", "", "{'descr': '"})
    EXPECT_FALSE(parse_npy(header(dict))) << dict;
  EXPECT_TRUE(parse_npy(header("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }")));
}

TEST(Npz, CompressedByNumpy) {
  auto arrays = parse_npz(kCompressed);
  ASSERT_TRUE(arrays) << arrays.error().to_string();
  EXPECT_EQ(arrays->at("x_train").shape, (std::vector<int64_t>{2, 2, 3}));
  EXPECT_EQ(arrays->at("x_train").bytes[11], 11);
  EXPECT_EQ(*arrays->at("y_train").as_integers(), (std::vector<int64_t>{1, 0}));
}

TEST(Npz, HostileArchivesAreRefused) {
  // Truncated: refused. (The last bytes, the length of a comment that is not there, may be missing.)
  for (size_t n = 0; n + 4 < kCompressed.size(); ++n) EXPECT_FALSE(parse_npz({kCompressed.data(), n})) << n;
  // Any single damaged byte: an error or the same arrays (unused fields), never a crash.
  for (size_t i = 0; i < kCompressed.size(); ++i)
    for (const uint8_t v : Bytes{0x00, 0x7f, 0x80, 0xff}) {
      Bytes file = kCompressed;
      file[i] = v;
      auto arrays = parse_npz(file);
      if (arrays && arrays->count("x_train")) {
        EXPECT_EQ(arrays->at("x_train").bytes[11], 11) << i;
      }
    }
}

TEST(Npz, SetWithTestPart) {
  const std::string path = temporary("set.npz");
  Bytes labels(8 * 4);
  for (int i = 0; i < 4; ++i) labels[static_cast<size_t>(8 * i)] = static_cast<uint8_t>(i % 3);
  std::map<std::string, NpyArray> arrays = {{"x_train", {"u1", {4, 2, 2}, Bytes(16, 7)}},
                                            {"y_train", {"i8", {4}, labels}},
                                            {"x_test", {"u1", {2, 2, 2}, Bytes(8, 9)}},
                                            {"y_test", {"u1", {2, 1}, {2, 1}}}};
  ASSERT_TRUE(write_npz(path, arrays));
  auto sets = open_splits("npz:" + path);
  ASSERT_TRUE(sets) << sets.error().to_string();
  EXPECT_EQ(sets->train.size(), 4);
  EXPECT_EQ(sets->test.label(0), 2);
  EXPECT_EQ(sets->test.classes(), 3);
  EXPECT_EQ(sets->train.sample_shape(), (std::vector<int64_t>{2, 2, 1}));
  EXPECT_EQ(sets->test.bytes(1)[3], 9);
  arrays["y_test"].bytes = {2, 250};
  arrays["y_test"].dtype = "i1";
  ASSERT_TRUE(write_npz(path, arrays));
  EXPECT_EQ(open_splits("npz:" + path).error().code, ErrorCode::bad_file);  // class −6
  arrays.erase("y_train");
  ASSERT_TRUE(write_npz(path, arrays));
  auto lacking = open_splits("npz:" + path);
  ASSERT_FALSE(lacking);
  EXPECT_NE(lacking.error().message.find("y_train"), std::string::npos);
  ::unlink(path.c_str());
}

TEST(Npz, RegressionTargets) {
  const std::string path = temporary("regression.npz");
  Bytes x(4 * 20), y(4 * 10);
  const float v = 0.5f;
  for (size_t i = 0; i < 10; ++i) std::memcpy(&y[4 * i], &v, 4);
  ASSERT_TRUE(write_npz(path, {{"x_train", {"f4", {10, 2}, x}}, {"y_train", {"f4", {10}, y}}}));
  auto sets = open_splits("npz:" + path);
  ASSERT_TRUE(sets) << sets.error().to_string();
  EXPECT_EQ(sets->train.size() + sets->validation.size() + sets->test.size(), 10);
  EXPECT_EQ(sets->train.target_width(), 1);
  EXPECT_EQ(sets->train.target(0)[0], 0.5f);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace thimble
