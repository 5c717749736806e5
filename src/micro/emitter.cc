#include "micro/emitter.h"

#include <algorithm>
#include <cctype>

#include "base/format.h"
#include "graph/int4.h"
#include "micro/literals.h"
#include "micro/plan_writer.h"
#include "micro/row_search.h"
#include "micro/sources.h"
#include "micro/words.h"

namespace thimble::micro {
namespace {

std::string written(const Tensor& t, const std::string& symbol) {
  const int64_t n = t.shape.elements();
  switch (t.type) {
    case DType::f32: return array("float", symbol, t.data.as<float>().data(), n);
    case DType::i8: return array("int8_t", symbol, t.data.as<int8_t>().data(), n);
    case DType::u8:
    case DType::boolean: return array("uint8_t", symbol, t.data.as<uint8_t>().data(), n);
    case DType::i16: return array("int16_t", symbol, t.data.as<int16_t>().data(), n);
    case DType::i32: return array("int32_t", symbol, t.data.as<int32_t>().data(), n);
    default: return array("int64_t", symbol, t.data.as<int64_t>().data(), n);
  }
}

constexpr int kAttempts = 20000;      // of layouts of the arena
constexpr int64_t kFormsCode = 1000;  // what reading other forms takes of flash, about

int64_t saved(std::span<const StoredTensor> stored) {
  int64_t bytes = 0;
  for (const StoredTensor& s : stored) bytes += s.form == "plain" ? 0 : s.plain_bytes - s.bytes;
  return bytes;
}

// Headers of C, which NAME.h would hide.
constexpr std::string_view kTakenHeaders[] = {
    "assert", "complex", "ctype",   "errno",  "fenv",     "float",  "inttypes", "iso646", "limits", "locale",
    "math",   "memory",  "setjmp",  "signal", "stdalign", "stdarg", "stdbool",  "stddef", "stdint", "stdio",
    "stdlib", "string",  "strings", "tgmath", "threads",  "time",   "uchar",    "unistd", "wchar",  "wctype"};

}  // namespace

std::string shipped_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  std::string_view file = path.substr(slash + 1), folder = path.substr(0, slash);
  if (file == "kernel.h") return "thimble_" + std::string(folder.substr(folder.rfind('/') + 1)) + ".h";
  if (file.ends_with("_kernel.h")) return "thimble_" + std::string(file.substr(0, file.size() - 9)) + ".h";
  return "thimble_" + std::string(file);
}

