// Sections of report.html that look inside: training, operators, memory, mistakes, tensors, recipe.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/text.h"
#include "measure/units.h"
#include "report/page/report_parts.h"
#include "report/plots/svg.h"
#include "report/significance.h"

namespace thimble::report {

namespace {
double bytes_of(int64_t n) { return static_cast<double>(n); }

// Variants worth drawing in detail: the shipped one, the reference, then the others in order.
std::vector<size_t> order_of(const Context& c) {
  std::vector<size_t> order;
  const auto add = [&](int i) {
    if (i >= 0 && std::find(order.begin(), order.end(), static_cast<size_t>(i)) == order.end())
      order.push_back(static_cast<size_t>(i));
  };
  add(c.verdict.ship);
  add(c.verdict.reference);
  for (size_t i = 0; i < c.result.variants.size(); ++i) add(static_cast<int>(i));
  return order;
}

svg::Series curve(const std::string& name, const std::vector<EpochRow>& epochs, double EpochRow::*field, int colour,
                  bool faint) {
  svg::Series s;
  s.name = name;
  s.colour = colour;
  s.faint = faint;
  s.dashed = colour == 1 && !faint;
  bool any = false;
  for (const EpochRow& e : epochs) {
    s.x.push_back(static_cast<double>(e.epoch));
    s.y.push_back(e.*field);
    any |= std::isfinite(e.*field);
  }
  if (!any) s.x.clear(), s.y.clear(), s.name.clear();
  return s;
}

std::string curves(const Context& c, const char* title, double EpochRow::*train, double EpochRow::*validation,
                   svg::Unit unit, const char* caption) {
  const TrainingSummary& t = c.result.training;
  svg::LineChart chart;
  chart.description = title;
  chart.max_points = c.limits.points;
  chart.x = {"epoch", svg::Unit::count};
  chart.y = {title, unit};
  chart.series.push_back(curve("training", t.epochs, train, 0, false));
  chart.series.push_back(curve("validation", t.epochs, validation, 1, false));
  for (size_t i = 0; i < std::min<size_t>(t.per_seed.size(), 8); ++i) {
    if (t.per_seed[i].epochs.empty() || (i == 0 && !t.epochs.empty())) continue;  // the first seed is drawn above
    chart.series.push_back(curve("", t.per_seed[i].epochs, train, 0, true));
    chart.series.push_back(curve("", t.per_seed[i].epochs, validation, 1, true));
  }
  return figure("", svg::line_chart(chart), caption);
}
}  // namespace

std::string training_section(Context& c) {
  const TrainingSummary& t = c.result.training;
  const bool seeds = t.per_seed.size() > 1;
  const std::string faint = seeds ? " Faint lines are the other seeds." : "";
  std::string grid = curves(c, "loss", &EpochRow::loss, &EpochRow::val_loss, svg::Unit::number,
                            format("Lower is better. When validation turns upwards while training keeps falling, the "
                                   "network learns its examples by heart.{}",
                                   faint)
                                .c_str());
  grid +=
      curves(c, "accuracy", &EpochRow::accuracy, &EpochRow::val_accuracy, svg::Unit::percent,
             format("Higher is better. The gap between both lines is what does not carry over to new data; training "
                    "accuracy is taken while weights still move and with dropout, so it may lie below validation.{}",
                    faint)
                 .c_str());
  std::string body;
  if (!grid.empty()) body = format("<div class=\"grid\">{}</div>", grid);
  if (seeds) {
    HtmlTable table;
    table.column("seed")
        .column("epochs")
        .column("test accuracy")
        .column("test loss")
        .column("samples per second")
        .column("time");
    for (size_t i = 0; i < std::min(c.limits.lines, t.per_seed.size()); ++i) {
      const SeedTraining& s = t.per_seed[i];
      table.begin_row()
          .number(static_cast<double>(s.seed), std::to_string(s.seed))
          .number(static_cast<double>(s.epochs.size()), std::to_string(s.epochs.size()));
      table.number(s.test_accuracy, format_percent(s.test_accuracy)).number(s.test_loss, format_number(s.test_loss));
      table.number(s.images_per_s, format_quantity(s.images_per_s)).number(s.seconds, format_seconds(s.seconds));
    }
    body += format("<h3 style=\"margin-top:18px\">Every training</h3>{}", table.html());
  }
  if (body.empty()) return {};
  std::string intro;
  if (!t.epochs.empty()) intro = format("{} epoch{}", t.epochs.size(), t.epochs.size() == 1 ? "" : "s");
  if (std::isfinite(t.seconds)) intro += format("{}{}", intro.empty() ? "" : " in ", format_seconds(t.seconds));
  if (std::isfinite(t.images_per_s)) intro += format(", {} samples per second", format_quantity(t.images_per_s));
  if (t.peak_rss_bytes > 0) intro += format(", peak memory {}", format_bytes(bytes_of(t.peak_rss_bytes)));
  return section("training", "Training", intro.empty() ? intro : intro + ".", body);
}

std::string operator_section(Context& c) {
  std::string grid, tables;
  size_t plots = 0;
  for (size_t index : order_of(c)) {
    const VariantResult& v = c.result.variants[index];
    if (v.operators.empty() || plots >= c.limits.plots) continue;
    ++plots;
    std::vector<const OperatorTime*> sorted;
    for (const OperatorTime& o : v.operators) sorted.push_back(&o);
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->us > b->us; });
    svg::Bars chart;
    chart.description = "time per operator";
    chart.unit = svg::Unit::microseconds;
    double rest = 0, rest_share = 0;
    std::vector<std::string> names;
    for (const OperatorTime& o : v.operators)
      if (!o.name.empty()) names.push_back(o.name);
    const size_t scope = common_scope(names);
    HtmlTable table;
    table.column("operator", false).column("name", false).column("time").column("share");
    for (size_t i = 0; i < sorted.size(); ++i) {
      const OperatorTime& o = *sorted[i];
      if (i < 12) {
        chart.bars.push_back({o.name.size() > scope ? o.name.substr(scope) : o.op, o.us,
                              format("{} · {}", format_microseconds(o.us), format_percent(o.share, 0)),
                              format("{}\n{}\n{} ({})", clip_text(o.op, 60), clip_text(o.name, 120),
                                     format_microseconds(o.us), format_percent(o.share, 1)),
                              static_cast<int>(index), 0});
      } else {
        rest += o.us, rest_share += o.share;
      }
      if (i < c.limits.operators)
        table.begin_row()
            .text(name_of(c, o.op))
            .text(name_of(c, o.name))
            .number(o.us, format_microseconds(o.us))
            .number(o.share, format_percent(o.share, 1));
    }
    if (rest > 0)
      chart.bars.push_back({format("{} others", sorted.size() - 12), rest,
                            format("{} · {}", format_microseconds(rest), format_percent(rest_share, 0)), "", 7, 0});
    const double whole = median_us(v);
    grid += figure(name_of(c, v.name), svg::bars(chart),
                   std::isfinite(whole) ? format("The whole: {}.", format_microseconds(whole)) : "");
    tables += format("<details><summary>All operators of {}</summary>{}</details>", name_of(c, v.name), table.html());
  }
  if (grid.empty()) return {};
  return section(
      "operators", "Where the time goes",
      "Median time per operator over many runs, taken in turns with the latencies; with the rest between the "
      "operators they add up to the median of the whole. What is worth optimising stands at the top.",
      format("<div class=\"grid\">{}</div><div style=\"height:16px\"></div>{}", grid, tables));
}

