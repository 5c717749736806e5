#include "report/boards.h"

#include <gtest/gtest.h>

#include "report/page/report_html.h"
#include "report/report_json.h"
#include "report/report_markdown.h"
#include "report/report_sample.h"

namespace thimble {
namespace {

BoardRow row(int64_t flash, double ms) {
  BoardRow b;
  b.board = "uno-r4";
  b.title = "Arduino Uno R4";
  b.core = "Cortex-M4F";
  b.mhz = 48;
  b.flash_of = 200'000;
  b.ram_of = 32'768;
  b.flash_bytes = flash;
  b.ram_bytes = 1000;
  b.stack_bytes = 200;
  b.fits = flash <= b.flash_of;
  b.instructions = ms * 40'000;
  b.latency_ms = ms;
  b.latency_error = 0.2;
  return b;
}

// float32 too large, float16 without C, dynamic the fastest, int8 the smallest.
StudyResult sample() {
  StudyResult r = sample_study();
  r.variants[0].boards = {row(500'000, 9)};
  r.variants[1].boards = {row(0, 0)};
  r.variants[1].boards[0].fits = false;
  r.variants[1].boards[0].no_c = "half floats have no C";
  r.variants[2].boards = {row(150'000, 2)};
  r.variants[3].boards = {row(140'000, 3)};
  return r;
}

TEST(ReportBoards, WordsAnswerWhichFitsAndWhichIsSmallestAndFastest) {
  const auto words = board_words(sample().variants);
  ASSERT_EQ(words.size(), 1u);
  EXPECT_EQ(words[0].title, "Arduino Uno R4");
  EXPECT_EQ(words[0].limits, "200,000 bytes of flash, 32,768 of RAM, Cortex-M4F at 48 MHz");
  EXPECT_EQ(words[0].answer,
            "dynamic and int8 fit, float32 does not; int8 is the smallest, 140 KB of flash; dynamic the fastest, about "
            "2.00 ms ± 20 %. float16 has no C.");
}

TEST(ReportBoards, WordsWhereNothingFitsOrAllDo) {
  StudyResult r = sample();
  for (VariantResult& v : r.variants) v.boards = {row(500'000, 1)};
  EXPECT_EQ(board_words(r.variants)[0].answer, "None fits: float32, float16, dynamic and int8 are too large.");
  for (VariantResult& v : r.variants) v.boards = {row(100'000, 1)};
  EXPECT_NE(board_words(r.variants)[0].answer.find("All 4 variants fit;"), std::string::npos);
  for (VariantResult& v : r.variants) v.boards[0].no_c = "no";
  EXPECT_EQ(board_words(r.variants)[0].answer, "No variant has C.");
}

TEST(ReportBoards, WhatDoesNotFitIsNamed) {
  BoardRow b = row(500'000, 1);
  EXPECT_EQ(fits_text(b), "no: flash");
  b.ram_bytes = 32'600;  // with the stack too much
  EXPECT_EQ(fits_text(b), "no: flash, RAM");
  b.flash_bytes = 1;
  EXPECT_EQ(fits_text(b), "no: RAM");
}

TEST(ReportBoards, ReportsHaveThemOnlyWhereThereAreBoards) {
  const StudyResult with = sample(), without = sample_study();
  EXPECT_NE(report_html(with).find("<section id=\"boards\""), std::string::npos);
  EXPECT_NE(report_html(with).find("float16: half floats have no C."), std::string::npos);
  EXPECT_EQ(report_html(without).find("<section id=\"boards\""), std::string::npos);
  EXPECT_NE(report_markdown(with).find("## Boards"), std::string::npos);
  EXPECT_EQ(report_markdown(without).find("## Boards"), std::string::npos);
  EXPECT_NE(report_json(with).find("\"boards\":[{\"board\":\"uno-r4\""), std::string::npos);
  EXPECT_NE(report_json(with).find("\"why\":\"half floats have no C\""), std::string::npos);
  EXPECT_EQ(report_json(without).find("\"boards\""), std::string::npos);
}

}  // namespace
}  // namespace thimble
