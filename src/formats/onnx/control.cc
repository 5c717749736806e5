// Functions and control flow in an .onnx file: functions are inlined, a branch is the one that is taken, a loop its
// rounds.
#include <algorithm>

#include "formats/onnx/attention.h"
#include "formats/onnx/reader.h"

namespace thimble::onnx {
namespace {

constexpr int kMaxDepth = 16;          // of functions and subgraphs in each other
constexpr int64_t kMostRounds = 4096;  // of loops, all together

}  // namespace

int64_t Reader::visits_ahead(const std::vector<NodeProto>& list, std::map<const FunctionProto*, int64_t>* counted,
                             int depth) {
  int64_t all = std::ssize(list);
  for (const NodeProto& n : list) {
    if (all > kMostVisits || depth >= kMaxDepth) break;
    const auto f = functions_.find({n.domain, n.op, n.overload});
    if (f == functions_.end()) continue;
    const auto [known, first] = counted->try_emplace(f->second, 0);
    if (first) {
      const int64_t inside = visits_ahead(f->second->nodes, counted, depth + 1);
      (*counted)[f->second] = inside;
    }
    all += (*counted)[f->second];
  }
  return std::min(all, kMostVisits + 1);
}

Result<Ids> Reader::function(const FunctionProto& f, const Call& call, const Scope& from) {
  if (from.depth >= kMaxDepth)
    return fail(ErrorCode::unsupported, format("functions and subgraphs nest more than {} deep", kMaxDepth));
  if (call.in.size() > f.inputs.size())
    return damaged(format("{} inputs, the function \"{}\" has {}", call.in.size(), f.name, f.inputs.size()));
  Bindings bindings;
  for (const auto& a : f.defaults) bindings.attributes[a.name] = &a;
  for (const auto& a : call.node.attributes)
    if (const auto* value = call.attribute(a.name)) bindings.attributes[a.name] = value;
  const auto opsets = opsets_of(f.opsets);
  Scope scope{.bindings = &bindings, .opsets = f.opsets.empty() ? from.opsets : &opsets, .depth = from.depth + 1};
  for (size_t i = 0; i < f.inputs.size(); ++i) scope.values[f.inputs[i]] = i < call.in.size() ? call.in[i] : kNoTensor;
  THIMBLE_TRY(nodes(f.nodes, &scope));
  Ids out;
  for (const std::string_view output : f.outputs) {
    const TensorId* found = scope.find(output);
    out.push_back(found ? *found : kNoTensor);
  }
  return out;
}

Result<Ids> Reader::body(const Call& call, const char* attribute, const Scope& from, const Ids& in) {
  if (from.depth >= kMaxDepth)
    return fail(ErrorCode::unsupported, format("functions and subgraphs nest more than {} deep", kMaxDepth));
  const onnx::AttributeProto* a = call.attribute(attribute);
  if (!a || !a->graph) return damaged(format("it has no graph \"{}\"", attribute));
  const GraphProto& g = *a->graph;
  Scope scope{.parent = &from, .bindings = from.bindings, .opsets = from.opsets, .depth = from.depth + 1};
  if (g.inputs.size() != in.size())
    return damaged(format("its graph \"{}\" has {} inputs, it gives {}", attribute, g.inputs.size(), in.size()));
  for (size_t i = 0; i < in.size(); ++i) scope.values[g.inputs[i].name] = in[i];
  THIMBLE_TRY(initializers(g, &scope));
  THIMBLE_TRY(nodes(g.nodes, &scope));
  Ids out;
  for (const ValueProto& v : g.outputs) {
    const TensorId* found = scope.find(v.name);
    if (!found || *found == kNoTensor)
      return damaged(format("nothing computes the output \"{}\" of its graph", v.name));
    out.push_back(*found);
  }
  return out;
}

Result<int64_t> Reader::decided(TensorId t, const char* what) {
  const Ints values = m_.ints(t, what);
  if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
  if (values.size() != 1) return damaged(format("{} has {} values", what, values.size()));
  return values[0];
}

Result<Ids> Reader::branch(const Call& call, const Scope& from) {
  THIMBLE_ASSIGN(const int64_t taken, decided(call[0], "its condition"));
  return body(call, taken ? "then_branch" : "else_branch", from, {});
}

Result<Ids> Reader::loop(const Call& call, const Scope& from) {
  if (call.in.size() < 2) return damaged("a Loop has at least two inputs");
  int64_t rounds = INT64_MAX, go_on = 1;
  if (call.has(0)) {
    THIMBLE_ASSIGN(rounds, decided(call[0], "its number of rounds"));
  }
  if (call.has(1)) {
    THIMBLE_ASSIGN(go_on, decided(call[1], "its condition"));
  }
  Ids carried(call.in.begin() + 2, call.in.end());
  std::vector<Ids> scans;
  for (int64_t round = 0; round < rounds && go_on; ++round) {
    Ids in{m_.reshape(m_.i64s(Ints{round}), Shape{}), m_.scalar(DType::boolean, 1)};
    in.insert(in.end(), carried.begin(), carried.end());
    THIMBLE_ASSIGN(Ids out, body(call, "body", from, in));
    if (out.size() < 1 + carried.size()) return damaged("the body of a Loop gives too few outputs");
    THIMBLE_ASSIGN(go_on, decided(out[0], "the condition that its body gives"));
    carried.assign(out.begin() + 1, out.begin() + 1 + std::ssize(carried));
    scans.emplace_back(out.begin() + 1 + std::ssize(carried), out.end());
    if (++rounds_ > kMostRounds)
      return fail(ErrorCode::unsupported, format("more than {} rounds of loops", kMostRounds));
  }
  return joined(call, std::move(carried), scans, {}, {});
}

Result<Ids> Reader::joined(const Call& call, Ids out, const std::vector<Ids>& rounds, const Ints& axes,
                           const Ints& directions) {
  const size_t count = call.outs() > out.size() ? call.outs() - out.size() : 0;
  if (count && rounds.empty()) return fail(ErrorCode::unsupported, "a loop of no rounds that stacks outputs");
  for (size_t k = 0; k < count; ++k) {
    Ids parts;
    const int64_t asked = k < axes.size() ? axes[k] : 0;
    int axis = 0;
    for (const Ids& round : rounds) {
      if (k >= round.size()) return damaged("a loop's body gives too few outputs");
      const Shape shape = m_.shape(round[k]);
      axis = m_.axis(asked, shape.rank() + 1);
      Ints dims(shape.dims().begin(), shape.dims().end());
      dims.insert(dims.begin() + axis, 1);
      parts.push_back(m_.reshape(round[k], dims));
    }
    if (k < directions.size() && directions[k]) std::ranges::reverse(parts);
    out.push_back(m_.concat(parts, axis));
  }
  if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
  return out;
}

Result<Ids> Reader::flex_attention(const Call& call, const Scope& from) {
  const auto modified = [&](const char* name, TensorId x) -> Result<TensorId> {
    if (!call.given(name)) return x;
    THIMBLE_ASSIGN(const Ids out, body(call, name, from, {x}));
    if (out.size() != 1 || m_.type(out[0]) != m_.type(x) || !(m_.shape(out[0]) == m_.shape(x)))
      return damaged(format("its graph \"{}\" gives other than one {}", name, m_.at(x).to_string()));
    return out[0];
  };
  if (call.in.size() != 3) return damaged(format("{} inputs, there are 3", call.in.size()));
  onnx::FlexAttention parts = onnx::flex_scores(m_, call);
  if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
  THIMBLE_ASSIGN(parts.scores, modified("score_mod", parts.scores));
  parts.scores = onnx::softmax(m_, parts.scores);
  if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
  THIMBLE_ASSIGN(parts.scores, modified("prob_mod", parts.scores));
  const TensorId y = onnx::flex_result(m_, call, parts);
  if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
  return Ids{y};
}

Result<Ids> Reader::batched_scan(const Call& call, const Scope& from) {
  const int64_t scanned = call.i("num_scan_inputs", 0);
  const auto inputs = std::ssize(call.in) - 1;
  if (scanned < 1 || scanned > inputs) return damaged(format("num_scan_inputs is {} of {} inputs", scanned, inputs));
  if (call.has(0)) return fail(ErrorCode::unsupported, "a Scan of sequences of several lengths (sequence_lens)");
  const auto states = static_cast<size_t>(inputs - scanned);
  int64_t batch = -1;
  for (size_t k = 1; k < call.in.size(); ++k) {
    if (!call.has(k) || m_.rank(call[k]) < (k > states ? 2 : 1)) return damaged(format("input {} of Scan", k));
    const int64_t entries = m_.shape(call[k])[0];
    if (batch >= 0 && entries != batch) return mismatch(format("batches of {} and {}", entries, batch));
    batch = entries;
  }
  if (batch < 1) return fail(ErrorCode::unsupported, "a Scan of an empty batch");
  std::vector<Ids> results;
  for (int64_t b = 0; b < batch; ++b) {
    Ids in;
    for (size_t k = 1; k < call.in.size(); ++k) {
      Ints dims = m_.dims(call[k]);
      dims.erase(dims.begin());
      in.push_back(m_.reshape(m_.part(call[k], 0, b, 1), dims));
    }
    if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
    THIMBLE_ASSIGN(Ids out, scan_over(call, from, in, states, {.directions = call.ints("directions")}));
    results.push_back(std::move(out));
  }
  return joined(call, {}, results, {}, {});
}

Result<Ids> Reader::scan(const Call& call, const Scope& from) {
  const int64_t scanned = call.i("num_scan_inputs", 0);
  const auto inputs = std::ssize(call.in);
  if (scanned < 1 || scanned > inputs) return damaged(format("num_scan_inputs is {} of {} inputs", scanned, inputs));
  const auto states = static_cast<size_t>(inputs - scanned);
  return scan_over(call, from, call.in, states,
                   {call.ints("scan_input_axes"), call.ints("scan_input_directions"), call.ints("scan_output_axes"),
                    call.ints("scan_output_directions")});
}

Result<Ids> Reader::scan_over(const Call& call, const Scope& from, const Ids& inputs, size_t states,
                              const ScanAxes& how) {
  const Ints &axes = how.axes, &directions = how.directions;
  const size_t scanned = inputs.size() - states;
  Ids carried(inputs.begin(), inputs.begin() + static_cast<ptrdiff_t>(states));
  int64_t rounds = -1;
  std::vector<int> axis_of_input;
  for (size_t k = 0; k < scanned; ++k) {
    const TensorId x = inputs[states + k];
    if (x == kNoTensor) return damaged("an input of Scan is left out");
    axis_of_input.push_back(m_.axis(k < axes.size() ? axes[k] : 0, m_.rank(x)));
    if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
    const int64_t length = m_.shape(x)[axis_of_input.back()];
    if (rounds >= 0 && length != rounds) return mismatch(format("Scan goes over {} and {} entries", rounds, length));
    rounds = length;
  }
  std::vector<Ids> scans;
  for (int64_t round = 0; round < rounds; ++round) {
    Ids in = carried;
    for (size_t k = 0; k < scanned; ++k) {
      const TensorId x = inputs[states + k];
      const int axis = axis_of_input[k];
      const bool backwards = k < directions.size() && directions[k];
      const TensorId entry = m_.part(x, axis, backwards ? rounds - 1 - round : round, 1);
      Ints dims = m_.dims(x);
      dims.erase(dims.begin() + axis);
      in.push_back(m_.reshape(entry, dims));
    }
    if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
    THIMBLE_ASSIGN(Ids out, body(call, "body", from, in));
    if (out.size() < states) return damaged("the body of a Scan gives too few outputs");
    carried.assign(out.begin(), out.begin() + static_cast<ptrdiff_t>(states));
    scans.emplace_back(out.begin() + static_cast<ptrdiff_t>(states), out.end());
    if (++rounds_ > kMostRounds)
      return fail(ErrorCode::unsupported, format("more than {} rounds of loops", kMostRounds));
  }
  return joined(call, std::move(carried), scans, how.output_axes, how.output_directions);
}

}  // namespace thimble::onnx
