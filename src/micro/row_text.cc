// Chains of operators that run row by row (micro/row_chains.h), as C.
#include "base/format.h"
#include "micro/emitter.h"
#include "micro/words.h"

namespace thimble::micro {
namespace {

// Every output row looks at the input row of its number.
bool same_rows(const thimble_axis& h) { return h.kernel == 1 && h.stride == 1 && h.pad == 0; }

int64_t row_bytes(const Tensor& t) { return t.bytes() / t.shape[1]; }
int64_t row_size(const Tensor& t) { return t.shape.elements() / t.shape[1]; }

// The names and places of one chain: operator k is asked for the rows y[k] of its output and looks at the rows x[k] of
// its input.
class ChainText {
 public:
  ChainText(Emitter& emitter, std::span<const std::optional<RowOperator>> operators, const RowChain& chain,
            std::span<const int64_t> lines)
      : emitter_(emitter), g_(emitter.checked.graph), operators_(operators), chain_(chain), lines_(lines) {
    y_.resize(chain.nodes.size());
    x_.resize(chain.nodes.size());
    y_[last()] = numbered("y", last());
    for (size_t k = chain.nodes.size(); k-- > 0;) {
      x_[k] = same_rows(op(k).window) ? y_[k] : numbered("x", k);
      if (k > 0) y_[k - 1] = moves(k - 1) ? numbered("y", k - 1) : x_[k];
    }
  }

  size_t last() const { return chain_.nodes.size() - 1; }
  const RowOperator& op(size_t k) const { return *operators_[static_cast<size_t>(chain_.nodes[k])]; }
  const Node& node(size_t k) const { return g_.nodes[static_cast<size_t>(chain_.nodes[k])]; }
  const Tensor& output(size_t k) const { return g_.at(node(k).outputs[0]); }
  const std::string& y(size_t k) const { return y_[k]; }
  const std::string& x(size_t k) const { return x_[k]; }

  std::string comment() const {
    std::string text = "  /* ";
    for (size_t k = 0; k <= last(); ++k)
      text += format("{}{}", k == 0 ? "" : k == last() ? " and " : ", ", chain_.nodes[k]);
    text += format(" by rows, {} at a time, the {} ones first.", chain_.step, chain_.from_the_end ? "last" : "first");
    for (size_t k = 0; k < last(); ++k)
      text += format("\n     Kept of {}: {} of {} rows.", chain_.nodes[k], chain_.run.lines[k] / row_bytes(output(k)),
                     output(k).shape[1]);
    return text + " */\n";
  }

  // What is kept, as lines that move along where windows overlap; and the loop with the rows that each is asked for.
  std::string loop() const {
    std::string text;
    for (size_t k = 0; k < last(); ++k)
      if (moves(k))
        text += format("    thimble_lines {} = {{a + {}, {}, {{0, 0}}}};\n", numbered("lines", k), lines_[k],
                       row_bytes(output(k)));
    const int64_t height = op(last()).window.out, step = chain_.step;
    const std::string& y = y_[last()];
    text += format("    thimble_rows {};\n", y);
    if (chain_.from_the_end) {
      text += format("    for ({0}.to = {1}; {0}.to > 0; {0}.to = {0}.from) {{\n      {0}.from = ", y, height);
      text +=
          height % step == 0 ? format("{}.to - {};\n", y, step) : format("{0}.to > {1} ? {0}.to - {1} : 0;\n", y, step);
    } else {
      text += format("    for ({0}.from = 0; {0}.from < {1}; {0}.from = {0}.to) {{\n      {0}.to = ", y, height);
      text += height % step == 0 ? format("{}.from + {};\n", y, step)
                                 : format("{0}.from < {1} ? {0}.from + {2} : {3};\n", y, height - step, step, height);
    }
    for (size_t k = chain_.nodes.size(); k-- > 0;) {
      if (x_[k] != y_[k])
        text += format("      const thimble_rows {} = thimble_rows_under(&{}_plan_{}.h, {});\n", x_[k],
                       emitter_.options.name, chain_.nodes[k], y_[k]);
      if (k > 0 && moves(k - 1))
        text += format("      const thimble_rows {} = thimble_lines_move(&{}, {});\n", y_[k - 1],
                       numbered("lines", k - 1), x_[k]);
    }
    return text;
  }

