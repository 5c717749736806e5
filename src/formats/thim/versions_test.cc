// What packed files of each version say of attributes: fields that were there stay as they were, fields that are
// added later are left out of older files, and files with them are read by whoever knows them.
#include "formats/thim/versions.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/thim/operators.h"
#include "ops/check.h"

namespace thimble::thim {
namespace {

const std::string kGoldens = "tests/goldens/thim/";

// ---- the fields of all operators ----

std::string list(const std::vector<int64_t>& values) {
  std::string text;
  for (const int64_t v : values) text += (text.empty() ? "" : ",") + std::to_string(v);
  return "[" + text + "]";
}

// One line per field that exists in files of `version`: name, type, since when, default.
class Lister final : public FieldVisitor {
 public:
  explicit Lister(int version) : version_(version) {}
  using FieldVisitor::operator();
  void operator()(const char* field, bool& v) override { add(field, "boolean", v ? "true" : "false"); }
  void operator()(const char* field, int64_t& v) override { add(field, "integer", std::to_string(v)); }
  void operator()(const char* field, uint64_t& v) override { add(field, "unsigned integer", std::to_string(v)); }
  void operator()(const char* field, float& v) override { add(field, "float", format("{}", v)); }
  void operator()(const char* field, std::vector<int64_t>& v) override { add(field, "list", list(v)); }
  void operator()(const char* field, std::string& v) override { add(field, "text", "\"" + v + "\""); }
  void enumeration(const char* field, int& v, int count) override {
    add(field, format("one of {}", count), std::to_string(v));
  }
  bool takes(Since mark) override {
    since_ = mark.version;
    if (since_ <= version_) return true;
    since_ = 1;
    return false;
  }
  std::string text;

