// The models and codings of packed files: what is written is read, whatever it is; and how near to the entropy.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "base/half.h"
#include "base/random.h"
#include "formats/thim/keys.h"
#include "formats/thim/tensor_codec.h"
#include "formats/thim/text.h"

namespace thimble::thim {
namespace {

constexpr int64_t kEnough = int64_t{1} << 40;

uint64_t draw(uint64_t stream, uint64_t i) { return random_bits(77, stream, i); }
double uniform(uint64_t stream, uint64_t i) { return static_cast<double>(draw(stream, i) >> 11) * 0x1p-53; }
// Roughly normal.
double bell(uint64_t stream, uint64_t i) {
  double sum = -6;
  for (uint64_t k = 0; k < 12; ++k) sum += uniform(stream, 12 * i + k);
  return sum;
}

Tensor tensor_of(DType type, Shape shape, const std::vector<int32_t>& keys) {
  Tensor tensor{.type = type, .shape = shape};
  tensor.data = data_of(tensor, keys);
  return tensor;
}

// Writes the tensors one after the other, reads them again; the bytes of the stream.
size_t expect_same(const std::vector<Tensor>& tensors, const std::string& what) {
  BitCoder writer = BitCoder::writer();
  int64_t memory = int64_t{1} << 40;
  TensorCodec codec(writer);
  for (Tensor tensor : tensors) codec.code(tensor, &memory);
  EXPECT_FALSE(writer.failed()) << what;
  const std::vector<uint8_t> bytes = writer.finish();
  BitCoder reader = BitCoder::reader(bytes, kEnough);
  TensorCodec again(reader);
  for (const Tensor& tensor : tensors) {
    Tensor empty = tensor;
    empty.data = {};
    again.code(empty, &memory);
    EXPECT_FALSE(reader.failed()) << what << ": " << again.described();
    if (reader.failed()) return bytes.size();
    EXPECT_EQ(empty.data.size, tensor.data.size) << what;
    EXPECT_TRUE(tensor.data.size == 0 || std::memcmp(empty.data.bytes, tensor.data.bytes, tensor.data.size) == 0)
        << what << ": " << again.described();
  }
  EXPECT_TRUE(reader.at_end()) << what;
  return bytes.size();
}

double entropy_bytes(const std::vector<int32_t>& keys) {
  std::map<int32_t, double> counts;
  for (int32_t k : keys) ++counts[k];
  double bits = 0;
  for (const auto& [key, c] : counts) bits -= c * std::log2(c / static_cast<double>(keys.size()));
  return bits / 8;
}

TEST(Models, NumbersOfEverySizeComeBack) {
  std::vector<int64_t> values = {0, 1, -1, 2, 255, -256, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, INT64_MIN + 1};
  for (uint64_t i = 0; i < 500; ++i) values.push_back(static_cast<int64_t>(draw(1, i)) >> (draw(2, i) % 64));
  BitCoder writer = BitCoder::writer();
  Number a, b;
  for (int64_t v : values) a.code_signed(writer, v), b.code_unsigned(writer, static_cast<uint64_t>(v));
  const auto bytes = writer.finish();
  BitCoder reader = BitCoder::reader(bytes, kEnough);
  Number c, d;
  for (int64_t v : values) {
    ASSERT_EQ(c.code_signed(reader, 0), v);
    ASSERT_EQ(d.code_unsigned(reader, 0), static_cast<uint64_t>(v));
  }
}

TEST(Models, ScalesComeBackExactly) {
  std::vector<float> values = {0.0f, 1.0f, 1.0f / 256, 0x1p-149f, std::numeric_limits<float>::max(), 0.1f, 0.1f, 3.0f};
  for (uint64_t i = 0; i < 300; ++i) values.push_back(static_cast<float>(std::exp(20 * uniform(3, i) - 15)));
  BitCoder writer = BitCoder::writer();
  Scale a;
  for (float v : values) a.code(writer, v);
  const auto bytes = writer.finish();
  BitCoder reader = BitCoder::reader(bytes, kEnough);
  Scale b;
  for (float v : values) ASSERT_EQ(b.code(reader, 0), v);
}

TEST(Models, LogisticFunctionsAreInverse) {
  for (int x = -2047; x < 2047; ++x) {
    EXPECT_LE(squash(x), squash(x + 1));
    EXPECT_NEAR(squash(x), 65536 / (1 + std::exp(-x / 256.0)),
                0.035 * std::min<double>(squash(x), 65536 - squash(x)) + 1);
  }
  for (uint32_t p = 100; p < 65436; p += 37) EXPECT_NEAR(squash(stretch(p)), p, 0.02 * std::min(p, 65536 - p) + 5);
}

TEST(Models, TextsComeBackAndMetadataIsCheap) {
  std::vector<std::string> texts = {"", "a", std::string(300, 'x'), std::string("\0\xff\x80", 3), "conv2d_1/kernel"};
  const std::string metadata = R"({"scale":"0..1","mean":0,"deviation":255,"layout":"NHWC"})";
  texts.push_back(metadata);
  BitCoder writer = BitCoder::writer(), measure = BitCoder::measurer();
  TextModel a, alone;
  for (std::string t : texts) a.code(writer, t);
  std::string copy = metadata;
  alone.code(measure, copy);
  EXPECT_LT(measure.bits(), 40);
  const auto bytes = writer.finish();
  BitCoder reader = BitCoder::reader(bytes, kEnough);
  TextModel b;
  for (const std::string& t : texts) {
    std::string read = "something else";
    b.code(reader, read);
    ASSERT_EQ(read, t);
  }
}

// Sizes around the corners of the geometry, alphabets of every size, sparse and constant ones.
TEST(Codings, RandomTensorsComeBack) {
  const std::vector<Shape> shapes = {Shape{},           Shape{1},           Shape{7},          Shape{1, 1, 1, 1},
                                     Shape{3, 5},       Shape{40, 1},       Shape{1, 40},      Shape{6, 3, 3, 4},
                                     Shape{1, 3, 3, 9}, Shape{9, 1, 1, 30}, Shape{2, 3, 4, 5}, Shape{2, 2, 3, 2, 2},
                                     Shape{0},          Shape{4, 0, 3},     Shape{64, 100}};
  uint64_t stream = 10;
  for (const Shape& shape : shapes)
    for (const DType type :
         {DType::i8, DType::u8, DType::i16, DType::i32, DType::f32, DType::f16, DType::boolean, DType::i4})
      for (int kind = 0; kind < 6; ++kind) {
        ++stream;
        int64_t least = 0, greatest = 0;
        key_range(type, &least, &greatest);
        std::vector<int32_t> keys(static_cast<size_t>(shape.elements()));
        for (size_t i = 0; i < keys.size(); ++i) {
          const uint64_t word = draw(stream, i);
          const auto span = static_cast<uint64_t>(greatest - least) + 1;
          int64_t key = least + static_cast<int64_t>(word % span);                      // anything
          if (kind == 1) key = greatest;                                                // constant
          if (kind == 2) key = word % 16 ? 0 : key;                                     // sparse
          if (kind == 3) key = least + static_cast<int64_t>(draw(5, word % 5) % span);  // few values, far apart
          if (kind == 4) key = std::lround(bell(stream, i));                            // small
          if (kind == 5) key = i % 2 ? least : greatest;
          keys[i] = static_cast<int32_t>(std::clamp(key, least, greatest));
        }
        Tensor tensor = tensor_of(type, shape, keys);
        expect_same({tensor}, format("{} {} kind {}", name(type), shape.to_string(), kind));
      }
}

TEST(Codings, OtherTypesAndOddBytesComeBack) {
  const std::vector<int64_t> wide = {0, -1, INT64_MIN, INT64_MAX, 1152, 1};
  Tensor i64{.type = DType::i64, .shape = Shape{6}, .data = Data::of(std::span<const int64_t>(wide))};
  const std::vector<double> doubles = {0.1, -0.0, 1e300};
  Tensor f64{.type = DType::f64, .shape = Shape{3}, .data = Data::of(std::span<const double>(doubles))};
  const std::vector<uint8_t> nibbles = {0x21, 0xf3};  // three of four are elements; the rest is not 0
  Tensor i4{.type = DType::i4, .shape = Shape{3}, .data = Data::of(std::span<const uint8_t>(nibbles))};
  const std::vector<float> odd = {std::numeric_limits<float>::quiet_NaN(),
                                  -std::numeric_limits<float>::infinity(),
                                  -0.0f,
                                  0.0f,
                                  0x1p-149f,
                                  -0x1p-130f};
  Tensor f32{.type = DType::f32, .shape = Shape{6}, .data = Data::of(std::span<const float>(odd))};
  expect_same({i64, f64, i4, f32, f32, i64}, "odd types");
}

TEST(Codings, EqualConstantsAreStoredOnce) {
  std::vector<int32_t> keys(5000);
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<int8_t>(draw(20, i));
  const Tensor tensor = tensor_of(DType::i8, Shape{50, 100}, keys);
  const size_t once = expect_same({tensor}, "once"), thrice = expect_same({tensor, tensor, tensor}, "thrice");
  EXPECT_LE(thrice, once + 3);
}

// What 09 promises: near or below the order-0 entropy where the weights have no structure at all.
TEST(Codings, NearTheEntropyOfIndependentWeights) {
  struct Case {
    const char* name;
    DType type;
    int spread;  // of the values
    double zeros;
    double overhead;  // over the entropy
  };
  for (const Case& c : {Case{"8 bit", DType::i8, 40, 0, 1.02}, Case{"4 bit", DType::i8, 2, 0, 1.02},
                        Case{"ternary", DType::i8, 0, 0.5, 1.03}, Case{"80 % zeros", DType::i8, 3, 0.8, 1.02},
                        Case{"99 % zeros", DType::i8, 3, 0.99, 1.06}}) {
    std::vector<int32_t> keys(20000);
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto v = static_cast<int32_t>(std::lround(bell(30, i) * c.spread));
      keys[i] = uniform(31, i) < c.zeros ? 0 : std::clamp(c.spread ? v : (draw(32, i) & 1 ? 1 : -1), -127, 127);
    }
    const size_t bytes = expect_same({tensor_of(c.type, Shape{100, 200}, keys)}, c.name);
    EXPECT_LE(static_cast<double>(bytes), entropy_bytes(keys) * c.overhead + 12) << c.name;
  }
}

// Rows of different size, as channels with one scale for all have: below the order-0 entropy.
TEST(Codings, LearnsWhatRowsHaveInCommon) {
  std::vector<int32_t> keys(20000);
  for (size_t i = 0; i < keys.size(); ++i)
    keys[i] = static_cast<int32_t>(std::lround(bell(40, i) * (1 + 30 * uniform(41, i / 200))));
  for (int32_t& k : keys) k = std::clamp(k, -127, 127);
  EXPECT_LE(static_cast<double>(expect_same({tensor_of(DType::i8, Shape{100, 200}, keys)}, "rows")),
            0.97 * entropy_bytes(keys));
}

// Clustered float weights take an index each, half floats stored as floats nothing for their empty bits.
TEST(Codings, FloatsWithStructure) {
  std::vector<int32_t> palette(20000), half(20000);
  for (size_t i = 0; i < palette.size(); ++i) {
    const auto cluster = static_cast<float>(0.013 * static_cast<double>(draw(50, i) % 16) - 0.1);
    const float rounded = half_to_float(float_to_half(static_cast<float>(0.1 * bell(51, i))));
    palette[i] = float_key(DType::f32, std::bit_cast<uint32_t>(cluster));
    half[i] = float_key(DType::f32, std::bit_cast<uint32_t>(rounded));
  }
  EXPECT_LE(expect_same({tensor_of(DType::f32, Shape{100, 200}, palette)}, "palette"), 20000u * 4 / 8 + 500);
  EXPECT_LE(expect_same({tensor_of(DType::f32, Shape{100, 200}, half)}, "half"), 20000u * 15 / 8);
}

// Biases in multiples of a power of two cost what their quotients cost.
TEST(Codings, MultiplesOfAPowerOfTwo) {
  std::vector<int32_t> exact(40), rounded(40), extremes = {INT32_MIN, 0, 1 << 30, -(1 << 30)};
  for (size_t i = 0; i < exact.size(); ++i) {
    exact[i] = static_cast<int32_t>(std::lround(4000 * bell(60, i)));
    rounded[i] = exact[i] / 1024 * 1024;
  }
  const size_t whole = expect_same({tensor_of(DType::i32, Shape{40}, exact)}, "exact");
  const size_t few = expect_same({tensor_of(DType::i32, Shape{40}, rounded)}, "rounded");
  EXPECT_LE(few, 40u * 5 / 8 + 4);
  EXPECT_GE(whole, few + 40);
  expect_same({tensor_of(DType::i32, Shape{4}, extremes), tensor_of(DType::i32, Shape{2, 20}, rounded)}, "extremes");
}

TEST(Codings, MemoryIsAskedForBeforeItIsTaken) {
  BitCoder writer = BitCoder::writer();
  TensorCodec codec(writer);
  Tensor tensor = tensor_of(DType::i8, Shape{1000}, std::vector<int32_t>(1000, 5));
  int64_t memory = kEnough;
  codec.code(tensor, &memory);
  const auto bytes = writer.finish();
  BitCoder reader = BitCoder::reader(bytes, kEnough);
  TensorCodec again(reader);
  tensor.data = {};
  memory = 999;
  again.code(tensor, &memory);
  EXPECT_TRUE(reader.failed());
  EXPECT_FALSE(tensor.data);
}

}  // namespace
}  // namespace thimble::thim
