#include "study/train_log.h"

#include <chrono>

#include "base/file.h"
#include "report/tensorboard.h"

namespace thimble {

void TrainLog::add(const EpochRecord& e) {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (!csv_file_.empty()) {
    if (csv_.empty()) csv_ = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n";
    const auto cell = [](bool there, double v) { return there ? format("{}", v) : std::string(); };
    csv_ += format("{},{},{},{},{},{},{}\n", e.epoch, e.loss, cell(e.accuracy >= 0, e.accuracy),
                   cell(e.has_validation, e.val_loss), cell(e.has_validation && e.val_accuracy >= 0, e.val_accuracy),
                   e.learning_rate, e.seconds);
    if (Status s = write_file_atomic(csv_file_, csv_); !s && status_) status_ = std::move(s);
  }
  if (!tensorboard_file_.empty()) {
    if (events_.empty()) events_ = tensorboard_header(now);
    std::vector<std::pair<std::string, double>> scalars{{"epoch_loss", e.loss},
                                                        {"epoch_learning_rate", e.learning_rate}};
    if (e.accuracy >= 0) scalars.emplace_back("epoch_accuracy", e.accuracy);
    if (e.has_validation) scalars.emplace_back("epoch_val_loss", e.val_loss);
    if (e.has_validation && e.val_accuracy >= 0) scalars.emplace_back("epoch_val_accuracy", e.val_accuracy);
    events_ += tensorboard_scalars(e.epoch, now, scalars);
    if (Status s = write_file_atomic(tensorboard_file_, events_); !s && status_) status_ = std::move(s);
  }
}

}  // namespace thimble
