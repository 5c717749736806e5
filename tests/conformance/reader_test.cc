// What the reader of .tflite files decides by itself: odd but legal files (tests/goldens/reader, whose answers
// goldens_test compares), refusals with their reasons, free sizes, lists that share tables, and what is listed of files
// that cannot run.
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/model_file.h"
#include "formats/tflite/file.h"
#include "formats/tflite/listing.h"
#include "formats/tflite/parts.h"
#include "formats/thim/thim.h"
#include "harness.h"

namespace thimble::test {
namespace {

using nlohmann::json;

const std::string kFolder = "tests/goldens/reader/";

TEST(Reader, RefusesWithAReason) {
  const json index = json::parse(std::ifstream(kFolder + "index.json"));
  ASSERT_GE(index["refused"].size(), 8u);
  for (const json& refused : index["refused"]) {
    const auto graph = read_model(kFolder + refused["file"].get<std::string>());
    ASSERT_FALSE(graph) << refused["name"];
    EXPECT_EQ(name(graph.error().code), refused["code"].get<std::string>()) << refused["name"];
    EXPECT_NE(graph.error().message.find(refused["message"].get<std::string>()), std::string::npos)
        << graph.error().to_string();
  }
}

TEST(Reader, LeavesOutWhatNothingUses) {
  const auto graph = read_model(kFolder + "unused_string.tflite");
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->tensors.size(), 3u);
  const auto flat = read_model(kFolder + "flatten_of_any_batch.tflite");  // SHAPE, STRIDED_SLICE and PACK are computed
  ASSERT_TRUE(flat) << flat.error().to_string();
  EXPECT_EQ(flat->nodes.size(), 1u);
  EXPECT_EQ(flat->tensors.size(), 2u);
}

TEST(Reader, OptionsSayAShapeWhoseTensorIsEmpty) {
  const auto graph = read_model(kFolder + "reshape_by_options.tflite");
  ASSERT_TRUE(graph) << graph.error().to_string();
  EXPECT_EQ(graph->at(graph->outputs[0]).shape, (Shape{2, 2}));
}

TEST(Reader, FreeSizesFollowTheInputs) {
  const Bytes file = *read_file(kFolder + "free_sizes.tflite");
  const auto placeholder = read_tflite(file);
  ASSERT_TRUE(placeholder) << placeholder.error().to_string();
  EXPECT_EQ(placeholder->at(placeholder->inputs[0]).free_dims, 0b10u);
  const KnownInput wanted[] = {{.shape = Shape{1, 7, 4}, .value = {}}};
  const auto graph = read_tflite(file, nullptr, wanted);
  ASSERT_TRUE(graph) << graph.error().to_string();
  EXPECT_EQ(graph->at(graph->inputs[0]).free_dims, 0u);
  EXPECT_EQ(graph->at(graph->outputs[0]).shape, (Shape{1, 28}));
  for (const Shape& wrong : {Shape{1, 7, 5}, Shape{1, 7}}) {
    const KnownInput shapes[] = {{.shape = wrong, .value = {}}};
    const auto refused = read_tflite(file, nullptr, shapes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::usage);
  }
}

TEST(Reader, AKnownValueIsAConstant) {
  const Bytes file = *read_file(kFolder + "reshape_fed_at_run_time.tflite");
  const int32_t dims[] = {4, 1};
  KnownInput known[] = {{}, {.shape = {}, .value = Data::of(std::span<const int32_t>(dims))}};
  const auto graph = read_tflite(file, nullptr, known);
  ASSERT_TRUE(graph) << graph.error().to_string();
  ASSERT_EQ(graph->inputs.size(), 1u);
  EXPECT_EQ(graph->at(graph->outputs[0]).shape, (Shape{4, 1}));
  const auto twice = thimble::read_model(std::span<const uint8_t>(write_thim(*graph)->bytes), nullptr, {},
                                         std::span<const KnownInput>(known).first(1));
  ASSERT_TRUE(twice) << twice.error().to_string();
  known[1].value.size = 4;
  const auto refused = read_tflite(file, nullptr, known);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
}

TEST(Reader, MemoryBeyondTheLimitIsUnsupported) {
  auto graph = read_model(kFolder + "huge.tflite");
  ASSERT_TRUE(graph);
  const auto program = Program::plan(std::move(*graph));
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, ErrorCode::unsupported);
  EXPECT_NE(program.error().message.find("2000000000000 bytes"), std::string::npos) << program.error().message;
  EXPECT_NE(program.error().hint.find("--max-memory"), std::string::npos);
}

