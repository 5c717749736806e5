// Models whose values decide shapes or which operators run, with branches, loops and variables (tests/goldens/values,
// whose answers are LiteRT's): run by ModelRunner, one run after another, and refused where they must be.
#include <fstream>
#include <nlohmann/json.hpp>

#include "api/model_runner.h"
#include "harness.h"

namespace thimble::test {
namespace {

using nlohmann::json;

const std::string kFolder = "tests/goldens/values/";

json index_of_values() { return json::parse(std::ifstream(kFolder + "index.json")); }

Shape shape_of(const json& array) {
  const auto dims = array["shape"].get<std::vector<int64_t>>();
  return *Shape::make(std::span<const int64_t>(dims));
}

struct Array {
  Shape shape;
  Bytes bytes;
};

Array array_of(const Bytes& data, const json& place, DType type) {
  const Shape shape = shape_of(place);
  const auto at = data.begin() + place["offset"].get<int64_t>();
  return {shape, Bytes(at, at + byte_size(type, shape))};
}

std::vector<Array> inputs_of(const json& run, const Bytes& data, const Graph& edges) {
  std::vector<Array> inputs;
  for (size_t i = 0; i < edges.inputs.size(); ++i)
    inputs.push_back(array_of(data, run["inputs"][i], edges.at(edges.inputs[i]).type));
  return inputs;
}

std::vector<FedInput> fed(const std::vector<Array>& arrays) {
  std::vector<FedInput> inputs;
  for (const Array& a : arrays) inputs.push_back({a.shape, a.bytes});
  return inputs;
}

Data file_of(const json& c) { return Data::copy(*read_file(kFolder + c["file"].get<std::string>())); }

void expect_outputs(const ModelRunner& runner, const json& run, const Bytes& data, const std::string& what) {
  for (size_t i = 0; i < run["outputs"].size(); ++i) {
    const Tensor& y = runner.output(i);
    const Array want = array_of(data, run["outputs"][i], y.type);
    ASSERT_EQ(y.shape, want.shape) << what << ", output " << i;
    ASSERT_EQ(name(y.type), run["outputs"][i]["dtype"].get<std::string>()) << what;
    const auto bytes = runner.output_bytes(i);
    const Bytes got(bytes.begin(), bytes.end());
    EXPECT_EQ(y.type == DType::f32 ? difference_floats(got, want.bytes, 1e-5) : difference_bytes(got, want.bytes), "")
        << what << ", output " << i;
  }
}

class Values : public testing::TestWithParam<json> {};

TEST_P(Values, AreThoseOfTheOracle) {
  const json& c = GetParam();
  const Bytes data = *read_file(kFolder + "data.bin");
  for (const RunMode& mode : kModes) {
    const auto runner =
        ModelRunner::open(file_of(c), c["name"], {.threads = mode.threads, .reference_only = mode.reference_only},
                          c.value("signature", ""));
    ASSERT_TRUE(runner) << runner.error().to_string();
    for (const bool again : {false, true}) {
      (*runner)->reset_variables();
      const int64_t planned = (*runner)->planned();
      for (size_t r = 0; r < c["runs"].size(); ++r) {
        const std::string what = format("{}, run {}{}", mode.name, r, again ? " once more" : "");
        const Status ran = (*runner)->run(fed(inputs_of(c["runs"][r], data, (*runner)->edges())));
        ASSERT_TRUE(ran) << what << ": " << ran.error().to_string();
        expect_outputs(**runner, c["runs"][r], data, what);
      }
      if (again) {
        EXPECT_EQ((*runner)->planned(), planned) << "shapes and values were known";
      }
    }
  }
}

// What needs no value is a graph that runs as any other; what does is refused by whoever has none.
TEST_P(Values, AreAskedForWhereTheyAreNeeded) {
  const json& c = GetParam();
  const Data file = file_of(c);
  const auto checked =
      read_checked_tflite({file.bytes, file.size}, file.owner, {.known = {}, .signature = c.value("signature", "")});
  if (!c["plain"].get<bool>()) {
    if (c["name"] == "free_input") return;  // read with placeholders
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::needs_value) << checked.error().to_string();
    EXPECT_NE(checked.error().message.find("known at run time only"), std::string::npos);
    return;
  }
  ASSERT_TRUE(checked) << checked.error().to_string();
  const Bytes data = *read_file(kFolder + "data.bin");
  for (const RunMode& mode : kModes) {
    auto program = Program::plan(checked->graph, {.threads = mode.threads, .reference_only = mode.reference_only});
    ASSERT_TRUE(program) << program.error().to_string();
    auto session = Session::create(*program);
    ASSERT_TRUE(session);
    for (const json& run : c["runs"]) {
      const std::vector<Array> inputs = inputs_of(run, data, checked->graph);
      for (size_t i = 0; i < inputs.size(); ++i)
        std::memcpy((*session)->input(i).data(), inputs[i].bytes.data(), inputs[i].bytes.size());
      ASSERT_TRUE((*session)->run());
      for (size_t i = 0; i < run["outputs"].size(); ++i) {
        const auto bytes = (*session)->output(i);
        EXPECT_EQ(difference_floats(Bytes(bytes.begin(), bytes.end()),
                                    array_of(data, run["outputs"][i], DType::f32).bytes, 1e-5),
                  "")
            << mode.name << ", output " << i << "\n"
            << dump(checked->graph);
      }
    }
  }
}

std::vector<json> all_cases() { return index_of_values()["cases"].get<std::vector<json>>(); }
INSTANTIATE_TEST_SUITE_P(Runs, Values, testing::ValuesIn(all_cases()),
                         [](const auto& test) { return test.param["name"].template get<std::string>(); });

TEST(ValuesRefused, WithAReason) {
  const json index = index_of_values();
  ASSERT_GE(index["refused"].size(), 30u);
  for (const json& refused : index["refused"]) {
    const auto graph = read_model(kFolder + refused["file"].get<std::string>());
    ASSERT_FALSE(graph) << refused["name"];
    EXPECT_EQ(name(graph.error().code), refused["code"].get<std::string>())
        << refused["name"] << ": " << graph.error().to_string();
    EXPECT_NE(graph.error().message.find(refused["message"].get<std::string>()), std::string::npos)
        << refused["name"] << ": " << graph.error().to_string();
  }
}

// A loop that its fed count never ends: the deadline does, and the next run is as if nothing had been.
TEST(ValuesRefused, EndAtTheDeadline) {
  const auto runner = ModelRunner::open(file_of({{"file", "while_fed.tflite"}}), "while_fed");
  ASSERT_TRUE(runner) << runner.error().to_string();
  const float x[] = {1, 2, 3, 4};
  const auto run = [&](int32_t turns, const RunLimits& limits) {
    const FedInput inputs[] = {{{1, 4}, {reinterpret_cast<const uint8_t*>(x), sizeof x}},
                               {{}, {reinterpret_cast<const uint8_t*>(&turns), 4}}};
    return (*runner)->run(inputs, limits);
  };
  ASSERT_TRUE(run(3, {}));
  const Bytes before((*runner)->output_bytes(0).begin(), (*runner)->output_bytes(0).end());
  const Status late = run(1 << 30, {.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(50)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::interrupted);
  const Status long_ = run(1 << 30, {});
  ASSERT_FALSE(long_);
  EXPECT_EQ(long_.error().code, ErrorCode::unsupported);
  ASSERT_TRUE(run(3, {}));
  EXPECT_EQ(Bytes((*runner)->output_bytes(0).begin(), (*runner)->output_bytes(0).end()), before);
}

TEST(ValuesRefused, ArraysThatDoNotFit) {
  const auto runner = ModelRunner::open(file_of({{"file", "reshape_fed.tflite"}}), "reshape_fed");
  ASSERT_TRUE(runner) << runner.error().to_string();
  const Bytes x(24 * 4);
  const auto run = [&](const Shape& shape, const Bytes& values, std::array<int32_t, 2> to) {
    const FedInput inputs[] = {{shape, values}, {{2}, {reinterpret_cast<const uint8_t*>(to.data()), 8}}};
    const Status status = (*runner)->run(inputs);
    return status ? std::string("ok") : std::string(name(status.error().code));
  };
  EXPECT_EQ(run({2, 3, 4}, x, {4, 6}), "ok");
  EXPECT_EQ(run({2, 3, 4}, x, {5, 5}), "bad_file");
  EXPECT_EQ(run({2, 3, 4}, x, {-1, -1}), "bad_file");
  EXPECT_EQ(run({2, 3, 4}, x, {0, INT32_MIN}), "bad_file");
  EXPECT_EQ(run({4, 6}, x, {4, 6}), "usage");
  EXPECT_EQ(run({2, 3, 4}, Bytes(8), {4, 6}), "usage");
  EXPECT_EQ(run({2, 3, 4}, x, {6, 4}), "ok");
  EXPECT_EQ((*runner)->output(0).shape, (Shape{6, 4}));
}

// Sizes beyond the limit are refused, empty ones run, and those of before as before.
TEST(ValuesRefused, SizesBeyondTheLimit) {
  const auto runner = ModelRunner::open(file_of({{"file", "pad_fed.tflite"}}), "pad_fed", {.max_arena_bytes = 1 << 20});
  ASSERT_TRUE(runner) << runner.error().to_string();
  const Bytes x(24 * 4, 1);
  const auto run = [&](int32_t rows) {
    const int32_t pads[] = {rows, 0, 0, 0, 0, 0};
    const FedInput inputs[] = {{{2, 3, 4}, x}, {{3, 2}, {reinterpret_cast<const uint8_t*>(pads), sizeof pads}}};
    return (*runner)->run(inputs);
  };
  ASSERT_TRUE(run(1));
  const Bytes before((*runner)->output_bytes(0).begin(), (*runner)->output_bytes(0).end());
  for (const int32_t rows : {1 << 20, INT32_MAX}) EXPECT_FALSE(run(rows));
  EXPECT_FALSE(run(-1));
  ASSERT_TRUE(run(1));
  EXPECT_EQ(Bytes((*runner)->output_bytes(0).begin(), (*runner)->output_bytes(0).end()), before);
}

TEST(Signatures, AreFoundByName) {
  const Data file = file_of({{"file", "signatures.tflite"}});
  const auto read = [&](std::string_view signature) {
    return read_checked_tflite({file.bytes, file.size}, file.owner, {.known = {}, .signature = signature});
  };
  const auto usual = read(""), named = read("decode");
  ASSERT_TRUE(usual && named);
  EXPECT_EQ(usual->graph.signature, "encode");
  EXPECT_EQ(usual->graph.left_out, (std::vector<std::string>{"signature \"decode\""}));
  EXPECT_EQ(named->graph.signature, "decode");
  EXPECT_EQ(named->graph.input_names, (std::vector<std::string>{"code"}));
  EXPECT_EQ(named->graph.left_out, (std::vector<std::string>{"signature \"encode\""}));
  const auto wrong = read("decod");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::usage);
  EXPECT_NE(wrong.error().hint.find("'decode'"), std::string::npos) << wrong.error().hint;
}

}  // namespace
}  // namespace thimble::test
