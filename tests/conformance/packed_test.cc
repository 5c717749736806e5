// A packed file computes what the .tflite it came from computes, bit for bit.
#include <algorithm>
#include <filesystem>

#include "base/random.h"
#include "formats/model_file.h"
#include "formats/thim/thim.h"
#include "harness.h"

namespace thimble::test {
namespace {

std::vector<std::string> files() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/models"))
    if (entry.path().extension() == ".tflite" && entry.file_size() < 1'200'000) found.push_back(entry.path().string());
  std::sort(found.begin(), found.end());
  return found;
}

// Any bytes are numbers, but for floats, which are drawn from −1 … 1.
Bytes random_input(const Tensor& tensor, uint64_t stream) {
  Bytes bytes(static_cast<size_t>(tensor.bytes()));
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(random_bits(11, stream, i));
  if (tensor.type == DType::f32)
    for (size_t i = 0; i < bytes.size() / 4; ++i) {
      const auto value = static_cast<float>(static_cast<double>(random_bits(12, stream, i) >> 11) * 0x1p-52 - 1);
      std::memcpy(bytes.data() + 4 * i, &value, 4);
    }
  return bytes;
}

class Packed : public testing::TestWithParam<std::string> {};

TEST_P(Packed, ComputesTheSame) {
  const auto file = read_file(GetParam());
  const auto read = thimble::read_model(std::span<const uint8_t>(*file));
  ASSERT_TRUE(read) << read.error().to_string();
  const Graph* graph = &read->graph;
  const auto packed = write_thim(*graph);
  ASSERT_TRUE(packed) << packed.error().to_string();
  const auto unpacked = thimble::read_model(std::span<const uint8_t>(packed->bytes));
  ASSERT_TRUE(unpacked) << unpacked.error().to_string();
  const Graph* again = &unpacked->graph;
  for (uint64_t draw = 0; draw < 3; ++draw) {
    std::vector<Bytes> inputs;
    for (size_t i = 0; i < graph->inputs.size(); ++i)
      inputs.push_back(random_input(graph->at(graph->inputs[i]), 10 * draw + i));
    const auto before = run_graph(*graph, inputs, kModes[1]), after = run_graph(*again, inputs, kModes[1]);
    ASSERT_TRUE(before) << before.error().to_string();
    ASSERT_TRUE(after) << after.error().to_string();
    EXPECT_EQ(*before, *after);
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = std::filesystem::path(info.param).stem().string();
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Models, Packed, testing::ValuesIn(files()), test_name);

}  // namespace
}  // namespace thimble::test
