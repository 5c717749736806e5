#include "train/validator.h"

#include <algorithm>
#include <cstring>

namespace thimble {

Status Validator::prepare(const ModelSpec& spec, const Dataset& set, const Feeding& feeding, const LossPlan& loss,
                          const TrainOptions& options, std::shared_ptr<ThreadPool> pool) {
  if (set.empty()) return {};
  loss_ = loss;
  techniques_ = options.techniques;
  threads_ = options.threads;
  pool_ = std::move(pool);
  batch_ = std::min<int64_t>(set.size(), 128);
  THIMBLE_ASSIGN(model_, build_model(spec, {.batch = batch_}));
  batches_.emplace(set, feeding, BatchOptions{.batch = batch_, .shuffle = false});
  const auto rows = static_cast<size_t>(batch_);
  labels_.resize(set.classes() > 0 ? rows : 0);
  targets_.resize(rows * static_cast<size_t>(set.target_width()));
  return plan(model_.graph);
}

Status Validator::plan(Graph graph) {
  THIMBLE_ASSIGN(auto program, Program::plan(std::move(graph), {.threads = threads_}));
  THIMBLE_ASSIGN(session_, Session::create(std::move(program), pool_));
  return {};
}

Result<Evaluation> Validator::run(const Weights& weights) {
  std::optional<Graph> deployed;
  for (const auto& technique : techniques_) {
    THIMBLE_ASSIGN(auto graph, technique->inference_graph(weights, batch_));
    if (graph) deployed = std::move(graph);
  }
  if (deployed) {
    THIMBLE_TRY(plan(std::move(*deployed)));
  } else {
    const auto put = [&](const std::vector<TensorId>& ids, const std::vector<std::vector<float>>& all) {
      for (size_t i = 0; i < ids.size(); ++i) {
        const auto memory = session_->tensor(ids[i]);
        if (i < all.size() && memory.size() == all[i].size() * 4)
          std::memcpy(memory.data(), all[i].data(), memory.size());
      }
    };
    put(model_.parameters, weights.parameters);
    put(model_.statistics, weights.statistics);
  }
  LossSum sum;
  const auto input = session_->input(0);
  const auto output = session_->output(0);
  const int64_t width = static_cast<int64_t>(output.size() / 4) / batch_;
  for (int64_t step = 0; step < batches_->steps(); ++step) {
    const int64_t n =
        batches_->fill(0, step, reinterpret_cast<float*>(input.data()), labels_.empty() ? nullptr : labels_.data(),
                       targets_.empty() ? nullptr : targets_.data());
    if (deployed) session_->reset_variables();  // states of an LSTM
    THIMBLE_TRY(session_->run());
    add_losses(loss_, reinterpret_cast<const float*>(output.data()), n, width, labels_.data(),
               targets_.empty() ? nullptr : targets_.data(), &sum);
  }
  const double rows = static_cast<double>(sum.rows);
  return Evaluation{sum.loss / rows, loss_.classes ? static_cast<double>(sum.correct) / rows : -1, sum.rows,
                    sum.correct};
}

}  // namespace thimble