namespace {
// What the numbers of the steps stand for, and the name of every block.
std::string plan_tables(const Context& c, const VariantResult& v) {
  HtmlTable steps, blocks;
  steps.column("step").column("operator", false).column("bytes in use");
  for (size_t s = 0; s < std::min(v.step_names.size(), c.limits.operators); ++s) {
    const auto step = static_cast<int64_t>(s);
    int64_t bytes = 0;
    for (const ArenaSlot& slot : v.arena)
      if (slot.first_step <= step && step <= slot.last_step) bytes += slot.size;
    steps.begin_row().number(bytes_of(step), std::to_string(s)).text(name_of(c, v.step_names[s]));
    steps.number(bytes_of(bytes), format_count(bytes));
  }
  blocks.column("block", false).column("bytes").column("at address").column("needed from step").column("to step");
  for (size_t i = 0; i < std::min(v.arena.size(), c.limits.operators); ++i) {
    const ArenaSlot& slot = v.arena[i];
    blocks.begin_row().text(name_of(c, slot.tensor));
    for (int64_t n : {slot.size, slot.offset, slot.first_step, slot.last_step})
      blocks.number(bytes_of(n), format_count(n));
  }
  return format("<details><summary>Steps and blocks of {}</summary>{}{}</details>", name_of(c, v.name), steps.html(),
                blocks.html());
}
}  // namespace

