#include "gradient_graph.h"

#include <cstring>

#include "base/random.h"
#include "ops/binary/binary.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/reshape/reshape.h"
#include "train/grad.h"

namespace thimble::test {
namespace {

struct CaseGraph {
  Graph graph;
  std::vector<TensorId> wanted, outputs;
};

Result<CaseGraph> forward_graph(const GradientCase& c) {
  CaseGraph g;
  Builder b(g.graph);
  std::vector<TensorId> in;
  for (size_t i = 0; i < c.operands.size(); ++i) {
    const Operand& o = c.operands[i];
    if (o.absent) {
      in.push_back(kNoTensor);
      continue;
    }
    const std::vector<int8_t> bytes(o.integers.begin(), o.integers.end());
    const Data data = o.is_float()          ? Data::of(std::span<const float>(o.values))
                      : o.int8 || o.boolean ? Data::of(std::span<const int8_t>(bytes))
                                            : Data::of(std::span<const int32_t>(o.integers));
    const DType type = o.is_float() ? DType::f32 : o.int8 ? DType::i8 : o.boolean ? DType::boolean : DType::i32;
    const std::string name = format("in{}", i);
    in.push_back(o.constant ? b.constant(name, type, o.shape, data) : b.variable(name, type, o.shape, data));
    if (o.wanted) g.wanted.push_back(in.back());
  }
  Tensor like;  // cast: the declared output
  THIMBLE_ASSIGN(g.outputs, b.node(c.op, in, c.attrs, "y", c.outputs, c.op == Op::cast ? &like : nullptr));
  return g;
}

std::vector<float> floats(Session& session, TensorId t) {
  const auto bytes = session.tensor(t);
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

Result<std::vector<std::vector<float>>> run(const Graph& graph, const PlanOptions& options) {
  THIMBLE_ASSIGN(auto program, Program::plan(graph, options));
  THIMBLE_ASSIGN(auto session, Session::create(std::move(program)));
  session->run();
  std::vector<std::vector<float>> results;
  for (TensorId t : session->graph().outputs) results.push_back(floats(*session, t));
  return results;
}

}  // namespace

double loss_weight(size_t k, size_t i) {
  // A multiple of 2^-20, so that float holds it exactly.
  return static_cast<double>(static_cast<int64_t>(random_bits(3, k, i) & 0x1fffff)) * 0x1p-20 - 1;
}

std::vector<std::vector<float>> run_forward(const GradientCase& c) {
  auto g = forward_graph(c);
  if (!g) return {};
  g->graph.outputs = g->outputs;
  auto results = run(g->graph, {.reference_only = true});
  return results ? *results : std::vector<std::vector<float>>();
}

Result<std::vector<std::vector<float>>> run_gradient(const GradientCase& c, const PlanOptions& options) {
  THIMBLE_ASSIGN(CaseGraph g, forward_graph(c));
  Builder b(g.graph);
  TensorId loss = kNoTensor;
  for (int k = 0; k < c.used; ++k) {
    const auto n = b.at(g.outputs[static_cast<size_t>(k)]).shape.elements();
    std::vector<float> weights;
    for (int64_t i = 0; i < n; ++i)
      weights.push_back(static_cast<float>(loss_weight(static_cast<size_t>(k), static_cast<size_t>(i))));
    THIMBLE_ASSIGN(const TensorId flat,
                   b.op(Op::reshape, {g.outputs[static_cast<size_t>(k)]}, ReshapeAttrs{{1, n}}, "flat"));
    const TensorId r = b.constant_f32("r", Shape{1, n}, weights);
    THIMBLE_ASSIGN(const TensorId sum, b.op(Op::fully_connected, {flat, r}, FullyConnectedAttrs{}, "sum"));
    if (loss == kNoTensor) {
      loss = sum;
    } else {
      THIMBLE_ASSIGN(loss, b.op(Op::add, {loss, sum}, BinaryAttrs{}, "loss"));
    }
  }
  THIMBLE_ASSIGN(const std::vector<TensorId> gradients, differentiate(b, loss, g.wanted));
  std::vector<size_t> at;
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (gradients[i] == kNoTensor) continue;
    if (!(b.at(gradients[i]).shape == b.at(g.wanted[i]).shape))
      return fail(ErrorCode::internal,
                  format("gradient {} of {}", b.at(gradients[i]).to_string(), b.at(g.wanted[i]).to_string()));
    g.graph.outputs.push_back(gradients[i]);
    at.push_back(i);
  }
  std::vector<std::vector<float>> results(gradients.size());
  if (at.empty()) return results;
  THIMBLE_ASSIGN(auto found, run(g.graph, options));
  for (size_t i = 0; i < at.size(); ++i) results[at[i]] = std::move(found[i]);
  return results;
}

}  // namespace thimble::test
