// Every model under tests/models, every single-operator model under tests/goldens/ops, odd files under
// tests/goldens/reader and every written network under tests/goldens/written against what LiteRT's reference
// interpreter (TFLite Micro for person_detect) answered.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "formats/tflite/stock.h"
#include "harness.h"
#include "ops/slice/slice.h"

namespace thimble::test {
namespace {

using nlohmann::json;

json load(const std::string& path) { return json::parse(std::ifstream(path)); }

int64_t element_bytes(const std::string& dtype) {
  if (dtype == "float32" || dtype == "int32" || dtype == "uint32") return 4;
  if (dtype == "int64" || dtype == "float64" || dtype == "complex64") return 8;
  if (dtype == "int16" || dtype == "float16" || dtype == "uint16") return 2;
  return 1;
}

int64_t byte_count(const json& tensor) {
  int64_t n = element_bytes(tensor["dtype"]);
  for (int64_t d : tensor["shape"]) n *= d;
  return n;
}

// The same graph, which reads copies of its inputs that nobody else needs: nodes may write over them.
Graph reading_copies(Graph graph) {
  std::vector<Node> copies;
  for (TensorId t : std::vector<TensorId>(graph.inputs)) {
    const Tensor x = graph.at(t);
    const std::vector<int64_t> begin(static_cast<size_t>(x.shape.rank())),
        size(x.shape.dims().begin(), x.shape.dims().end());
    if (begin.empty() || bits(x.type) % 8 != 0) continue;
    const auto constant = [&](const std::vector<int64_t>& values) {
      return graph.add({.type = DType::i64,
                        .shape = {static_cast<int64_t>(values.size())},
                        .data = Data::of(std::span<const int64_t>(values))});
    };
    const TensorId from = constant(begin), count = constant(size), copy = graph.add(x);
    for (Node& node : graph.nodes) std::ranges::replace(node.inputs, t, copy);
    copies.push_back({.op = Op::slice, .inputs = {t, from, count}, .outputs = {copy}, .attrs = SliceAttrs{}});
  }
  graph.nodes.insert(graph.nodes.begin(), copies.begin(), copies.end());
  return graph;
}

// A case of an index, with the folder that it is in.
class OpGolden : public testing::TestWithParam<json> {};

TEST_P(OpGolden, Matches) {
  const json& c = GetParam();
  const auto folder = c["folder"].get<std::string>();
  const Bytes data = *read_file(folder + "/data.bin");
  const auto slice = [&](const json& t) {
    const auto at = data.begin() + t["offset"].get<int64_t>();
    return Bytes(at, at + byte_count(t));
  };
  const auto graph = read_model(folder + "/" + c["file"].get<std::string>());
  ASSERT_TRUE(graph) << graph.error().to_string();
  std::vector<Bytes> inputs;
  for (const json& t : c["inputs"]) inputs.push_back(slice(t));
  for (const RunMode& mode : kModes) {
    const auto outputs = run_graph(*graph, inputs, mode);
    ASSERT_TRUE(outputs) << mode.name << ": " << outputs.error().to_string();
    ASSERT_EQ(outputs->size(), c["outputs"].size());
    for (size_t i = 0; i < outputs->size(); ++i) {
      const Bytes want = slice(c["outputs"][i]);
      const auto dtype = c["outputs"][i]["dtype"].get<std::string>();
      const bool bytes = c["compare"] == "bytes" || (dtype != "float32" && dtype != "complex64");
      EXPECT_EQ(bytes ? difference_bytes((*outputs)[i], want)
                      : difference_floats((*outputs)[i], want, c.value("tolerance", 1e-5)),
                "")
          << mode.name << ", output " << i << "\n"
          << dump(*graph);
    }
  }
  const Graph in_place = reading_copies(*graph);
  for (const RunMode& mode : kModes) {
    const auto apart = run_graph(*graph, inputs, mode), outputs = run_graph(in_place, inputs, mode);
    ASSERT_TRUE(outputs) << mode.name << ": " << outputs.error().to_string();
    EXPECT_EQ(*outputs, *apart) << mode.name << ", in place";
  }
  // What is written and read again computes the same.
  const auto file = write_tflite(*graph);
  ASSERT_TRUE(file) << file.error().to_string();
  const auto again = read_tflite(*file);
  ASSERT_TRUE(again) << again.error().to_string();
  const auto before = run_graph(*graph, inputs, kModes[1]), after = run_graph(*again, inputs, kModes[1]);
  ASSERT_TRUE(after) << after.error().to_string();
  EXPECT_EQ(*before, *after);
  // What we write, other runtimes can run; and what we wrote, we write again.
  for (const std::string& obstacle : tflite::stock_obstacles(*again)) ADD_FAILURE() << obstacle;
  if (folder.ends_with("written")) {
    EXPECT_EQ(*file, *read_file(folder + "/" + c["file"].get<std::string>()));
  }
}

std::vector<json> cases_of(const std::string& folder) {
  std::vector<json> cases;
  const json index = load(folder + "/index.json");
  for (json c : index["cases"]) {
    c["folder"] = folder;
    cases.push_back(std::move(c));
  }
  return cases;
}
std::string case_name(const testing::TestParamInfo<json>& info) { return info.param["name"]; }
INSTANTIATE_TEST_SUITE_P(Ops, OpGolden, testing::ValuesIn(cases_of("tests/goldens/ops")), case_name);
// One case of each elementwise operator in each type (scripts/goldens/op_cases_types.py).
INSTANTIATE_TEST_SUITE_P(Types, OpGolden, testing::ValuesIn(cases_of("tests/goldens/types")), case_name);
// Operators that move, pick, sort, group and find (scripts/goldens/op_cases_movement.py).
INSTANTIATE_TEST_SUITE_P(Movement, OpGolden, testing::ValuesIn(cases_of("tests/goldens/movement")), case_name);
// Odd but legal files (scripts/goldens/reader_goldens.py).
INSTANTIATE_TEST_SUITE_P(Reader, OpGolden, testing::ValuesIn(cases_of("tests/goldens/reader")), case_name);
// Random networks as `thimble study` writes them (scripts/interop/written_goldens.py).
INSTANTIATE_TEST_SUITE_P(Written, OpGolden, testing::ValuesIn(cases_of("tests/goldens/written")), case_name);

// ---- whole models ----
Bytes seeded_input(const json& tensor, uint64_t seed, uint64_t stream) {
  Bytes bytes(static_cast<size_t>(byte_count(tensor)));
  const int64_t width = element_bytes(tensor["dtype"]);
  const bool floats = tensor["dtype"] == "float32";
  for (size_t i = 0; i < bytes.size() / static_cast<size_t>(width); ++i) {
    const uint64_t word = random_bits(seed, stream, i);
    const auto value = static_cast<float>(2.0 * (static_cast<double>(word >> 11) * 0x1p-53) - 1.0);
    if (floats) {
      std::memcpy(bytes.data() + i * 4, &value, 4);
    } else {
      std::memcpy(bytes.data() + i * static_cast<size_t>(width), &word, static_cast<size_t>(width));
    }
  }
  return bytes;
}

// The payload of an .npy file (version 1 header), the layout of the goldens.
Bytes npy_payload(const std::string& path) {
  const auto file = read_file(path);
  if (!file) return {};
  const size_t header = (*file)[8] + 256u * (*file)[9];
  return Bytes(file->begin() + static_cast<int64_t>(10 + header), file->end());
}

class ModelGolden : public testing::TestWithParam<json> {};

TEST_P(ModelGolden, Matches) {
  const json& m = GetParam();
  const auto graph = read_model(m["model"]);
  ASSERT_TRUE(graph) << graph.error().to_string();
  for (const RunMode& mode : kModes)
    for (size_t s = 0; s < m["seeds"].size(); ++s) {
      std::vector<Bytes> inputs;
      for (size_t i = 0; i < m["inputs"].size(); ++i) inputs.push_back(seeded_input(m["inputs"][i], m["seeds"][s], i));
      const auto outputs = run_graph(*graph, inputs, mode);
      ASSERT_TRUE(outputs) << mode.name << ": " << outputs.error().to_string();
      for (size_t i = 0; i < outputs->size(); ++i) {
        const json& out = m["outputs"][i];
        const Bytes all = npy_payload("tests/goldens/models/" + out["file"].get<std::string>());
        const size_t size = (*outputs)[i].size();
        ASSERT_GE(all.size(), size * (s + 1));
        const Bytes want(all.begin() + static_cast<int64_t>(size * s),
                         all.begin() + static_cast<int64_t>(size * (s + 1)));
        const double tolerance = m["compare"] == "hybrid" ? 5e-3 : 1e-5;
        EXPECT_EQ(out["dtype"] == "float32" ? difference_floats((*outputs)[i], want, tolerance)
                                            : difference_bytes((*outputs)[i], want),
                  "")
            << mode.name << ", seed " << m["seeds"][s] << ", output " << i;
      }
    }
}

std::vector<json> model_cases() {
  std::vector<json> cases;
  const json index = load("tests/goldens/models/index.json");
  for (const json& m : index["models"]) cases.push_back(m);
  return cases;
}
std::string model_name(const testing::TestParamInfo<json>& info) {
  std::string name = info.param["model"].get<std::string>().substr(13);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Models, ModelGolden, testing::ValuesIn(model_cases()), model_name);

}  // namespace
}  // namespace thimble::test
