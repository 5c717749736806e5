#include "data/split.h"

namespace thimble {
namespace {

tl::unexpected<Error> too_many(const Dataset& set, const char* part, int64_t asked, int64_t there) {
  return fail(ErrorCode::usage,
              format("data set {}: split asks for {} {} samples, {} are there", set.name(), asked, part, there),
              "lower the numbers of data.split");
}

}  // namespace

Result<Splits> split_official(const Dataset& train, const Dataset& test, const SplitRequest& request) {
  const int64_t validation = request.validation < 0 ? 0 : request.validation;
  if (validation > train.size()) return too_many(train, "validation", validation, train.size());
  const int64_t rest = train.size() - validation;
  if (request.train > rest) return too_many(train, "train", request.train, rest);
  if (request.test > test.size()) return too_many(test, "test", request.test, test.size());
  return Splits{train.slice(0, request.train < 0 ? rest : request.train), train.slice(rest, validation),
                test.slice(0, request.test < 0 ? test.size() : request.test)};
}

Result<Splits> split_shuffled(const Dataset& all, const SplitRequest& request, uint64_t seed) {
  const int64_t asked[3] = {request.train, request.validation, request.test};
  const int64_t weight[3] = {8, 1, 1};
  const char* names[3] = {"train", "validation", "test"};
  int64_t rest = all.size(), open_weight = 0;
  for (int part = 0; part < 3; ++part) {
    if (asked[part] < 0) {
      open_weight += weight[part];
      continue;
    }
    if (asked[part] > rest) return too_many(all, names[part], asked[part], rest);
    rest -= asked[part];
  }
  // Open parts from the smallest on, so that `train` takes what rounding leaves.
  int64_t size[3], left = rest;
  for (int part = 2; part >= 0; --part) {
    if (asked[part] >= 0) {
      size[part] = asked[part];
    } else {
      bool last = true;
      for (int other = 0; other < part; ++other) last = last && asked[other] >= 0;
      size[part] = last ? left : rest / open_weight * weight[part] + rest % open_weight * weight[part] / open_weight;
      left -= size[part];
    }
  }
  const Dataset mixed = all.shuffled(seed);
  return Splits{mixed.slice(0, size[0]), mixed.slice(size[0], size[1]), mixed.slice(size[0] + size[1], size[2])};
}

}  // namespace thimble