std::string memory_section(Context& c) {
  std::string body;
  size_t plots = 0;
  for (size_t index : order_of(c)) {
    const VariantResult& v = c.result.variants[index];
    if (v.arena.empty() || plots >= std::min<size_t>(c.limits.plots, 2)) continue;
    ++plots;
    svg::Plan plan;
    plan.description = "memory plan: address against execution step";
    std::vector<const ArenaSlot*> slots;
    for (const ArenaSlot& s : v.arena) slots.push_back(&s);
    if (slots.size() > c.limits.blocks) {
      std::stable_sort(slots.begin(), slots.end(), [](const auto* a, const auto* b) { return a->size > b->size; });
      slots.resize(c.limits.blocks);
      c.thinned.push_back("the smallest blocks of a memory plan");
    }
    std::vector<std::string> names;  // without the scope that all below one have in common
    for (const ArenaSlot* s : slots)
      if (s->tensor.find('/') != std::string::npos) names.push_back(s->tensor);
    const size_t scope = common_scope(names);
    const auto short_name = [&](const std::string& name) {
      return names.empty() || name.compare(0, scope, names[0], 0, scope) != 0 ? name : name.substr(scope);
    };
    for (const ArenaSlot* s : slots)
      plan.blocks.push_back(
          {clip_text(short_name(s->tensor), c.limits.name), s->offset, s->size, s->first_step, s->last_step});
    body +=
        figure(format("{}{}", name_of(c, v.name),
                      v.arena_bytes > 0 ? format(": {} reserved", format_bytes(bytes_of(v.arena_bytes))) : ""),
               svg::memory_plan(plan),
               "Each block is one intermediate result: its height is its size, its width the steps during which it "
               "is needed. Blocks above one another live at the same time; space is reused from left to right. What is "
               "reserved is the peak, rounded up and with room for alignment.",
               true);
    body += plan_tables(c, v);
  }
  return body.empty()
             ? body
             : section("memory", "Memory plan",
                       "All intermediate results share one block of memory whose layout is fixed before the first run.",
                       body);
}

std::string errors_section(Context& c) {
  std::string grid, pictures;
  size_t matrices = 0;
  for (size_t index : order_of(c)) {
    const VariantResult& v = c.result.variants[index];
    if (v.confusion.counts.empty() || matrices >= c.limits.matrices) continue;
    ++matrices;
    svg::Matrix chart;
    chart.description = "confusion matrix";
    chart.counts = v.confusion.counts;
    for (const std::string& label : v.confusion.labels) chart.labels.push_back(clip_text(label, 40));
    grid += figure(format("Confusion matrix, {}", name_of(c, v.name)), svg::matrix(chart, c.limits.classes),
                   "Each row is a true class, each column an answer. Blue on the diagonal is right; orange cells are "
                   "mistakes, darker means more frequent.");
  }
  for (size_t index : order_of(c)) {
    const VariantResult& v = c.result.variants[index];
    if (v.misclassified.empty() || c.limits.examples == 0) continue;
    size_t bytes = 0, count = 0;
    std::string cells;
    for (const MisclassifiedExample& e : v.misclassified) {
      if (count >= c.limits.examples) break;
      const bool picture = !e.png.empty() && bytes + e.png.size() * 4 / 3 <= c.limits.picture_bytes;
      if (!e.png.empty() && !picture) continue;
      cells += "<div class=\"pic\">";
      if (picture) {
        bytes += e.png.size() * 4 / 3;
        cells += format("<img alt=\"test sample {}\" src=\"data:image/png;base64,{}\">", e.index, base64(e.png));
      }
      cells += format("is <u>{}</u><br>said <s>{}</s>{}<br><span class=\"muted\">no. {}</span></div>",
                      escape_html(clip_text(e.truth, 30)), escape_html(clip_text(e.predicted, 30)),
                      std::isfinite(e.probability) ? sentence(format(" {}", format_percent(e.probability, 0)), 20) : "",
                      e.index);
      ++count;
    }
    if (count == 0) continue;
    if (count < v.misclassified.size())
      c.thinned.push_back(format("{} of {} misclassified examples of {}", v.misclassified.size() - count,
                                 v.misclassified.size(), clip_text(v.name, 60)));
    pictures = format(
        "<h3 style=\"margin-top:22px\">What {} got wrong</h3><p class=\"muted\">What the sample is, what the network "
        "said, and how sure it was.</p><div class=\"pics\">{}</div>",
        name_of(c, v.name), cells);
    break;  // one gallery: of the shipped variant if it has one
  }
  if (!grid.empty()) grid = format("<div class=\"grid\">{}</div>", grid);
  return section("errors", "Mistakes", "", grid + pictures);
}

