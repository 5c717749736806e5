// `thimble check`: whether a model can run, or be written, and all that stands against it at once.
#include <algorithm>

#include "app/commands.h"
#include "app/model_check.h"
#include "app/output.h"
#include "base/json.h"
#include "measure/table.h"
#include "measure/text.h"

namespace thimble::app {
namespace {

constexpr const char* kTargets[] = {"runtime", "c", "onnx", "tflite"};
constexpr size_t kListed = 5, kNameWidth = 60;

struct Arguments {
  std::string model, signature;
  size_t target = 0;
};

std::string as_json(const Arguments& a, const ModelCheck& check) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.check/1").field("model", a.model).field("target", kTargets[a.target]);
  json.field("runnable", check.runnable).key("operators").begin_array();
  for (const OperatorCheck& op : check.operators) {
    json.begin_object().field("name", valid_utf8(op.name)).field("count", op.count).field("supported", op.supported);
    if (!op.path.empty()) json.field("path", op.path);
    if (!op.why.empty()) json.field("why", valid_utf8(op.why));
    json.end_object();
  }
  json.end_array().key("problems").begin_array();
  for (const Problem& p : check.problems) {
    json.begin_object().field("code", p.code).field("blocks", p.blocks);
    if (!p.op.empty()) json.field("operator", valid_utf8(p.op));
    json.field("where", valid_utf8(p.where)).field("message", valid_utf8(p.message)).field("fix", p.fix).end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

std::string operator_table(const ModelCheck& check, const Context& context) {
  TextTable table;
  table.column("operator").column("count", Align::right).column("supported").column("path").column("why");
  for (const OperatorCheck& op : check.operators)
    table.row({clip_text(op.name, kNameWidth), format("{}", op.count), op.supported ? "yes" : "no", op.path,
               op.supported ? op.why : ""},
              op.supported ? Tone::plain : Tone::bad);
  return table.text(context.colour(), context.table_width());
}

// Problems of one kind are told once, with the places that have it.
std::string problem_list(const std::vector<Problem>& problems, bool blocks, bool all) {
  std::string text;
  std::vector<char> told(problems.size(), 0);
  for (size_t i = 0; i < problems.size(); ++i) {
    if (told[i] || problems[i].blocks != blocks) continue;
    const Problem& first = problems[i];
    std::vector<size_t> same;
    for (size_t k = i; k < problems.size(); ++k) {
      const Problem& p = problems[k];
      const bool alike = p.blocks == blocks && p.code == first.code && p.op == first.op;
      if (!alike || told[k] || (first.op.empty() && k != i)) continue;
      same.push_back(k);
      told[k] = 1;
    }
    text += format("\n  {}: {}{}\n", first.code, escaped_utf8(first.message),
                   same.size() > 1 ? format(" (and {} more)", same.size() - 1) : "");
    for (size_t k = 0; k < same.size() && (all || k < kListed); ++k)
      if (const std::string& where = problems[same[k]].where; !where.empty())
        text += format("      at {}\n", clip_text(where, 2 * kNameWidth));
    if (!all && same.size() > kListed) text += format("      and at {} more (-v lists all)\n", same.size() - kListed);
    if (!first.fix.empty()) text += format("    fix: {}\n", first.fix);
  }
  return text;
}

std::string count_of(size_t n, const char* word) { return format("{} {}{}", n, word, n == 1 ? "" : "s"); }

const char* wanted(size_t target) {
  constexpr const char* kSentences[] = {"it runs here", "it can be exported as C", "it can be written as .onnx",
                                        "it can be written as .tflite"};
  return kSentences[target];
}

std::string as_text(const Arguments& a, const ModelCheck& check, const Context& context) {
  const size_t blocking = check.blocking(), others = check.problems.size() - blocking;
  std::string text = blocking == 0 ? format("{}: {}\n", a.model, wanted(a.target))
                                   : format("{}: {}\n", a.model, count_of(blocking, "problem"));
  if (!check.operators.empty()) text += "\n" + operator_table(check, context);
  if (blocking > 0) text += "\nproblems:" + problem_list(check.problems, true, context.verbose);
  if (others > 0) text += "\nworth knowing:" + problem_list(check.problems, false, context.verbose);
  return text;
}

Status run(const Arguments& a, const Context& context) {
  THIMBLE_ASSIGN(Data file, open_model_file(a.model));
  Result<ModelCheck> found = check_model(std::move(file), a.model, a.signature, static_cast<CheckTarget>(a.target));
  if (!found) {
    const Error& error = found.error();
    if (error.code == ErrorCode::bad_file && context.json) {
      ModelCheck damaged{.runnable = false, .operators = {}, .problems = {}};
      damaged.problems.push_back({"bad_file", {}, a.model, error.message, error.hint});
      context.print(as_json(a, damaged));
    }
    return tl::unexpected<Error>(std::move(found).error());
  }
  context.print(context.json ? as_json(a, *found) : as_text(a, *found, context));
  const auto damaged = [](const Problem& p) { return p.code == "bad_file"; };
  if (std::ranges::any_of(found->problems, damaged))
    return fail(ErrorCode::bad_file, format("{} is damaged, and uses what is not supported", a.model));
  if (const size_t blocking = found->blocking(); blocking > 0)
    return fail(ErrorCode::unsupported,
                format("{} of {} for the target {}", count_of(blocking, "problem"), a.model, kTargets[a.target]));
  return {};
}

}  // namespace

Action define_check(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble check model.tflite\n"
      "thimble check model.onnx --json\n"
      "thimble check model.tflite --target c              # could it be exported to a microcontroller?\n"
      "thimble check model.tflite --target onnx -v        # every place of every problem\n");
  options.about(
      "Every operator of the file with its count, whether it is supported and which path computes it: a fast kernel, "
      "or\n"
      "the reference, a plain loop that is slow. Every problem at once: operators, types and uses of operators that "
      "are\n"
      "not supported, values that only a run knows, odd quantisation. Where an operator is not supported, its results\n"
      "are taken to be what the file declares, and the rest is checked behind them. Nothing is run.\n"
      "Exit codes: 0 the target takes the model, 3 it does not, 4 the file is missing or damaged.");
  options.argument("MODEL", &a->model, "a .tflite, .onnx or .thim file; - reads it from the standard input");
  options.choice("--target", {"runtime", "c", "onnx", "tflite"},
                 "where it shall go: run here, `export` as C, `convert` to .onnx or .tflite (default: runtime)",
                 [a](size_t i) { a->target = i; });
  options.text("--signature", &a->signature, "NAME",
               "the network of this signature, where the file holds several (default: the first)");
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
