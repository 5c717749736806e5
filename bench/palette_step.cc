// Layers of one to four rows whose weights have 16 different values: the dense kernel, all columns looked up and half
// of them, interleaved, and dense and chosen plans, interleaved. The first give the costs of the palette table
// (kernels/palette.h, docs/notes/palette-weights.md); no line may show a plan that takes codes with a ratio below 1.
//   build/release/bench/palette_step [SECONDS per line]        THIMBLE_ISA=avx2 … for another table
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "base/random.h"
#include "kernels/kernels.h"
#include "ops/builder.h"
#include "ops/fully_connected/fully_connected.h"
#include "runtime/program.h"

namespace thimble {
namespace {

struct Layer {
  int64_t k, n;
};
constexpr Layer kLayers[] = {{128, 64},    {256, 128},   {300, 150},   {400, 120},  {784, 128},
                             {784, 256},   {1152, 256},  {784, 512},   {2048, 512}, {9216, 128},
                             {2048, 1024}, {3072, 1024}, {4096, 1024}, {9216, 1024}};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double>& t) {
  if (t.empty()) return 0;
  std::nth_element(t.begin(), t.begin() + static_cast<std::ptrdiff_t>(t.size() / 2), t.end());
  return t[t.size() / 2];
}

// Median seconds of each of the bodies; one that is null takes 0.
using Body = std::function<void()>;
std::vector<double> interleaved(const std::vector<Body>& bodies, double seconds) {
  double best = 1e9;  // of the first: sets how many make a sample of 100 µs
  for (int i = 0; i < 10; ++i) {
    const double t = now();
    bodies[0]();
    best = std::min(best, now() - t);
  }
  const int repeat = std::max(1, static_cast<int>(1e-4 / best));
  std::vector<std::vector<double>> times(bodies.size());
  for (const double end = now() + seconds; now() < end || times[0].size() < 5;)
    for (size_t b = 0; b < bodies.size(); ++b) {
      if (!bodies[b]) continue;
      bodies[b]();  // brings its own weights near
      const double t = now();
      for (int i = 0; i < repeat; ++i) bodies[b]();
      times[b].push_back((now() - t) / repeat);
    }
  std::vector<double> medians;
  for (auto& t : times) medians.push_back(median(t));
  return medians;
}

Status compare(const Layer& l, int64_t rows, double seconds) {
  const KernelTable& table = kernels();
  Random random(3);
  const auto count = static_cast<size_t>(l.n * l.k);
  std::vector<uint8_t> codes(count);
  std::vector<float> values(kPaletteValues), weights(count), x(static_cast<size_t>(rows * l.k));
  for (float& v : values) v = static_cast<float>(random.below(2001)) * 1e-3f - 1.0f;
  for (float& v : x) v = static_cast<float>(random.below(2001)) * 1e-3f - 1.0f;
  for (size_t i = 0; i < count; ++i) weights[i] = values[codes[i] = static_cast<uint8_t>(random.below(kPaletteValues))];

  Graph graph;
  Builder b(graph);
  const TensorId input = b.input("x", DType::f32, Shape{rows, l.k});
  const TensorId w = b.constant("w", DType::f32, Shape{l.n, l.k}, Data::of(std::span<const float>(weights)));
  THIMBLE_ASSIGN(const TensorId y, b.op(Op::fully_connected, {input, w}, FullyConnectedAttrs{}, "y"));
  graph.outputs = {y};
  std::unique_ptr<Session> sessions[2];
  int64_t bytes[2];
  for (int i = 0; i < 2; ++i) {
    THIMBLE_ASSIGN(auto program,
                   Program::plan(graph, {.weights = i == 0 ? ConstantForm::dense : ConstantForm::automatic}));
    bytes[i] = program->prepacked_bytes();
    THIMBLE_ASSIGN(sessions[i], Session::create(program));
    std::memcpy(sessions[i]->input(0).data(), x.data(), x.size() * sizeof(float));
  }

  std::vector<float> packed(static_cast<size_t>(table.gemm_f32.packed_b_floats(l.n, l.k)) + 16);
  table.gemm_f32.pack_b(
      {.rows = l.k, .n = l.n, .b = weights.data(), .row_stride = 1, .column_stride = l.k, .packed = packed.data()});
  const Data aligned = Data::of(std::span<const float>(packed));  // as in a plan
  std::vector<float> c(static_cast<size_t>(rows * l.n));
  GemmF32Args dense{.m = rows, .n = l.n, .k = l.k, .a = x.data(), .lda = l.k, .b = aligned.as<float>().data()};
  dense.c = c.data(), dense.ldc = l.n;
  PaletteF32Args looked_up[2];
  std::vector<Data> forms;
  for (const bool half : {false, true}) {
    std::vector<uint8_t> form(static_cast<size_t>(palette_bytes(l.n, l.k, half)));
    table.palette.pack(
        {.n = l.n, .k = l.k, .codes = codes.data(), .values = values.data(), .half = half, .packed = form.data()});
    forms.push_back(Data::copy(form));
    looked_up[half] = {.m = rows, .n = l.n, .k = l.k, .a = x.data(), .lda = l.k, .b = forms.back().bytes};
    looked_up[half].values = values.data();
    looked_up[half].half = half;
    looked_up[half].c = c.data(), looked_up[half].ldc = l.n;
  }
  std::vector<double> t = interleaved({[&] { table.gemm_f32.run(dense); }, [&] { table.palette.f32(looked_up[0]); },
                                       rows == 1 ? Body([&] { table.palette.f32(looked_up[1]); }) : Body()},
                                      seconds);
  const double thousand = static_cast<double>(count) * 1e-3;
  std::printf("%lld x %5lld to %-5lld %6.0f KB  ns per 1,000: dense %6.1f all %6.1f (%5.2f)",
              static_cast<long long>(rows), static_cast<long long>(l.k), static_cast<long long>(l.n),
              static_cast<double>(count) * 4 / 1024, t[0] * 1e9 / thousand, t[1] * 1e9 / thousand, t[0] / t[1]);
  if (t[2] > 0)
    std::printf(" half %6.1f (%5.2f)", t[2] * 1e9 / thousand, t[0] / t[2]);
  else
    std::printf("                    ");
  t = interleaved({[&] { sessions[0]->run(); }, [&] { sessions[1]->run(); }}, seconds);
  std::printf("  plan: %-7s %9.2f us %9.2f us ratio %5.2f, bytes %3.0f %%\n",
              bytes[0] == bytes[1] ? "dense" : "palette", t[0] * 1e6, t[1] * 1e6, t[0] / t[1],
              100.0 * static_cast<double>(bytes[1]) / static_cast<double>(bytes[0]));
  std::fflush(stdout);
  return {};
}

// int8, one row: whole plans, as its dense kernel ends with the same requantisation. Values within ±most.
Status compare_s8(const Layer& l, int most, double seconds) {
  Random random(3);
  std::vector<int8_t> weights(static_cast<size_t>(l.n * l.k));
  for (int8_t& w : weights)
    w = static_cast<int8_t>(most - static_cast<int>(random.below(kPaletteValues)) * most * 2 / 15);
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", DType::i8, Shape{1, l.k});
  const TensorId w = b.constant("w", DType::i8, Shape{l.n, l.k}, Data::of(std::span<const int8_t>(weights)));
  graph.at(x).quant = {{0.05f}, {-9}, 0};
  graph.at(w).quant = {{0.01f}, {0}, 0};
  Tensor like{.type = DType::i8};
  like.quant = {{4.0f}, {0}, 0};
  THIMBLE_ASSIGN(const TensorId y, b.op(Op::fully_connected, {x, w}, FullyConnectedAttrs{}, "y", &like));
  graph.outputs = {y};
  constexpr ConstantForm kForms[] = {ConstantForm::dense, ConstantForm::palette, ConstantForm::automatic};
  std::unique_ptr<Session> sessions[3];
  int64_t bytes[3];
  for (int i = 0; i < 3; ++i) {
    THIMBLE_ASSIGN(auto program, Program::plan(graph, {.weights = kForms[i]}));
    bytes[i] = program->prepacked_bytes();
    THIMBLE_ASSIGN(sessions[i], Session::create(program));
    const auto input = sessions[i]->input(0);
    for (size_t j = 0; j < input.size(); ++j) input[j] = static_cast<uint8_t>(j * 37);
  }
  const std::vector<double> t =
      interleaved({[&] { sessions[0]->run(); }, [&] { sessions[1]->run(); }, [&] { sessions[2]->run(); }}, seconds);
  const double thousand = static_cast<double>(weights.size()) * 1e-3;
  std::printf(
      "int8 within %-3d %5lld to %-5lld  ns per 1,000: dense %6.1f codes %6.1f (%5.2f)  plan: %-7s %9.2f us "
      "%9.2f us ratio %5.2f, bytes %3.0f %%\n",
      most, static_cast<long long>(l.k), static_cast<long long>(l.n), t[0] * 1e9 / thousand, t[1] * 1e9 / thousand,
      t[0] / t[1], bytes[0] == bytes[2] ? "dense" : "palette", t[0] * 1e6, t[2] * 1e6, t[0] / t[2],
      100.0 * static_cast<double>(bytes[2]) / static_cast<double>(bytes[0]));
  std::fflush(stdout);
  return {};
}

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  using namespace thimble;
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.5;
  std::printf("%s; in brackets and as ratio: dense / palette time, medians of interleaved runs\n", name(kernels().isa));
  Status s;
  for (const int64_t rows : {1, 2, 3, 4})
    for (const Layer& layer : kLayers)
      if (s) s = compare(layer, rows, seconds);
  if (kernels().palette.s8 != nullptr)
    for (const int most : {7, 127})
      for (const Layer& layer : kLayers)
        if (s) s = compare_s8(layer, most, seconds);
  if (!s) std::fprintf(stderr, "%s\n", s.error().to_string().c_str());
  return s ? 0 : 1;
}
