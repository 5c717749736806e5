// LSTM: the training form and its gradient against Keras and against differences of an independent
// double-precision forward pass; fast paths against references and bits for one and two threads; what
// export and quantisation make of it.
#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "harness.h"
#include "kernels/kernels.h"
#include "ops/builder.h"
#include "ops/lstm/lstm.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"
#include "passes/lower_lstm.h"
#include "passes/raise_lstm.h"

namespace thimble::test {
namespace {

struct Sizes {
  int64_t batch, time, inputs, units;
  bool sequences;
};

struct Layer {
  Sizes s;
  std::vector<float> x, kernel, recurrent, bias, dy;
};

std::vector<float> values(uint64_t stream, int64_t count, double range) {
  std::vector<float> v;
  for (int64_t i = 0; i < count; ++i)
    v.push_back(static_cast<float>(
        (static_cast<double>(random_bits(5, stream, static_cast<uint64_t>(i)) >> 11) * 0x1p-52 - 1) * range));
  return v;
}

Layer random_layer(const Sizes& s) {
  const int64_t rows = 4 * s.units;
  return {s,
          values(1, s.batch * s.time * s.inputs, 1.5),
          values(2, rows * s.inputs, 0.6),
          values(3, rows * s.units, 0.6),
          values(4, rows, 0.5),
          values(5, s.batch * s.units * (s.sequences ? s.time : 1), 1)};
}

template <class T>
Bytes bytes_of(const std::vector<T>& v) {
  Bytes b(v.size() * sizeof(T));
  std::memcpy(b.data(), v.data(), b.size());
  return b;
}
std::vector<float> floats(const Bytes& b) {
  std::vector<float> v(b.size() / 4);
  std::memcpy(v.data(), b.data(), b.size());
  return v;
}

// Inputs x, dy; outputs y, then dkernel, drecurrent, dbias and dx when `gradient`.
Graph layer_graph(const Layer& l, bool gradient) {
  const Sizes& s = l.s;
  Graph g;
  Builder b(g);
  const TensorId x = b.input("x", DType::f32, Shape{s.batch, s.time, s.inputs});
  const TensorId kernel = b.constant_f32("kernel", Shape{4 * s.units, s.inputs}, l.kernel);
  const TensorId recurrent = b.constant_f32("recurrent", Shape{4 * s.units, s.units}, l.recurrent);
  const TensorId bias = b.constant_f32("bias", Shape{4 * s.units}, l.bias);
  const auto out = b.node(Op::lstm, {x, kernel, recurrent, bias}, LstmAttrs{s.sequences}, "layer", 5);
  EXPECT_TRUE(out) << out.error().to_string();
  g.outputs = {(*out)[0]};
  if (!gradient) return g;
  const TensorId dy = b.input("dy", DType::f32, g.at((*out)[0]).shape);
  const auto grads = b.node(Op::lstm_grad, {x, kernel, recurrent, (*out)[1], (*out)[2], (*out)[3], (*out)[4], dy},
                            LstmGradAttrs{s.sequences, true}, "grad", 4);
  EXPECT_TRUE(grads) << grads.error().to_string();
  g.outputs.insert(g.outputs.end(), grads->begin(), grads->end());
  return g;
}

// Σ y·dy in double precision, written without regard to the operator's code.
double weighted_sum(const Layer& l, const std::vector<double>& x, const std::vector<double>& kernel,
                    const std::vector<double>& recurrent, const std::vector<double>& bias) {
  const Sizes& s = l.s;
  const auto at = [](int64_t i) { return static_cast<size_t>(i); };
  double total = 0;
  for (int64_t b = 0; b < s.batch; ++b) {
    std::vector<double> h(at(s.units), 0), c(at(s.units), 0);
    for (int64_t t = 0; t < s.time; ++t) {
      std::vector<double> a(at(4 * s.units));
      for (int64_t j = 0; j < 4 * s.units; ++j) {
        a[at(j)] = bias[at(j)];
        for (int64_t i = 0; i < s.inputs; ++i)
          a[at(j)] += kernel[at(j * s.inputs + i)] * x[at((b * s.time + t) * s.inputs + i)];
        for (int64_t i = 0; i < s.units; ++i) a[at(j)] += recurrent[at(j * s.units + i)] * h[at(i)];
      }
      const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
      for (int64_t u = 0; u < s.units; ++u) {
        c[at(u)] = sigmoid(a[at(s.units + u)]) * c[at(u)] + sigmoid(a[at(u)]) * std::tanh(a[at(2 * s.units + u)]);
        h[at(u)] = sigmoid(a[at(3 * s.units + u)]) * std::tanh(c[at(u)]);
        if (s.sequences) total += h[at(u)] * l.dy[at((b * s.time + t) * s.units + u)];
        if (!s.sequences && t == s.time - 1) total += h[at(u)] * l.dy[at(b * s.units + u)];
      }
    }
  }
  return total;
}

const Sizes kSizes[] = {{2, 4, 5, 3, true},   {3, 5, 2, 4, false},  {1, 1, 3, 2, true},
                        {1, 6, 7, 17, false}, {40, 3, 9, 20, true}, {33, 4, 28, 20, false}};

TEST(Lstm, GradientsEqualDifferencesInDoublePrecision) {
  for (const Sizes& s : kSizes) {
    const Layer l = random_layer(s);
    std::vector<std::vector<double>> parts;
    for (const auto* v : {&l.x, &l.kernel, &l.recurrent, &l.bias}) parts.emplace_back(v->begin(), v->end());
    const Graph graph = layer_graph(l, true);
    for (const RunMode& mode : kModes) {
      const auto out = run_graph(graph, {bytes_of(l.x), bytes_of(l.dy)}, mode);
      ASSERT_TRUE(out) << out.error().to_string();
      const std::vector<float> got[] = {floats((*out)[4]), floats((*out)[1]), floats((*out)[2]), floats((*out)[3])};
      for (size_t p = 0; p < 4; ++p) {
        const size_t stride = std::max<size_t>(1, parts[p].size() / 60);
        for (size_t i = 0; i < parts[p].size(); i += stride) {
          const double kept = parts[p][i], step = 1e-5;
          parts[p][i] = kept + step;
          const double above = weighted_sum(l, parts[0], parts[1], parts[2], parts[3]);
          parts[p][i] = kept - step;
          const double below = weighted_sum(l, parts[0], parts[1], parts[2], parts[3]);
          parts[p][i] = kept;
          const double want = (above - below) / (2 * step);
          EXPECT_NEAR(got[p][i], want, 2e-5 * std::max(1.0, std::fabs(want)))
              << mode.name << ", units " << s.units << ", argument " << p << "[" << i << "]";
        }
      }
    }
  }
}

TEST(Lstm, TwoThreadsGiveTheSameBits) {
  for (const Sizes& s : {Sizes{64, 28, 28, 20, true}, Sizes{50, 6, 30, 33, false}}) {
    const Layer l = random_layer(s);
    const Graph graph = layer_graph(l, true);
    const auto one = run_graph(graph, {bytes_of(l.x), bytes_of(l.dy)}, kModes[1]);
    const auto two = run_graph(graph, {bytes_of(l.x), bytes_of(l.dy)}, kModes[2]);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(*one, *two);
  }
}

TEST(Lstm, EqualsKerasForwardAndBackward) {
  const auto golden = nlohmann::json::parse(std::ifstream("tests/goldens/optimizers/layers.json"))["lstm"];
  const auto get = [&](const char* key) { return golden[key].get<std::vector<float>>(); };
  Layer l{{golden["batch"], golden["time"], golden["depth"], golden["units"], true},
          get("x"),
          {},
          {},
          get("bias"),
          get("upstream")};
  const Sizes& s = l.s;
  // Keras keeps [inputs, 4·units].
  const auto transposed = [](const std::vector<float>& v, int64_t rows, int64_t columns) {
    std::vector<float> t(v.size());
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c)
        t[static_cast<size_t>(c * rows + r)] = v[static_cast<size_t>(r * columns + c)];
    return t;
  };
  l.kernel = transposed(get("kernel"), s.inputs, 4 * s.units);
  l.recurrent = transposed(get("recurrent"), s.units, 4 * s.units);
  const std::vector<float> want[] = {get("y"), transposed(get("dkernel"), s.inputs, 4 * s.units),
                                     transposed(get("drecurrent"), s.units, 4 * s.units), get("dbias"), get("dx")};
  for (const RunMode& mode : kModes) {
    const auto out = run_graph(layer_graph(l, true), {bytes_of(l.x), bytes_of(l.dy)}, mode);
    ASSERT_TRUE(out) << out.error().to_string();
    for (size_t i = 0; i < out->size(); ++i)
      EXPECT_EQ(difference_floats((*out)[i], bytes_of(want[i]), 1e-5), "") << mode.name << ", output " << i;
  }
}

TEST(Lstm, ExportedFormComputesTheSame) {
  for (const Sizes& s : kSizes) {
    const Layer l = random_layer(s);
    const Graph training = layer_graph(l, false);
    Graph exported = training;
    const auto count = lower_lstm(exported);
    ASSERT_TRUE(count) << count.error().to_string();
    EXPECT_EQ(count->count, 1);
    const Status sound = verify(exported);
    ASSERT_TRUE(sound) << sound.error().to_string();
    const auto file = write_tflite(exported);
    ASSERT_TRUE(file) << file.error().to_string();
    const auto read = read_tflite(*file);
    ASSERT_TRUE(read) << read.error().to_string();
    const auto want = run_graph(training, {bytes_of(l.x)}, kModes[0]);
    for (const RunMode& mode : kModes) {
      const auto got = run_graph(*read, {bytes_of(l.x)}, mode);
      ASSERT_TRUE(want && got);
      EXPECT_EQ(difference_floats((*got)[0], (*want)[0], 1e-6), "") << mode.name << ", units " << s.units;
    }
  }
}

TEST(Lstm, LoweringSaysWhatBecameOfTensors) {
  for (const Sizes& s : kSizes) {
    const Graph training = layer_graph(random_layer(s), false);
    Graph exported = training;
    const auto lowered = lower_lstm(exported);
    ASSERT_TRUE(lowered) << lowered.error().to_string();
    ASSERT_EQ(lowered->layers.size(), 1u);
    const LoweredLstm& layer = lowered->layers[0];
    EXPECT_EQ(layer.output, training.nodes[0].outputs[0]);
    EXPECT_EQ(lowered->now[static_cast<size_t>(training.inputs[0])], exported.inputs[0]);
    EXPECT_EQ(lowered->now[static_cast<size_t>(layer.output)], exported.outputs[0]);
    const NodeId made_by = exported.producers()[static_cast<size_t>(layer.sequence)];
    ASSERT_GE(made_by, 0);
    const Node& node = exported.nodes[static_cast<size_t>(made_by)];
    EXPECT_EQ(node.op, Op::unidirectional_sequence_lstm);
    for (const LstmGates& operand : layer.operands) {
      EXPECT_EQ(operand.whole, training.nodes[0].inputs[operand.input]);
      EXPECT_EQ(lowered->now[static_cast<size_t>(operand.whole)], kNoTensor);
      std::vector<float> joined;
      for (size_t g = 0; g < operand.gates.size(); ++g) {
        EXPECT_EQ(operand.gates[g], node.inputs[operand.first_gate + g]);
        const auto part = exported.at(operand.gates[g]).data.as<float>();
        joined.insert(joined.end(), part.begin(), part.end());
      }
      EXPECT_TRUE(std::ranges::equal(joined, training.at(operand.whole).data.as<float>()));
    }
  }
}

// What a file holds becomes trainable, and the file's form comes back from it.
TEST(Lstm, FileFormComesBackFromTrainingForm) {
  for (const Sizes& s : kSizes) {
    const Layer l = random_layer(s);
    Graph exported = layer_graph(l, false);
    ASSERT_TRUE(lower_lstm(exported));
    const auto read = read_tflite(*write_tflite(exported));
    ASSERT_TRUE(read) << read.error().to_string();
    Graph raised = *read;
    const auto count = raise_lstm(raised);
    ASSERT_TRUE(count) << count.error().to_string();
    EXPECT_EQ(*count, 1);
    const Status sound = verify(raised);
    ASSERT_TRUE(sound) << sound.error().to_string();
    ASSERT_EQ(raised.nodes.size(), 1u);
    EXPECT_EQ(raised.nodes[0].op, Op::lstm);
    const auto want = run_graph(layer_graph(l, false), {bytes_of(l.x)}, kModes[0]),
               got = run_graph(raised, {bytes_of(l.x)}, kModes[0]);
    ASSERT_TRUE(want && got);
    EXPECT_EQ((*got)[0], (*want)[0]);
    ASSERT_TRUE(lower_lstm(raised));
    const auto again = write_tflite(raised);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(dump(*read_tflite(*again)), dump(*read));
    for (size_t t = 0; t < read->tensors.size(); ++t) {
      if (!read->tensors[t].constant()) continue;
      const auto same = std::ranges::find(raised.tensors, read->tensors[t].name, &Tensor::name);
      ASSERT_NE(same, raised.tensors.end()) << read->tensors[t].name;
      EXPECT_TRUE(std::ranges::equal(same->data.as<uint8_t>(), read->tensors[t].data.as<uint8_t>()));
    }
  }
}

TEST(Lstm, CellClipIsKept) {
  const Layer l = random_layer({2, 6, 4, 5, true});
  Graph graph = layer_graph(l, false);
  graph.nodes[0].attrs = LstmAttrs{true, 0.25f};
  Graph exported = graph;
  ASSERT_TRUE(lower_lstm(exported));
  EXPECT_EQ(exported.nodes[0].attrs.as<SequenceLstmAttrs>().cell_clip, 0.25f);
  const auto free = run_graph(layer_graph(l, false), {bytes_of(l.x)}, kModes[0]);
  const auto want = run_graph(exported, {bytes_of(l.x)}, kModes[0]);
  ASSERT_TRUE(free && want);
  EXPECT_NE((*free)[0], (*want)[0]);
  for (const RunMode& mode : kModes) {
    const auto got = run_graph(graph, {bytes_of(l.x)}, mode);
    ASSERT_TRUE(got);
    EXPECT_EQ(difference_floats((*got)[0], (*want)[0], 1e-6), "") << mode.name;
  }
  const auto count = raise_lstm(exported);
  ASSERT_TRUE(count && *count == 1);
  EXPECT_EQ(exported.nodes[0].attrs, graph.nodes[0].attrs);
}

TEST(Lstm, OnlyPlainLayersBecomeTrainable) {
  Graph plain = layer_graph(random_layer({2, 3, 4, 5, true}), false);
  ASSERT_TRUE(lower_lstm(plain));
  const auto turned = [&](const std::function<void(Graph&, Node&)>& change) {
    Graph g = plain;
    change(g, g.nodes[0]);
    const auto count = raise_lstm(g);
    EXPECT_TRUE(count);
    return count && *count == 1;
  };
  EXPECT_TRUE(turned([](Graph&, Node&) {}));
  const auto attrs = [](auto set) {
    return [set](Graph&, Node& n) {
      SequenceLstmAttrs a = n.attrs.as<SequenceLstmAttrs>();
      set(a);
      n.attrs = a;
    };
  };
  EXPECT_FALSE(turned(attrs([](SequenceLstmAttrs& a) { a.proj_clip = 3; })));
  EXPECT_FALSE(turned(attrs([](SequenceLstmAttrs& a) { a.activation = Activation::relu; })));
  EXPECT_FALSE(turned(attrs([](SequenceLstmAttrs& a) { a.time_major = true; })));
  EXPECT_FALSE(turned([](Graph& g, Node& n) {  // an initial state
    g.at(n.inputs[sequence_lstm::kCellState]).data = Data::of(std::span<const float>(std::vector<float>(10, 0.5f)));
  }));
  EXPECT_FALSE(turned([](Graph& g, Node& n) {  // peephole weights
    for (size_t i = 0; i < 3; ++i)
      n.inputs[sequence_lstm::kPeephole + i] =
          g.add({.name = "p", .shape = {5}, .data = Data::of(std::span<const float>(std::vector<float>(5, 1.0f)))});
  }));
}

TEST(Lstm, StatesStayBetweenRunsAndCanBeReset) {
  // Two runs of three steps are one run of six.
  Layer whole = random_layer({2, 6, 4, 5, true}), half = whole;
  half.s.time = 3;
  const auto steps = [&](int64_t first) {
    std::vector<float> x;
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t i = 0; i < 12; ++i) x.push_back(whole.x[static_cast<size_t>((b * 6 + first) * 4 + i)]);
    return x;
  };
  const auto all = run_graph(layer_graph(whole, false), {bytes_of(whole.x)}, kModes[0]);
  ASSERT_TRUE(all);
  const std::vector<float> y = floats((*all)[0]);
  half.dy.clear();
  Graph graph = layer_graph(half, false);
  ASSERT_TRUE(lower_lstm(graph));
  for (const bool reference : {true, false}) {
    auto program = Program::plan(graph, {.reference_only = reference});
    ASSERT_TRUE(program);
    auto session = Session::create(*program);
    ASSERT_TRUE(session);
    const auto run = [&](int64_t first) {
      const Bytes x = bytes_of(steps(first));
      std::memcpy((*session)->input(0).data(), x.data(), x.size());
      (*session)->run();
      const auto out = (*session)->output(0);
      return floats(Bytes(out.begin(), out.end()));
    };
    const std::vector<float> early = run(0), late = run(3);
    for (size_t b = 0; b < 2; ++b)
      for (size_t i = 0; i < 15; ++i) {
        EXPECT_NEAR(early[b * 15 + i], y[b * 30 + i], 1e-6);
        EXPECT_NEAR(late[b * 15 + i], y[b * 30 + 15 + i], 1e-6);
      }
    (*session)->reset_variables();
    EXPECT_EQ(run(0), early);
  }
}

