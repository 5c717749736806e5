// What a file holds beside the network is kept, or the writer refuses and names it.
#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/tflite/attached.h"
#include "formats/tflite/model_metadata.h"
#include "formats/tflite/rule.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"
#include "ops/op.h"

namespace thimble {
namespace {

Graph load(const std::string& path) {
  const auto bytes = read_file(path);
  auto graph = read_tflite(*bytes);
  EXPECT_TRUE(graph) << path;
  return graph ? std::move(*graph) : Graph();
}

TEST(Kept, FurtherSignaturesAreRefused) {
  const Graph graph = load("tests/cases/second_signature/two_signatures.tflite");
  EXPECT_EQ(graph.signature, "decode");
  EXPECT_EQ(graph.left_out, std::vector<std::string>{"signature \"encode\""});
  for (const Status& status : {refuse_losses(graph), Status([&]() -> Status {
                                 const auto file = write_tflite(graph);
                                 return file ? Status() : tl::unexpected(file.error());
                               }()),
                               Status([&]() -> Status {
                                 const auto file = write_thim(graph);
                                 return file ? Status() : tl::unexpected(file.error());
                               }())}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::unsupported);
    EXPECT_NE(status.error().message.find("\"encode\""), std::string::npos);
  }
}

TEST(Kept, TheSignaturesName) {
  Graph graph = load("tests/models/micro/hello_world_float.tflite");
  EXPECT_EQ(graph.signature, "") << "the usual one, or none";
  graph.signature = "sine";
  EXPECT_EQ(read_tflite(*write_tflite(graph))->signature, "sine");
  EXPECT_EQ(read_thim(write_thim(graph, {.names = true})->bytes)->signature, "sine");
}

TEST(Kept, AttachedFiles) {
  const Graph graph = load("tests/cases/tflite_metadata/half_bright.tflite");
  ASSERT_TRUE(graph.attached);
  const auto file = write_tflite(graph);
  const auto list = attached_list(*file);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].name, "labels.txt");
  EXPECT_EQ(std::string(list[0].bytes.begin(), list[0].bytes.end()), "apple\npear\nplum\n");
  const auto said = read_tflite_metadata(read_tflite(*file)->metadata.at(kTfliteMetadataKey));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->mean, std::vector<float>{127.5f});
  EXPECT_EQ(said->deviation, std::vector<float>{127.5f});
  EXPECT_EQ(said->labels_file, "labels.txt");
  std::string damaged = graph.metadata.at(kTfliteMetadataKey);
  EXPECT_FALSE(read_tflite_metadata(damaged.substr(0, 20)));
  damaged[4] = 'X';
  EXPECT_FALSE(read_tflite_metadata(damaged));
}

// Lists whose 300 entries name one table, whose list of 300 names one table.
TEST(Kept, MetadataThatShareTablesAreRefused) {
  flatbuffers::FlatBufferBuilder b;
  using Any = flatbuffers::Offset<flatbuffers::Table>;
  const auto name = b.CreateString("labels.txt");
  const Any file = tflite::write_table(b, [&](tflite::TableWriter& t) { t.offset(0, name); });
  const auto files = b.CreateVector(std::vector<Any>(300, file));
  const Any tensor = tflite::write_table(b, [&](tflite::TableWriter& t) { t.offset(6, files); });
  const auto inputs = b.CreateVector(std::vector<Any>(300, tensor));
  const Any subgraph = tflite::write_table(b, [&](tflite::TableWriter& t) { t.offset(2, inputs); });
  const auto subgraphs = b.CreateVector(std::vector<Any>(300, subgraph));
  b.Finish(tflite::write_table(b, [&](tflite::TableWriter& t) { t.offset(3, subgraphs); }), "M001");
  const auto read = read_tflite_metadata({reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()});
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("more tables"), std::string::npos) << read.error().message;
}

TEST(Kept, FreeSizes) {
  Graph graph = load("tests/models/micro/hello_world_float.tflite");
  graph.at(graph.inputs[0]).free_dims = 0b10;
  graph.at(graph.inputs[0]).batch_unknown = true;
  const auto again = read_tflite(*write_tflite(graph));
  EXPECT_EQ(again->at(again->inputs[0]).free_dims, 0b10u);
  EXPECT_TRUE(again->at(again->inputs[0]).batch_unknown);
  const auto packed = write_thim(graph);
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().code, ErrorCode::unsupported);
}

TEST(Kept, PackIsReadAsWhatItStandsFor) {
  const Graph graph = load("tests/cases/pack_as_output/stack_int8.tflite");
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[1].op, Op::expand_dims);
  EXPECT_EQ(graph.nodes[2].op, Op::concatenation);
}

}  // namespace
}  // namespace thimble
