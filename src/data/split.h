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
// (−1) share what is left: all of it when one part is open, else in the proportion 8 : 1 : 1.
Result<Splits> split_shuffled(const Dataset& all, const SplitRequest& request, uint64_t seed);

}  // namespace thimble
