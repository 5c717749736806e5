#include "app/weight_option.h"

namespace thimble::app {

void declare_weights(Options& options, micro::Weights* to) {
  using micro::Weights;
  static constexpr Weights kAll[] = {Weights::plain, Weights::palette, Weights::sparse, Weights::int4,
                                     Weights::smallest};
  std::vector<std::string> words;
  for (const Weights w : kAll) words.emplace_back(micro::name(w));
  options.choice(
      "--weights", words,
      "how weights lie in flash: tables and codes, without zeros, in 4 bits, or the smallest of these for each "
      "tensor; the same answers from less flash in more time (default: plain)",
      [to](size_t i) { *to = kAll[i]; });
}

}  // namespace thimble::app
