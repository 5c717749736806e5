#include "base/suggest.h"

#include <algorithm>
#include <vector>

namespace thimble {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: rows of the usual table, the one before last kept for swaps.
  std::vector<int> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string closest(std::string_view word, std::span<const std::string> candidates) {
  constexpr size_t kLongest = 256;  // longer words are not typing mistakes
  if (word.empty() || word.size() > kLongest) return {};
  const std::string* best = nullptr;
  int fewest = 0;
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongest) continue;
    const int edits = edit_distance(word, candidate);
    const int allowed = std::max<int>(1, static_cast<int>(std::max(word.size(), candidate.size()) / 3));
    if (edits <= allowed && (best == nullptr || edits < fewest)) {
      best = &candidate;
      fewest = edits;
    }
  }
  return best == nullptr ? std::string() : *best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string best = closest(word, candidates);
  return best.empty() ? std::string() : "did you mean '" + best + "'?";
}

std::string did_you_mean_or_all(std::string_view word, std::span<const std::string> candidates) {
  std::string hint = did_you_mean(word, candidates);
  if (!hint.empty()) return hint;
  constexpr size_t kListed = 8, kLongest = 60;
  std::string list;
  size_t listed = 0, more = 0;
  for (const std::string& candidate : candidates) {
    if (candidate.empty()) continue;
    if (listed == kListed || candidate.size() > kLongest) {
      ++more;
      continue;
    }
    list += (listed++ ? ", " : "") + candidate;
  }
  if (listed == 0) return {};
  return "there are " + list + (more ? " and " + std::to_string(more) + " more" : "");
}

}  // namespace thimble