namespace {
// What is shipped, then the techniques that trained, then what else is not plain float: where room is short, the last
// go.
std::vector<size_t> tensor_order(const Context& c) {
  std::vector<size_t> order = order_of(c);
  const auto rank = [&](size_t i) {
    const int index = static_cast<int>(i);
    return index == c.verdict.ship                ? 0
           : !c.result.variants[i].stages.empty() ? 1
           : index != c.verdict.reference         ? 2
                                                  : 3;
  };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return rank(a) < rank(b); });
  return order;
}
}  // namespace

std::string tensor_section(Context& c) {
  std::string body;
  size_t details = 0;
  for (size_t index : tensor_order(c)) {
    const VariantResult& v = c.result.variants[index];
    if (v.tensors.empty() && v.unquantized_tensors.empty()) continue;
    if (details++ >= c.limits.detailed_variants) {
      c.thinned.push_back(format("tensor sizes of {}", clip_text(v.name, 60)));
      continue;
    }
    int64_t before = 0, after = 0;
    size_t shrunk = 0;
    std::vector<const TensorSizeRow*> tensors;
    std::vector<std::string> names;
    for (const TensorSizeRow& t : v.tensors) names.push_back(t.name);
    const size_t scope = common_scope(names);
    for (const TensorSizeRow& t : v.tensors) {
      before += t.before_bytes, after += t.after_bytes, shrunk += t.after_bytes < t.before_bytes;
      tensors.push_back(&t);
    }
    std::stable_sort(tensors.begin(), tensors.end(),
                     [](const auto* a, const auto* b) { return a->before_bytes > b->before_bytes; });
    HtmlTable table;
    table.column("tensor", false)
        .column("type", false)
        .column("before")
        .column("after")
        .column("of before")
        .column("zeros")
        .column("values")
        .column("deflated")
        .column("packed")
        .column("reason", false);
    svg::Bars chart;
    chart.description = "bytes per tensor before and after";
    chart.unit = svg::Unit::bytes;
    for (size_t i = 0; i < std::min(c.limits.tensors, tensors.size()); ++i) {
      const TensorSizeRow& t = *tensors[i];
      const double share = t.before_bytes > 0 ? bytes_of(t.after_bytes) / bytes_of(t.before_bytes) : kAbsent;
      table.begin_row()
          .text(name_of(c, t.name))
          .text(name_of(c, t.type))
          .number(bytes_of(t.before_bytes), format_bytes(bytes_of(t.before_bytes)));
      table.number(bytes_of(t.after_bytes), format_bytes(bytes_of(t.after_bytes)))
          .number(share, format_percent(share, 0));
      const double zeros = t.elements > 0 ? bytes_of(t.zeros) / bytes_of(t.elements) : kAbsent;
      table.number(zeros, format_percent(zeros, 1))
          .number(bytes_of(t.distinct), t.distinct > 0 ? format_count(t.distinct) : "–")
          .number(bytes_of(t.deflated_bytes), t.deflated_bytes > 0 ? format_bytes(bytes_of(t.deflated_bytes)) : "–")
          .number(t.packed_bytes, t.packed_bytes > 0 ? format_bytes(t.packed_bytes) : "–", clip_text(t.packed_how, 80))
          .prose(t.reason, 300);
      if (i < 12)
        chart.bars.push_back({t.name.substr(std::min(scope, t.name.size())), bytes_of(t.after_bytes), "",
                              format("{}\n{} → {}\n{}", clip_text(t.name, 120), format_bytes(bytes_of(t.before_bytes)),
                                     format_bytes(bytes_of(t.after_bytes)), clip_text(t.reason, 160)),
                              static_cast<int>(index), bytes_of(t.before_bytes)});
    }
    if (tensors.size() > c.limits.tensors)
      c.thinned.push_back(format("{} small tensors of {}", tensors.size() - c.limits.tensors, clip_text(v.name, 60)));
    std::string inner;
    if (!chart.bars.empty() && static_cast<int>(index) != c.verdict.reference)
      inner += format("<div class=\"grid\">{}</div><div style=\"height:12px\"></div>",
                      figure(format("{}: largest tensors", name_of(c, v.name)), svg::bars(chart),
                             "Pale is the size in float32, strong the size in the file."));
    inner += table.html();
    HtmlTable kept;
    kept.column("left in float", false).column("bytes").column("why", false);
    // Of the float32 variant all are.
    const size_t left = static_cast<int>(index) == c.verdict.reference ? 0 : v.unquantized_tensors.size();
    for (size_t i = 0; i < std::min(c.limits.tensors, left); ++i) {
      const UnquantizedRow& t = v.unquantized_tensors[i];
      kept.begin_row().text(name_of(c, t.name)).number(bytes_of(t.bytes), format_count(t.bytes)).prose(t.why, 160);
    }
    inner += kept.html();
    std::string summary = name_of(c, v.name);
    if (!tensors.empty())
      summary += format(": {} of {} tensors shrank, {} → {}", shrunk, tensors.size(), format_bytes(bytes_of(before)),
                        format_bytes(bytes_of(after)));
    if (left > 0) summary += format(" · {} left in float", left);
    body += format("<details{}><summary>{}</summary>{}</details>",
                   static_cast<int>(index) == c.verdict.ship ? " open" : "", summary, inner);
  }
  return section("tensors", "Every tensor and why it has its size",
                 "Compression that does not show in the file is none. Each tensor before and after, how many of its "
                 "elements are zero, how many different values it holds, what its data alone deflate to (zlib) and "
                 "take in a packed "
                 ".thim file (below: by which coding), and the reason where it did not shrink.",
                 body);
}

