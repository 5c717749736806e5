// results.json, results.csv, results.md.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "report/page/report_html.h"
#include "report/report_csv.h"
#include "report/report_json.h"
#include "report/report_markdown.h"
#include "report/report_sample.h"

namespace thimble {
namespace {

TEST(ReportJson, HoldsTheContract) {
  const StudyResult r = sample_study();
  const auto j = nlohmann::json::parse(report_json(r));
  EXPECT_EQ(j["schema"], "thimble.study/1");
  EXPECT_EQ(j["study"]["name"], "fashion-cnn");
  EXPECT_EQ(j["study"]["seed"], 1);
  for (const char* key : {"cpu", "isa", "cores", "os", "thimble_version"})
    EXPECT_TRUE(j["machine"].contains(key)) << key;
  EXPECT_EQ(j["model"]["layers"][0]["output_shape"], (std::vector<int>{26, 26, 32}));
  EXPECT_EQ(j["training"]["epochs"].size(), 40u);
  EXPECT_EQ(j["training"]["per_seed"][2]["seed"], 3);
  const auto& v = j["variants"][3];
  for (const char* key : {"name",
                          "file",
                          "bytes",
                          "bytes_deflated",
                          "parameters",
                          "macs",
                          "accuracy",
                          "accuracy_stddev",
                          "interval95",
                          "loss",
                          "per_seed",
                          "extra",
                          "agreement_with_float32",
                          "max_abs_output_difference",
                          "latency_us",
                          "measurements",
                          "arena_bytes",
                          "unquantized_tensors",
                          "bytes_packed",
                          "technique",
                          "sparsity",
                          "tensors",
                          "stages"})
    EXPECT_TRUE(v.contains(key)) << key;
  EXPECT_EQ(v["extra"]["digits"]["n"], 300);
  EXPECT_EQ(v["latency_us"], v["measurements"][0]["latency_us"]);
  EXPECT_EQ(v["measurements"][1]["test_set_seconds"]["trials"], 30);
  EXPECT_EQ(j["variants"][2]["unquantized_tensors"].size(), 6u);
  EXPECT_EQ(v["technique"], "prune 80 % + int8");
  EXPECT_EQ(v["tensors"][2]["zeros"], 14745);
  EXPECT_EQ(v["tensors"][2]["distinct"], 16);
  EXPECT_GT(v["tensors"][2]["bytes_deflated"], 0);
  EXPECT_EQ(v["stages"][0]["epochs"][0]["epoch"], 1);
  EXPECT_EQ(j["sweep"][2]["key"], "train.optimizer");
  EXPECT_EQ(j["sweep"][2]["value"], "adam");
  EXPECT_EQ(j["sweep"][2]["variants"][0]["name"], "float32");
}

TEST(ReportJson, NumbersHaveTheirOwnScores) {
  StudyResult r;
  r.variants.resize(1);
  r.variants[0].parameters = 68270;
  r.variants[0].bytes = 275500;
  r.variants[0].regression = {0.04, 0.2, 0.1, 0.9, 0.7};
  r.variants[0].per_seed = {{1, kAbsent, 0.04, {0.04, 0.2, 0.1, 0.9, 0.7}}};
  r.sweep.push_back({"train.optimizer", "sgd", {}, {}, "diverged: it"});
  const auto j = nlohmann::json::parse(report_json(r));
  const auto& v = j["variants"][0];
  EXPECT_EQ(v["regression"]["rmse"], 0.2);
  EXPECT_EQ(v["regression"]["max_error"], 0.7);
  EXPECT_EQ(v["per_seed"][0]["regression"]["r2"], 0.9);
  EXPECT_DOUBLE_EQ(v["parameters_plus_kb"], 68270 + 275.5);
  EXPECT_EQ(j["sweep"][0]["note"], "diverged: it");
  EXPECT_FALSE(nlohmann::json::parse(report_json(sample_study()))["variants"][0].contains("regression"));
  EXPECT_EQ(report_markdown(r).find("68,545.5"), std::string::npos);
  r.study.parameters_plus_kb = true;
  const std::string text = report_markdown(r);
  EXPECT_NE(text.find("| RMSE |"), std::string::npos) << text;
  EXPECT_NE(text.find("| diverged: it |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("68,545.5"), std::string::npos) << text;
}

TEST(ReportJson, AbsentIsNullAndBytesBecomeText) {
  StudyResult r;
  r.variants.resize(1);
  r.variants[0].name = "a\xff\xc3\"</script>\n";
  const auto j = nlohmann::json::parse(report_json(r));
  EXPECT_TRUE(j["variants"][0]["accuracy"].is_null());
  EXPECT_TRUE(j["variants"][0]["interval95"].is_null());
  EXPECT_TRUE(j["variants"][0]["latency_us"].is_null());
  EXPECT_EQ(j["variants"][0]["name"], "a\\xff\\xc3\"</script>\n");
  EXPECT_TRUE(nlohmann::json::accept(report_json({})));
}

std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"')
        rows.back().back() += text[++i];
      else if (c == '"')
        quoted = false;
      else
        rows.back().back() += c;
    } else if (c == '"')
      quoted = true;
    else if (c == ',')
      rows.back().emplace_back();
    else if (c == '\n')
      rows.push_back({""});
    else if (c != '\r')
      rows.back().back() += c;
  }
  rows.pop_back();
  return rows;
}

TEST(ReportCsv, OneLinePerVariantAndThreadCount) {
  StudyResult r = sample_study();
  r.variants[0].name = "a,\"b\"\nc";
  r.variants[1].name = "=1+1";
  const auto rows = parse_csv(report_csv(r));
  ASSERT_EQ(rows.size(), 1 + 4 * 2 + r.sweep.size());
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size());
  EXPECT_EQ(rows[0][2], "variant");
  EXPECT_EQ(rows[1][2], "a,\"b\"\nc");
  EXPECT_EQ(rows[3][2], "'=1+1");
  EXPECT_EQ(rows[1][4], "516432");
  EXPECT_EQ(rows[2][16], "2");
  EXPECT_EQ(rows[0][16], "threads");
  EXPECT_EQ(rows[0][29], "peak_rss_bytes");
  EXPECT_EQ(rows[0].back(), "technique");
  EXPECT_EQ(rows[7].back(), "prune 80 % + int8");
  EXPECT_EQ(rows[9][0], "train.optimizer");
  EXPECT_EQ(rows[9][1], "sgd");
}

TEST(ReportMarkdown, TablesAndEscapes) {
  StudyResult r = sample_study();
  r.variants[2].name = "dyn|amic<b>";
  const std::string text = report_markdown(r);
  EXPECT_NE(text.find("# Fashion-MNIST, CNN"), std::string::npos);
  EXPECT_NE(text.find("Ship int8"), std::string::npos);
  EXPECT_NE(text.find("dyn\\|amic\\<b>"), std::string::npos);
  EXPECT_NE(text.find("| int8 | 139,120 |"), std::string::npos);
  EXPECT_NE(text.find("40 epochs"), std::string::npos);
  EXPECT_FALSE(report_markdown({}).empty());
}

}  // namespace
}  // namespace thimble
