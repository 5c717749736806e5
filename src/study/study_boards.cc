#include "study/study_boards.h"

#include <algorithm>

#include "base/file.h"
#include "study/board_fit.h"

namespace thimble {
namespace {

// Why a model has no C, in the words of its form where that is the reason; else what the generator says of the node.
std::string reason(const Graph& g, const Error& error) {
  bool bytes = false, floats = false;
  for (const Tensor& t : g.tensors) {
    bytes |= t.constant() && t.type == DType::i8;
    floats |= !t.constant() && t.type == DType::f32;
  }
  if (bytes && floats) return "int8 weights beside float activations; quantise to int8";
  return error.message.substr(0, error.message.find('\n'));
}

}  // namespace

Result<std::vector<Board>> study_boards(const std::vector<std::string>& words, const std::string& directory) {
  std::vector<Board> all;
  for (const std::string& word : words) {
    const bool beside = word.ends_with(".toml") && !file_exists(word);
    THIMBLE_ASSIGN(const std::vector<Board> boards, find_boards(beside ? join_path(directory, word) : word));
    for (const Board& board : boards)
      if (std::ranges::find(all, board.name, &Board::name) == all.end()) all.push_back(board);
  }
  return all;
}

std::vector<BoardRow> board_rows(const Checked& model, const std::vector<Board>& boards) {
  std::vector<BoardRow> rows;
  if (boards.empty()) return rows;
  const auto c = emit_for_boards(model);
  for (const Board& board : boards) {
    BoardRow row;
    row.board = board.name;
    row.title = board.title;
    row.core = board.core->title;
    row.mhz = board.mhz;
    row.flash_of = board.flash;
    row.ram_of = board.ram;
    if (c) {
      const BoardFit fit = fit_board(*c, board);
      row.fits = fit.fits;
      row.flash_bytes = fit.flash_bytes;
      row.ram_bytes = fit.ram_bytes;
      row.stack_bytes = fit.stack_bytes;
      row.instructions = fit.instructions;
      row.latency_ms = fit.latency_ms;
      row.latency_error = fit.latency_error;
      row.exceeds_cache = fit.exceeds_cache();
    } else {
      row.no_c = reason(model.graph, c.error());
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace thimble
