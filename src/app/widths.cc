#include "app/widths.h"

#include "app/interrupt.h"
#include "app/task_progress.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "ops/op.h"
#include "study/validation_score.h"

namespace thimble::app {
namespace {

std::string points(double accuracy_difference) { return format("{:+.2f}", accuracy_difference * 100); }

void write_score(JsonWriter& json, const ModelScore& score) {
  json.field("accuracy", score.accuracy).field("loss", score.loss);
}

}  // namespace

Result<WidthsOutcome> run_widths(const QuantizeStage& stage, const Graph& graph, const Dataset& validation,
                                 const Feeding& feeding, const CalibrationSamples& samples, const Context& context) {
  if (!validation.valid() || validation.empty())
    return fail(ErrorCode::usage, "the data set has no training or validation samples to decide with",
                "the test part is not used for choices");
  SensitivityOptions how;
  how.quantize = stage.options;
  how.widths = stage.widths;
  TaskProgress progress(context, "layer by layer", "models");
  how.progress = [&](int64_t done, int64_t total) { progress.update(done, total); };
  how.cancelled = interrupted;
  const ScoreModel score =
      validation_score(validation, feeding, {.threads = context.thread_count(), .cancelled = interrupted});
  WidthsOutcome outcome;
  if (!stage.mixed) {
    THIMBLE_ASSIGN(outcome.table, layer_sensitivity(graph, samples, score, how));
    return outcome;
  }
  THIMBLE_ASSIGN(outcome.mixed, choose_widths(graph, samples, score, *stage.mixed, how));
  outcome.table = outcome.mixed->table;
  return outcome;
}

void print_widths(const WidthsOutcome& outcome, const Context& context) {
  const SensitivityTable& t = outcome.table;
  const bool classes = !std::isnan(t.base.accuracy);
  const auto bytes = [](int64_t n) { return format_bytes(static_cast<double>(n)); };
  TextTable table;
  table.column("layer").column("operator").column("weights", Align::right).column("bits", Align::right);
  if (classes) table.column("accuracy", Align::right).column("points", Align::right);
  table.column("loss", Align::right).column("rise", Align::right);
  table.column("packed", Align::right).column("saved", Align::right);
  const auto row = [&](std::vector<std::string> cells, const ModelScore& score, int64_t size, Tone tone) {
    if (classes) {
      cells.push_back(format_percent(score.accuracy));
      cells.push_back(points(score.accuracy - t.base.accuracy));
    }
    cells.push_back(format_number(score.loss));
    cells.push_back(format("{:+.4f}", score.loss - t.base.loss));
    cells.push_back(size > 0 ? bytes(size) : "");
    cells.push_back(size > 0 ? bytes(t.base_bytes - size) : "");
    table.row(std::move(cells), tone);
  };
  row({"float32 model", "", "", ""}, t.float_score, 0, Tone::dim);
  row({"all layers", "", "", bits_word(t.base_bits)}, t.base, t.base_bytes, Tone::dim);
  table.rule();
  std::string last;
  for (const LayerSensitivity& r : t.rows) {
    const bool first = r.layer != last;
    last = r.layer;
    row({first ? clip_text(r.layer, 40) : "", first ? name(r.op) : "", first ? format_count(r.weights) : "",
         bits_word(r.bits)},
        r.score, r.bytes, r.bytes == t.base_bytes ? Tone::dim : Tone::plain);
  }
  if (outcome.mixed) {
    table.rule();
    row({"chosen bits", "", "", ""}, outcome.mixed->score, outcome.mixed->bytes, Tone::strong);
  }
  context.print(table.text(context.colour(), context.table_width()));
  if (!outcome.mixed) return;
  std::string chosen, layer;
  for (const LayerSensitivity& r : t.rows) {
    if (r.layer == layer) continue;
    layer = r.layer;
    chosen += format("{}{} {}", chosen.empty() ? "" : ", ", layer, bits_word(outcome.mixed->layer_bits.at(layer)));
  }
  context.print(format("bits: {}\n", chosen));
}

void write_widths(JsonWriter& json, const WidthsOutcome& outcome) {
  const SensitivityTable& t = outcome.table;
  json.key("sensitivity").begin_object();
  json.key("float32").begin_object();
  write_score(json, t.float_score);
  json.end_object().key("base").begin_object();
  write_score(json, t.base);
  json.field("bytes_packed", t.base_bytes).end_object();
  json.key("layers").begin_array();
  for (const LayerSensitivity& r : t.rows) {
    json.begin_object().field("layer", r.layer).field("op", name(r.op)).field("weights", r.weights);
    json.field("bits", bits_word(r.bits));
    write_score(json, r.score);
    json.field("bytes_packed", r.bytes).field("bytes_saved", t.bytes_saved(r)).field("loss_rise", t.loss_rise(r));
    json.end_object();
  }
  json.end_array().end_object();
  if (!outcome.mixed) return;
  const MixedPrecision& m = *outcome.mixed;
  json.key("mixed").begin_object().field("met", m.met);
  write_score(json, m.score);
  json.field("bytes_packed", m.bytes).key("layer_bits").begin_object();
  for (const auto& [layer, bits] : m.layer_bits) json.field(layer, bits_word(bits));
  json.end_object().key("steps").begin_array();
  for (const MixedStep& s : m.steps) {
    json.begin_object().field("layer", s.layer).field("from", bits_word(s.from)).field("to", bits_word(s.to));
    json.field("price", s.price).field("taken", s.taken).field("bytes_packed", s.bytes).end_object();
  }
  json.end_array().end_object();
}

Status goal_status(const QuantizeStage& stage, const WidthsOutcome& outcome) {
  if (!outcome.mixed || outcome.mixed->met) return {};
  const MixedPrecision& m = *outcome.mixed;
  const std::string what = std::isnan(m.score.accuracy) ? format("a loss of {}", format_number(m.score.loss))
                                                        : format("{} accuracy", format_percent(m.score.accuracy));
  return fail(ErrorCode::gate_failed,
              format("--mixed \"{}\" was not met: the nearest has {} on the validation samples and {} bytes packed",
                     stage.goal, what, m.bytes),
              "it was written; allow more, or train with --qat");
}

}  // namespace thimble::app
