#include "formats/thim/operators.h"

#include <array>

namespace thimble::thim {
namespace {

constexpr int kNumbers[] = {
#define OP(id, types, family, packed) packed,
#include "ops/ops.def"
};

constexpr size_t kUsed = [] {
  size_t used = 0;
  for (const int number : kNumbers) used += number >= 0;
  return used;
}();

// Op::count where two operators share a number or one is left out.
constexpr auto kOperators = [] {
  std::array<Op, kUsed> ops;
  ops.fill(Op::count);
  for (size_t i = 0; i < kOpCount; ++i) {
    const int number = kNumbers[i];
    if (number >= 0 && static_cast<size_t>(number) < kUsed) ops[static_cast<size_t>(number)] = static_cast<Op>(i);
  }
  return ops;
}();

constexpr bool each_number_once() {
  for (const Op op : kOperators)
    if (op == Op::count) return false;
  return true;
}
static_assert(each_number_once(), "ops.def: the numbers of packed files are 0, 1, 2 … without gaps, each given once");

}  // namespace

int number_of(Op op) { return kNumbers[index(op)]; }

// One comparison per version that brought operators.
int since_version(uint64_t number) { return number < 64 ? 1 : 3; }

Op operator_of(uint64_t number) { return number < kUsed ? kOperators[number] : Op::count; }

}  // namespace thimble::thim
