// `thimble diff`: two models on the same inputs, and the first tensor where they part.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "api/load.h"
#include "app/commands.h"
#include "app/model_inputs.h"
#include "app/output.h"
#include "app/port_names.h"
#include "app/tensor_diff.h"
#include "base/json.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "ops/operands.h"
#include "passes/pipeline.h"
#include "runtime/program.h"
#include "runtime/tensor_values.h"

namespace thimble::app {
namespace {

struct Arguments {
  std::string a, b;
  std::vector<std::string> inputs;
  int64_t seed = -1;
  Bounds bounds;
};

// A network that keeps what all its nodes give: as outputs, behind its own.
struct Side {
  std::unique_ptr<Session> session;
  Graph graph;  // with its own outputs

  const Tensor& input(size_t i) const { return graph.at(graph.inputs[i]); }
  std::vector<double> values(TensorId t) const { return real_values(graph.at(t), session->tensor(t)); }
};

Result<Side> open_side(const std::string& path, const Context& context) {
  THIMBLE_ASSIGN(LoadedModel model, load_model(path));
  note_left_out(model.graph, context);
  note_free_sizes(model.graph, context);
  Side side;
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(static_cast<Checked&&>(model)));
  side.graph = prepared.graph;
  Graph& kept = prepared.graph;
  std::vector<char> listed(kept.tensors.size(), 0);
  for (const TensorId t : kept.outputs) listed[static_cast<size_t>(t)] = 1;
  for (const Node& node : kept.nodes)
    for (const TensorId t : node.outputs) {
      if (listed[static_cast<size_t>(t)] || kept.at(t).constant()) continue;
      kept.outputs.push_back(t);
      listed[static_cast<size_t>(t)] = 1;
    }
  kept.output_names.clear();
  PlanOptions plan;
  plan.threads = context.thread_count();
  auto program = Program::plan(std::move(prepared), plan);
  if (!program) return with_context(std::move(program).error(), path);
  THIMBLE_ASSIGN(side.session, Session::create(std::move(*program)));
  return side;
}

tl::unexpected<Error> no_match(const Arguments& a, size_t i, const Tensor& x, const Tensor& y) {
  return fail(ErrorCode::usage,
              format("input {} of {} is {}, that of {} is {}: they cannot take the same values", i, a.a, x.to_string(),
                     a.b, y.to_string()),
              "give two models of one network");
}

bool holds_reals(const Tensor& t) {
  return t.type == DType::f32 || (is_quantized_type(t.type) && t.type != DType::i4 && t.quant.scale.size() == 1);
}

// Whether every input of A can be fed what that of B is, through their scales or layouts.
Status expect_alike(const Arguments& a, const Side& x, const Side& y) {
  if (x.graph.inputs.size() != y.graph.inputs.size())
    return fail(ErrorCode::usage,
                format("{} has {} inputs, {} has {}", a.a, x.graph.inputs.size(), a.b, y.graph.inputs.size()),
                "give two models of one network");
  for (size_t i = 0; i < x.graph.inputs.size(); ++i) {
    const Tensor &from = x.input(i), &to = y.input(i);
    const bool types = from.type == to.type || (holds_reals(from) && holds_reals(to));
    if (!types || !layouts_of(from.shape, to.shape)) return no_match(a, i, from, to);
  }
  return {};
}

// The other network's input: the same bytes, or the same real values, as near as its type has them.
std::vector<uint8_t> as_input_of(const Tensor& from, std::span<const uint8_t> bytes, const Tensor& to) {
  const Layouts layouts = *layouts_of(from.shape, to.shape);
  if (layouts == Layouts::same && from.type == to.type && from.quant == to.quant) return {bytes.begin(), bytes.end()};
  std::vector<float> values(static_cast<size_t>(from.shape.elements()));
  read_output(from, bytes, values);
  std::vector<float> turned = values;
  if (layouts != Layouts::same) {
    // s: [n, h, w, c], whichever of the two lies so.
    const Shape& s = layouts == Layouts::b_channels_first ? from.shape : to.shape;
    size_t first = 0;
    for (int64_t n = 0; n < s[0]; ++n)
      for (int64_t c = 0; c < s[3]; ++c)
        for (int64_t h = 0; h < s[1]; ++h)
          for (int64_t w = 0; w < s[2]; ++w, ++first) {
            const auto last = static_cast<size_t>(((n * s[1] + h) * s[2] + w) * s[3] + c);
            if (layouts == Layouts::b_channels_first)
              turned[first] = values[last];
            else
              turned[last] = values[first];
          }
  }
  std::vector<uint8_t> memory(static_cast<size_t>(to.bytes()));
  fill_input(to, turned, memory);  // lint: allow (what another input holds, no samples)
  return memory;
}

struct Feeds {
  std::vector<std::vector<uint8_t>> a, b;  // per input: `runs` times its bytes
  int64_t runs = 1;
};

// Both are fed what one of them takes: the coarser one, so that no rounding of inputs lies between them.
Result<Feeds> feeds_of(const Arguments& a, const Side& x, const Side& y) {
  const size_t count = x.graph.inputs.size();
  std::vector<std::string> files(count);
  for (const std::string& input : a.inputs) {
    const size_t equals = input.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::usage, format("--input is '{}'", input), "write KEY=FILE.npy, for instance 0=x.npy");
    THIMBLE_ASSIGN(const size_t at, find_input(x.graph, input.substr(0, equals)));
    if (!files[at].empty()) return fail(ErrorCode::usage, format("input {} is given twice", at));
    files[at] = input.substr(equals + 1);
  }
  std::vector<Feed> fed(count);
  std::vector<char> of_b(count, 0);
  Feeds feeds;
  for (size_t i = 0; i < count; ++i) {
    of_b[i] = y.input(i).type != x.input(i).type && is_quantized_type(y.input(i).type);
    const Side& side = of_b[i] ? y : x;
    if (!files[i].empty()) {
      THIMBLE_TRY(append_npy(files[i], side.input(i), &fed[i]));
      if (feeds.runs > 1 && fed[i].runs > 1 && fed[i].runs != feeds.runs)
        return fail(ErrorCode::usage, format("input {} has {} runs, another has {}", i, fed[i].runs, feeds.runs));
      feeds.runs = std::max(feeds.runs, fed[i].runs);
    } else if (a.seed >= 0) {
      fed[i].bytes.resize(static_cast<size_t>(side.input(i).bytes()));
      THIMBLE_TRY(fill_random(static_cast<uint64_t>(a.seed), i, side.input(i), fed[i].bytes));
      for (const Side* s : {&x, &y}) keep_indices_inside(s->graph, s->graph.inputs[i], fed[i].bytes);
    } else {
      return fail(ErrorCode::usage, format("nothing is given for the input {} ({})", i, x.input(i).to_string()),
                  format("give --input {}=FILE.npy, or --random SEED", i));
    }
  }
  feeds.a.resize(count), feeds.b.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const Tensor &from = of_b[i] ? y.input(i) : x.input(i), &to = of_b[i] ? x.input(i) : y.input(i);
    const auto size = static_cast<size_t>(from.bytes());
    for (int64_t r = 0; r < feeds.runs; ++r) {
      const size_t at = fed[i].runs > 1 ? static_cast<size_t>(r) * size : 0;
      const std::span<const uint8_t> once = std::span(fed[i].bytes).subspan(at, size);
      const std::vector<uint8_t> other = as_input_of(from, once, to);
      auto &own = of_b[i] ? feeds.b[i] : feeds.a[i], &others = of_b[i] ? feeds.a[i] : feeds.b[i];
      own.insert(own.end(), once.begin(), once.end());
      others.insert(others.end(), other.begin(), other.end());
    }
  }
  return feeds;
}

