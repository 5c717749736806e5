#include "ops/operands.h"
#include "ops/slice/slice.h"

namespace thimble::operand_rule {
namespace {

Result<SliceBox> box_of(const AxisMap& map) {
  std::vector<IntList> operands;
  for (size_t i = 1; i < map.node.inputs.size(); ++i) operands.push_back(map.ints(i));
  return slice_box(map.node, map.x(0), operands);
}

// What an entry of strided_slice's operands does; entries beyond them take whole dimensions.
enum class Entry { range, whole, added, dropped };

// visit(entry, number of the operands' entry or −1, axis of x, axis of y), in order; an axis that is not there is −1.
template <class Visit>
void for_each_entry(const StridedSliceAttrs& attrs, size_t entries, int rank, Visit visit) {
  const auto bit = [](int64_t mask, size_t i) { return (mask >> i & 1) != 0; };
  int taken = 0;
  for (size_t i = 0; i < entries; ++i) taken += !bit(attrs.ellipsis_mask, i) && !bit(attrs.new_axis_mask, i);
  int x = 0, y = 0;
  for (size_t i = 0; i < entries; ++i) {
    const int number = static_cast<int>(i);
    if (bit(attrs.ellipsis_mask, i)) {
      for (int k = taken; k < rank; ++k) visit(Entry::whole, -1, x++, y++);
    } else if (bit(attrs.new_axis_mask, i)) {
      visit(Entry::added, number, -1, y++);
    } else if (bit(attrs.shrink_axis_mask, i)) {
      visit(Entry::dropped, number, x++, -1);
    } else {
      visit(Entry::range, number, x++, y++);
    }
  }
  while (x < rank) visit(Entry::whole, -1, x++, y++);
}

void slice_axes(AxisMap& map) {
  const auto box = box_of(map);
  if (!box) return;
  const auto axis = [&](int x, int y) {
    const auto d = static_cast<size_t>(x);
    const bool all = box->begin[d] == 0 && box->stride[d] == 1 && box->count[x] == map.x(0)[x];
    map.use(0, x) = all ? AxisUse{.link = AxisLink::same, .to = y} : AxisUse{.to = y, .does = "takes a part of"};
  };
  const int rank = map.x(0).rank();
  if (map.node.op == Op::slice) {
    for (int a = 0; a < rank; ++a) axis(a, a);
    return;
  }
  for_each_entry(map.node.attrs.as<StridedSliceAttrs>(), map.ints(1).count, rank, [&](Entry entry, int, int x, int y) {
    if (entry == Entry::dropped) map.use(0, x).does = "drops";
    if (entry == Entry::range || entry == Entry::whole) axis(x, y);
  });
}

// Only axes that are taken whole are resized.
Status slice_resize(Resize& to) {
  IntList size = to.ints(2);
  int64_t& along = size.values[static_cast<size_t>(to.axis)];
  if (along == -1) return {};
  along = to.sizes[0];
  to.replace_ints(2, size.span());
  return {};
}

// An end beyond a shorter axis is clamped; a longer one needs an open end.
Status strided_slice_resize(Resize& to) {
  if (to.sizes[0] <= to.before()) return {};
  StridedSliceAttrs attrs = to.node.attrs.as<StridedSliceAttrs>();
  const int rank = to.graph.at(to.node.inputs[0]).shape.rank();
  for_each_entry(to.node.attrs.as<StridedSliceAttrs>(), to.ints(1).count, rank,
                 [&](Entry entry, int number, int, int y) {
                   if (entry != Entry::range || y != to.axis) return;
                   attrs.begin_mask |= int64_t{1} << number;
                   attrs.end_mask |= int64_t{1} << number;
                 });
  to.node.attrs = attrs;
  return {};
}

}  // namespace

OperandRule slice(Op op) {
  const std::vector<Role> roles = {Role::data, Role::integers};
  if (op == Op::slice)
    return {.attributes = SliceAttrs{}, .roles = roles, .axes = slice_axes, .resize = slice_resize, .moves = true};
  return {.attributes = StridedSliceAttrs{},
          .roles = roles,
          .axes = slice_axes,
          .resize = strided_slice_resize,
          .moves = true};
}

}  // namespace thimble::operand_rule
