#include "compress/squeeze/prove_equal.h"

#include <algorithm>
#include <cstring>

#include "base/random.h"
#include "ops/operands.h"
#include "runtime/program.h"

namespace thimble {
namespace {

constexpr int64_t kReferenceRuns = 4;

void fill(const Tensor& tensor, uint64_t seed, uint64_t stream, int64_t run, std::span<uint8_t> memory) {
  constexpr double kSpread[] = {1, 8, 0.1};
  const auto width = static_cast<size_t>(std::max<int64_t>(bits(tensor.type) / 8, 1));
  const size_t length = run % 2 == 0 ? 1 : size_t{1} << (run / 2 % 10);
  for (size_t i = 0; i < memory.size() / width; ++i) {
    const uint64_t random = random_bits(seed, stream + static_cast<uint64_t>(run) * 64, i / length);
    uint8_t* at = memory.data() + i * width;
    if (tensor.type == DType::f32) {
      const double u = static_cast<double>(random >> 11) * 0x1p-52 - 1.0;
      const auto value = static_cast<float>(u * kSpread[run % 3]);
      std::memcpy(at, &value, 4);
    } else if (tensor.type == DType::boolean) {
      *at = random & 1;
    } else {
      std::memcpy(at, &random, std::min<size_t>(width, 8));
    }
  }
}

Status same_interface(const Graph& a, const Graph& b) {
  const auto same = [&](const std::vector<TensorId>& p, const std::vector<TensorId>& q) {
    bool equal = p.size() == q.size();
    for (size_t i = 0; equal && i < p.size(); ++i)
      equal = a.at(p[i]).type == b.at(q[i]).type && a.at(p[i]).shape == b.at(q[i]).shape;
    return equal;
  };
  if (same(a.inputs, b.inputs) && same(a.outputs, b.outputs)) return {};
  return fail(ErrorCode::usage, "the two models have other inputs or outputs");
}

// With what saturating last functions read as further outputs.
Graph with_logits(Graph graph) {
  const auto producers = graph.producers();
  for (const TensorId t : std::vector<TensorId>(graph.outputs)) {
    const NodeId n = producers[static_cast<size_t>(t)];
    if (n < 0) continue;
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    const OperandRule* rule = operands_of(node.op);
    const bool saturates = rule && rule->answer != Answer::none;
    if (saturates && std::ranges::find(graph.outputs, node.inputs[0]) == graph.outputs.end())
      graph.outputs.push_back(node.inputs[0]);
  }
  graph.output_names.clear();
  return graph;
}

Result<std::unique_ptr<Session>> session_of(const Graph& graph, int threads, bool reference) {
  THIMBLE_ASSIGN(auto program, Program::plan(graph, {.threads = threads, .reference_only = reference}));
  return Session::create(std::move(program));
}

std::string describe(const Tensor& tensor, size_t byte, std::span<const uint8_t> a, std::span<const uint8_t> b) {
  const auto width = static_cast<size_t>(std::max<int64_t>(bits(tensor.type) / 8, 1));
  const size_t i = byte / width;
  const auto value = [&](std::span<const uint8_t> bytes) -> std::string {
    if (tensor.type == DType::f32) {
      float v;
      std::memcpy(&v, bytes.data() + i * 4, 4);
      return format("{}", v);
    }
    if (tensor.type == DType::i8) return format("{}", static_cast<int8_t>(bytes[i]));
    return format("{}", bytes[i * width]);
  };
  return format("output \"{}\", element {}: {} before, {} after", tensor.name, i, value(a), value(b));
}

// Runs both on what `feed` puts into each input; true when all outputs agree.
template <class Feed>
bool agree(Session& a, Session& b, const Feed& feed, std::string* difference) {
  for (Session* s : {&a, &b}) {
    s->reset_variables();
    for (size_t i = 0; i < s->graph().inputs.size(); ++i) feed(i, s->input(i));
    if (Status ran = s->run(); !ran) {
      *difference = ran.error().message;
      return false;
    }
  }
  for (size_t i = 0; i < a.graph().outputs.size(); ++i) {
    const auto p = a.output(i), q = b.output(i);
    const auto [at, other] = std::ranges::mismatch(p, q);
    if (at == p.end() && other == q.end()) continue;
    *difference = describe(a.graph().at(a.graph().outputs[i]), static_cast<size_t>(at - p.begin()), p, q);
    return false;
  }
  return true;
}

}  // namespace

Result<Proof> prove_equal(const Graph& original, const Graph& changed, const ProofOptions& options) {
  THIMBLE_TRY(same_interface(original, changed));
  const Graph before = with_logits(original), after = with_logits(changed);
  THIMBLE_TRY(same_interface(before, after));
  Proof proof;
  const int64_t total = options.given_runs + options.runs;
  for (const bool reference : {false, true}) {
    THIMBLE_ASSIGN(const auto a, session_of(before, options.threads, reference));
    THIMBLE_ASSIGN(const auto b, session_of(after, options.threads, reference));
    int64_t& done = reference ? proof.reference_runs : proof.runs;
    for (int64_t run = 0; run < (reference ? std::min(total, kReferenceRuns) : total); ++run) {
      const auto feed = [&](size_t input, std::span<uint8_t> memory) {
        if (run < options.given_runs) {
          std::memcpy(memory.data(), options.given[input].data() + static_cast<size_t>(run) * memory.size(),
                      memory.size());
        } else {
          fill(before.at(before.inputs[input]), options.seed, input, run - options.given_runs, memory);
          keep_indices_inside(before, before.inputs[input], memory);
        }
      };
      if (!agree(*a, *b, feed, &proof.difference)) {
        proof.difference += format(" (run {} of {}{})", run + 1, total, reference ? ", reference kernels" : "");
        return proof;
      }
      ++done;
      if (options.progress && !reference && !options.progress(done, total))
        return fail(ErrorCode::interrupted, format("stopped after {} of {} comparisons", done, total));
    }
  }
  proof.equal = true;
  return proof;
}

}  // namespace thimble
