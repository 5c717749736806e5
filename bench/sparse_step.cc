// Layers with zeros in their weights, dense kernels beside sparse ones in one interleaved run: the ratio that decides
// from how many zeros on the plan leaves them out (kernels/sparse.h, docs/notes/sparse-weights.md).
//   build/release/bench/sparse_step [SECONDS per pair]        THIMBLE_ISA=avx2 … for another table
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/random.h"
#include "kernels/kernels.h"
#include "ops/builder.h"
#include "ops/conv2d/conv2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "runtime/program.h"

namespace thimble {
namespace {

struct Layer {
  const char* name;
  int64_t rows, columns, inputs, outputs, kernel;  // kernel 0: a dense layer of `rows` rows
};
constexpr Layer kLayers[] = {
    {"dense 1152 to 128, batch 1", 1, 1, 1152, 128, 0},   {"dense 784 to 128, batch 32", 32, 1, 784, 128, 0},
    {"dense 128 to 64, batch 100", 100, 1, 128, 64, 0},   {"pointwise 64 to 64, 28x28", 28, 28, 64, 64, 1},
    {"pointwise 128 to 128, 14x14", 14, 14, 128, 128, 1}, {"pointwise 512 to 512, 7x7", 7, 7, 512, 512, 1},
    {"pointwise 16 to 96, 56x56", 56, 56, 16, 96, 1},     {"pointwise 96 to 24, 56x56", 56, 56, 96, 24, 1},
    {"3x3 32 to 64, 13x13", 13, 13, 32, 64, 3},           {"3x3 64 to 128, 5x5", 5, 5, 64, 128, 3},
    {"3x3 16 to 16, 32x32", 32, 32, 16, 16, 3},
};

template <class T>
Data weights(Random& random, int64_t count, int percent, int64_t block) {
  std::vector<T> w(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; i += block) {
    const bool zero = random.below(100) < static_cast<uint64_t>(percent);
    for (int64_t j = i; j < std::min(count, i + block); ++j)
      w[static_cast<size_t>(j)] = zero ? T{0} : static_cast<T>(1 + random.below(100));
  }
  return Data::of(std::span<const T>(w));
}

Result<Graph> graph_of(const Layer& l, bool int8, int percent, int64_t block) {
  Random random(3);
  Graph graph;
  Builder b(graph);
  const DType type = int8 ? DType::i8 : DType::f32;
  const TensorId x = b.input("x", type, l.kernel ? Shape{1, l.rows, l.columns, l.inputs} : Shape{l.rows, l.inputs});
  const Shape shape = l.kernel ? Shape{l.outputs, l.kernel, l.kernel, l.inputs} : Shape{l.outputs, l.inputs};
  const TensorId w = b.constant("w", type, shape,
                                int8 ? weights<int8_t>(random, shape.elements(), percent, block)
                                     : weights<float>(random, shape.elements(), percent, block));
  Tensor like{.type = type};
  if (int8) {
    graph.at(x).quant = {{0.05f}, {-9}, 0};
    graph.at(w).quant = {{0.01f}, {0}, 0};
    like.quant = {{4.0f}, {0}, 0};
  }
  Result<TensorId> y = kNoTensor;
  if (l.kernel)
    y = b.op(Op::conv2d, {x, w}, Conv2dAttrs{}, "y", &like);
  else
    y = b.op(Op::fully_connected, {x, w}, FullyConnectedAttrs{}, "y", &like);
  if (!y) return tl::unexpected<Error>(y.error());
  graph.outputs = {*y};
  return graph;
}

struct Runner {
  std::unique_ptr<Session> session;
  std::vector<double> times;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> t) {
  std::nth_element(t.begin(), t.begin() + static_cast<std::ptrdiff_t>(t.size() / 2), t.end());
  return t[t.size() / 2];
}

Status compare(const Layer& l, bool int8, int percent, int64_t block, double seconds) {
  THIMBLE_ASSIGN(const Graph graph, graph_of(l, int8, percent, block));
  Runner runners[3];
  constexpr ConstantForm kinds[] = {ConstantForm::dense, ConstantForm::sparse, ConstantForm::automatic};
  int64_t packed[3];
  for (int i = 0; i < 3; ++i) {
    THIMBLE_ASSIGN(auto program, Program::plan(graph, {.weights = kinds[i]}));
    packed[i] = program->prepacked_bytes();
    THIMBLE_ASSIGN(runners[i].session, Session::create(program));
    const auto input = runners[i].session->input(0);
    for (size_t j = 0; j < input.size(); j += 4) {
      const float v = static_cast<float>(j % 97) * 0.01f;
      std::memcpy(input.data() + j, &v, std::min<size_t>(4, input.size() - j));
    }
  }
  double best = 1e9;  // of a dense run: sets how many make a sample of 200 µs
  for (int i = 0; i < 20; ++i) {
    const double t = now();
    runners[0].session->run();
    best = std::min(best, now() - t);
  }
  const int repeat = std::max(1, static_cast<int>(2e-4 / best));
  for (const double end = now() + seconds; now() < end || runners[0].times.size() < 5;)
    for (Runner& r : runners) {
      const double t = now();
      for (int i = 0; i < repeat; ++i) r.session->run();
      r.times.push_back((now() - t) / repeat);
    }
  const double dense = median(runners[0].times), sparse = median(runners[1].times);
  std::printf("%-28s %-7s %3d %% in blocks of %-2lld  dense %9.2f us  sparse %9.2f us  ratio %5.2f  plan: %s %5.2f\n",
              l.name, int8 ? "int8" : "float32", percent, static_cast<long long>(block), dense * 1e6, sparse * 1e6,
              dense / sparse, packed[2] == packed[0] ? "dense " : "sparse", dense / median(runners[2].times));
  return {};
}

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  using namespace thimble;
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.3;
  std::printf("%s; ratio = dense / sparse time, medians of interleaved runs\n", name(kernels().isa));
  for (const Layer& layer : kLayers)
    for (const bool int8 : {false, true})
      for (const int64_t block : {1, 4, 16})
        for (const int percent : {0, 50, 80, 90})
          if ((percent > 0 || block == 1) && (int8 || block == 1))
            if (const Status s = compare(layer, int8, percent, block, seconds); !s) {
              std::fprintf(stderr, "%s\n", s.error().to_string().c_str());
              return 1;
            }
  return 0;
}