 private:
  void add(const char* field, const std::string& type, const std::string& value) {
    text += format("  {}: {}, since {}, {}\n", field, type, since_, value);
    since_ = 1;
  }
  const int version_;
  int since_ = 1;
};

std::string fields_of_version(int version) {
  std::string text;
  for (uint64_t number = 0; number < numbers_end(); ++number) {
    if (operator_of(number) == Op::count || since_version(number) > version) continue;
    const Op op = operator_of(number);
    Lister lister(version);
    attributes_of(op).visited(lister);
    text += format("{} {}, since {}\n", number, name(op), since_version(number)) + lister.text;
  }
  return text;
}

// Version 1 has the fields of version 2.
TEST(ThimVersions, TheFieldsOfEveryVersionStayAsTheyAre) {
  const int newest = newest_version(attributes_of);
  for (int version = 2; version <= newest; ++version) {
    const std::string path = kGoldens + format("fields_v{}.txt", version), found = fields_of_version(version);
    const auto expected = read_text_file(path);
    if (expected && *expected == found) continue;
    const std::string at = testing::TempDir() + format("fields_v{}.txt", version);
    EXPECT_TRUE(write_file_atomic(at, std::string_view(found)));
    ADD_FAILURE() << "Files of version " << version << " no longer mean what they meant: " << at << " is not " << path
                  << ". Order, types and defaults of fields stay; a new field says since(" << newest + 1
                  << "), a new operator likewise in operators.cc. Only while no release writes version " << version
                  << " may its listing change (CONTRIBUTING.md)";
  }
  EXPECT_FALSE(read_text_file(kGoldens + format("fields_v{}.txt", newest + 1))) << "a version got lost";
}

// ---- fields that are added ----

// What sigmoid might have had in two later versions: nothing checks its attributes.
template <int kKnown>
struct Grown {
  float alpha = 0;
  int rounds = 7;
  bool approximate = false;
  std::vector<int64_t> places = {2, 3};
  template <class V>
  void fields(V& v) {
    v("alpha", alpha);
    if constexpr (kKnown >= 30) v("rounds", rounds, since(30));
    v("approximate", approximate);
    if constexpr (kKnown >= 31) v("places", places, since(31));
  }
};
template <int kKnown>
Attrs grown(Op op) {
  return op == Op::sigmoid ? Grown<kKnown>{} : attributes_of(op);
}

std::vector<uint8_t> bytes_of(const std::string& file) {
  auto bytes = read_file(kGoldens + file);
  EXPECT_TRUE(bytes) << file;
  return bytes ? std::move(*bytes) : std::vector<uint8_t>{};
}

Result<Graph> graph_in(std::span<const uint8_t> bytes, AttributesFn attributes) {
  THIMBLE_ASSIGN(Checked checked, read(bytes, attributes));
  return std::move(checked.graph);
}

template <int kKnown>
std::string sigmoid_of(const std::string& file) {
  const auto graph = graph_in(bytes_of(file), grown<kKnown>);
  EXPECT_TRUE(graph) << graph.error().to_string();
  if (!graph) return "";
  EXPECT_EQ(graph->nodes.back().op, Op::sigmoid);
  EXPECT_TRUE(verify(*graph));
  return graph->nodes.back().attrs.to_string();
}

TEST(ThimVersions, OldFilesGiveNewFieldsTheirDefaults) {
  EXPECT_EQ(newest_version(grown<30>), 30);
  EXPECT_EQ(newest_version(grown<31>), 31);
  EXPECT_EQ(sigmoid_of<31>("v1_one_output.thim"), " alpha=0 rounds=7 approximate=false places=[2,3]");
  EXPECT_EQ(sigmoid_of<31>("grown/v30.thim"), " alpha=0.5 rounds=-9 approximate=true places=[2,3]");
  EXPECT_EQ(sigmoid_of<30>("grown/v30.thim"), " alpha=0.5 rounds=-9 approximate=true");
  EXPECT_EQ(sigmoid_of<31>("grown/v31.thim"), " alpha=0.5 rounds=-9 approximate=true places=[8,4,2]");
}

TEST(ThimVersions, FilesOfLaterVersionsAreRefused) {
  const auto refused = [](const Result<Graph>& graph, const char* what) {
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().code, ErrorCode::unsupported);
    EXPECT_NE(graph.error().to_string().find(what), std::string::npos) << graph.error().to_string();
    EXPECT_NE(graph.error().to_string().find("a later Thimble wrote it"), std::string::npos);
  };
  refused(graph_in(bytes_of("grown/v31.thim"), grown<30>), "version 31, only 1 to 30 are known");
  refused(read_thim(bytes_of("grown/v30.thim")), "version 30");
}

//  The lowest version that says everything: the bytes of old files where nothing new is used.
TEST(ThimVersions, TheWriterTakesTheLowestVersion) {
  auto graph = graph_in(bytes_of("v1_one_output.thim"), grown<31>);
  ASSERT_TRUE(graph);
  EXPECT_EQ(write(*graph, {}, grown<31>)->bytes, bytes_of("v1_one_output.thim"));
  Grown<31> value;
  value.alpha = 0.5f;
  value.approximate = true;
  graph->nodes.back().attrs = value;
  EXPECT_EQ(write(*graph, {}, grown<31>)->bytes[2], 1);
  value.rounds = -9;
  graph->nodes.back().attrs = value;
  EXPECT_EQ(write(*graph, {}, grown<31>)->bytes, bytes_of("grown/v30.thim"));
  value.places = {8, 4, 2};
  graph->nodes.back().attrs = value;
  EXPECT_EQ(write(*graph, {}, grown<31>)->bytes, bytes_of("grown/v31.thim"));
}

// A field of a version that a graph needs for another reason: it stands in the file with its default.
struct GrownWithCodings {
  int rounds = 7;
  float alpha = 0;
  template <class V>
  void fields(V& v) {
    v("rounds", rounds, since(2));
    v("alpha", alpha);
  }
};
Attrs grown_with_codings(Op op) { return op == Op::sigmoid ? GrownWithCodings{} : attributes_of(op); }

TEST(ThimVersions, FieldsOfTheVersionThatCodingsNeedAreWritten) {
  auto graph = read_thim(bytes_of("v2_stripes.thim"));
  ASSERT_TRUE(graph);
  Node& last = graph->nodes.back();
  last.op = Op::sigmoid;  // of int8, with the quantisation of softmax
  GrownWithCodings value;
  value.alpha = 0.25f;
  last.attrs = value;
  const auto packed = write(*graph, {}, grown_with_codings);
  ASSERT_TRUE(packed) << packed.error().to_string();
  EXPECT_EQ(packed->bytes[2], 2);
  const auto again = graph_in(packed->bytes, grown_with_codings);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->nodes.back().attrs.to_string(), " rounds=7 alpha=0.25");
}

}  // namespace
}  // namespace thimble::thim
