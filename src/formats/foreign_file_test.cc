// What is no model is named.
#include "formats/foreign_file.h"

#include <gtest/gtest.h>

#include "formats/model_file.h"

namespace thimble {
namespace {

std::string what_is(std::string_view text, std::string_view name = "file") {
  const auto found = foreign_file({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, name);
  return found ? found->what : "";
}

TEST(ForeignFile, IsNamed) {
  using namespace std::string_view_literals;
  EXPECT_EQ(what_is("\x89HDF\r\n\x1a\n"sv, "a.h5"), "a Keras HDF5 file");
  EXPECT_EQ(what_is("\x08\x01\x12\xff"sv), "a TensorFlow graph (.pb)");
  EXPECT_EQ(what_is("\x0a\x20\x0a\x05"sv, "frozen.pb"), "a TensorFlow graph (.pb)");
  const std::string zip = std::string("PK\x03\x04") + std::string(22, '\0') + std::string("\x10\0\0\0", 4);
  EXPECT_EQ(what_is(zip + "archive/data.pkl"), "a PyTorch file");
  EXPECT_EQ(what_is(zip + "metadata.json\0\0\0", "a.keras"), "a Keras model");
  EXPECT_EQ(what_is(zip + "readme.txt......"), "a zip archive");
  EXPECT_EQ(what_is("[data]\nset = \"mnist\"\n"), "a recipe");
  EXPECT_EQ(what_is("<!DOCTYPE html>"), "a web page or XML");
  EXPECT_EQ(what_is("version https://git-lfs.github.com/spec/v1\n"), "a pointer of Git LFS instead of the file");
  EXPECT_EQ(what_is("\x01\x02\x03\x04"sv), "");
}

TEST(ForeignFile, ReadModelSaysSo) {
  const std::string text = "\x89HDF and more";
  const auto graph = read_model({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::bad_file);
  EXPECT_NE(graph.error().message.find("Keras"), std::string::npos);
  EXPECT_NE(graph.error().hint.find("convert"), std::string::npos);
}

}  // namespace
}  // namespace thimble
