// The HTML report: self-contained, bounded, safe against hostile names, whole for empty studies.
#include "report/page/report_html.h"

#include <cstdlib>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/page/report_search.h"
#include "report/report_json.h"
#include "report/report_sample.h"

namespace thimble {
namespace {

size_t count_of(const std::string& text, const std::string& what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++n;
  return n;
}

// The text of the embedded JSON element.
std::string embedded(const std::string& page) {
  const std::string open = "id=\"results\">";
  const size_t begin = page.find(open) + open.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

void expect_sound(const std::string& page) {
  EXPECT_LE(page.size(), kReportMaxBytes);
  EXPECT_EQ(page.find("http:"), std::string::npos);
  EXPECT_EQ(page.find("https:"), std::string::npos);
  EXPECT_EQ(page.find("url("), std::string::npos);
  EXPECT_EQ(count_of(page, "<script"), 2u);
  EXPECT_EQ(count_of(page, "</script>"), 2u);
  EXPECT_EQ(count_of(page, "<section"), count_of(page, "</section>"));
  EXPECT_EQ(count_of(page, "<svg"), count_of(page, "</svg>"));
  EXPECT_EQ(count_of(page, "<g "), count_of(page, "</g>"));
  EXPECT_EQ(count_of(page, "<div"), count_of(page, "</div>"));
  EXPECT_EQ(count_of(page, "<table"), count_of(page, "</table>"));
  EXPECT_EQ(page.find("nan"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept(embedded(page)));
}

TEST(ReportHtml, SampleHasEverySection) {
  const std::string page = report_html(sample_study());
  expect_sound(page);
  for (const char* id : {"compare", "tradeoff", "training", "latency", "operators", "memory", "errors", "tensors",
                         "sweep", "model", "recipe"})
    EXPECT_NE(page.find(format("<section id=\"{}\"", id)), std::string::npos) << id;
  EXPECT_EQ(count_of(page, "data:image/png;base64,"), 36u);
  EXPECT_NE(page.find("Ship int8"), std::string::npos);
  const auto json = nlohmann::json::parse(embedded(page));
  EXPECT_EQ(json["model"]["parameters"], 128266);
  EXPECT_EQ(json, nlohmann::json::parse(report_json(sample_study())));
  if (const char* path = std::getenv("THIMBLE_SAMPLE_REPORT")) std::ofstream(path, std::ios::binary) << page;
}

TEST(ReportHtml, PlotsAreFilesOfTheirOwn) {
  std::vector<PlotFile> plots = report_plots(sample_study());
  EXPECT_GE(plots.size(), 12u);
  std::set<std::string> names;
  for (const PlotFile& plot : plots) {
    EXPECT_TRUE(names.insert(plot.name).second) << plot.name;
    EXPECT_EQ(plot.svg.rfind("<svg xmlns=\"http://www.w3.org/2000/svg\"", 0), 0u) << plot.name;
    EXPECT_EQ(count_of(plot.svg, "<svg"), count_of(plot.svg, "</svg>")) << plot.name;
    EXPECT_EQ(count_of(plot.svg, "&nbsp;") + count_of(plot.svg, "&ensp;"), 0u) << plot.name;  // no entity of XML
  }
  EXPECT_TRUE(names.count("tradeoff_accuracy_against_bytes.svg"));
  EXPECT_TRUE(names.count("training_loss.svg"));
  EXPECT_TRUE(names.count("sweep_optimizer.svg"));
  EXPECT_TRUE(report_plots({}).empty());
}

// Lines over numbers, bars over words, the learning rate behind a word; every setting and the note in the table.
TEST(ReportHtml, SweepsAreDrawnPerAxis) {
  StudyResult r = sample_study();
  const VariantResult v = r.sweep[0].variants[0];
  r.sweep.clear();
  for (const char* units : {"20", "50", "110"})
    r.sweep.push_back({"model.layers.hidden.units", units, {v}, {}, "", {{"model.layers.hidden.units", units}}});
  for (const char* rate : {"{ adam = 0.0001 }", "{ adam = 0.01 }"})
    r.sweep.push_back({"train.optimizer.adam", "adam", {v}, {}, "", {{"train.optimizer.adam", rate}}});
  for (const char* word : {"sgd", "ftrl"})
    r.sweep.push_back({"train.optimizer", word, {v}, {}, "", {{"train.optimizer", format("{{ {} = 0.1 }}", word)}}});
  r.sweep.back().variants.clear();
  r.sweep.back().note = "diverged: the loss is no number";
  std::string page = report_html(r);
  expect_sound(page);
  const auto drawing = [&](const std::string& name) {
    const size_t at = page.find(format("data-name=\"{}\"", name));
    EXPECT_NE(at, std::string::npos) << name;
    return at == std::string::npos ? "" : page.substr(at, page.find("</figure>", at) - at);
  };
  EXPECT_NE(drawing("hidden_units").find("over hidden.units"), std::string::npos);
  EXPECT_NE(drawing("hidden_units").find("class=\"eb c0\""), std::string::npos);  // intervals
  EXPECT_NE(drawing("optimizer_adam").find("class=\"ln c0\""), std::string::npos);
  EXPECT_NE(drawing("optimizer").find(">sgd 0.1<"), std::string::npos);
  EXPECT_NE(drawing("optimizer").find(">diverged<"), std::string::npos);
  EXPECT_NE(page.find("<th>note</th>"), std::string::npos);
  EXPECT_NE(page.find("<td>optimizer = { ftrl = 0.1 }</td>"), std::string::npos);
  for (SweepRow& row : r.sweep)
    row.settings = {{"a.units", std::to_string(&row - r.sweep.data())}, {"b.word", "\"x\""}};
  page = report_html(r);
  expect_sound(page);
  EXPECT_NE(drawing("a_units").find("b.word = x"), std::string::npos);
}

TEST(SearchHtml, NamesTheBetterTrialOfNearlyTheSameSizeAndQuotesTheCommand) {
  SearchReport r;
  r.model = "m.tflite", r.goal = "at most 2 points", r.met = true;
  r.bytes_before = 60'000, r.score_before = 0.915;
  r.rows = {{"8 bits", 1, 0, 800, 0.91, 9'000, 1, true, false},
            {"4 bits, keep 0.5", 2, 1, 2000, 0.902, 1444, 1, true, true},
            {"4 bits, keep 0.6", 3, 1, 2000, 0.915, 1473, 1, true, false}};
  r.command = {"thimble", "compress", "m.tflite", "--budget", "accuracy-drop 1", "-o", "out file.thim"};
  std::string page = search_html(r);
  EXPECT_NE(
      page.find("Hardly larger and better: 4 bits, keep 0.6, 1,473 bytes (2 % more) with an accuracy of 91.50 % in "
                "place of 90.20 %"),
      std::string::npos);
  EXPECT_NE(page.find("--budget &#39;accuracy-drop 1&#39; -o &#39;out file.thim&#39;"), std::string::npos);
  EXPECT_NE(page.find("(bytes)"), std::string::npos);
  r.most_bytes = 1450;  // the goal is a size: what is larger does not meet it
  EXPECT_EQ(search_html(r).find("Hardly larger"), std::string::npos);
}

TEST(ReportHtml, EmptyStudies) {
  expect_sound(report_html({}));
  StudyResult bare;
  bare.variants.resize(2);
  bare.sweep.resize(1);
  bare.training.per_seed.resize(2);
  bare.training.epochs.resize(1);
  bare.variants[0].measurements.resize(1);
  bare.variants[1].confusion.counts = {{}};
  bare.variants[1].arena.resize(1);
  bare.variants[1].operators.resize(1);
  bare.variants[1].tensors.resize(1);
  bare.variants[1].misclassified.resize(1);
  expect_sound(report_html(bare));
}

TEST(ReportHtml, HostileNamesAreText) {
  StudyResult r = sample_study();
  const std::string evil = "</script><script>alert(1)</script>\"'><img src=x onerror=y>\xff\x01&{}";
  r.study.title = r.study.name = r.machine.cpu = r.machine.thimble_version = r.recipe = evil;
  r.notes = r.warnings = r.command_lines = {evil};
  for (VariantResult& v : r.variants) {
    v.name = v.file = v.description = evil;
    for (auto& t : v.tensors) t.name = t.reason = t.type = evil;
    for (auto& t : v.unquantized_tensors) t.name = t.why = evil;
    for (auto& o : v.operators) o.op = o.name = evil;
    for (auto& a : v.arena) a.tensor = evil;
    for (auto& l : v.confusion.labels) l = evil;
    for (auto& m : v.misclassified) m.truth = m.predicted = evil;
    for (auto& e : v.extra) e.set = evil;
  }
  for (auto& l : r.model.layers) l.name = l.op = evil;
  for (auto& s : r.sweep) s.key = s.value = evil;
  const std::string page = report_html(r);
  expect_sound(page);
  EXPECT_EQ(page.find("<img src=x"), std::string::npos);
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find('\x01'), std::string::npos);
  EXPECT_EQ(page.find('\xff'), std::string::npos);
}

TEST(ReportHtml, HugeStudiesStayBelowTheCap) {
  StudyResult r = sample_study();
  Random random(3);
  while (r.variants.size() < 40) r.variants.push_back(r.variants[r.variants.size() % 4]);
  for (VariantResult& v : r.variants) {
    v.confusion.labels.clear();
    v.confusion.counts.assign(100, std::vector<int64_t>(100));
    for (auto& row : v.confusion.counts)
      for (auto& n : row) n = static_cast<int64_t>(random.below(50));
    for (int i = 0; i < 3000; ++i) {
      const std::string name = format("model/block_{}/a_rather_long_scope/{}", i, std::string(300, 'x'));
      v.tensors.push_back({name, 4000 + i, 1000 + i, "int8 per channel", std::string(500, 'y')});
      v.unquantized_tensors.push_back({name, i, name});
      v.operators.push_back({"conv2d", name, 1.5, 0.001});
      v.arena.push_back({name, i * 64, 4096, i, i + 3});
    }
    for (int i = 0; i < 500; ++i) v.misclassified.push_back({i, "a", "b", 0.5, std::string(3000, 'p')});
    for (Measurement& m : v.measurements) m.samples_us.assign(100'000, 3.5);
  }
  for (int i = 0; i < 2000; ++i) r.model.layers.push_back({std::string(200, 'l'), "conv2d", {1, 2, 3}, 1, 2});
  for (int i = 0; i < 2000; ++i)
    r.sweep.push_back({std::string(100, 'k'), std::to_string(i), {r.sweep[0].variants[0]}, {}});
  r.training.epochs.clear();
  for (int e = 1; e <= 5000; ++e) r.training.epochs.push_back({e, 1.0 / e, 0.5, 2.0 / e, 0.4, 1e-3, 1});
  r.recipe.assign(1 << 20, 'r');
  const std::string page = report_html(r);
  expect_sound(page);
  EXPECT_NE(page.find("Not shown, to keep this file small"), std::string::npos);
  EXPECT_GT(page.size(), 60'000u);
}

TEST(ReportHtml, LongHostileTextEverywhereStillFits) {
  StudyResult r;
  const std::string quotes(1 << 20, '"');  // grows sixfold when escaped
  r.study.title = r.study.name = r.recipe = r.machine.cpu = quotes;
  r.notes.assign(100, quotes);
  r.warnings.assign(100, quotes);
  r.command_lines.assign(100, quotes);
  r.variants.resize(30);
  for (VariantResult& v : r.variants) {
    v.name = v.description = quotes;
    v.bytes = 1000;
    v.accuracy = 0.5;
  }
  expect_sound(report_html(r));
}

TEST(ReportHtml, RegressionComparesLosses) {
  StudyResult r = sample_study();
  for (VariantResult& v : r.variants) v.accuracy = kAbsent, v.interval95 = {kAbsent, kAbsent}, v.confusion = {};
  const std::string page = report_html(r);
  expect_sound(page);
  EXPECT_NE(page.find("Loss against bytes"), std::string::npos);
  EXPECT_EQ(page.find("Accuracy against bytes<"), std::string::npos);
}

TEST(ReportHtml, NumbersHaveErrorsInPlaceOfAccuracy) {
  StudyResult r = sample_study();
  double rmse = 0.0125;
  const auto number = [&](VariantResult& v) {
    v.accuracy = kAbsent, v.interval95 = {kAbsent, kAbsent}, v.confusion = {}, v.extra.clear();
    v.regression = {rmse * rmse, rmse, rmse / 2, 0.99875, 5 * rmse};
    rmse *= 1.5;
  };
  for (VariantResult& v : r.variants) number(v);
  for (SweepRow& row : r.sweep)
    for (VariantResult& v : row.variants) number(v);
  r.sweep.push_back({"train.optimizer", "ftrl", {}, {}, "diverged: a NaN"});
  r.study.parameters_plus_kb = true;
  const std::string page = report_html(r);
  expect_sound(page);
  EXPECT_NE(page.find("Error against bytes"), std::string::npos);
  EXPECT_NE(page.find(">0.0125<"), std::string::npos);
  EXPECT_NE(page.find(">0.99875<"), std::string::npos);
  EXPECT_NE(page.find("diverged: a NaN"), std::string::npos);
  EXPECT_NE(page.find("parameters + KB"), std::string::npos);
  EXPECT_NE(page.find("root mean squared error"), std::string::npos);
}

}  // namespace
}  // namespace thimble
