#include "report/devices.h"

#include <cmath>

#include <gtest/gtest.h>

#include "report/page/report_html.h"
#include "report/report_json.h"
#include "report/report_markdown.h"
#include "report/report_sample.h"

namespace thimble {
namespace {

DeviceVariant measured(const std::string& name, double p50) {
  DeviceVariant v;
  v.name = name;
  v.accuracy = 0.9;
  v.samples = 1000;
  v.same_answers = 1000;
  v.latency_us.p50 = p50;
  return v;
}

DeviceResult board(std::vector<DeviceVariant> variants) {
  DeviceResult d;
  d.device = "ssh:pi@board";
  d.architecture = "aarch64";
  d.cores = 4;
  d.variants = std::move(variants);
  return d;
}

// A study of two variants, 10 and 4 µs on this machine.
StudyResult study() {
  StudyResult r;
  for (const auto& [name, p50] : {std::pair{"float32", 10.0}, {"int8", 4.0}}) {
    VariantResult v;
    v.name = name;
    Measurement m;
    m.latency_us.p50 = p50;
    v.measurements.push_back(m);
    r.variants.push_back(v);
  }
  return r;
}

TEST(Devices, BreakEvenIsWhatTheDeviceTakesLonger) {
  const StudyResult r = study();
  DeviceResult d = board({measured("float32", 110), measured("int8", 3)});
  EXPECT_DOUBLE_EQ(break_even_us(r.variants[0], d, d.variants[0]), 100);
  EXPECT_DOUBLE_EQ(break_even_us(r.variants[1], d, d.variants[1]), 0);
  EXPECT_TRUE(std::isnan(break_even_us(r.variants[0], d, measured("float32", 0))));
  d.emulated = true;
  EXPECT_TRUE(std::isnan(break_even_us(r.variants[0], d, d.variants[0])));
}

TEST(Devices, Answers) {
  const StudyResult r = study();
  EXPECT_EQ(
      device_answer(r, board({measured("float32", 110), measured("int8", 54)})),
      "2 of 2 variants ran, all with this machine's answers to the bit. The fastest is int8: 54.0 µs at the median. "
      "Over a network, this machine would answer sooner only where a round trip takes less than 50.0 µs. Break-even "
      "delays reach from 50.0 µs (int8) to 100 µs (float32): above 100 µs no variant is worth sending its input away.");
  DeviceResult differs = board({measured("float32", 110), measured("int8", 54)});
  differs.emulated = true;
  differs.variants[0].same_answers = 998;
  EXPECT_EQ(device_answer(r, differs),
            "2 of 2 variants ran; answers that differ from this machine's in some bit: float32 (2 of 1,000).");
  differs.variants[1].instructions = 2e6;
  EXPECT_TRUE(device_answer(r, differs).ends_with(" int8 takes the fewest instructions: 2.00 M per run."))
      << device_answer(r, differs);
  DeviceResult gone = board({DeviceVariant{}});
  gone.problem = "device ssh:pi@board: it does not answer";
  EXPECT_EQ(device_answer(r, gone), "Not measured: device ssh:pi@board: it does not answer");
}

TEST(Devices, OnlyWhereTheRecipeNamesThem) {
  StudyResult r = sample_study();
  EXPECT_EQ(report_html(r).find("<section id=\"devices\""), std::string::npos);
  EXPECT_EQ(report_json(r).find("\"devices\""), std::string::npos);
  EXPECT_EQ(report_markdown(r).find("## Devices"), std::string::npos);
  r.devices = {board({measured(r.variants[0].name, 1e6), DeviceVariant{}})};
  r.devices[0].variants[1].name = r.variants[1].name;
  r.devices[0].variants[1].problem = "no room <there>";
  const std::string page = report_html(r);
  EXPECT_NE(page.find("<section id=\"devices\""), std::string::npos);
  EXPECT_NE(page.find("no room &lt;there&gt;"), std::string::npos);
  EXPECT_NE(page.find("On the device, or sent away?"), std::string::npos);
  EXPECT_EQ(page.find(">instructions<"), std::string::npos);
  EXPECT_NE(report_json(r).find("\"devices\":[{\"device\":\"ssh:pi@board\""), std::string::npos);
  EXPECT_NE(report_markdown(r).find("## Devices"), std::string::npos);

  // An emulated board: instructions in place of times, and what counted them.
  r.devices[0].emulated = true;
  r.devices[0].counted = "counted by a <plugin>";
  r.devices[0].variants[0].instructions = 1234567;
  const std::string emulated = report_html(r);
  EXPECT_NE(emulated.find("counted by a &lt;plugin&gt;"), std::string::npos);
  EXPECT_NE(emulated.find("instructions"), std::string::npos);
  EXPECT_EQ(emulated.find("On the device, or sent away?"), std::string::npos);
  EXPECT_NE(report_json(r).find("\"instructions\":1234567"), std::string::npos);
}

}  // namespace
}  // namespace thimble