Status run_side(Side& side, const std::vector<std::vector<uint8_t>>& feeds, int64_t r) {
  for (size_t i = 0; i < feeds.size(); ++i) {
    const std::span<uint8_t> memory = side.session->input(i);
    if (!memory.empty())
      std::memcpy(memory.data(), feeds[i].data() + static_cast<size_t>(r) * memory.size(), memory.size());
  }
  side.session->reset_variables();
  return side.session->run();
}

struct Compared {
  TensorPair pair;
  Difference difference;
  double bound = 0;
  bool beyond() const { return difference.largest > bound; }
};

void add_run(const Side& x, const Side& y, Compared& c) {
  const Tensor &ta = x.graph.at(c.pair.a), &tb = y.graph.at(c.pair.b);
  const std::vector<double> va = x.values(c.pair.a), vb = y.values(c.pair.b);
  c.difference.add(va, vb, ta.shape, tb.shape, *layouts_of(ta.shape, tb.shape));
}

Result<std::vector<Compared>> compare(const Arguments& a, Side& x, Side& y) {
  THIMBLE_TRY(expect_alike(a, x, y));
  if (x.graph.outputs.size() != y.graph.outputs.size())
    return fail(ErrorCode::usage,
                format("{} has {} outputs, {} has {}", a.a, x.graph.outputs.size(), a.b, y.graph.outputs.size()),
                "give two models of one network");
  for (size_t i = 0; i < x.graph.outputs.size(); ++i) {
    const Tensor &p = x.graph.at(x.graph.outputs[i]), &q = y.graph.at(y.graph.outputs[i]);
    if (!layouts_of(p.shape, q.shape))
      return fail(ErrorCode::usage,
                  format("output {} of {} is {}, that of {} is {}", i, a.a, p.to_string(), a.b, q.to_string()),
                  "give two models of one network");
  }
  THIMBLE_ASSIGN(const Feeds feeds, feeds_of(a, x, y));
  std::vector<Compared> all;
  for (const TensorPair& pair : match_tensors(x.graph, y.graph)) all.push_back({pair, {}});
  for (int64_t r = 0; r < feeds.runs; ++r) {
    if (Status s = run_side(x, feeds.a, r); !s) return with_context(std::move(s).error(), a.a);
    if (Status s = run_side(y, feeds.b, r); !s) return with_context(std::move(s).error(), a.b);
    for (Compared& c : all) add_run(x, y, c);
  }
  for (Compared& c : all) c.bound = bound_of(x.graph.at(c.pair.a), y.graph.at(c.pair.b), c.difference, a.bounds);
  return all;
}