TEST(Lstm, RefusesWhatDoesNotFit) {
  const Graph good = [] {
    Graph g = layer_graph(random_layer({2, 3, 4, 5, true}), false);
    EXPECT_TRUE(lower_lstm(g));
    return g;
  }();
  ASSERT_TRUE(verify(good));
  const Node& node = good.nodes[0];
  const auto refused = [&](const std::function<void(Graph&, Node&)>& change) {
    Graph g = good;
    change(g, g.nodes[0]);
    return !verify(g);
  };
  for (size_t i = 0; i < 20; ++i) {  // every operand that is there is needed
    if (node.inputs[i] == kNoTensor) continue;
    EXPECT_TRUE(refused([&](Graph&, Node& n) { n.inputs[i] = kNoTensor; })) << i;
  }
  for (size_t i : {1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15})  // shapes and types
    EXPECT_TRUE(refused([&](Graph&, Node& n) { n.inputs[i] = n.inputs[0]; })) << i;
  EXPECT_TRUE(refused([](Graph& g, Node& n) { g.at(n.inputs[18]).variable = false; }));
  EXPECT_TRUE(refused([](Graph&, Node& n) { n.inputs[19] = n.inputs[18]; }));
  EXPECT_TRUE(refused([](Graph&, Node& n) { n.inputs[16] = n.inputs[1]; }));  // a projection of another width
  EXPECT_TRUE(refused([](Graph&, Node& n) { n.inputs[20] = n.inputs[12]; }));
  EXPECT_TRUE(refused([](Graph&, Node& n) { n.inputs[9] = n.inputs[12]; }));
  EXPECT_TRUE(refused([](Graph&, Node& n) { n.inputs.resize(19); }));
  EXPECT_TRUE(refused([](Graph& g, Node& n) { g.at(n.inputs[18]).shape = Shape{3, 5}; }));
}

