// The size of exported C as the compiler of a processor core makes it, where that compiler is installed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "study/board_fit.h"

namespace thimble::app {

// Remembers what it has compiled: boards of one core share it.
class CrossCompiler {
 public:
  explicit CrossCompiler(const micro::Emitted& emitted) : emitted_(emitted) {}

  // Sections of the objects, compiled with -O2. Nothing where no compiler of the core is in the PATH, or where it
  // cannot compile so large a model (AVR). Errors: io (no temporary folder, a compiler that cannot be run).
  Result<std::optional<CompiledBytes>> bytes(const Board& board);

 private:
  const micro::Emitted& emitted_;
  std::map<std::string, std::optional<CompiledBytes>> known_;  // by compilers and flags
};

// What C takes on a Cortex-M4F, the processor of most boards, whose clock and limits do not matter: what `thimble
// export` states. Compiled where that may be and its compiler is installed.
Result<BoardFit> usual_processor(const micro::Emitted& emitted, bool compile);

// Sections of objects, as `size -A` lists them ("name bytes address" a line): what goes to flash, to RAM, is code.
CompiledBytes sections_of(const std::string& listing, bool constants_in_ram);

}  // namespace thimble::app