std::string type_text(const Tensor& a, const Tensor& b) {
  return a.type == b.type ? name(a.type) : format("{} / {}", name(a.type), name(b.type));
}

std::string shape_text(const Tensor& a, const Tensor& b) {
  return a.shape == b.shape ? a.shape.to_string() : format("{} / {}", a.shape.to_string(), b.shape.to_string());
}

const char* operator_of(const Side& x, const TensorPair& pair) {
  if (pair.node < 0) return pair.output ? "constant" : "input";
  return name(x.graph.nodes[static_cast<size_t>(pair.node)].op);
}

std::string decibel_text(const Difference& d) {
  if (std::isinf(d.decibels())) return d.decibels() > 0 ? "equal" : "–";
  return format("{:.1f}", d.decibels());
}

std::string as_text(const Side& x, const Side& y, const std::vector<Compared>& all, const Context& context) {
  TextTable table;
  table.column("").column("tensor").column("operator").column("type").column("shape");
  table.column("difference", Align::right).column("relative", Align::right).column("SNR dB", Align::right);
  table.column("bound", Align::right).column("");
  bool first = true;
  for (const Compared& c : all) {
    const Tensor &ta = x.graph.at(c.pair.a), &tb = y.graph.at(c.pair.b);
    const std::string other = ta.name == tb.name ? "" : format(" / {}", clip_text(tb.name, 40));
    table.row({c.pair.output ? "output" : "", clip_text(ta.name, 40) + other, operator_of(x, c.pair), type_text(ta, tb),
               shape_text(ta, tb), format_number(c.difference.largest, 3), format_number(c.difference.relative(), 3),
               decibel_text(c.difference), format_number(c.bound, 3),
               !c.beyond() ? ""
               : first     ? "first beyond"
                           : "beyond"},
              c.beyond() ? Tone::bad : Tone::plain);
    first = first && !c.beyond();
  }
  return table.text(context.colour(), context.table_width());
}

void json_compared(JsonWriter& json, const Side& x, const Side& y, const Compared& c) {
  const Tensor &ta = x.graph.at(c.pair.a), &tb = y.graph.at(c.pair.b);
  const auto dims = [](const Shape& s) { return std::vector<int64_t>(s.dims().begin(), s.dims().end()); };
  json.begin_object().field("name", valid_utf8(ta.name)).field("name_b", valid_utf8(tb.name));
  json.field("operator", operator_of(x, c.pair)).field("output", c.pair.output);
  json.field("matched_by", c.pair.node < 0 || c.pair.output ? "position" : c.pair.by_name ? "name" : "order");
  json.field("dtype", name(ta.type)).field("dtype_b", name(tb.type));
  json.array("shape", dims(ta.shape)).array("shape_b", dims(tb.shape));
  json.field("max_abs_difference", c.difference.largest).field("relative_difference", c.difference.relative());
  json.field("snr_db", c.difference.decibels()).field("bound", c.bound).field("within", !c.beyond());
  if (c.difference.not_finite > 0) json.field("not_finite", c.difference.not_finite);
  json.end_object();
}

