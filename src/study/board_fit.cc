#include "study/board_fit.h"

#include <cmath>

#include "measure/units.h"

namespace thimble {

BoardFit fit_board(const micro::Emitted& emitted, const Board& board, const std::optional<CompiledBytes>& compiled) {
  const micro::Estimate e = micro::estimate(emitted, *board.core, board.fpu);
  BoardFit fit;
  fit.board = board;
  fit.weights_bytes = emitted.weights_bytes;
  fit.compiled = compiled.has_value();
  fit.flash_bytes = compiled ? compiled->flash : e.flash_bytes;
  fit.code_bytes = compiled ? compiled->code : e.code_bytes;
  fit.flash_error = compiled ? 0 : e.flash_error;
  fit.ram_bytes = emitted.arena_bytes + (compiled ? compiled->variables : e.variable_bytes);
  fit.stack_bytes = e.stack_bytes;
  fit.fits = fit.flash_fits() && fit.ram_fits();
  fit.instructions = e.instructions;
  fit.latency_ms = e.instructions * board.core->cycles / (board.mhz * 1e3);
  fit.latency_error = std::hypot(board.core->cycles_error, e.instructions_error);
  return fit;
}

Result<micro::Emitted> emit_for_boards(const Checked& checked, micro::Ram ram, micro::Weights weights) {
  micro::EmitOptions options;
  options.ram = ram;
  options.weights = weights;
  options.name = "model";
  return micro::emit_c(checked, options);
}

std::string latency_text(const BoardFit& fit) {
  return format("{} ± {} %", format_microseconds(fit.latency_ms * 1e3), std::lround(fit.latency_error * 100));
}

}  // namespace thimble
