// Boards that a model may have to fit: rows of a file, src/micro/boards.toml or the user's own of the same form.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "micro/estimate.h"

namespace thimble {

struct Board {
  std::string name, title;  // "portenta-h7", "Arduino Portenta H7 (M7 core)"
  const micro::Core* core = nullptr;
  double mhz = 0;
  int64_t flash = 0, ram = 0;  // bytes that a program may take
  bool fpu = false;
  int64_t cache = 0;   // bytes, before a flash that is executed in place; 0: there is none
  std::string source;  // where the numbers come from
};

// Those that come with the program.
const std::vector<Board>& known_boards();

// Errors: usage, with line and column behind `name`, for what is no TOML, unknown keys and cores, numbers out of range,
// names given twice, and a file without boards.
Result<std::vector<Board>> parse_boards(const std::string& text, const std::string& name);

// "all", the name of a known board, or a file (a path that ends in .toml): its boards. Errors: usage for another word,
// with the nearest name; bad_file where the file is missing.
Result<std::vector<Board>> find_boards(const std::string& word);

}  // namespace thimble
