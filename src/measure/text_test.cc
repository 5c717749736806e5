// Text helpers: units, tables, progress lines, escaping.
#include "measure/text.h"

#include <gtest/gtest.h>

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

TEST(FillLines, BreakAtSpaces) {
  EXPECT_EQ(fill_lines("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(fill_lines("epoch 1  loss 0.5", 9), (std::vector<std::string>{"epoch 1", "loss 0.5"}));
  EXPECT_EQ(fill_lines("epoch 1  loss 0.5", 20), (std::vector<std::string>{"epoch 1  loss 0.5"}));
  EXPECT_EQ(fill_lines("unbreakable words", 4), (std::vector<std::string>{"unbreakable", "words"}));
  EXPECT_EQ(fill_lines("", 4), (std::vector<std::string>{""}));
}

TEST(TextTable, TextThatIsTooWideIsFilled) {
  TextTable table;
  table.column("n").column("why").row({"a", "because it is so, and it is so for long"});
  EXPECT_EQ(table.text(false, 24),
            "n  why\n─  ─────────────────────\na  because it is so, and\n   it is so for long\n");
}

TEST(TextTable, ContinuesBelowWhereItIsTooWide) {
  TextTable table;
  table.column("name").column("first", Align::right).column("second", Align::right).column("third", Align::right);
  table.row({"a", "1", "2", "3"});
  EXPECT_EQ(table.text(false, 20),
            "name  first  second\n────  ─────  ──────\na         1       2\n\nname  third\n────  ─────\na         3\n");
  EXPECT_EQ(table.text(false, 26), table.text());
  EXPECT_EQ(table.text(false, 25).find("third"), table.text(false, 20).find("third"));
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

TEST(Text, ASizeThatGrewIsNotCalledSmaller) {
  EXPECT_EQ(size_change(1000, 250), "4.00 times smaller");
  EXPECT_EQ(size_change(1000, 986), "1.4 % smaller");
  EXPECT_EQ(size_change(100000, 99996), "0.004 % smaller");
  EXPECT_EQ(size_change(1000, 1000), "as large as before");
  EXPECT_EQ(size_change(1000, 1020), "grew by 2.0 %");
  EXPECT_EQ(size_change(1000, 2500), "grew to 2.50 times the size");
}

TEST(Text, WordsOfACommand) {
  EXPECT_EQ(words_of("  ssh -i key\n-p 22 "), (std::vector<std::string>{"ssh", "-i", "key", "-p", "22"}));
  EXPECT_TRUE(words_of("").empty());
}

}  // namespace
}  // namespace thimble
