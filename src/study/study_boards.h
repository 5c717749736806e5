// What the variants of a study take on boards (measure.boards), as C: rows of its results. Estimates alone, so that a
// study says the same with and without cross compilers.
#pragma once

#include "ops/check.h"
#include "report/study_result.h"
#include "study/boards.h"

namespace thimble {

// The boards of a recipe: names of known ones, "all", and files, which may lie beside the recipe. Each once. Errors:
// those of find_boards().
Result<std::vector<Board>> study_boards(const std::vector<std::string>& words, const std::string& directory);

// A row per board; with the reason in place of figures where the model has no C.
std::vector<BoardRow> board_rows(const Checked& model, const std::vector<Board>& boards);

}  // namespace thimble
