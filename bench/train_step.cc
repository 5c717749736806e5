// Time of one training step of a named network on random data, and where it goes. Without the data
// pipeline: what remains between this and `thimble train` is the host's share.
//   build/release/bench/train_step fashion_cnn 64 --threads 1 --seconds 3 [--steps | --operators]
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/random.h"
#include "step_table.h"
#include "train/optimizer.h"
#include "train/training_graph.h"
#include "workloads.h"

namespace thimble {
namespace {

struct Options {
  std::string name = "fashion_cnn", table;
  int64_t batch = 64;
  int threads = 1;
  double seconds = 3;
  long runs = 0;  // 0: by time
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

Status bench(const Options& o) {
  const ModelSpec spec = workload(o.name);
  THIMBLE_ASSIGN(const Model model, build_model(spec, {.batch = o.batch, .training = true}));
  TrainSpec train;
  THIMBLE_ASSIGN(train.optimizer, make_optimizer(o.name == "mnist_mlp" ? "sgd" : "adam"));
  LossPlan loss;
  loss.from_logits = loss.classes = true;
  loss.attrs.kind = LossKind::crossentropy;
  THIMBLE_ASSIGN(TrainingGraph training, build_training_graph(model, train, loss, 10));
  THIMBLE_ASSIGN(auto program, Program::plan(training.graph, {.threads = o.threads}));
  THIMBLE_ASSIGN(auto session, Session::create(program));
  const auto input = session->input(0), labels = session->input(1);
  auto* x = reinterpret_cast<float*>(input.data());
  for (size_t i = 0; i < input.size() / 4; ++i) x[i] = static_cast<float>(random_bits(1, 1, i) >> 40) * 0x1p-24f;
  auto* y = reinterpret_cast<int32_t*>(labels.data());
  for (size_t i = 0; i < labels.size() / 4; ++i) y[i] = static_cast<int32_t>(random_bits(1, 2, i) % 10);
  HyperParameters hyper(train.optimizer);
  Profile profile;
  profile.step_ns.resize(session->step_count());
  int32_t steps = 0;
  const auto step = [&](Profile* p) {
    if (training.step != kNoTensor) std::memcpy(session->tensor(training.step).data(), &steps, sizeof steps);
    const auto values = hyper.next(train.optimizer.learning_rate, 0);
    std::memcpy(session->tensor(training.hyper).data(), values.data(), sizeof values);
    session->run(p);
    ++steps;
  };
  for (int i = 0; i < 3; ++i) step(nullptr);
  // The best of short stretches: other programs on the machine only ever slow one down.
  double best = 1e9;
  const double start = now();
  long done = 0;
  do {
    const double t = now();
    int n = 0;
    do {
      step(o.table.empty() ? nullptr : &profile);
      ++n, ++done;
    } while (now() - t < 0.05 && (o.runs == 0 || done < o.runs));
    best = std::min(best, (now() - t) / n);
  } while (o.runs ? done < o.runs : now() - start < o.seconds);
  const double mean = (now() - start) / static_cast<double>(done);
  std::printf("%s batch %lld threads %d: best %.0f images/s (%.1f us), mean %.0f; arena %.1f MB; loss %.6f\n",
              o.name.c_str(), static_cast<long long>(o.batch), o.threads, static_cast<double>(o.batch) / best,
              best * 1e6, static_cast<double>(o.batch) / mean, static_cast<double>(program->arena().bytes) / 1e6,
              static_cast<double>(*reinterpret_cast<const float*>(session->output(0).data())));
  if (!o.table.empty()) print_steps(*program, profile, o.table == "--operators");
  return {};
}

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  thimble::Options o;
  int positional = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--threads" && i + 1 < argc) {
      o.threads = std::atoi(argv[++i]);
    } else if (arg == "--seconds" && i + 1 < argc) {
      o.seconds = std::atof(argv[++i]);
    } else if (arg == "--runs" && i + 1 < argc) {
      o.runs = std::atol(argv[++i]);
    } else if (arg == "--steps" || arg == "--operators") {
      o.table = arg;
    } else if (positional++ == 0) {
      o.name = arg;
    } else {
      o.batch = std::atol(arg.c_str());
    }
  }
  if (auto s = thimble::bench(o); !s) {
    std::fprintf(stderr, "%s\n", s.error().to_string().c_str());
    return 1;
  }
  return 0;
}