std::string model_section(Context& c) {
  const ModelSummary& model = c.result.model;
  if (model.layers.empty()) return {};
  HtmlTable table;
  table.column("layer", false)
      .column("operator", false)
      .column("output shape", false)
      .column("parameters")
      .column("multiply-accumulates");
  const size_t n = std::min(c.limits.layers, model.layers.size());
  if (n < model.layers.size())
    c.thinned.push_back(format("{} of {} layers", model.layers.size() - n, model.layers.size()));
  for (size_t i = 0; i < n; ++i) {
    const LayerRow& layer = model.layers[i];
    std::string shape;
    for (size_t d = 0; d < std::min<size_t>(layer.output_shape.size(), 8); ++d)
      shape += format("{}{}", d ? " × " : "", layer.output_shape[d]);
    table.begin_row().text(name_of(c, layer.name)).text(name_of(c, layer.op)).text(shape);
    table.number(bytes_of(layer.parameters), format_count(layer.parameters))
        .number(bytes_of(layer.macs), format_count(layer.macs));
  }
  return section("model", "The network",
                 format("{} layers, {} parameters, {} multiply-accumulates per input.", model.layers.size(),
                        format_count(model.parameters), format_count(model.macs)),
                 table.html());
}

std::string recipe_section(Context& c) {
  const StudyResult& r = c.result;
  std::string rows;
  const auto fact = [&](const char* what, const std::string& value) {
    if (!value.empty()) rows += format("<dt>{}</dt><dd>{}</dd>", what, escape_html(clip_text(value, 200)));
  };
  fact("Processor", r.machine.cpu);
  fact("Instructions", r.machine.isa);
  if (r.machine.cores > 0) fact("Cores", std::to_string(r.machine.cores));
  fact("System", r.machine.os);
  fact("Thimble", r.machine.thimble_version);
  fact("Recipe SHA-256", r.study.recipe_sha256);
  std::string body;
  if (!rows.empty()) body += format("<div class=\"card\" style=\"margin-bottom:16px\"><dl>{}</dl></div>", rows);
  if (!r.command_lines.empty()) {
    body += "<h3>Repeat it</h3><pre>";
    for (size_t i = 0; i < std::min(c.limits.lines, r.command_lines.size()); ++i)
      body += format("{}\n", escape_html(clip_text(r.command_lines[i], 400)));
    body += "</pre>";
  }
  if (!r.notes.empty()) {
    body += "<h3>Notes</h3><ul>";
    for (size_t i = 0; i < std::min(c.limits.lines, r.notes.size()); ++i)
      body += format("<li>{}</li>", escape_html(clip_text(r.notes[i], 400)));
    body += "</ul>";
  }
  if (!r.recipe.empty()) {
    if (r.recipe.size() > c.limits.text) c.thinned.push_back("the middle of the recipe");
    body += format("<details><summary>The recipe</summary><pre>{}</pre></details>",
                   escape_html(clip_text(r.recipe, c.limits.text)));
  }
  return section("recipe", "Machine, recipe, command lines", "", body);
}

}  // namespace thimble::report
