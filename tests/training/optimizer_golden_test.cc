// Ten steps of a two-layer network with every optimiser, learning rate schedules and losses against
// what Keras 3 computed (tests/goldens/optimizers, made by scripts/goldens/optimizer_goldens.py).
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ops/builder.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/lstm/lstm.h"
#include "ops/reshape/reshape.h"
#include "runtime/program.h"
#include "train/grad.h"
#include "train/optimizer.h"
#include "train/training_graph.h"

namespace thimble::test {
namespace {

using nlohmann::json;
using Floats = std::vector<float>;

json golden(const std::string& name) {
  return json::parse(std::ifstream("tests/goldens/optimizers/" + name + ".json"));
}

constexpr int64_t kBatch = 4, kInputs = 8, kHidden = 6, kClasses = 3;

// Keras stores weights [inputs, units], Thimble [units, inputs].
Floats transposed(const Floats& w, int64_t rows, int64_t columns) {
  Floats t(w.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      t[static_cast<size_t>(c * rows + r)] = w[static_cast<size_t>(r * columns + c)];
  return t;
}
Floats to_thimble(const json& values, size_t parameter) {
  const auto w = values.get<Floats>();
  return parameter == 0 ? transposed(w, kInputs, kHidden) : parameter == 2 ? transposed(w, kHidden, kClasses) : w;
}

ScheduleSpec schedule_of(const json& description, double* base) {
  using Kind = ScheduleSpec::Kind;
  const std::string name = description.begin().key();
  const json& d = description.begin().value();
  ScheduleSpec s;
  s.kind = name == "exponential"    ? Kind::exponential
           : name == "piecewise"    ? Kind::piecewise
           : name == "polynomial"   ? Kind::polynomial
           : name == "inverse_time" ? Kind::inverse_time
           : name == "cosine"       ? Kind::cosine
                                    : Kind::cosine_restarts;
  *base = d.contains("warmup_target") ? d["warmup_target"].get<double>() : d.value("initial", 0.0);
  s.warmup_epochs = d.value("warmup_steps", 0.0);
  s.decay_steps = d.value("decay_steps", d.value("first_decay_steps", 0.0));
  s.decay_rate = d.value("decay_rate", 0.96);
  s.staircase = d.value("staircase", false);
  s.end = d.value("end", d.value("alpha", 0.0));
  s.power = d.value("power", 1.0);
  s.t_mul = d.value("t_mul", 2.0);
  s.m_mul = d.value("m_mul", 1.0);
  if (d.contains("boundaries")) s.boundaries = d["boundaries"].get<std::vector<double>>();
  if (d.contains("values")) s.values = d["values"].get<std::vector<double>>();
  return s;
}

TrainSpec train_spec(const json& entry) {
  TrainSpec spec;
  std::string name = entry["optimizer"];
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto made = make_optimizer(name);
  EXPECT_TRUE(made) << name;
  spec.optimizer = *made;
  for (const auto& [key, value] : entry["arguments"].items()) {
    if (key == "use_ema") continue;
    if (key == "ema_momentum") {
      spec.average = value;
    } else if (key == "schedule") {
      spec.schedule = schedule_of(value, &spec.optimizer.learning_rate);
    } else {
      const double number = value.is_boolean() ? static_cast<double>(value.get<bool>()) : value.get<double>();
      const Status set = set_optimizer_parameter(spec.optimizer, key, number);
      EXPECT_TRUE(set) << set.error().to_string();
    }
  }
  return spec;
}

// |got − want| ≤ 1e-5 · |want|, for values below 0.01 of 0.01: weights are about 0.5, and one rounding
// of a weight of that size in an earlier step may not cancel in a weight near 0.
void expect_close(const Floats& got, const Floats& want, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(got[i], want[i], 1e-5f * std::max(std::fabs(want[i]), 0.01f)) << what << " element " << i;
}

class Optimizer : public testing::TestWithParam<size_t> {};

const json& steps() {
  static const json all = golden("training");
  return all;
}

TEST_P(Optimizer, TenStepsEqualKeras) {
  const json &all = steps(), &entry = all["optimizers"][GetParam()];
  const TrainSpec spec = train_spec(entry);
  ModelSpec layers;
  layers.input = {kInputs};
  layers.layers = {{.word = "dense", .size = kHidden, .activation = "relu"},
                   {.word = "dense", .size = kClasses, .activation = "softmax"}};
  const auto model = build_model(layers, {.batch = kBatch, .training = true});
  ASSERT_TRUE(model) << model.error().to_string();
  LossPlan loss{.from_logits = true, .classes = true};
  loss.attrs.kind = LossKind::crossentropy;
  const auto graph = build_training_graph(*model, spec, loss, kClasses);
  ASSERT_TRUE(graph) << graph.error().to_string();
  for (const PlanOptions& options : {PlanOptions{.reference_only = true}, PlanOptions{}, PlanOptions{.threads = 2}}) {
    SCOPED_TRACE(options.reference_only ? "reference" : options.threads == 1 ? "fast" : "two threads");
    const auto program = Program::plan(graph->graph, options);
    ASSERT_TRUE(program) << program.error().to_string();
    const auto session = *Session::create(*program);
    const auto floats = [&](TensorId t) { return reinterpret_cast<float*>(session->tensor(t).data()); };
    for (const auto& [tensor, value] : graph->initial_states)
      std::fill_n(floats(tensor), session->tensor(tensor).size() / 4, value);
    for (size_t p = 0; p < 4; ++p) {
      const Floats w = to_thimble(all["initial"][p], p);
      ASSERT_EQ(w.size() * 4, session->tensor(graph->parameters[p]).size());
      std::memcpy(floats(graph->parameters[p]), w.data(), w.size() * 4);
    }
    HyperParameters hyper(spec.optimizer);
    for (size_t step = 0; step < 10; ++step) {
      const auto x = all["batches"][step].get<Floats>();
      const auto labels = all["labels"][step].get<std::vector<int32_t>>();
      std::memcpy(session->input(0).data(), x.data(), x.size() * 4);
      std::memcpy(session->input(1).data(), labels.data(), labels.size() * 4);
      const double rate =
          scheduled_rate(spec.schedule, spec.optimizer.learning_rate, static_cast<int64_t>(step), 1, 10);
      const auto numbers =
          hyper.next(rate, step == 0 ? 0 : spec.average);  // Keras starts its average at the first step
      std::memcpy(floats(graph->hyper), numbers.data(), sizeof numbers);
      session->run();
      const float value = *reinterpret_cast<const float*>(session->output(0).data());
      EXPECT_NEAR(value, entry["losses"][step].get<float>(), 1e-5f) << "loss of step " << step + 1;
      for (size_t p = 0; p < 4; ++p) {
        const size_t n = session->tensor(graph->parameters[p]).size() / 4;
        expect_close(Floats(floats(graph->parameters[p]), floats(graph->parameters[p]) + n),
                     to_thimble(entry["weights_after_step"][step][p], p), format("step {}, parameter {}", step + 1, p));
      }
      if (HasFatalFailure()) return;
    }
    for (size_t p = 0; p < graph->averages.size(); ++p) {
      const size_t n = session->tensor(graph->averages[p]).size() / 4;
      expect_close(Floats(floats(graph->averages[p]), floats(graph->averages[p]) + n),
                   to_thimble(entry["moving_average_after_last_step"][p], p), format("average {}", p));
    }
  }
}

std::string optimizer_name(const testing::TestParamInfo<size_t>& parameter) {
  return steps()["optimizers"][parameter.param]["name"];
}
INSTANTIATE_TEST_SUITE_P(Keras, Optimizer, testing::Range(size_t{0}, size_t{26}), optimizer_name);

TEST(Schedules, EqualKeras) {
  const json all = golden("schedules");
  int compared = 0;
  for (const json& entry : all["schedules"]) {
    if (entry["schedule"].begin().value().value("cycle", false)) continue;  // Thimble has no such schedule
    double base = 0;
    const ScheduleSpec spec = schedule_of(entry["schedule"], &base);
    for (size_t i = 0; i < all["steps"].size(); ++i) {
      const double rate = scheduled_rate(spec, base, all["steps"][i].get<int64_t>(), 1, 100);
      const double want = entry["rates"][i].get<double>();
      EXPECT_NEAR(rate, want, 1e-6 * 0.1 + 2e-6 * std::fabs(want)) << entry["schedule"] << " step " << all["steps"][i];
      ++compared;
    }
  }
  EXPECT_EQ(compared, 11 * 25);
}

// A zero gradient in a direction that softmax ignores (the same for all classes of a row) is no
// difference: Keras divides probabilities by their sum first.
Floats through_softmax(const Floats& p, const Floats& g, int64_t classes) {
  Floats out(g.size());
  for (size_t r = 0; r < g.size(); r += static_cast<size_t>(classes)) {
    double dot = 0;
    for (size_t c = r; c < r + static_cast<size_t>(classes); ++c)
      dot += static_cast<double>(p[c]) * static_cast<double>(g[c]);
    for (size_t c = r; c < r + static_cast<size_t>(classes); ++c)
      out[c] = static_cast<float>(static_cast<double>(p[c]) * (static_cast<double>(g[c]) - dot));
  }
  return out;
}

TEST(Losses, EqualKeras) {
  const json all = golden("losses");
  for (const json& entry : all["losses"]) {
    const std::string name = entry["loss"];
    const json& arguments = entry["arguments"];
    const bool logits = arguments.value("from_logits", false), sparse = name == "sparse_categorical_crossentropy";
    const bool categorical = sparse || name == "categorical_crossentropy";
    const auto dims = entry["shape"].get<std::vector<int64_t>>();
    const Shape shape = *Shape::make(std::span<const int64_t>(dims));
    const auto predictions = entry["y_pred"].get<Floats>();
    for (const bool reference : {true, false}) {
      SCOPED_TRACE(entry["loss"].dump() + arguments.dump() + (reference ? " reference" : " fast"));
      Graph graph;
      Builder b(graph);
      const TensorId x = b.variable("x", DType::f32, shape, Data::of(std::span<const float>(predictions)));
      TensorId t;
      if (sparse) {
        const auto labels = entry["y_true"].get<std::vector<int32_t>>();
        t = b.constant_i32("labels", labels);
      } else {
        t = b.constant_f32("targets", shape, entry["y_true"].get<Floats>());
      }
      TensorId loss = kNoTensor;
      if (categorical && logits) {
        const auto outputs = b.node(Op::softmax_crossentropy, {x, t},
                                    SoftmaxCrossentropyAttrs{arguments.value("label_smoothing", 0.0f)}, "loss", 2);
        ASSERT_TRUE(outputs) << outputs.error().to_string();
        loss = (*outputs)[0];
      } else {
        LossAttrs attrs;
        attrs.delta = arguments.value("delta", 1.0f);
        attrs.label_smoothing = arguments.value("label_smoothing", 0.0f);
        attrs.kind = categorical ? LossKind::crossentropy
                     : name == "binary_crossentropy"
                         ? (logits ? LossKind::binary_crossentropy_logits : LossKind::binary_crossentropy)
                     : name == "mse"   ? LossKind::mse
                     : name == "mae"   ? LossKind::mae
                     : name == "huber" ? LossKind::huber
                                       : LossKind::kl_divergence;
        const auto output = b.op(Op::loss, {x, t}, attrs, "loss");
        ASSERT_TRUE(output) << output.error().to_string();
        loss = *output;
      }
      const auto gradient = differentiate(b, loss, std::span(&x, 1));
      ASSERT_TRUE(gradient) << gradient.error().to_string();
      graph.outputs = {loss, (*gradient)[0]};
      const auto session = *Session::create(*Program::plan(graph, {.reference_only = reference}));
      session->run();
      const auto value = *reinterpret_cast<const float*>(session->output(0).data());
      const float want_value = entry["value"];
      EXPECT_NEAR(value, want_value, 2e-6f * std::max(1.0f, std::fabs(want_value)));
      const auto* g = reinterpret_cast<const float*>(session->output(1).data());
      Floats got(g, g + shape.elements()), want = entry["gradient"].get<Floats>();
      if (categorical && !logits) {
        got = through_softmax(predictions, got, shape.dim(-1));
        want = through_softmax(predictions, want, shape.dim(-1));
      }
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_NEAR(got[i], want[i], 2e-6f * std::max(1.0f, std::fabs(want[i]))) << "element " << i;
    }
  }
}

// The LSTM layer and all its gradients.
TEST(Lstm, EqualsKeras) {
  const json l = golden("layers")["lstm"];
  const int64_t units = l["units"], time = l["time"], batch = l["batch"], depth = l["depth"];
  Graph graph;
  Builder b(graph);
  const auto variable = [&](const char* name, const Shape& shape, const Floats& values) {
    return b.variable(name, DType::f32, shape, Data::of(std::span<const float>(values)));
  };
  const std::vector<TensorId> in = {
      variable("x", {batch, time, depth}, l["x"].get<Floats>()),
      variable("kernel", {4 * units, depth}, transposed(l["kernel"].get<Floats>(), depth, 4 * units)),
      variable("recurrent", {4 * units, units}, transposed(l["recurrent"].get<Floats>(), units, 4 * units)),
      variable("bias", {4 * units}, l["bias"].get<Floats>())};
  const auto y = b.node(Op::lstm, in, LstmAttrs{true}, "lstm", 5);
  ASSERT_TRUE(y) << y.error().to_string();
  const int64_t n = batch * time * units;
  const TensorId flat = *b.op(Op::reshape, {(*y)[0]}, ReshapeAttrs{{1, n}}, "flat");
  const TensorId sum = *b.op(Op::fully_connected, {flat, b.constant_f32("r", {1, n}, l["upstream"].get<Floats>())},
                             FullyConnectedAttrs{}, "sum");
  const auto gradients = differentiate(b, sum, in);
  ASSERT_TRUE(gradients) << gradients.error().to_string();
  graph.outputs = {(*y)[0]};
  graph.outputs.insert(graph.outputs.end(), gradients->begin(), gradients->end());
  const Floats want[] = {l["y"].get<Floats>(), l["dx"].get<Floats>(),
                         transposed(l["dkernel"].get<Floats>(), depth, 4 * units),
                         transposed(l["drecurrent"].get<Floats>(), units, 4 * units), l["dbias"].get<Floats>()};
  for (const bool reference : {true, false}) {
    const auto session = *Session::create(*Program::plan(graph, {.reference_only = reference}));
    session->run();
    for (size_t o = 0; o < 5; ++o) {
      const auto* got = reinterpret_cast<const float*>(session->output(o).data());
      ASSERT_EQ(session->output(o).size(), want[o].size() * 4);
      for (size_t i = 0; i < want[o].size(); ++i)
        EXPECT_NEAR(got[i], want[o][i], 2e-6f * std::max(1.0f, std::fabs(want[o][i]))) << reference << " output " << o;
    }
  }
}

}  // namespace
}  // namespace thimble::test
