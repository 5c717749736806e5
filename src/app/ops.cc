// `thimble ops`: the coverage table, made from the same tables that the layers use, so that it cannot
// say more than the code does.
#include <algorithm>

#include "api/load.h"
#include "app/commands.h"
#include "base/json.h"
#include "compress/quantize/quant_rule.h"
#include "formats/model_file.h"
#include "formats/tflite/rule.h"
#include "measure/table.h"
#include "micro/emit.h"
#include "runtime/lower.h"
#include "train/grad.h"

namespace thimble::app {
namespace {

constexpr const char* kColumns[] = {"infer",    "float32",  "int8",     "uint8",  "int16x8", "hybrid",
                                    "lowering", "gradient", "quantize", "tflite", "c"};
constexpr size_t kColumnCount = std::size(kColumns);

struct OpCells {
  std::string name;
  std::vector<std::string> why_not;  // one per column; empty: there
};

// Why an operator does not compute in a type: ops.def says which it does, the rest follows from them.
std::string why_not_type(Op op, OpTypes type) {
  if (row(op).types & (type == S16X8 ? S16X8 | S16 : static_cast<uint32_t>(type))) return {};
  const Cell<QuantRuleFn>& quant = quant_rule_of(op);
  if (type == F32) return "its input is of another type";
  if (quant.why_not) return quant.why_not;
  switch (type) {
    case HYBRID: return "it has no weight matrix";
    case S16X8: return "no form with int16 activations";
    case U8: return "no uint8 form: computed in float32 between dequantize and quantize";
    default: return "no int8 form: computed in float32 between dequantize and quantize";
  }
}

template <class T>
std::string why_not(const Cell<T>& cell) {
  return cell.why_not ? cell.why_not : "";
}

// Every operator, or those that a model needs.
Result<std::vector<Op>> operators(const std::string& model) {
  if (!model.empty()) {
    THIMBLE_ASSIGN(const LoadedModel loaded, load_model(model));
    return operators_needed({loaded.file.bytes, loaded.file.size}, loaded.graph);
  }
  std::vector<Op> all;
  for (size_t i = 0; i < kOpCount; ++i) all.push_back(static_cast<Op>(i));
  return all;
}

std::vector<OpCells> cells_of(const std::vector<Op>& ops) {
  std::vector<OpCells> all;
  for (const Op op : ops) {
    all.push_back(
        {name(op),
         {row(op).infer ? "" : "no inference", why_not_type(op, F32), why_not_type(op, S8), why_not_type(op, U8),
          why_not_type(op, S16X8), why_not_type(op, HYBRID), why_not(lowering_of(op)), why_not(gradient_of(op)),
          why_not(quant_rule_of(op)), why_not(tflite::rule_of(op)), why_not(micro::emitter_of(op))}});
  }
  return all;
}

std::string as_json(const std::vector<OpCells>& all) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.ops/1").key("operators").begin_array();
  for (const OpCells& op : all) {
    json.begin_object().field("name", op.name);
    for (size_t c = 0; c < kColumnCount; ++c) json.field(kColumns[c], op.why_not[c].empty());
    json.key("why_not").begin_object();
    for (size_t c = 0; c < kColumnCount; ++c)
      if (!op.why_not[c].empty()) json.field(kColumns[c], op.why_not[c]);
    json.end_object().end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

// "yes", or the letter of the reason below the table.
std::string as_table(const std::vector<OpCells>& all, bool markdown, const Context& context) {
  std::vector<std::string> reasons;
  TextTable table;
  table.column("operator");
  for (const char* column : kColumns) table.column(column);
  for (const OpCells& op : all) {
    std::vector<std::string> cells = {op.name};
    for (const std::string& why : op.why_not) {
      if (why.empty()) {
        cells.emplace_back("yes");
        continue;
      }
      const auto known = std::find(reasons.begin(), reasons.end(), why);
      cells.push_back(format("– {}", known - reasons.begin() + 1));
      if (known == reasons.end()) reasons.push_back(why);
    }
    table.row(std::move(cells));
  }
  std::string text = markdown ? table.markdown() : table.text(context.colour(), context.table_width());
  text += markdown ? "\nWhere a cell is missing, because:\n\n" : "\nwhere a cell is missing, because:\n";
  for (size_t i = 0; i < reasons.size(); ++i)
    text += markdown ? format("{}. {}\n", i + 1, reasons[i]) : format("  {:>2}  {}\n", i + 1, reasons[i]);
  return text;
}

}  // namespace

Action define_ops(Options& options) {
  struct OpsOptions {
    std::string model;
    bool markdown = false, names = false;
  };
  auto o = std::make_shared<OpsOptions>();
  options.examples(
      "thimble ops\n"
      "thimble ops --markdown > operators.md\n"
      "thimble ops --model tests/models/mlperf-tiny/vww_96_int8.tflite --names\n"
      "thimble ops --json\n");
  options.about(
      "One row per operator. infer: shapes, types and validation; float32 … hybrid: what the reference and so\n"
      "every path computes in (hybrid: float32 activations, int8 weights); lowering: a fast kernel (else the\n"
      "reference runs); gradient: can be trained through; quantize: has an int8 rule; tflite: read and written;\n"
      "c: exported as C.");
  options.text("--model", &o->model, "MODEL", "only the operators that this model needs");
  options.flag("--markdown", &o->markdown, "a Markdown table");
  options.flag("--names", &o->names, "the names alone, as a build takes them (-DTHIMBLE_OPS=…)");
  return [o](const Context& context) -> Status {
    THIMBLE_ASSIGN(const std::vector<Op> ops, operators(o->model));
    if (o->names && !context.json) {
      std::string list;
      for (const Op op : ops) list += (list.empty() ? "" : ";") + std::string(name(op));
      context.print(list + "\n");
      return {};
    }
    const std::vector<OpCells> all = cells_of(ops);
    context.print(context.json ? as_json(all) : as_table(all, o->markdown, context));
    return {};
  };
}

}  // namespace thimble::app
