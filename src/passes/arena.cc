#include "passes/arena.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/numbers.h"
#include "base/random.h"

namespace thimble {
namespace {

// Sizes are multiples of the alignment in all that follows, so that offsets are too.

// Offsets between which an item must not begin, both excluded.
struct Forbidden {
  int64_t from = 0, to = 0;
};

// Which items may share bytes, looked up by item.
class Overlaps {
 public:
  Overlaps(const std::vector<ArenaItem>& items, std::span<const ArenaOverlap> overlaps, int64_t alignment) {
    if (overlaps.empty()) return;
    of_.resize(items.size());
    for (ArenaOverlap o : overlaps) {
      // Never stricter than lying apart.
      o.most = std::max(round_down(o.most, alignment), -items[o.second].bytes);
      o.least = std::min(-round_down(-o.least, alignment), items[o.first].bytes);
      of_[o.first].push_back({o.second, -o.least, -o.most});
      of_[o.second].push_back({o.first, o.most, o.least});
      all_.push_back(o);
    }
  }

  bool empty() const { return all_.empty(); }
  std::span<const ArenaOverlap> all() const { return all_; }
  // Where `item` must not begin because `other` lies where it lies.
  Forbidden between(const std::vector<ArenaItem>& items, size_t item, size_t other) const {
    const int64_t at = items[other].offset;
    if (!empty())
      for (const auto& [with, from, to] : of_[item])
        if (with == other) return {at + from, at + to};
    return {at - items[item].bytes, at + items[other].bytes};
  }

 private:
  struct With {
    size_t item;
    int64_t from, to;
  };
  static int64_t round_down(int64_t v, int64_t alignment) {
    return v >= 0 ? v / alignment * alignment : -((-v + alignment - 1) / alignment * alignment);
  }
  std::vector<std::vector<With>> of_;
  std::vector<ArenaOverlap> all_;
};

int64_t lower_bound_of(const std::vector<ArenaItem>& items, const Overlaps& overlaps) {
  std::map<int, int64_t> change;
  for (const ArenaItem& item : items) {
    change[item.first_step] += item.bytes;
    change[item.last_step + 1] -= item.bytes;
  }
  for (const ArenaOverlap& o : overlaps.all()) {
    const ArenaItem &first = items[o.first], &second = items[o.second];
    const int from = std::max(first.first_step, second.first_step), to = std::min(first.last_step, second.last_step);
    if (from > to) continue;
    change[from] -= shared_bytes(first.bytes, second.bytes, o);
    change[to + 1] += shared_bytes(first.bytes, second.bytes, o);
  }
  int64_t now = 0, most = 0;
  for (const auto& [step, delta] : change) most = std::max(most, now += delta);
  return most;
}

std::vector<size_t> by_size(const std::vector<ArenaItem>& items) {
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return items[a].bytes > items[b].bytes; });
  return order;
}

// Each at the lowest offset where it meets none of those before it. Returns the height.
int64_t place_in_order(std::vector<ArenaItem>& items, const std::vector<size_t>& order, const Overlaps& overlaps) {
  std::vector<size_t> placed;  // sorted by offset
  int64_t height = 0;
  for (const size_t i : order) {
    ArenaItem& item = items[i];
    int64_t offset = 0;
    bool moved = true;
    while (moved) {
      moved = false;
      for (const size_t p : placed) {
        const ArenaItem& other = items[p];
        if (other.last_step < item.first_step || other.first_step > item.last_step) continue;
        if (other.offset >= offset + item.bytes) break;
        const Forbidden forbidden = overlaps.between(items, i, p);
        if (offset <= forbidden.from || offset >= forbidden.to) continue;
        offset = forbidden.to;
        moved = !overlaps.empty();  // what it shared bytes with so far may be in the way now
      }
    }
    item.offset = offset;
    height = std::max(height, offset + item.bytes);
    const auto at = std::upper_bound(placed.begin(), placed.end(), i,
                                     [&](size_t a, size_t b) { return items[a].offset < items[b].offset; });
    placed.insert(at, i);
  }
  return height;
}

// Squeaky wheel: what rises above the target was placed too late, and goes to some place further to the front of the
// order for the next attempt. Source: Joslin and Clements, "Squeaky wheel optimization", 1999.
int64_t improve(std::vector<ArenaItem>& items, std::vector<size_t> order, int64_t height, int64_t target, int attempts,
                const Overlaps& overlaps) {
  std::vector<ArenaItem> trial = items;
  Random random(1);
  for (int a = 0; a < attempts && height > target; ++a) {
    for (size_t k = 0; k < order.size(); ++k) {
      const ArenaItem& item = trial[order[k]];
      if (item.offset + item.bytes <= target) continue;
      const auto to = order.begin() + static_cast<ptrdiff_t>(random.below(k + 1));
      std::rotate(to, order.begin() + static_cast<ptrdiff_t>(k), order.begin() + static_cast<ptrdiff_t>(k) + 1);
    }
    if (const int64_t now = place_in_order(trial, order, overlaps); now < height) {
      height = now;
      items = trial;
    }
  }
  return height;
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
      const int64_t size = dead.bytes;
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
    const int64_t size = item.bytes;
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

constexpr size_t kImproved = 128, kInOrder = 4096;  // items at most

}  // namespace

int64_t shared_bytes(int64_t first, int64_t second, const ArenaOverlap& o) {
  int64_t fewest = first + second;
  for (const int64_t distance : {o.most, o.least, int64_t{0}, first - second}) {
    if (o.most < o.least && distance > o.most && distance < o.least) continue;
    fewest = std::min(fewest, std::max(first, distance + second) - std::min<int64_t>(distance, 0));
  }
  return first + second - fewest;
}

tl::unexpected<Error> arena_too_large(const std::string& what, int64_t bytes, int64_t limit) {
  return fail(ErrorCode::unsupported, format("{} {} bytes, the limit is {}", what, bytes, limit),
              "raise it with --max-memory BYTES (in the library: max_arena_bytes)");
}

Result<ArenaPlan> plan_arena(std::vector<ArenaItem> items, const ArenaOptions& options,
                             std::span<const ArenaOverlap> overlaps) {
  ArenaPlan plan;
  int64_t total = 0;
  std::vector<int64_t> bytes;
  for (ArenaItem& item : items) {
    bytes.push_back(item.bytes);
    if (item.bytes < 0 || item.bytes > INT64_MAX - options.alignment ||
        !checked_add(total, item.bytes = round_up(item.bytes, options.alignment), &total))
      return arena_too_large("the model's tensors take more than", INT64_MAX, options.max_bytes);
  }
  const Overlaps shared(items, overlaps, options.alignment);
  plan.lower_bound = lower_bound_of(items, shared);
  if (plan.lower_bound > options.max_bytes)
    return arena_too_large("the model needs a working memory of", plan.lower_bound, options.max_bytes);
  if (items.size() > kInOrder) {
    first_fit_by_time(items);
    for (const ArenaItem& item : items) plan.bytes = std::max(plan.bytes, item.offset + item.bytes);
  } else {
    std::vector<size_t> order = by_size(items);
    plan.bytes = place_in_order(items, order, shared);
    if (items.size() <= kImproved)
      plan.bytes = improve(items, std::move(order), plan.bytes, plan.lower_bound, options.attempts, shared);
  }
  if (plan.bytes > options.max_bytes)
    return arena_too_large("the plan of the working memory takes", plan.bytes, options.max_bytes);
  for (size_t i = 0; i < items.size(); ++i) items[i].bytes = bytes[i];
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