  // Pointers to the first row of a call of operator k.
  std::string input(size_t k, TensorId t) const {
    const Tensor& tensor = g_.at(t);
    if (k == 0 || t != node(k - 1).outputs[0])
      return format("{} + {} * {}", emitter_.address(t), first(k, x_[k]), row_size(tensor));
    const char* const type = c_type(tensor.type);
    if (moves(k - 1)) return format("({} *){}.at", type, numbered("lines", k - 1));
    return between(k, k - 1, x_[k]);
  }
  std::string result(size_t k) const {
    const Tensor& tensor = output(k);
    if (k == last())
      return format("{} + {} * {}", emitter_.address(node(k).outputs[0]), first(k, y_[k]), row_size(tensor));
    if (moves(k))
      return format("({} *)({}.at + ({} - {}.from) * {})", c_type(tensor.type), numbered("lines", k), first(k, y_[k]),
                    x_[k + 1], row_bytes(tensor));
    return between(k, k, y_[k]);
  }

  // In front of the calls of operator k; a brace is open behind it.
  std::string head(size_t k, const std::string& plan_type) const {
    if (!op(k).several) return format("      for (thimble_dim r = {0}.from; r < {0}.to; ++r) {{\n", y_[k]);
    return (chain_.run.idle[k] ? format("      if ({0}.from < {0}.to) {{\n", y_[k]) : std::string("      {\n")) +
           format("        {} p = {}_plan_{};\n", plan_type, emitter_.options.name, chain_.nodes[k]) +
           format("        thimble_only_rows(&p.h, {}, {});\n", y_[k], x_[k]);
  }

 private:
  std::string numbered(const char* what, size_t k) const { return format("{}{}", what, chain_.nodes[k]); }
  // The windows of the operator behind k overlap or leave rows out.
  bool moves(size_t k) const { return !same_rows(op(k + 1).window); }
  std::string first(size_t k, const std::string& rows) const { return op(k).several ? rows + ".from" : "r"; }
  // A row of what operator `made` gives, where just the rows of one step lie, for a call of operator k.
  std::string between(size_t k, size_t made, const std::string& rows) const {
    const std::string at = format("({} *)(a + {})", c_type(output(made).type), lines_[made]);
    return op(k).several ? at : format("{} + (r - {}.from) * {}", at, rows, row_size(output(made)));
  }

  Emitter& emitter_;
  const Graph& g_;
  std::span<const std::optional<RowOperator>> operators_;
  const RowChain& chain_;
  std::span<const int64_t> lines_;
  std::vector<std::string> y_, x_;
};

}  // namespace

// A block of C: a loop over the rows of the last output; in it what each operator is asked for, from the last to the
// first; then the calls, from the first to the last.
Status Emitter::chain(const RowChain& chain, std::span<const int64_t> lines) {
  const ChainText text(*this, row_operators_, chain, lines);
  for (const NodeId n : chain.nodes) body_ += title(n);
  body_ += text.comment() + "  {\n" + text.loop();
  for (size_t k = 0; k < chain.nodes.size(); ++k) {
    RowCall call{text.op(k), {}, {}};
    for (const size_t i : call.op.inputs) call.at[text.node(k).inputs[i]] = text.input(k, text.node(k).inputs[i]);
    call.at[text.node(k).outputs[0]] = text.result(k);

    std::string calls;  // written into body_, and read from there
    calls.swap(body_);
    row_call_ = &call;
    const Status written = call_of(chain.nodes[k]);
    row_call_ = nullptr;
    calls.swap(body_);
    THIMBLE_TRY(written);
    body_ += text.head(k, call.plan_type) + calls + "      }\n";
  }
  body_ += "    }\n  }\n";
  headers_.insert("micro/kernels/rows.h");
  for (const NodeId n : chain.nodes) body_ += format("  {}_ON_LAYER({});\n", macro_, n);
  return {};
}

}  // namespace thimble::micro
