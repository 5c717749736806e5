#include "data/sources.h"

#include "data/find.h"
#include "data/idx.h"
#include "data/split.h"

namespace thimble {
namespace {

std::vector<std::string> digit_names() { return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}; }
std::vector<std::string> fashion_names() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
}

Dataset view(Samples samples) { return Dataset(std::make_shared<const Samples>(std::move(samples))); }

Result<Splits> open_idx(std::string_view name, const OpenOptions& options) {
  THIMBLE_ASSIGN(const IdxFiles files, find_idx_set(name, options.data_dir));
  const std::vector<std::string> labels = name == "mnist" ? digit_names() : fashion_names();
  THIMBLE_ASSIGN(Samples train, read_idx_pair(files.train_images, files.train_labels, std::string(name), labels));
  THIMBLE_ASSIGN(Samples test, read_idx_pair(files.test_images, files.test_labels, std::string(name), labels));
  if (train.sample_shape != test.sample_shape)
    return fail(ErrorCode::bad_file,
                format("data set {}: training pictures are {}×{}, test pictures {}×{}", name, train.sample_shape[0],
                       train.sample_shape[1], test.sample_shape[0], test.sample_shape[1]));
  return split_official(view(std::move(train)), view(std::move(test)), options.split);
}

}  // namespace

Result<Splits> open_splits(std::string_view set, const OpenOptions& options) {
  if (set == "mnist" || set == "fashion-mnist") return open_idx(set, options);
  return fail(ErrorCode::usage, format("there is no data set called \"{}\"", set), "known: mnist, fashion-mnist");
}

std::vector<SetInfo> list_sets(const OpenOptions& options) {
  std::vector<SetInfo> sets = {{"mnist", "70,000 handwritten digits, 28×28 grey, 10 classes", ""},
                               {"fashion-mnist", "70,000 pictures of clothing, 28×28 grey, 10 classes", ""}};
  for (SetInfo& set : sets)
    if (auto files = find_idx_set(set.name, options.data_dir)) set.where = files->folder;
  return sets;
}

}  // namespace thimble
