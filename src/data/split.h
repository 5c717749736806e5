// Divides samples into train, validation and test without copying them.
#pragma once

#include "data/dataset.h"
#include "data/sources.h"

namespace thimble {

// A set with an official test part. Validation is the last `validation` samples of the official training set (none by
// default), train the first `train` of the rest, test the first `test` of the official test set.
// Errors: usage when more is asked than there is.
Result<Splits> split_official(const Dataset& train, const Dataset& test, const SplitRequest& request);

// A set without one: shuffled by `seed`, then train, validation and test one after the other. Parts not asked for
// (−1) share what is left: all of it when one part is open, else in the proportion 8 : 1 : 1. Classes are spread
// evenly: each has its share of every part to within one sample, and at least one in each part where it has enough.
Result<Splits> split_shuffled(const Dataset& all, const SplitRequest& request, uint64_t seed);

// Samples that lie class after class (a folder, a sorted table) in an order of which every stretch holds each class in
// proportion, so that the first or last hundred are of all classes; others as they are.
Dataset ungrouped(const Dataset& set);

// What the user should know of a division: a class without samples in a part, classes of very different size, a test
// part too small to tell models apart.
std::vector<std::string> split_notes(const Splits& splits);

}  // namespace thimble
