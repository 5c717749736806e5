// Where the answers are numbers: each against the truth, the curve of one input, the surface of two, and how far off.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/format.h"
#include "measure/text.h"
#include "report/page/report_parts.h"
#include "report/plots/svg.h"

namespace thimble::report {
namespace {

std::string against_truth(const Context& c, const VariantResult& v, int colour) {
  svg::Cloud chart;
  chart.description = "answer against truth";
  chart.x = {"truth", svg::Unit::number};
  chart.y = {"answer", svg::Unit::number};
  chart.colour = colour;
  chart.diagonal = true;
  const size_t n = std::min(v.truths.size(), v.answers.size());
  const size_t step = std::max<size_t>(1, n / std::max<size_t>(c.limits.samples * 4, 1));
  for (size_t i = 0; i < n; i += step) chart.points.emplace_back(v.truths[i], v.answers[i]);
  return figure(format("{}: answer against truth", name_of(c, v.name)), svg::cloud(chart),
                "Each dot is a test sample; on the line the answer is exact, above it too large.");
}

// One input: truth and answers as curves over it.
std::string curve(const Context& c, const VariantResult& v, int colour) {
  const size_t n = v.inputs.size();
  if (n < 2 || n != v.truths.size() || n != v.answers.size()) return {};
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return v.inputs[a] < v.inputs[b]; });
  svg::LineChart chart;
  chart.description = "truth and answer over the input";
  chart.x = {"input", svg::Unit::number};
  chart.y = {"output", svg::Unit::number};
  chart.max_points = c.limits.points;
  svg::Series truth, answer;
  truth.name = "truth", truth.colour = 7;
  answer.name = v.name, answer.colour = colour, answer.dashed = true;
  for (size_t i : order) {
    truth.x.push_back(v.inputs[i]), truth.y.push_back(v.truths[i]);
    answer.x.push_back(v.inputs[i]), answer.y.push_back(v.answers[i]);
  }
  chart.series = {truth, answer};
  return figure(format("{}: the curve", name_of(c, v.name)), svg::line_chart(chart),
                "Where both lines lie on each other the answer is exact.");
}

// Two inputs: the surfaces, seen from above.
std::string surface(const Context& c, const VariantResult& v) {
  const size_t n = v.truths.size();
  if (n < 16 || v.inputs.size() != 2 * n || v.answers.size() != n) return {};
  svg::Field chart;
  chart.x_label = "first input", chart.y_label = "second input";
  for (size_t i = 0; i < n; ++i) chart.x.push_back(v.inputs[2 * i]), chart.y.push_back(v.inputs[2 * i + 1]);
  const auto [low, high] = std::minmax_element(v.truths.begin(), v.truths.end());
  chart.low = *low, chart.high = *high;
  std::string out;
  const auto add = [&](const char* what, const std::vector<double>& z, const char* caption) {
    chart.description = what;
    chart.z = z;
    out += figure(format("{}: {}", name_of(c, v.name), what), svg::field(chart), caption);
  };
  add("truth", v.truths, "The surface over both inputs, as test samples show it: the darker the larger.");
  add("answer", v.answers, "What the network says there, in the same shades.");
  chart.signed_ = true, chart.low = chart.high = 0;
  std::vector<double> errors(n);
  for (size_t i = 0; i < n; ++i) errors[i] = v.answers[i] - v.truths[i];
  add("error", errors, "Answer − truth: blue is too large, orange too small.");
  return out;
}

std::string distributions(Context& c) {
  svg::Distributions errors, changes;
  errors.description = "distribution of errors per variant";
  errors.x = {"answer − truth", svg::Unit::number};
  changes.description = "distribution of changes against the first variant";
  changes.x = {"answer − the first variant's answer", svg::Unit::number};
  errors.max_dots = changes.max_dots = c.limits.samples;
  errors.noun = changes.noun = "test samples";
  const auto& variants = c.result.variants;
  for (size_t i = 0; i < std::min<size_t>(variants.size(), 12); ++i) {
    if (!variants[i].errors.empty()) errors.rows.push_back({variants[i].name, variants[i].errors, static_cast<int>(i)});
    if (i > 0 && !variants[i].changes.empty())
      changes.rows.push_back({variants[i].name, variants[i].changes, static_cast<int>(i)});
  }
  return figure("How far off", svg::distributions(errors),
                "Each dot is a test sample: left of 0 the answer is too small, right of it too large. Thick bar: the "
                "middle half.") +
         figure(
             "What compression changed", svg::distributions(changes),
             "The same samples against the first variant's answers. A needle at 0 changed nothing; a shape away from "
             "0 is a shift of all answers; steps are the grid of an 8-bit output.");
}

}  // namespace

std::string number_section(Context& c) {
  std::string grid;
  std::vector<int> drawn;
  for (int i : {c.verdict.ship, c.verdict.reference}) {
    if (i < 0 || std::find(drawn.begin(), drawn.end(), i) != drawn.end()) continue;
    drawn.push_back(i);
    const VariantResult& v = c.result.variants[static_cast<size_t>(i)];
    grid += against_truth(c, v, i) + curve(c, v, i);
    if (drawn.size() == 1) grid += surface(c, v);
  }
  grid += distributions(c);
  if (grid.empty()) return {};
  return section("numbers", "Answers", "Test samples, which the network has not seen in training.",
                 format("<div class=\"grid\">{}</div>", grid));
}

}  // namespace thimble::report