// Every instruction set's integer kernels against the definition: all 65,536 values of every gate and of
// the cell, every cell scale, every length of a last vector.
TEST(Lstm, IntegerCellEqualsItsDefinitionOnEveryInstructionSet) {
  uint64_t at = 0;
  const auto word = [&] { return random_bits(9, 9, at++); };
  for (const KernelTable* table : available_kernels())
    for (int power = -15; power <= -9; ++power)
      for (int64_t units : {1, 3, 7, 8, 15, 16, 17, 20, 31, 32, 33, 50, 65536}) {
        const auto n = static_cast<size_t>(units);
        std::vector<int16_t> gates(4 * n), c(n);
        for (size_t i = 0; i < gates.size(); ++i) gates[i] = static_cast<int16_t>(units == 65536 ? i : word());
        for (size_t i = 0; i < n; ++i) c[i] = static_cast<int16_t>(units == 65536 ? i * 7 : word());
        thimble_unidirectional_sequence_lstm s{};
        s.hidden.multiplier = static_cast<int32_t>((1u << 30) + word() % (1u << 30));
        s.hidden.shift = static_cast<int8_t>(-20 - static_cast<int>(word() % 8));
        s.y_zero = static_cast<int32_t>(word() % 256) - 128;
        s.cell_power = static_cast<int8_t>(power);
        s.cell_clip = units % 2 ? static_cast<int32_t>(word() % 32768) : 0;
        std::vector<int16_t> fast_gates = gates, fast_c = c;
        std::vector<int8_t> h(n);
        std::vector<uint8_t> fast_h(n);
        for (size_t u = 0; u < n; ++u) {
          const int16_t gate[] = {gates[u], gates[n + u], gates[2 * n + u], gates[3 * n + u]};
          h[u] = thimble_lstm_cell_s8(&s, gate, &c[u]);
        }
        table->lstm.cell_s16({.rows = 1,
                              .units = units,
                              .gates = fast_gates.data(),
                              .c = fast_c.data(),
                              .h = fast_h.data(),
                              .power = power,
                              .cell_clip = s.cell_clip,
                              .multiplier = s.hidden.multiplier,
                              .shift = s.hidden.shift,
                              .zero_point = s.y_zero});
        for (uint8_t& v : fast_h) v ^= 0x80;
        EXPECT_EQ(fast_c, c) << thimble::name(table->isa) << " 2^" << power << ", units " << units;
        EXPECT_EQ(std::memcmp(fast_h.data(), h.data(), n), 0)
            << thimble::name(table->isa) << " 2^" << power << ", units " << units;
      }
}

