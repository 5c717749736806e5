#include "data/batches.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "data/order.h"

namespace thimble {

Batches::Batches(Dataset set, Feeding feeding, const BatchOptions& options)
    : set_(std::move(set)), feeding_(std::move(feeding)), options_(options) {
  const std::vector<int64_t>& shape = set_.sample_shape();
  if (options.augment.any() && shape.size() == 3)  // tables are not augmented
    augmenter_ = std::make_unique<Augmenter>(options.augment, shape[0], shape[1], shape[2],
                                             set_.storage() == Storage::bytes ? 255.0f : 1.0f);
  if (options.shuffle) order_.reserve(static_cast<size_t>(set_.size()));
}

int64_t Batches::steps() const {
  return options_.drop_last ? set_.size() / options_.batch : (set_.size() + options_.batch - 1) / options_.batch;
}

int64_t Batches::fill(int64_t epoch, int64_t step, float* inputs, int32_t* labels, float* targets) {
  if (options_.shuffle && order_epoch_ != epoch) {
    shuffle_into(order_, set_.size(), options_.seed, static_cast<uint64_t>(epoch));
    order_epoch_ = epoch;
  }
  const int64_t first = step * options_.batch, count = std::min(options_.batch, set_.size() - first);
  const int64_t elements = set_.sample_elements(), width = set_.target_width();
  const bool bytes = set_.storage() == Storage::bytes;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = options_.shuffle ? order_[static_cast<size_t>(first + i)] : first + i;
    float* out = inputs + i * elements;
    if (augmenter_) {
      if (bytes)
        augmenter_->run(set_.bytes(at), out, options_.seed, epoch, at);
      else
        augmenter_->run(set_.floats(at), out, options_.seed, epoch, at);
      feeding_.apply(out, out, 1, elements);
    } else {
      feeding_.sample(set_, at, out);
    }
    if (labels && set_.classes() > 0) labels[i] = set_.label(at);
    if (targets && width > 0) feeding_.apply_to_targets(set_.target(at), targets + i * width, width);
  }
  return count;
}

struct Prefetcher::Slot {
  std::vector<float> inputs, targets;
  std::vector<int32_t> labels;
  Batch batch;
};

// A ring of slots: the thread fills slot `made % n` while fewer than n − 1 are ready; the reader holds one.
struct Prefetcher::Thread {
  std::mutex mutex;
  std::condition_variable changed;
  int64_t made = 0, taken = 0;
  bool stop = false, ended = false;
  std::thread worker;
};

Prefetcher::Prefetcher(Batches batches, int64_t first_epoch, int64_t first_step, int64_t end_epoch, int ahead)
    : batches_(std::move(batches)), epoch_(first_epoch), step_(first_step), end_epoch_(end_epoch) {
  const Dataset& set = batches_.set();
  const int64_t batch = batches_.options().batch, values = batch * set.sample_elements();
  if (ahead < 0) ahead = batches_.options().augment.any() || values > 32768 ? 2 : 0;
  slots_.resize(static_cast<size_t>(ahead) + 1);
  for (Slot& slot : slots_) {
    slot.inputs.resize(static_cast<size_t>(values));
    if (set.classes() > 0) slot.labels.resize(static_cast<size_t>(batch));
    slot.targets.resize(static_cast<size_t>(batch * set.target_width()));
  }
  if (ahead == 0) return;
  thread_ = std::make_unique<Thread>();
  try {
    thread_->worker = std::thread([this] {
      Thread& t = *thread_;
      const auto n = static_cast<int64_t>(slots_.size());
      for (;;) {
        {
          std::unique_lock lock(t.mutex);
          // Slot (taken − 1) is in the reader's hands: n − 1 may be ready beside it.
          t.changed.wait(lock, [&] { return t.stop || t.made - t.taken < n - 1; });
          if (t.stop) return;
        }
        const bool more = produce(slots_[static_cast<size_t>(t.made % n)]);
        {
          std::lock_guard lock(t.mutex);
          if (more)
            ++t.made;
          else
            t.ended = true;
        }
        t.changed.notify_all();
        if (!more) return;
      }
    });
  } catch (const std::system_error&) {
    thread_.reset();  // no thread to be had: the same batches, prepared when asked for
  }
}

Prefetcher::~Prefetcher() {
  if (!thread_) return;
  {
    std::lock_guard lock(thread_->mutex);
    thread_->stop = true;
  }
  thread_->changed.notify_all();
  thread_->worker.join();
}

bool Prefetcher::produce(Slot& slot) {
  const int64_t steps = batches_.steps();
  if (steps == 0) return false;
  epoch_ += step_ / steps;
  step_ %= steps;
  if (epoch_ >= end_epoch_) return false;
  slot.batch.epoch = epoch_;
  slot.batch.step = step_;
  slot.batch.count =
      batches_.fill(epoch_, step_, slot.inputs.data(), slot.labels.empty() ? nullptr : slot.labels.data(),
                    slot.targets.empty() ? nullptr : slot.targets.data());
  slot.batch.inputs = slot.inputs.data();
  slot.batch.labels = slot.labels.empty() ? nullptr : slot.labels.data();
  slot.batch.targets = slot.targets.empty() ? nullptr : slot.targets.data();
  ++step_;
  return true;
}

const Batch* Prefetcher::next() {
  if (!thread_) return produce(slots_[0]) ? &slots_[0].batch : nullptr;
  Thread& t = *thread_;
  Slot* slot;
  {
    std::unique_lock lock(t.mutex);
    t.changed.wait(lock, [&] { return t.made > t.taken || t.ended; });
    if (t.made == t.taken) return nullptr;
    slot = &slots_[static_cast<size_t>(t.taken % static_cast<int64_t>(slots_.size()))];
    ++t.taken;
  }
  t.changed.notify_all();
  return &slot->batch;
}

}  // namespace thimble
