// How a layer makes its column of the operator table. Every family of operators has one function per layer; where
// there is none, without.def or the operator's class says why. A new column is one header and one such table:
//
//   namespace lowering {
//   #define OP(id, types, family, packed) Result<bool> family(LowerContext&);
//   #include "ops/ops.def"
//   }  // namespace lowering
//   constexpr Cell<LowerFn> kCells[] = {
//   #define OP(id, types, family, packed) THIMBLE_CELL(LowerFn, "lower", id, lowering::family)
//   #include "ops/ops.def"
//   };
#pragma once

#include <algorithm>
#include <string_view>

#include "ops/op.h"

namespace thimble {

// What a layer has for one operator: its function, or the reason why there is none.
template <class T>
struct Cell {
  T rule{};
  const char* why_not = nullptr;
};

struct Without {
  std::string_view layer;
  Op op;
  const char* reason;
};
inline constexpr Without kWithout[] = {
#define WITHOUT(layer, id, reason) {#layer, Op::id, reason},
#include "ops/without.def"
};

// Why the tables of this build leave the operator out; null where they have it. What a binary links is decided by its
// tables: a library for fewer operators has the tables compiled again, and nothing else (cmake/tables.cmake).
static constexpr const char* left_out([[maybe_unused]] Op op) {
#if defined(THIMBLE_OPERATORS)  // Op::conv2d, Op::softmax …
  constexpr Op kept[] = {THIMBLE_OPERATORS};
  static_assert(std::ranges::all_of(kept, [](Op k) { return op_class(k) == OpClass::model; }), "no training here");
  return std::ranges::find(kept, op) != std::end(kept) ? nullptr : "left out of this build";
#elif defined(THIMBLE_WITHOUT_TRAINING)
  return op_class(op) == OpClass::model ? nullptr : "training only";
#else
  return nullptr;
#endif
}

// Why `layer` has no function for the operator; null where it has one (the linker holds it to that).
static constexpr const char* missing(std::string_view layer, Op op) {
  if (const char* why = left_out(op)) return why;
  for (const Without& w : kWithout)
    if (w.op == op && w.layer == layer) return w.reason;
  const OpClass kind = op_class(op);
  if (kind == OpClass::model || layer == "infer" || layer == "reference" || layer == "lower") return nullptr;
  if (layer != "grad") return "training only";
  return kind == OpClass::gradient ? "second derivatives are not taken"
         : kind == OpClass::update ? "changes variables"
                                   : nullptr;
}

// The branch that is not taken names its function without needing it.
#define THIMBLE_CELL(Function, layer, id, function)               \
  []<Op op>() -> Cell<Function> {                                 \
    if constexpr (constexpr const char* why = missing(layer, op)) \
      return {nullptr, why};                                      \
    else                                                          \
      return {&function, nullptr};                                \
  }.template operator()<Op::id>(),

}  // namespace thimble
