#include "study/boards.h"

#include <algorithm>

#include "base/file.h"
#include "base/suggest.h"
#include "micro/sources.h"
#include "study/toml_reader.h"

namespace thimble {
namespace {

constexpr const char* kEmbedded = "micro/boards.toml";
constexpr const char* kForm = "each board is a [[board]] with its keys below: name, core, mhz, flash, ram";

tl::unexpected<Error> wrong(const std::string& message, const toml::node& at, const std::string& file) {
  return tl::unexpected<Error>(Error{ErrorCode::usage, message, {place_of(at), file}, kForm});
}

Status read_core(TableReader& r, Board* board) {
  const toml::node* node = r.node("core", "a processor core");
  std::string word;
  r.text("core", &word);
  if (!r.ok() || !node) return {};
  board->core = micro::find_core(word);
  if (board->core) return {};
  std::vector<std::string> names;
  for (const micro::Core& core : micro::cores()) names.emplace_back(core.name);
  r.fail_at(*node, format("unknown core \"{}\"", word), did_you_mean_or_all(word, names));
  return {};
}

Result<Board> read_board(const toml::table& row) {
  Board board;
  Status status;
  TableReader r(row, "board.", &status);
  r.text("name", &board.name);
  r.text("title", &board.title);
  THIMBLE_TRY(read_core(r, &board));
  r.number("mhz", &board.mhz, 0.001, 1e5);
  r.whole("flash", &board.flash, 1, int64_t{1} << 40);
  r.whole("ram", &board.ram, 1, int64_t{1} << 40);
  board.fpu = board.core && board.core->can_have_fpu();
  const bool usual = board.fpu;
  r.truth("fpu", &board.fpu);
  r.whole("cache", &board.cache, 0, int64_t{1} << 40);
  r.text("source", &board.source);
  for (const char* key : {"name", "core", "mhz", "flash", "ram"})
    if (r.ok() && !r.has(key))
      r.fail_at(row, format("the board {} has no {}", board.name.empty() ? "here" : "\"" + board.name + "\"", key),
                "a board has name, core, mhz, flash and ram, and may have title, fpu, cache and source");
  if (r.ok() && (board.name.empty() || board.name.find_first_of(" :,/") != std::string::npos || board.name == "all" ||
                 board.name.ends_with(".toml")))
    r.fail_at(row, format("\"{}\" is no name for a board", board.name), "a word like nano-33-ble");
  if (r.ok() && board.fpu && !usual)
    r.fail_at(*row.get("fpu"), format("{} has no floating-point unit", board.core->title), "leave fpu out");
  r.finish();
  THIMBLE_TRY(status);
  if (board.title.empty()) board.title = board.name;
  return board;
}

}  // namespace

Result<std::vector<Board>> parse_boards(const std::string& text, const std::string& name) {
  THIMBLE_ASSIGN(const toml::table root, parse_toml(text, name));
  std::vector<Board> boards;
  for (const auto& [key, value] : root) {
    if (key.str() == "board" && value.is_array_of_tables()) continue;
    return wrong(format("\"{}\" is nothing that a file of boards has", std::string(key.str())), value, name);
  }
  if (const toml::array* rows = root["board"].as_array()) {
    for (const toml::node& row : *rows) {
      auto board = read_board(*row.as_table());
      if (!board) return with_context(std::move(board).error(), name);
      if (std::ranges::find(boards, board->name, &Board::name) != boards.end())
        return wrong(format("there are two boards \"{}\"", board->name), row, name);
      boards.push_back(std::move(*board));
    }
  }
  if (boards.empty()) return fail(ErrorCode::usage, format("{} has no boards", name), kForm);
  return boards;
}

const std::vector<Board>& known_boards() {
  static const std::vector<Board> boards = [] {
    for (size_t i = 0; i < micro::kSourceCount; ++i)
      if (micro::kSources[i].path == kEmbedded)
        return parse_boards(std::string(micro::kSources[i].text), kEmbedded).value_or(std::vector<Board>());
    return std::vector<Board>();
  }();
  return boards;
}

Result<std::vector<Board>> find_boards(const std::string& word) {
  if (word == "all") return known_boards();
  if (word.ends_with(".toml")) {
    THIMBLE_ASSIGN(const std::string text, read_text_file(word, 1 << 20));
    return parse_boards(text, word);
  }
  std::vector<std::string> names{"all"};
  for (const Board& board : known_boards()) {
    if (board.name == word) return std::vector<Board>{board};
    names.push_back(board.name);
  }
  return fail(ErrorCode::usage, format("unknown board \"{}\"", word),
              format("{}; `thimble fit --help` lists the boards, and a file of your own ends in .toml",
                     did_you_mean_or_all(word, names)));
}

}  // namespace thimble
