// Did-you-mean: the known word nearest to a misspelt one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace thimble {

// Edits (insert, delete, replace, swap of neighbours; letter case is free) that turn a into b.
int edit_distance(std::string_view a, std::string_view b);

// The candidate with the fewest edits from `word`, the first of equals; empty when even that one is
// further than a third of the longer word's letters (at least 1), so that no wild guess is offered.
std::string closest(std::string_view word, std::span<const std::string> candidates);

// "did you mean 'x'?", or empty: ready for an Error's hint.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

// The same, and where nothing is near, the first eight of what there is: "there are a, b and 3 more".
std::string did_you_mean_or_all(std::string_view word, std::span<const std::string> candidates);

}  // namespace thimble