std::string as_json(const Arguments& a, const Side& x, const Side& y, const std::vector<Compared>& all) {
  const auto first = std::ranges::find_if(all, &Compared::beyond);
  JsonWriter json;
  json.begin_object().field("schema", "thimble.diff/1").field("a", a.a).field("b", a.b);
  json.field("equal", first == all.end()).key("first");
  if (first == all.end())
    json.null();
  else
    json_compared(json, x, y, *first);
  json.key("tensors").begin_array();
  for (const Compared& c : all) json_compared(json, x, y, c);
  json.end_array().key("outputs").begin_array();
  for (const Compared& c : all)
    if (c.pair.output) json_compared(json, x, y, c);
  json.end_array().end_object();
  return json.take() + "\n";
}

Status run(const Arguments& a, const Context& context) {
  THIMBLE_ASSIGN(Side x, open_side(a.a, context));
  THIMBLE_ASSIGN(Side y, open_side(a.b, context));
  THIMBLE_ASSIGN(const std::vector<Compared> all, compare(a, x, y));
  const auto first = std::ranges::find_if(all, &Compared::beyond);
  const auto outputs = std::ranges::count_if(all, [](const Compared& c) { return c.pair.output && c.beyond(); });
  if (context.json) {
    context.print(as_json(a, x, y, all));
  } else {
    context.print(as_text(x, y, all, context));
    if (first == all.end()) context.say(format("equal within bounds: {} tensors", all.size()));
  }
  if (first == all.end()) return {};
  const Tensor& tensor = x.graph.at(first->pair.a);
  return fail(ErrorCode::gate_failed,
              format("the first tensor that differs is \"{}\" of {}: by {}, {} would do; {} of {} outputs differ",
                     tensor.name, operator_of(x, first->pair), format_number(first->difference.largest, 3),
                     format_number(first->bound, 3), outputs, x.graph.outputs.size()));
}

}  // namespace

Action define_diff(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble diff model.tflite model.onnx --random 1\n"
      "thimble diff float.tflite int8.tflite --input 0=x.npy\n"
      "thimble diff float.tflite int8.tflite --random 1 --rtol 0.1       # which layer loses most?\n"
      "thimble diff before.tflite after.tflite --random 1 --json\n");
  options.about(
      "Both models run on the same inputs, and every tensor that both have is compared by its real values: tensors of\n"
      "one name belong together, outputs by their position, and what has no common name by the order of the "
      "operators.\n"
      "The table has the largest difference, that over the largest value of A, and A over the difference in decibels\n"
      "(SNR); the first tensor beyond its bound is marked. Bounds: 1e-5 · max(1, largest value) of floats, one step "
      "of\n"
      "the scale of quantised integers, nothing of other integers.\n"
      "Where the types of an input differ, random numbers and arrays are of the coarser one, and the other model gets\n"
      "what they stand for. Pictures may lie [n, h, w, c] in one and [n, c, h, w] in the other.\n"
      "Exit codes: 0 equal within bounds, 5 different, 2 their inputs or outputs do not match.");
  options.argument("A", &a->a, "a .tflite, .onnx or .thim file");
  options.argument("B", &a->b, "the model to compare it with");
  options.texts("--input", &a->inputs, "KEY=FILE.npy",
                "array for one input of A: its index, its name in the signature or its tensor's; repeatable");
  options.integer("--random", &a->seed, "SEED", "fill every input not given with reproducible random numbers");
  options.number("--atol", "X", "bound of every difference, in place of the usual ones", 0, 1e30,
                 [a](double x) { a->bounds.absolute = x; });
  options.number("--rtol", "X", "bound, times the largest value of the tensor in A; adds to --atol", 0, 1e30,
                 [a](double x) { a->bounds.relative = x; });
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
