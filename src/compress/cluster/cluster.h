// Weight clustering: every weight tensor (or every output channel of one) gets along with k distinct values.
//
// After every optimisation step each weight is replaced by the mean of its cluster, in double precision; so are the
// averages. That is gradient descent on the k values themselves: all members of a cluster hold the same value, a step
// of the optimiser moves each by its own update, and the mean of the moved members is the value moved by the mean of
// their updates, which for plain gradient descent is −rate · (sum of the members' gradients) / (number of members).
// (TensorFlow's toolkit calls the two common choices for a shared value's gradient SUM and AVG; this is AVG, which does
// not make large clusters learn faster than small ones.) A projection needs nothing from the optimiser, so any of them
// works, and it combines with the other techniques.
#pragma once

#include "compress/weight_matrix.h"
#include "train/technique.h"

namespace thimble {

// How the first values are found. linear: evenly between the smallest and the largest weight. random: uniformly drawn
// between them. density: the quantiles (i + ½)/k, so that clusters have about equally many members. kmeans: k-means++
// (Arthur and Vassilvitskii, 2007), then Lloyd's iterations until nothing moves.
enum class ClusterInit { linear, random, density, kmeans };
const char* name(ClusterInit init);

struct ClusterOptions {
  int clusters = 16;  // 2 … 4096 distinct values; with preserve_sparsity zero is one of them
  ClusterInit init = ClusterInit::kmeans;
  bool per_channel = false;        // k values for each output channel
  bool preserve_sparsity = false;  // weights that are zero when training begins stay zero
  // Every so many steps weights may go to another cluster, as far as their own updates (summed since the beginning)
  // have carried them. 0: each stays where it began.
  int64_t reassign = 0;
  // Finds no values: weights that are equal (within a tensor or channel) when training begins stay equal. Tensors whose
  // values differ for the most part are left free. For what follows a clustering.
  bool keep = false;
  WeightChoice choice;
  uint64_t seed = 1;
};

Status check(const ClusterOptions& options);  // errors: usage

// The first values and which of them each of `values` takes. At most k; fewer where values coincide or a cluster would
// be empty. With `zero`, value 0 is one of them, exactly for the values that are 0. Deterministic in (seed, stream).
struct Clusters {
  std::vector<float> centres;   // ascending
  std::vector<uint16_t> index;  // one per value
};
Clusters find_clusters(std::span<const float> values, int k, ClusterInit init, bool zero, uint64_t seed,
                       uint64_t stream);

class Clustering final : public Technique {
 public:
  explicit Clustering(ClusterOptions options) : options_(std::move(options)) {}

  std::string describe() const override;
  Status rewrite(Model& model) override;
  Status begin(FitView& fit) override;
  Status after_step(FitView& fit) override;
  std::vector<uint8_t> save() const override;
  Status restore(std::span<const uint8_t> bytes) override;

  // Sentences on tensors that clustering does not change ("… has 10 values, no more than the 16 asked for").
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Group {  // a tensor or one of its channels
    std::vector<uint32_t> places;
    std::vector<uint16_t> index;
    int clusters = 0;
    int zero = -1;              // the cluster that is held at 0
    std::vector<float> latent;  // with reassign: where each weight's own updates would have it
  };
  struct Target {
    WeightMatrix weights;
    size_t parameter = 0;
    std::vector<Group> groups;
    std::vector<float> before;  // with reassign: the values at the last projection
  };
  Status make_groups(FitView& fit);
  void assign(Group& group, std::span<const float> values, uint64_t stream) const;
  // Each value of the tensor becomes its cluster's mean.
  void project(const Target& target, std::span<float> values) const;
  void move_members(Target& target, std::span<float> values) const;

  ClusterOptions options_;
  std::vector<Target> targets_;
  std::vector<std::string> notes_;
  std::vector<uint8_t> restored_;
};

}  // namespace thimble