TEST(Lstm, IntegerGatesEqualTheirDefinitionOnEveryInstructionSet) {
  uint64_t at = 0;
  const auto word = [&] { return random_bits(9, 10, at++); };
  for (const KernelTable* table : available_kernels())
    for (int64_t units = 1; units < 60; ++units) {
      const auto n = static_cast<size_t>(units);
      thimble_unidirectional_sequence_lstm s{};
      std::vector<float> sums[2];
      std::vector<int32_t> bias[2], multiplier[2], shift[2];
      for (size_t side = 0; side < 2; ++side) {
        auto* gates = side ? s.recurrent : s.input;
        for (size_t j = 0; j < 4 * n; ++j) {
          auto& m = gates[j / n];
          if (j % n == 0) {
            m.multiplier = static_cast<int32_t>((1u << 30) + word() % (1u << 30));
            m.shift = static_cast<int8_t>(8 - static_cast<int>(word() % 30));
          }
          sums[side].push_back(static_cast<float>(static_cast<int64_t>(word() % (1 << 25)) - (1 << 24)));
          bias[side].push_back(static_cast<int32_t>(word() >> (32 + word() % 16)));
          multiplier[side].push_back(m.multiplier);
          shift[side].push_back(m.shift);
        }
      }
      std::vector<int16_t> gates(4 * n), want(4 * n);
      for (size_t side = 0; side < 2; ++side)
        table->lstm.gates_s16({.rows = 1,
                               .units = units,
                               .sums = sums[side].data(),
                               .bias = bias[side].data(),
                               .multiplier = multiplier[side].data(),
                               .shift = shift[side].data(),
                               .gates = gates.data(),
                               .accumulate = side == 1});
      const auto sum = [&](size_t side, size_t j) {
        return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int32_t>(sums[side][j])) +
                                    static_cast<uint32_t>(bias[side][j]));
      };
      for (size_t j = 0; j < 4 * n; ++j)
        want[j] = thimble_lstm_gate_s16(&s.input[j / n], &s.recurrent[j / n], sum(0, j), sum(1, j));
      EXPECT_EQ(gates, want) << thimble::name(table->isa) << ", units " << units;
    }
}

}  // namespace
}  // namespace thimble::test
