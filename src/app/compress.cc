// `thimble compress`: the smallest model within a goal, found by itself.
#include "study/compression.h"

#include <algorithm>
#include <cmath>

#include "api/load_layers.h"
#include "app/commands.h"
#include "app/flag_fields.h"
#include "app/interrupt.h"
#include "app/long_work.h"
#include "app/output.h"
#include "app/training_material.h"
#include "base/file.h"
#include "data/sha256.h"
#include "measure/table.h"
#include "measure/units.h"
#include "passes/pipeline.h"
#include "report/page/report_search.h"
#include "study/options/stages.h"

namespace thimble::app {
namespace {

struct Arguments : RetrainArguments {
  std::string budget, board;
  QuantizeOptions quantize;
  int64_t target_bytes = 0, samples = 0;
};

Result<CompressionGoal> goal_of(const Arguments& a) {
  const int given = (a.budget.empty() ? 0 : 1) + (a.target_bytes > 0 ? 1 : 0) + (a.board.empty() ? 0 : 1);
  if (given != 1)
    return fail(ErrorCode::usage, given == 0 ? "what the model shall be is missing" : "there are several goals",
                "give one of --budget \"accuracy-drop 0.5\", --target-bytes 8000, --board uno-r4, --board "
                "NAME:flash=32K,ram=8K");
  CompressionGoal goal;
  goal.most_bytes = a.target_bytes;
  if (!a.budget.empty()) THIMBLE_TRY(parse_budget(a.budget, &goal));
  if (!a.board.empty()) THIMBLE_TRY(parse_board(a.board, &goal));
  return goal;
}

bool classes(const Material& m) { return m.how.train.classes() > 0; }

std::string score_text(double score, bool accuracy) { return accuracy ? format_percent(score) : format_number(-score); }

SearchReport report_of(const Arguments& a, const Compressed& c, const CompressionOptions& o, const TestScore& before,
                       const TestScore& after, bool accuracy, const Context& context) {
  SearchReport r = search_report(c, o.goal, accuracy);
  r.model = a.model;
  r.data = a.data;
  const double test = accuracy ? after.accuracy : after.loss;
  if (!std::isnan(test)) {
    r.test = test;
    r.test_before = accuracy ? before.accuracy : before.loss;
  }
  r.command = {"thimble"};
  r.command.insert(r.command.end(), context.arguments.begin(), context.arguments.end());
  return r;
}

void print_json(const Arguments& a, const Compressed& c, const SearchReport& r, int64_t bytes, const Context& context) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.compress/1").field("model", a.model).field("file", a.output);
  json.field("goal", r.goal).field("met", r.met);
  const char* score = r.accuracy ? "accuracy" : "loss";
  json.field(format("val_{}_before", score), r.score_before);
  json.field(format("val_{}", score), r.rows[c.search.chosen].score);
  json.field(format("test_{}_before", score), r.test_before >= 0 ? r.test_before : NAN);
  json.field(format("test_{}", score), r.test >= 0 ? r.test : NAN);
  json.field("bytes_before", r.bytes_before).field("bytes", r.rows[c.search.chosen].bytes).field("file_bytes", bytes);
  json.field("plan", r.rows[c.search.chosen].plan).key("trials").begin_array();
  for (const SearchRow& row : r.rows)
    json.begin_object()
        .field("plan", row.plan)
        .field("rung", row.rung)
        .field("samples", row.samples)
        .field(format("val_{}", score), row.score)
        .field("bytes", row.bytes)
        .field("memory", row.memory)
        .field("front", row.front)
        .field("chosen", row.chosen)
        .end_object();
  json.end_array().end_object();
  context.print(json.take() + "\n");
}

void print_tables(const SearchReport& r, const Context& context) {
  const auto text = [&](double score) { return r.accuracy ? format_percent(score) : format_number(score); };
  TextTable table;
  table.column("plan").column("samples", Align::right).column(r.bytes_of, Align::right);
  table.column("memory", Align::right).column(r.accuracy ? "validation accuracy" : "validation loss", Align::right);
  std::vector<SearchRow> rows;
  for (const SearchRow& row : r.rows)
    if (row.front || row.chosen) rows.push_back(row);
  std::ranges::stable_sort(rows, {}, &SearchRow::bytes);
  for (const SearchRow& row : rows)
    table.row({row.chosen ? row.plan + "  ← chosen" : row.plan, format_count(row.samples), format_count(row.bytes),
               format_count(row.memory), text(row.score)},
              row.chosen ? Tone::strong : Tone::plain);
  table.rule();
  table.row({"the model given", "", format_count(r.bytes_before), "", text(r.score_before)});
  context.print(table.text(context.colour(), context.table_width()));
  if (r.test >= 0)
    context.print(format("on the test part: {} {}, of the model given {}\n", r.accuracy ? "accuracy" : "loss",
                         text(r.test), text(r.test_before)));
}

Status run_compress(const Arguments& a, const Context& context) {
  if (a.output == "-")
    return fail(ErrorCode::usage,
                "a search writes its trials beside the file: the standard output has no place for them",
                "give a name: -o small.thim");
  THIMBLE_TRY(check_model_output(context, a.output, {a.model, a.teacher}, a.force));
  CompressionOptions options;
  THIMBLE_ASSIGN(options.goal, goal_of(a));
  THIMBLE_ASSIGN(LoadedModel model, load_layers(a.model));
  THIMBLE_TRY(refuse_quantised(model.graph));
  options.fingerprint = sha256_hex(model.file.as<uint8_t>());
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(model)));
  Graph& graph = prepared.graph;
  if (graph.inputs.empty()) return fail(ErrorCode::usage, "the model has no input");
  THIMBLE_ASSIGN(Material m, material_of(a, graph, context));
  THIMBLE_ASSIGN(m.how.spec.optimizer, make_optimizer(a.optimizer));
  if (a.learning_rate > 0) m.how.spec.optimizer.learning_rate = a.learning_rate;
  const bool accuracy = classes(m);
  options.samples = a.samples;
  options.io = a.quantize.io;
  options.folder = a.output + ".search";
  options.resume = a.resume;
  context.note(format("goal: {}", options.goal.to_string()));

  ProgressLine line(context);
  int noted = 0;
  options.progress = [&](const CompressionProgress& p) {
    const Trial* last = p.search.last;
    if (!last && p.search.trial == 1 && p.samples_now == 0)
      line.note(format("the model given: {} on {} validation samples, {} bytes", score_text(p.before.score, accuracy),
                       format_count(m.how.validation.size()), format_count(p.before.bytes)));
    if (last && last->number > noted) {
      noted = last->number;
      line.note(format("trial {}/{}: {}: {}, {} bytes", noted, p.search.trials, last->plan.to_string(),
                       score_text(last->outcome.score, accuracy), format_count(last->outcome.bytes)));
    }
    line.update({"searching", std::min(p.search.samples_done + p.samples_now, p.search.samples_total),
                 p.search.samples_total, "samples",
                 format("trial {}/{}  {}", p.search.trial, p.search.trials, p.trial.plan.to_string())});
  };
  auto searched = compress_model(graph, m.how, options);
  if (!searched) {
    if (searched.error().code != ErrorCode::interrupted) return tl::unexpected(std::move(searched).error());
    return fail(ErrorCode::interrupted, "the search was interrupted; nothing was written",
                format("go on with --resume; what is finished lies in {}", options.folder));
  }
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, model_bytes(searched->chosen, a.output, context));
  THIMBLE_TRY(write_file_atomic(a.output, std::span<const uint8_t>(file)));
  // The test part is looked at once, when everything is decided.
  THIMBLE_ASSIGN(const TestScore before, test_score(graph, m, context));
  THIMBLE_ASSIGN(const TestScore after, test_score(searched->chosen, m, context));
  const SearchReport report = report_of(a, *searched, options, before, after, accuracy, context);
  const std::string page = join_path(options.folder, "search.html");
  const std::string html = search_html(report);
  THIMBLE_TRY(write_file_atomic(page, html));
  if (context.json)
    print_json(a, *searched, report, static_cast<int64_t>(file.size()), context);
  else
    print_tables(report, context);
  context.note(format("wrote {}; {} shows all trials, whose models are beside it", a.output, page));
  if (!report.met)
    return fail(ErrorCode::gate_failed,
                format("the goal ({}) was not met: what was written is the nearest", report.goal),
                "give a larger budget with --samples, or a goal within reach");
  return {};
}

}  // namespace

