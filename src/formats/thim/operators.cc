#include "formats/thim/operators.h"

#include <algorithm>
#include <array>

namespace thimble::thim {
namespace {

constexpr int kNumbers[] = {
#define OP(id, types, family, packed) packed,
#include "ops/ops.def"
};

constexpr size_t kUsed = static_cast<size_t>(*std::ranges::max_element(kNumbers)) + 1;

// Op::count where no operator has the number.
constexpr auto kOperators = [] {
  std::array<Op, kUsed> ops;
  ops.fill(Op::count);
  for (size_t i = 0; i < kOpCount; ++i)
    if (kNumbers[i] >= 0) ops[static_cast<size_t>(kNumbers[i])] = static_cast<Op>(i);
  return ops;
}();

constexpr bool each_number_once() {
  size_t numbered = 0, kept = 0;
  for (const int number : kNumbers) numbered += number >= 0;
  for (const Op op : kOperators) kept += op != Op::count;
  return numbered == kept;
}
static_assert(each_number_once(), "ops.def: no two operators have one number in packed files");

}  // namespace

int number_of(Op op) { return kNumbers[index(op)]; }

// One comparison per version that brought operators.
int since_version(uint64_t number) { return number < 64 ? 1 : 3; }

uint64_t numbers_end() { return kUsed; }
Op operator_of(uint64_t number) { return number < kUsed ? kOperators[number] : Op::count; }

}  // namespace thimble::thim
