// Packed files of every version that was ever written stay readable and keep what they meant. The files of
// tests/goldens/thim are never written again; beside each is the text of what it holds.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/hash.h"
#include "formats/thim/versions.h"
#include "ops/check.h"

namespace thimble {
namespace {

std::string text_of(const Graph& graph) {
  std::string text = dump(graph);
  for (const auto& [key, value] : graph.metadata) text += format("metadata {}: {}\n", key, value);
  for (const Tensor& t : graph.tensors) {
    if (!t.data) continue;
    text += format("{} crc {:08x}", t.name, crc32({t.data.bytes, t.data.size}));
    if (!t.quant.empty())
      text +=
          format(" scales {:08x}",
                 crc32({reinterpret_cast<const uint8_t*>(t.quant.scale.data()), t.quant.scale.size() * sizeof(float)}));
    text += "\n";
  }
  return text;
}

TEST(ThimGoldens, OldFilesKeepWhatTheyMeant) {
  int versions[32] = {};
  for (const auto& entry : std::filesystem::directory_iterator("tests/goldens/thim")) {
    if (entry.path().extension() != ".thim") continue;
    const auto bytes = read_file(entry.path().string());
    ASSERT_TRUE(bytes);
    ++versions[(*bytes)[2] % 32];
    const auto graph = read_thim(*bytes);
    ASSERT_TRUE(graph) << entry.path() << " " << graph.error().to_string();
    const std::string found = text_of(*graph);
    const auto expected = read_text_file(std::filesystem::path(entry.path()).replace_extension(".txt").string());
    if (!expected || found != *expected) {
      const std::string at = testing::TempDir() + entry.path().stem().string() + ".txt";
      EXPECT_TRUE(write_file_atomic(at, std::string_view(found)));
      ADD_FAILURE() << entry.path() << " holds something else; see " << at;
    }
    // The same bytes come out again: nothing of the coder's model has changed either.
    EXPECT_EQ(write_thim(*graph, {.names = entry.path().stem().string().ends_with("_named")})->bytes, *bytes)
        << entry.path();
  }
  for (int v = 1; v <= thim::newest_version(thim::attributes_of); ++v) EXPECT_GT(versions[v], 0) << "of version " << v;
}

}  // namespace
}  // namespace thimble
