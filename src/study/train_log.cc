#include "study/train_log.h"

#include <chrono>

#include "base/file.h"
#include "report/tensorboard.h"

namespace thimble {

namespace {
double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}
}  // namespace

TrainLog::TrainLog(std::string csv_file, std::string tensorboard)
    : csv_file_(std::move(csv_file)), tensorboard_file_(std::move(tensorboard)) {
  while (tensorboard_file_.size() > 1 && tensorboard_file_.back() == '/') tensorboard_file_.pop_back();
  if (!tensorboard_file_.empty() &&
      tensorboard_file_.substr(tensorboard_file_.rfind('/') + 1).find("tfevents") == std::string::npos)
    tensorboard_file_ = join_path(tensorboard_file_, tensorboard_file_name(seconds_now(), "thimble"));
}

Status TrainLog::prepare() const {
  for (const std::string& file : {csv_file_, tensorboard_file_})
    if (const std::string folder = directory_of(file); !file.empty() && !folder.empty())
      THIMBLE_TRY(make_directories(folder));
  return {};
}

void TrainLog::add(const EpochRecord& e) {
  const double now = seconds_now();
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