// 300 subgraphs that are one, with 300 tensors that are one.
TEST(Reader, CountsVisitsOfSharedTables) {
  const Bytes file = *read_file("tests/fuzz/corpus/tflite/shared_subgraph");
  ASSERT_LT(file.size(), 4096u);
  for (const Status& status : {Status([&]() -> Status {
                                 const auto graph = read_tflite(file);
                                 return graph ? Status() : tl::unexpected(graph.error());
                               }()),
                               Status([&]() -> Status {
                                 const auto parts = tflite_parts(file);
                                 return parts ? Status() : tl::unexpected(parts.error());
                               }()),
                               Status([&]() -> Status {
                                 const auto listing = list_tflite(file);
                                 return listing ? Status() : tl::unexpected(listing.error());
                               }())}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::bad_file);
    EXPECT_NE(status.error().message.find("more tables than"), std::string::npos) << status.error().message;
  }
}

// Offsets and sizes of the subgraph's own table, forged: refused before anything of it is used.
TEST(Reader, ForgedTablesAreRefusedAtOnce) {
  const Bytes file = *read_file(kFolder + "output_is_input.tflite");
  tflite::TfliteFile opened(file);
  ASSERT_TRUE(opened.open());
  int refused = 0;
  for (size_t at = 8; at + 4 <= file.size(); at += 2)
    for (const uint32_t value : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu, static_cast<uint32_t>(file.size())}) {
      Bytes forged = file;
      std::memcpy(forged.data() + at, &value, 4);
      tflite::TfliteFile copy(forged);
      const Status status = copy.open();
      const auto graph = read_tflite(forged);
      if (!status) {
        ++refused;
        ASSERT_FALSE(graph);
        EXPECT_EQ(graph.error().message, status.error().message) << "the walk comes first, at byte " << at;
      }
    }
  EXPECT_GT(refused, 500);
}

// Any tensor of any operator with another type, without scales, of another shape: refused, or a graph that runs.
TEST(Reader, OperatorsSurviveOtherTensors) {
  const DType types[] = {DType::f32, DType::f16, DType::i8,      DType::u8,  DType::i16,
                         DType::i32, DType::i64, DType::boolean, DType::u32, DType::c64};
  const Shape shapes[] = {{}, {0}, {1}, {1, 1}, {2, 0, 3}, {1, 2, 3, 4}};
  int runs = 0;
  const auto look = [&](const Graph& changed) {
    if (!verify(changed) || cost(changed)->macs > 1'000'000) return;
    for (const bool reference : {true, false})
      if (auto program = Program::plan(changed, {.reference_only = reference, .max_arena_bytes = 1 << 20}))
        if (auto session = Session::create(*program)) (*session)->run(), ++runs;
  };
  std::vector<std::string> files;
  for (const std::string folder : {"tests/goldens/ops/", "tests/goldens/types/"}) {
    const json index = json::parse(std::ifstream(folder + "index.json"));
    for (const json& c : index["cases"]) files.push_back(folder + c["file"].get<std::string>());
  }
  for (const std::string& file : files) {
    const auto graph = read_model(file);
    ASSERT_TRUE(graph) << file;
    for (size_t t = 0; t < graph->tensors.size(); ++t) {
      const bool constant = graph->tensors[t].constant();
      Graph changed = *graph;
      Tensor& tensor = changed.tensors[t];
      tensor.quant = {};
      look(changed);
      for (const DType type : types) {
        if (!constant) tensor.type = type;
        for (const bool scale : {false, true}) {
          tensor.quant = scale ? Quantization{{0.5f}, {1}, 0} : Quantization{};
          look(changed);
        }
      }
      changed.tensors[t] = graph->tensors[t];
      if (constant) continue;
      for (const Shape& shape : shapes) {
        changed.tensors[t].shape = shape;
        look(changed);
      }
    }
  }
  EXPECT_GT(runs, 1000);
}

TEST(Reader, ListsWhatCannotRun) {
  const auto listing = list_tflite(*read_file(kFolder + "unsupported_two_subgraphs.tflite"));
  ASSERT_TRUE(listing) << listing.error().to_string();
  EXPECT_EQ(listing->operators(), 4);
  EXPECT_EQ(listing->supported(), 2);
  ASSERT_EQ(listing->subgraphs.size(), 2u);
  EXPECT_EQ(listing->subgraphs[1].tensors[0].shape, (std::vector<int64_t>{-1, 4}));
  EXPECT_EQ(listing->subgraphs[0].operators[2].name, "custom operator \"MyOp\"");
  ASSERT_EQ(listing->signatures.size(), 2u);
  EXPECT_EQ(listing->signatures[0].inputs[0].name, "picture");
  EXPECT_EQ(listing->signatures[1].subgraph, 1);
  const auto texts = list_tflite(*read_file(kFolder + "string_input.tflite"));
  ASSERT_TRUE(texts);
  EXPECT_EQ(texts->subgraphs[0].tensors.back().type, "string");
}

}  // namespace
}  // namespace thimble::test
