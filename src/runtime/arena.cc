#include "runtime/arena.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/numbers.h"
#include "runtime/limits.h"

namespace thimble {
namespace {

constexpr int64_t kAlign = 64;

int64_t lower_bound_of(const std::vector<ArenaItem>& items) {
  std::map<int, int64_t> change;
  for (const ArenaItem& item : items) {
    change[item.first_step] += round_up(item.bytes, kAlign);
    change[item.last_step + 1] -= round_up(item.bytes, kAlign);
  }
  int64_t now = 0, most = 0;
  for (const auto& [step, delta] : change) most = std::max(most, now += delta);
  return most;
}

void greedy_by_size(std::vector<ArenaItem>& items) {
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return items[a].bytes > items[b].bytes; });
  std::vector<size_t> placed;  // sorted by offset
  for (const size_t i : order) {
    ArenaItem& item = items[i];
    int64_t offset = 0;
    for (const size_t p : placed) {
      const ArenaItem& other = items[p];
      if (other.last_step < item.first_step || other.first_step > item.last_step) continue;
      if (other.offset >= offset + item.bytes) break;
      offset = std::max(offset, round_up(other.offset + other.bytes, kAlign));
    }
    item.offset = offset;
    const auto at = std::upper_bound(placed.begin(), placed.end(), i,
                                     [&](size_t a, size_t b) { return items[a].offset < items[b].offset; });
    placed.insert(at, i);
  }
}

// Items by birth; freed blocks return to a coalescing free list.
void first_fit_by_time(std::vector<ArenaItem>& items) {
  std::vector<size_t> births(items.size());
  std::iota(births.begin(), births.end(), size_t{0});
  std::stable_sort(births.begin(), births.end(),
                   [&](size_t a, size_t b) { return items[a].first_step < items[b].first_step; });
  std::multimap<int, size_t> deaths;
  std::map<int64_t, int64_t> free_blocks{{0, INT64_MAX / 2}};
  for (const size_t i : births) {
    ArenaItem& item = items[i];
    while (!deaths.empty() && deaths.begin()->first < item.first_step) {
      const ArenaItem& dead = items[deaths.begin()->second];
      deaths.erase(deaths.begin());
      const int64_t size = round_up(dead.bytes, kAlign);
      if (size == 0) continue;
      auto block = free_blocks.emplace(dead.offset, size).first;
      if (const auto next = std::next(block);
          next != free_blocks.end() && block->first + block->second == next->first) {
        block->second += next->second;
        free_blocks.erase(next);
      }
      if (block != free_blocks.begin()) {
        const auto before = std::prev(block);
        if (before->first + before->second == block->first) {
          before->second += block->second;
          free_blocks.erase(block);
        }
      }
    }
    const int64_t size = round_up(item.bytes, kAlign);
    auto block = free_blocks.begin();
    while (block->second < size) ++block;
    item.offset = block->first;
    if (size > 0) {
      const int64_t rest = block->second - size;
      free_blocks.erase(block);
      if (rest > 0) free_blocks.emplace(item.offset + size, rest);
    }
    deaths.emplace(item.last_step, i);
  }
}

}  // namespace

Result<ArenaPlan> plan_arena(std::vector<ArenaItem> items, int64_t max_bytes) {
  ArenaPlan plan;
  int64_t total = 0;
  for (const ArenaItem& item : items)
    if (item.bytes < 0 || !checked_add(total, round_up(item.bytes, kAlign), &total))
      return arena_too_large("the model's tensors take more than", INT64_MAX, max_bytes);
  plan.lower_bound = lower_bound_of(items);
  if (plan.lower_bound > max_bytes)
    return arena_too_large("the model needs a working memory of", plan.lower_bound, max_bytes);
  items.size() <= 4096 ? greedy_by_size(items) : first_fit_by_time(items);
  for (const ArenaItem& item : items) plan.bytes = std::max(plan.bytes, round_up(item.offset + item.bytes, kAlign));
  if (plan.bytes > max_bytes) return arena_too_large("the plan of the working memory takes", plan.bytes, max_bytes);
  plan.items = std::move(items);
  return plan;
}

std::string ArenaPlan::to_string() const {
  std::vector<const ArenaItem*> order;
  for (const ArenaItem& item : items) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
  std::string text =
      format("arena {} bytes ({} kept between runs; lower bound {})\n", bytes, variable_bytes, lower_bound);
  text += format("{:>10} {:>10} {:>11}  {}\n", "offset", "bytes", "steps", "tensor");
  for (const ArenaItem* item : order)
    text += format("{:>10} {:>10} {:>5}-{:<5}  {}\n", item->offset, item->bytes, item->first_step, item->last_step,
                   item->name);
  return text;
}

}  // namespace thimble
