// What the variants take on boards, in words: which fit, which is the smallest and which the fastest.
#pragma once

#include <string>
#include <vector>

#include "report/study_result.h"

namespace thimble {

// Of each board in the order of the first variant's rows, a sentence or two.
struct BoardWords {
  std::string title;   // "Arduino Portenta H7 (M7 core)"
  std::string limits;  // "786,432 bytes of flash, 523,624 of RAM, Cortex-M7F at 480 MHz"
  std::string answer;
};
std::vector<BoardWords> board_words(const std::vector<VariantResult>& variants);

// "no: flash", "yes", "no C".
std::string fits_text(const BoardRow& row);
// "15.6 µs ± 25 %", "–" where there is no C.
std::string board_time_text(const BoardRow& row);

}  // namespace thimble
