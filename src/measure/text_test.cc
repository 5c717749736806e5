// Text helpers: units, tables, progress lines, escaping.
#include "measure/text.h"

#include <gtest/gtest.h>

#include "measure/progress.h"
#include "measure/table.h"
#include "measure/units.h"

namespace thimble {
namespace {

TEST(Text, Escaping) {
  EXPECT_EQ(escape_html("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escape_html("\x01\xff\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("µ\xc2"), "µ\xef\xbf\xbd");
  EXPECT_EQ(clip_text("abcdefghij", 10), "abcdefghij");
  EXPECT_EQ(clip_text("abcdefghijk", 7), "abcd…jk");
  EXPECT_EQ(clip_text("ääääää", 4), "ää…ä");
  EXPECT_EQ(clip_text(std::string(1 << 20, 'a') + "z", 4), "aa…z");
  EXPECT_EQ(shell_quoted("train.epochs=4"), "train.epochs=4");
  EXPECT_EQ(shell_quoted("study.variants=[\"float32\"]"), "'study.variants=[\"float32\"]'");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Units, ReadableNumbers) {
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(131'072), "131 KB");
  EXPECT_EQ(format_bytes(1'290'000), "1.29 MB");
  EXPECT_EQ(format_bytes(999'600), "1.00 MB");
  EXPECT_EQ(format_microseconds(85.23), "85.2 µs");
  EXPECT_EQ(format_microseconds(0.205), "205 ns");
  EXPECT_EQ(format_microseconds(4210), "4.21 ms");
  EXPECT_EQ(format_microseconds(1.3e6), "1.30 s");
  EXPECT_EQ(format_seconds(185), "3 min 05 s");
  EXPECT_EQ(format_seconds(7800), "2 h 10 min");
  EXPECT_EQ(format_percent(0.91543), "91.54 %");
  EXPECT_EQ(format_count(128266), "128,266");
  EXPECT_EQ(format_count(-1000), "-1,000");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_quantity(1'300'000), "1.30 M");
  EXPECT_EQ(format_percent(0.0 / 0.0), "–");
}

TEST(TextTable, AlignsByDisplayWidth) {
  TextTable table;
  table.column("name").column("size", Align::right);
  table.row({"µ-net", "12 KB"}).rule().row({"a\tb", "3 B", "surplus"}, Tone::good).row({});
  EXPECT_EQ(table.text(),
            "name    size\n"
            "─────  ─────\n"
            "µ-net  12 KB\n"
            "─────  ─────\n"
            "a b      3 B\n"
            "\n");
  EXPECT_NE(table.text(true).find("\x1b[32ma b      3 B\x1b[0m"), std::string::npos);
  EXPECT_EQ(table.markdown(), "| name | size |\n|---|---:|\n| µ-net | 12 KB |\n| a b | 3 B |\n|  |  |\n");
  EXPECT_EQ(display_width("日本"), 4);
  EXPECT_EQ(display_width("e\xcc\x81"), 1);
}

TEST(Progress, LineFitsAndCounts) {
  Progress progress("epoch 3/100", "images", 78);
  const std::string line = progress.line(25'000, 50'000, 2.0);
  EXPECT_NE(line.find(" 50 %"), std::string::npos) << line;
  EXPECT_NE(line.find("25,000/50,000 images"), std::string::npos) << line;
  EXPECT_NE(line.find("12.5 k/s"), std::string::npos) << line;
  EXPECT_NE(line.find("2 s left"), std::string::npos) << line;
  EXPECT_NE(line.find("━"), std::string::npos) << line;
  EXPECT_NE(progress.line(50'000, 50'000, 4.0).find("in 4 s"), std::string::npos);
  for (int width : {20, 30, 40, 60, 100}) {
    Progress p("a rather long label", "things", width);
    EXPECT_LE(display_width(p.line(123'456'789, 987'654'321, 77, "loss 0.123")), std::max(width, 26)) << width;
  }
  Progress unknown("reading", "rows");
  EXPECT_EQ(unknown.line(500, 0, 2.0), "reading  500 rows  250/s");
  EXPECT_EQ(unknown.line(0, 0, 0).find("nan"), std::string::npos);
}

TEST(Progress, DrawsAtMostSoOften) {
  Progress p("x");
  EXPECT_TRUE(p.due(0, 10, 0));
  EXPECT_FALSE(p.due(1, 10, 0.05));
  EXPECT_TRUE(p.due(2, 10, 0.11));
  EXPECT_TRUE(p.due(10, 10, 0.12));
  EXPECT_EQ(format_remaining(185), "3:05");
  EXPECT_EQ(format_remaining(7800), "2:10:00");
  EXPECT_EQ(format_remaining(-1), "?");
}

TEST(Text, ASizeThatGrewIsNotCalledSmaller) {
  EXPECT_EQ(size_change(1000, 250), "4.00 times smaller");
  EXPECT_EQ(size_change(1000, 986), "1.4 % smaller");
  EXPECT_EQ(size_change(100000, 99996), "0.004 % smaller");
  EXPECT_EQ(size_change(1000, 1000), "as large as before");
  EXPECT_EQ(size_change(1000, 1020), "grew by 2.0 %");
  EXPECT_EQ(size_change(1000, 2500), "grew to 2.50 times the size");
}

}  // namespace
}  // namespace thimble
