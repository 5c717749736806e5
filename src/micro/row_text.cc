// Chains of operators that run row by row (micro/row_chains.h), as C.
#include <algorithm>

#include "base/format.h"
#include "micro/emitter.h"
#include "micro/words.h"

namespace thimble::micro {
namespace {

// Every output row looks at the input row of its number.
bool same_rows(const thimble_axis& h) { return h.kernel == 1 && h.stride == 1 && h.pad == 0; }

// `2, 3 and 4`
std::string list_of(std::span<const NodeId> nodes) {
  std::string text;
  for (size_t k = 0; k < nodes.size(); ++k)
    text += (k == 0 ? "" : k + 1 == nodes.size() ? " and " : ", ") + std::to_string(nodes[k]);
  return text;
}

}  // namespace

// A block of C: a loop over the rows of the last output; in it what each operator is asked for, y of its output and x
// of its input, from the last to the first; then the calls, from the first to the last.
Status Emitter::chain(const RowChain& chain, std::span<const int64_t> lines) {
  const size_t count = chain.nodes.size(), last = count - 1;
  const auto op = [&](size_t k) -> const RowOperator& { return *row_operators_[static_cast<size_t>(chain.nodes[k])]; };
  const auto output = [&](size_t k) -> const Tensor& {
    return g_.at(g_.nodes[static_cast<size_t>(chain.nodes[k])].outputs[0]);
  };
  const auto row_bytes = [](const Tensor& t) { return t.bytes() / t.shape[1]; };
  const auto row_size = [](const Tensor& t) { return t.shape.elements() / t.shape[1]; };
  const auto numbered = [&](const char* what, size_t k) { return format("{}{}", what, chain.nodes[k]); };

  for (const NodeId n : chain.nodes) body_ += title(n);
  body_ += format("  /* {} by rows, {} at a time, {}.", list_of(chain.nodes), chain.step,
                  chain.from_the_end ? "the last ones first" : "the first ones first");
  for (size_t k = 0; k < last; ++k)
    body_ += format("\n     Of {}'s {} rows {} are there.", chain.nodes[k], output(k).shape[1],
                    chain.run.lines[k] / row_bytes(output(k)));
  body_ += " */\n  {\n";

  // What is kept: as lines that move along, where windows overlap.
  const auto moves = [&](size_t k) { return !same_rows(op(k + 1).window); };
  for (size_t k = 0; k < last; ++k)
    if (moves(k))
      body_ += format("    thimble_lines {} = {{a + {}, {}, {{0, 0}}}};\n", numbered("lines", k), lines[k],
                      row_bytes(output(k)));
  const std::string y_last = numbered("y", last);
  const int64_t height = op(last).window.out, step = chain.step;
  body_ += format("    thimble_rows {};\n", y_last);
  const auto bound = [&](const std::string& whole, const std::string& cut, const std::string& end) {
    return height % step == 0 ? whole : format("{} ? {} : {}", cut, whole, end);
  };
  if (chain.from_the_end)
    body_ += format("    for ({0}.to = {1}; {0}.to > 0; {0}.to = {0}.from) {{\n      {0}.from = {2};\n", y_last, height,
                    bound(format("{}.to - {}", y_last, step), format("{}.to > {}", y_last, step), "0"));
  else
    body_ +=
        format("    for ({0}.from = 0; {0}.from < {1}; {0}.from = {0}.to) {{\n      {0}.to = {2};\n", y_last, height,
               bound(format("{}.from + {}", y_last, step), format("{}.from < {}", y_last, height - step),
                     std::to_string(height)));
  std::vector<std::string> y(count), x(count);
  y[last] = y_last;
  for (size_t k = count; k-- > 0;) {
    x[k] = same_rows(op(k).window) ? y[k] : numbered("x", k);
    if (x[k] != y[k])
      body_ += format("      const thimble_rows {} = thimble_rows_under(&{}_plan_{}.h, {});\n", x[k], name_,
                      chain.nodes[k], y[k]);
    if (k == 0) break;
    y[k - 1] = moves(k - 1) ? numbered("y", k - 1) : x[k];
    if (moves(k - 1))
      body_ += format("      const thimble_rows {} = thimble_lines_move(&{}, {});\n", y[k - 1],
                      numbered("lines", k - 1), x[k]);
  }

  for (size_t k = 0; k < count; ++k) {
    const NodeId n = chain.nodes[k];
    const Node& node = g_.nodes[static_cast<size_t>(n)];
    const bool several = op(k).several;
    RowCall call{op(k), {}, {}};
    for (const size_t i : op(k).inputs) {
      const TensorId t = node.inputs[i];
      const Tensor& tensor = g_.at(t);
      const char* const type = c_type(tensor.type);
      const std::string first = several ? x[k] + ".from" : "r";
      if (k == 0 || t != g_.nodes[static_cast<size_t>(chain.nodes[k - 1])].outputs[0])
        call.at[t] = format("{} + {} * {}", address(t), first, row_size(tensor));
      else if (moves(k - 1))
        call.at[t] = format("({} *){}.at", type, numbered("lines", k - 1));
      else
        call.at[t] = format("({} *)(a + {})", type, lines[k - 1]) +
                     (several ? "" : format(" + (r - {}.from) * {}", x[k], row_size(tensor)));
    }
    const Tensor& made = output(k);
    const char* const type = c_type(made.type);
    std::string& to = call.at[node.outputs[0]];
    const std::string first = several ? y[k] + ".from" : "r";
    if (k == last)
      to = format("{} + {} * {}", address(node.outputs[0]), first, row_size(made));
    else if (moves(k))
      to = format("({} *)({}.at + ({} - {}.from) * {})", type, numbered("lines", k), first, x[k + 1], row_bytes(made));
    else
      to = format("({} *)(a + {})", type, lines[k]) +
           (several ? "" : format(" + (r - {}.from) * {}", y[k], row_size(made)));

    std::string before;
    before.swap(body_);
    row_call_ = &call;
    EmitContext ctx(*this, n);
    const Status written = emitter_of(node.op).rule(ctx);
    row_call_ = nullptr;
    before.swap(body_);
    THIMBLE_TRY(written);
    if (several) {
      body_ += chain.run.idle[k] ? format("      if ({0}.from < {0}.to) {{\n", y[k]) : std::string("      {\n");
      body_ += format("        {} p = {}_plan_{};\n", call.plan_type, name_, n);
      body_ += format("        thimble_only_rows(&p.h, {}, {});\n", y[k], x[k]);
    } else {
      body_ += format("      for (thimble_dim r = {0}.from; r < {0}.to; ++r) {{\n", y[k]);
    }
    body_ += before + "      }\n";
  }
  body_ += "    }\n  }\n";
  headers_.insert("micro/kernels/rows.h");
  for (const NodeId n : chain.nodes) body_ += format("  {}_ON_LAYER({});\n", macro_, n);
  return {};
}

}  // namespace thimble::micro
