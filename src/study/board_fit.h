// Whether a model fits a board, as C that `thimble export` writes: flash, memory, time.
#pragma once

#include <optional>
#include <vector>

#include "ops/check.h"
#include "study/boards.h"

namespace thimble {

struct BoardFit {
  Board board;
  bool fits = false;
  int64_t flash_bytes = 0;  // code, weights, tables
  int64_t code_bytes = 0;
  int64_t ram_bytes = 0;    // the arena with inputs and outputs, and constants that AVR copies into memory
  int64_t stack_bytes = 0;  // beside it
  bool compiled = false;    // flash as the core's compiler makes it; else by the table of costs
  double flash_error = 0;   // relative, of what is no compiler's
  double instructions = 0;  // per run, by the table of costs
  double latency_ms = 0;
  double latency_error = 0;  // relative
  int64_t weights_bytes = 0;

  bool flash_fits() const { return flash_bytes <= board.flash; }
  bool ram_fits() const { return ram_bytes + stack_bytes <= board.ram; }
  // Weights that a cache before the flash does not hold: each run reads them through a slow bus.
  bool exceeds_cache() const { return board.cache > 0 && weights_bytes > board.cache; }
};

// Of objects that a compiler made.
struct CompiledBytes {
  int64_t flash = 0, code = 0;
  int64_t variables = 0;  // of RAM
};

// `compiled`: what the core's compiler made of the same C, where there is one.
BoardFit fit_board(const micro::Emitted& emitted, const Board& board,
                   const std::optional<CompiledBytes>& compiled = {});

// The C of a model, of which only sizes and calls matter. Errors: unsupported, with the reason and a fix.
Result<micro::Emitted> emit_for_boards(const Checked& checked, micro::Ram ram = micro::Ram::balanced,
                                       micro::Weights weights = micro::Weights::plain);

// "68.2 ms ± 20 %".
std::string latency_text(const BoardFit& fit);

}  // namespace thimble