Action define_compress(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble compress model.tflite --data fashion-mnist --budget \"accuracy-drop 0.5\" -o small.thim\n"
      "thimble compress model.tflite --data mnist --target-bytes 8000 -o small.thim\n"
      "thimble compress model.tflite --data mnist --board uno-r4 --io int8 -o small.tflite\n"
      "thimble compress model.tflite --data mnist --board cortex-m0:flash=32K,ram=8K -o small.tflite\n"
      "thimble compress model.tflite --data mnist --budget \"accuracy-drop 1\" --samples 500000 -o s.thim\n");
  options.about(
      "Tries combinations of fewer channels, zeros, shared values and fewer bits, each trained with the integer model\n"
      "running, by successive halving: all for a short time, the third of them around the goal for longer, and so on.\n"
      "Validation samples decide; the test part is looked at once, at the end. The same seed gives the same result.\n"
      "Exit code 5 when the goal was not met; the nearest model is written all the same.");
  options.argument("MODEL", &a->model, "a float .tflite, .onnx or .thim file");
  options.text("--data", &a->data, "SET", "mnist, fashion-mnist, folder:PATH, csv:PATH, npz:PATH, function:NAME", true);
  options.text("-o,--output", &a->output, "OUT",
               "the file to write: .tflite, .onnx or .thim; OUT.search keeps all trials", true);
  declare_force(options, &a->force);
  options.section("Goal, one of");
  options.text("--budget", &a->budget, "TEXT",
               "\"accuracy-drop POINTS\" or \"loss-rise PERCENT\": as small as possible");
  options.integer("--target-bytes", &a->target_bytes, "N", "as accurate as possible in so many bytes, packed", 1);
  options.text("--board", &a->board, "NAME[:flash=N,ram=N]",
               "as C on a board of `thimble fit` or of a file of one board (FILE.toml), or in so much flash and memory "
               "(arena and stack); 32K = 32,000");
  options.section("Search");
  options.integer("--samples", &a->samples, "N", "to train on in all (default: 60 times the training part)", 1);
  options.section("Training");
  declare_feeding(options, a.get());
  options.number("--learning-rate", &a->learning_rate, "R", "as for a training from nothing (default: the optimiser's)",
                 1e-12);
  declare_training(options, a.get(), {.least_epochs = -1, .teacher = false});
  FlagFields visitor(options, a->form);
  io_field(visitor, a->quantize);
  options.section("");
  return [a](const Context& context) { return run_compress(*a, context); };
}

}  // namespace thimble::app