std::string identifier(std::string_view text) {
  std::string name(text);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

std::string network_name(std::string_view text) {
  const std::string name = identifier(text);
  std::string small = name;
  std::ranges::transform(small, small.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  // Names that begin with '_' are the compiler's, of libraries those with "Arduino" are that project's; NAME.h may hide
  // no header that the package or a program includes.
  if (name.empty() || name[0] == '_') return "net" + name;
  if (std::isdigit(static_cast<unsigned char>(name[0])) || small.starts_with("thimble_") ||
      small.starts_with("arduino"))
    return "net_" + name;
  return std::ranges::find(kTakenHeaders, small) == std::end(kTakenHeaders) ? name : name + "_net";
}

Emitter::Emitter(const Checked& c, const EmitOptions& o)
    : checked(c), options(o), g_(c.graph), name_(o.name), macro_(capitals(o.name)) {}

Result<Emitted> Emitter::run() {
  if (network_name(name_) != name_)
    return fail(ErrorCode::usage, format("\"{}\" cannot name functions and files of C", name_),
                format("for example {}", network_name(name_)));
  if (std::vector<Error> refused = refused_types(); !refused.empty())
    return tl::unexpected<Error>(std::move(refused.front()));
  if (options.trainable_head) {
    THIMBLE_ASSIGN(head_, find_head(checked));
  }
  // Once for the scratch that the nodes want, then with every place known.
  memory_.offset.assign(g_.tensors.size(), 0);
  windows_.resize(g_.nodes.size());
  forms_ = options.weights != Weights::plain;
  THIMBLE_TRY(nodes());
  THIMBLE_TRY(expect_forms());
  if (forms_ && options.weights == Weights::smallest && saved(stored_) < kFormsCode) {
    forms_ = false;
    scratch_.clear();
    growth_.clear();
    scratch_of_.clear();
    THIMBLE_TRY(nodes());
  }
  if (options.ram == Ram::tight) {
    row_operators_ = row_operators(checked, windows_);
    THIMBLE_ASSIGN(chains_, find_row_chains(checked, row_operators_, scratch_, options.alignment));
  }
  THIMBLE_ASSIGN(memory_, MemoryUse(checked, scratch_, chains_).place(options.alignment, kAttempts));
  THIMBLE_TRY(grow_scratch());
  THIMBLE_TRY(nodes());

  Emitted result;
  result.files.push_back({name_ + ".h", header()});
  result.files.push_back({name_ + ".hpp", wrapper()});
  result.files.push_back({name_ + ".c", source()});
  result.files.push_back({name_ + "_weights.h", weights()});
  if (has_self_test()) result.files.push_back({name_ + "_self_test.c", self_test()});
  THIMBLE_ASSIGN(std::vector<File> headers, shipped_headers());
  std::ranges::move(headers, std::back_inserter(result.files));
  result.arena_bytes = arena_bytes();
  result.weights_bytes = weights_bytes_;
  result.derived_bytes = derived_bytes_;
  if (head_) result.head_bytes = head_->bytes();
  result.calls = std::move(calls_);
  result.weights = std::move(stored_);
  return result;
}

// Scratch that may be larger takes what memory other nodes need anyway: the arena does not grow.
Status Emitter::grow_scratch() {
  std::vector<Scratch> larger = scratch_;
  const std::vector<int64_t> used = MemoryUse(checked, scratch_, chains_).by_node(options.alignment);
  bool any = false;
  for (size_t i = 0; i < larger.size(); ++i) {
    const int64_t room = memory_.bytes - used[static_cast<size_t>(larger[i].node)], step = growth_[i].step;
    const int64_t more = std::min(room, growth_[i].most - larger[i].bytes);
    if (step == 0 || more < step) continue;
    larger[i].bytes += more / step * step;
    any = true;
  }
  if (!any) return {};
  THIMBLE_ASSIGN(Memory memory, MemoryUse(checked, larger, chains_).place(options.alignment, kAttempts));
  if (memory.bytes > memory_.bytes) return {};
  scratch_ = std::move(larger);
  memory_ = std::move(memory);
  return {};
}

// A form that was asked for by name is taken somewhere.
Status Emitter::expect_forms() const {
  if (!forms_ || options.weights == Weights::smallest || saved(stored_) > 0) return {};
  std::string reasons;
  int listed = 0;
  for (const StoredTensor& s : stored_)
    if (!s.why.empty() && ++listed <= 5) reasons += format("\n      {}: {}", g_.at(s.tensor).to_string(), s.why);
  return fail(ErrorCode::unsupported, format("no weights take the form {}{}", micro::name(options.weights), reasons),
              options.weights == Weights::palette  ? "`thimble cluster` makes weights of few values"
              : options.weights == Weights::sparse ? "`thimble prune` makes weights that are 0"
                                                   : "`thimble qat --bits 4` makes weights of 4 bits");
}

std::vector<Error> Emitter::refused_types() const {
  std::vector<Error> refused;
  const auto refuse = [&](std::string why) { refused.push_back({ErrorCode::unsupported, std::move(why)}); };
  if (g_.inputs.empty() || g_.outputs.empty()) refuse("a model without inputs or outputs");
  for (const Tensor& t : g_.tensors) {
    if (t.type == DType::f64 || t.type == DType::f16 || t.type == DType::u16 || t.type == DType::u32 ||
        t.type == DType::u64 || t.type == DType::c64 || t.type == DType::bf16)
      refuse(format("{}: no C for this element type", t.to_string()));
    if (t.variable && t.data && std::ranges::any_of(t.data.as<uint8_t>(), [](uint8_t b) { return b != 0; }))
      refuse(format("state {} does not begin with zeros", t.to_string()));
  }
  return refused;
}

std::vector<Error> Emitter::refusals() {
  std::vector<Error> refused = refused_types();
  memory_.offset.assign(g_.tensors.size(), 0);
  windows_.resize(g_.nodes.size());
  for (size_t n = 0; n < g_.nodes.size(); ++n)
    if (Status s = node(static_cast<NodeId>(n)); !s) refused.push_back(std::move(s).error());
  return refused;
}

Status Emitter::nodes() {
  constants_.clear();
  headers_.clear();
  weights_.clear();
  plans_.clear();
  written_.clear();
  body_.clear();
  weights_bytes_ = derived_bytes_ = 0;
  scratch_used_.clear();
  calls_.clear();
  stored_.clear();
  plain_reasons_.clear();
  std::vector<size_t> chain_of(g_.nodes.size(), chains_.size());
  for (size_t c = 0; c < chains_.size(); ++c)
    for (const NodeId n : chains_[c].nodes) chain_of[static_cast<size_t>(n)] = c;
  for (size_t n = 0; n < g_.nodes.size(); ++n) {
    const auto id = static_cast<NodeId>(n);
    if (head_ && head_->node == id) features_end_ = body_.size();
    if (chain_of[n] == chains_.size()) {
      THIMBLE_TRY(node(id));
    } else if (const RowChain& c = chains_[chain_of[n]]; c.nodes.back() == id) {
      THIMBLE_TRY(chain(c, memory_.lines[chain_of[n]]));
    }
  }
  if (head_) {
    headers_.insert("micro/kernels/train_head.h");
    plans_ += head_constants(checked, *head_, name_);
  }
  return {};
}

// `3: conv2d "name"`
std::string Emitter::caption(NodeId n) const {
  const Node& node = g_.nodes[static_cast<size_t>(n)];
  return format("{}: {} \"{}\"", n, name(node.op), short_name(node.name));
}

// A comment: that, its shapes and its work.
std::string Emitter::title(NodeId n) const {
  const Node& node = g_.nodes[static_cast<size_t>(n)];
  const int64_t macs = checked.nodes[static_cast<size_t>(n)].macs;
  return format("  /* {}\n     {} -> {}{} */\n", caption(n),
                node.inputs.empty() || node.inputs[0] < 0 ? "" : spec(g_.at(node.inputs[0])),
                spec(g_.at(node.outputs[0])), macs ? format(", {} multiply-accumulates", macs) : "");
}

Status Emitter::node(NodeId n) {
  const Node& node = g_.nodes[static_cast<size_t>(n)];
  if (node.outputs.empty()) return call_of(n);  // it changes a variable: refused
  body_ += title(n);
  if (checked.nodes[static_cast<size_t>(n)].output_is_input || g_.at(node.outputs[0]).shape.elements() == 0) return {};
  THIMBLE_TRY(call_of(n));
  body_ += format("  {}_ON_LAYER({});\n", macro_, n);
  return {};
}

// The node's call and its constants, under a heading.
Status Emitter::call_of(NodeId n) {
  const Cell<EmitFn>& cell = emitter_of(g_.nodes[static_cast<size_t>(n)].op);
  EmitContext ctx(*this, n);
  if (!cell.rule) return ctx.unsupported(cell.why_not, "`thimble ops` lists the operators that have C");
  const size_t before = plans_.size();
  THIMBLE_TRY(cell.rule(ctx));
  if (plans_.size() > before) plans_.insert(before, format("\n/* ---- {} ---- */\n", caption(n)));
  return {};
}

const Resolved& Emitter::resolved(NodeId node) const {
  return row_call_ && !row_call_->op.several ? row_call_->op.row : checked.nodes[static_cast<size_t>(node)];
}

int64_t Emitter::arena_bytes() const {
  return std::max(memory_.bytes, options.alignment) +
         (has_states() ? round_up<int64_t>(state_bytes(), options.alignment) : 0);
}

bool Emitter::has_states() const {
  return std::ranges::any_of(g_.tensors, [](const Tensor& t) { return t.variable; });
}

bool Emitter::has_self_test() const {
  const auto empty = [&](TensorId t) { return g_.at(t).shape.elements() == 0; };
  return !options.examples.empty() && std::ranges::none_of(g_.inputs, empty) && std::ranges::none_of(g_.outputs, empty);
}

int64_t Emitter::state_bytes() const {
  int64_t bytes = 0;
  for (const Tensor& t : g_.tensors)
    if (t.variable) bytes += round_up<int64_t>(t.bytes(), 8);
  return bytes;
}

std::string Emitter::address(TensorId t) {
  if (t == kNoTensor) return "NULL";
  if (row_call_)
    if (const auto row = row_call_->at.find(t); row != row_call_->at.end()) return row->second;
  const TensorId at = memory_.view_of.empty() ? t : memory_.view_of[static_cast<size_t>(t)];
  const Tensor& tensor = g_.at(at);
  if (tensor.constant()) return constant(at);
  if (tensor.variable) return format("state->s{}", at);
  for (size_t i = 0; i < g_.inputs.size(); ++i)
    if (g_.inputs[i] == at) {
      const std::string name = plain_interface() ? "in" : format("in{}", i);
      return at == t || tensor.type == g_.at(t).type ? name : format("(const {} *){}", c_type(g_.at(t).type), name);
    }
  return format("({} *)(a + {})", c_type(g_.at(t).type), memory_.offset[static_cast<size_t>(t)]);
}

std::string Emitter::constant(TensorId t) {
  if (const auto known = constants_.find(t); known != constants_.end()) return known->second;
  const Tensor& tensor = g_.at(t);
  const std::string symbol = format("{}_t{}", name_, t);
  weights_ += format("\n/* \"{}\": {} */\n", short_name(tensor.name), spec(tensor)) + written(tensor, symbol);
  stored({.tensor = t, .plain_bytes = tensor.bytes(), .bytes = tensor.bytes()});
  return constants_[t] = symbol;
}

std::string Emitter::plan_of(NodeId node, std::string_view type) {
  const std::string symbol = format("{}_plan_{}", name_, node);
  PlanWriter writer(format("{}_p{}", name_, node), written_);
  resolved(node).plan.visit(writer);
  plans_ += "\n" + writer.text(type, symbol);
  derived_bytes_ += writer.array_bytes();
  if (!row_call_ || !row_call_->op.several) return "&" + symbol;
  row_call_->plan_type = type;
  return "&p";
}

EmitContext::Buffer Emitter::scratch(NodeId node, int64_t least, int64_t step, int64_t most) {
  std::vector<size_t>& of_node = scratch_of_[node];
  const size_t use = scratch_used_[node]++;
  if (use == of_node.size()) {
    of_node.push_back(scratch_.size());
    scratch_.push_back({node, least});
    growth_.push_back({step, most});
  }
  const size_t i = of_node[use];
  return {format("(void *)(a + {})", i < memory_.scratch.size() ? memory_.scratch[i] : 0), scratch_[i].bytes};
}

std::string Emitter::constant_of(NodeId node, std::string_view what, std::span<const int32_t> values, bool on_avr) {
  const std::string symbol = format("{}_p{}_{}", name_, node, what);
  const std::string& held_by = written_.name(on_avr ? "int32_t on AVR" : "int32_t", values, symbol);
  if (held_by != symbol) return held_by;
  const std::string text = array("int32_t", symbol, values.data(), static_cast<int64_t>(values.size()));
  if (on_avr) {
    plans_ += "\n#if defined(THIMBLE_AVR)\n" + text + "#endif\n";
    return symbol;
  }
  derived_bytes_ += static_cast<int64_t>(values.size()) * 4;
  plans_ += "\n" + text;
  return symbol;
}

template <class T>
std::string Emitter::numbers_of(NodeId node, std::string_view what, const char* type, std::span<const T> values) {
  const std::string symbol = format("{}_p{}_{}", name_, node, what);
  plans_ += "\n" + array(type, symbol, values.data(), static_cast<int64_t>(values.size()));
  return symbol;
}

template std::string Emitter::numbers_of(NodeId, std::string_view, const char*, std::span<const int8_t>);
template std::string Emitter::numbers_of(NodeId, std::string_view, const char*, std::span<const uint8_t>);
template std::string Emitter::numbers_of(NodeId, std::string_view, const char*, std::span<const float>);

// The head reads its layer's weights as they are.
Weights Emitter::weights_of(NodeId node) const {
  return forms_ && !(head_ && head_->node == node) ? options.weights : Weights::plain;
}

void Emitter::stored(StoredTensor tensor) {
  if (tensor.form == "plain" && forms_) {
    const auto why = plain_reasons_.find(tensor.tensor);
    tensor.why = why == plain_reasons_.end() ? "its operator has no other form" : why->second;
  }
  tensor.name = g_.at(tensor.tensor).name;
  tensor.type = spec(g_.at(tensor.tensor));
  weights_bytes_ += tensor.bytes;
  stored_.push_back(std::move(tensor));
}

std::string Emitter::declared(NodeId node, std::string_view what, std::string_view type, std::string_view value,
                              int64_t count) {
  const std::string symbol = format("{}_p{}_{}", name_, node, what);
  plans_ += format("\nstatic const {} {}{} = {};\n", type, symbol, count ? format("[{}]", count) : "", value);
  return symbol;
}

std::string Emitter::packed_of(NodeId node, std::string_view what, std::span<const int8_t> values,
                               std::span<const int8_t> on_avr) {
  const std::string symbol = format("{}_p{}_{}", name_, node, what);
  std::vector<int8_t> both(values.begin(), values.end());
  both.insert(both.end(), on_avr.begin(), on_avr.end());
  const std::string& held_by = written_.name(format("words {}", values.size()), std::span<const int8_t>(both), symbol);
  if (held_by != symbol) return held_by;
  const auto written = [&](std::span<const int8_t> list) {
    return array("THIMBLE_WORDS int8_t", symbol, list.data(), static_cast<int64_t>(list.size()));
  };
  const auto bytes = static_cast<int64_t>(values.size());
  stored({.tensor = g_.nodes[static_cast<size_t>(node)].inputs[1], .plain_bytes = bytes, .bytes = bytes});
  plans_ += "\n";
  if (on_avr.empty() || on_avr.size() > 32767)  // no object there is larger
    plans_ += written(values);
  else
    plans_ += "#if defined(THIMBLE_AVR)\n" + written(on_avr) + "#else\n" + written(values) + "#endif\n";
  return symbol;
}

void Emitter::call(NodeId node, const std::string& header, std::string_view function, const std::string& text) {
  headers_.insert(header);
  calls_.push_back(kernel_call(checked, node, function));
  if (avr_call_) {
    body_ += "#if defined(THIMBLE_AVR)\n" + avr_call_->text + "#else\n" + text + "#endif\n";
    calls_.back().on_avr = avr_call_->function;
    avr_call_.reset();
  } else {
    body_ += text;
  }
}

void Emitter::on_avr(const std::string& header, std::string_view function, const std::string& text) {
  headers_.insert(header);
  avr_call_ = AvrCall{std::string(function), text};
}

Result<std::vector<File>> Emitter::shipped_headers() const {
  std::vector<std::string> wanted(headers_.begin(), headers_.end());
  if (!headers_.contains("base/c99.h")) wanted.push_back("base/c99.h");
  if (has_run_float()) wanted.push_back("base/c99_real.h");
  std::vector<File> files;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const std::string path = wanted[i];
    const std::span<const Source> sources(kSources, kSourceCount);
    const auto source = std::ranges::find(sources, path, &Source::path);
    if (source == sources.end()) return fail(ErrorCode::internal, format("{} is not among the shipped headers", path));
    std::string text;
    for (size_t from = 0; from < source->text.size();) {
      const size_t end = std::min(source->text.find('\n', from), source->text.size());
      std::string line(source->text.substr(from, end - from));
      from = end + 1;
      if (line.starts_with("#include \"")) {
        const std::string included = line.substr(10, line.rfind('"') - 10);
        if (std::ranges::find(wanted, included) == wanted.end()) wanted.push_back(included);
        line = "#include \"" + shipped_name(included) + "\"";
      }
      text += line + "\n";
    }
    files.push_back({shipped_name(path), std::move(text)});
  }
  return files;
}

Result<Emitted> emit_c(const Checked& checked, const EmitOptions& options) {
  Graph graph = checked.graph;
  widen_int4(graph);
  // Inference is asked again: plans say which operands are constants, and folding has made more of them since.
  THIMBLE_ASSIGN(const Checked wide, check(std::move(graph)));
  return Emitter(wide, options).run();
}

std::vector<Error> without_c(const Checked& checked) {
  Graph graph = checked.graph;
  widen_int4(graph);
  Result<Checked> wide = check(std::move(graph));
  if (!wide) return {std::move(wide).error()};
  EmitOptions options;
  options.name = "model";
  return Emitter(*wide, options).refusals();
}

}  // namespace thimble::micro
