// What operators say of their axes (ops/operands.h), held against what they compute: a change of one index of an input
// changes nothing of the output but what the axis names. Over every single-operator golden.
#include <algorithm>
#include <filesystem>

#include "harness.h"
#include "ops/operands.h"

namespace thimble::test {
namespace {

// Small numbers that keep indices valid, floats of both signs.
Bytes filled(const Tensor& t) {
  Bytes bytes(static_cast<size_t>(t.bytes()));
  for (int64_t i = 0; i < t.shape.elements(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (t.type == DType::f32) {
      const float v = 0.25f + static_cast<float>((i * 7 + 3) % 11) * 0.125f;
      std::memcpy(&bytes[at * 4], &v, 4);
    } else if (t.quant.empty() || bits(t.type) > 8) {
      bytes[at * static_cast<size_t>(bits(t.type) / 8)] = static_cast<uint8_t>(i % 2);
    } else {
      bytes[at] = static_cast<uint8_t>(i * 29 + 5);
    }
  }
  return bytes;
}

// Position of element i of a tensor on one of its axes.
int64_t place(const Shape& shape, int axis, int64_t i) {
  return i / shape.elements(axis + 1, shape.rank()) % shape[axis];
}

Bytes changed(const Tensor& t, const Bytes& bytes, int axis, int64_t index) {
  Bytes copy = bytes;
  const auto width = static_cast<size_t>(bits(t.type) / 8);
  for (int64_t i = 0; i < t.shape.elements(); ++i) {
    if (place(t.shape, axis, i) != index) continue;
    uint8_t* at = &copy[static_cast<size_t>(i) * width];
    if (t.type == DType::f32) {
      float v;
      std::memcpy(&v, at, 4);
      v = v * 1.5f + 0.5f;
      std::memcpy(at, &v, 4);
    } else {
      *at = t.quant.empty() || width > 1 ? static_cast<uint8_t>(1 - *at) : static_cast<uint8_t>(*at + 77);
    }
  }
  return copy;
}

// Which entries of output axis `to` may change with entry `index` of the input's axis.
bool follows(const AxisUse& use, const Shape& x, int axis, const Shape& y, int64_t before, int64_t index,
             int64_t entry) {
  switch (use.link) {
    case AxisLink::same:
      if (use.broadcasts && x[axis] == 1) return true;
      return entry / use.repeat == index;
    case AxisLink::placed: return before + entry == index + use.offset;
    case AxisLink::wrapped: {
      const int64_t shorter = std::min(x[axis], y[use.to]);
      return index % shorter == entry % shorter;
    }
    default: return true;
  }
}

struct Count {
  int64_t axes = 0, checked = 0;
};

void check(const Graph& graph, const std::string& file, Count* count) {
  const Node& node = graph.nodes[0];
  const AxisMap map = axes_of(graph, node);
  std::vector<Bytes> inputs;
  for (TensorId t : graph.inputs) inputs.push_back(filled(graph.at(t)));
  const auto base = run_graph(graph, inputs, kModes[0]);
  ASSERT_TRUE(base) << file << ": " << base.error().to_string();
  for (size_t g = 0; g < graph.inputs.size(); ++g) {
    const auto at = std::ranges::find(node.inputs, graph.inputs[g]);
    if (at == node.inputs.end() || std::ranges::count(node.inputs, graph.inputs[g]) != 1) continue;
    const auto input = static_cast<size_t>(at - node.inputs.begin());
    const Tensor& x = graph.at(graph.inputs[g]);
    // Floats that meet integer weights are quantised while running, by the largest of a row: all of it has a part in
    // it.
    const bool hybrid = x.type == DType::f32 && std::ranges::any_of(node.inputs, [&](TensorId t) {
                          return t != kNoTensor && bits(graph.at(t).type) <= 8 && !graph.at(t).quant.empty();
                        });
    if (hybrid) continue;
    for (int axis = 0; axis < x.shape.rank(); ++axis) {
      const AxisUse& use = map.uses(input)[static_cast<size_t>(axis)];
      ++count->axes;
      if (use.to < 0 || x.shape[axis] < 2) continue;
      for (const int64_t index : {int64_t{0}, x.shape[axis] - 1}) {
        std::vector<Bytes> fed = inputs;
        fed[g] = changed(x, inputs[g], axis, index);
        const auto now = run_graph(graph, fed, kModes[0]);
        ASSERT_TRUE(now) << file << ": " << now.error().to_string();
        int64_t before = 0;
        for (size_t o = 0; o < now->size(); ++o) {
          const Tensor& y = graph.at(graph.outputs[o]);
          ASSERT_LT(use.to, y.shape.rank()) << file;
          const auto width = static_cast<size_t>(bits(y.type) / 8);
          for (int64_t i = 0; i < y.shape.elements(); ++i) {
            const auto b = static_cast<size_t>(i) * width;
            if (!std::memcmp(&(*now)[o][b], &(*base)[o][b], width)) continue;
            ASSERT_TRUE(follows(use, x.shape, axis, y.shape, before, index, place(y.shape, use.to, i)))
                << file << ": entry " << index << " of axis " << axis << " of input " << input << " changed element "
                << i << " of output " << o << ", not on its place along axis " << use.to;
          }
          before += y.shape[use.to];
        }
        ++count->checked;
      }
    }
  }
}

TEST(Axes, AChangeStaysWhereTheAxisLeads) {
  Count count;
  std::vector<std::string> files;
  for (const char* folder : {"tests/goldens/ops", "tests/goldens/movement"})
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".tflite") files.push_back(entry.path());
  std::ranges::sort(files);
  for (const std::string& file : files) {
    const auto graph = read_model(file);
    ASSERT_TRUE(graph) << file << ": " << graph.error().to_string();
    if (graph->nodes.size() != 1 || !std::ranges::all_of(graph->tensors, [](const Tensor& t) { return !t.variable; }))
      continue;
    check(*graph, file, &count);
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(count.checked, 400) << "of " << count.axes << " axes";
}

// Every operator that files can hold says what its inputs are.
TEST(Axes, EveryOperatorOfModelsHasRoles) {
  for (size_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    if (op_class(op) != OpClass::model) continue;
    ASSERT_NE(operands_of(op), nullptr) << name(op);
    EXPECT_FALSE(operands_of(op)->roles.empty()) << name(op);
  }
}

}  // namespace
}  // namespace thimble::test
