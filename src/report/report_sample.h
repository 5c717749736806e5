// A made-up study for the tests of the writers: the shape of a real one (ten classes, four variants,
// 40 epochs, three seeds), numbers from a seeded generator. Used by tests only.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include "base/format.h"
#include "base/random.h"
#include "report/study_result.h"

namespace thimble {

// A grey PNG with one stored (uncompressed) block.
inline std::string sample_png(int side, const std::string& pixels) {
  const auto big = [](uint32_t n) {
    std::string s;
    for (int shift = 24; shift >= 0; shift -= 8) s += static_cast<char>((n >> shift) & 0xff);
    return s;
  };
  const auto crc = [](const std::string& bytes) {
    uint32_t c = ~0u;
    for (char b : bytes) {
      c ^= static_cast<unsigned char>(b);
      for (int k = 0; k < 8; ++k) c = (c >> 1) ^ (c & 1 ? 0xedb88320u : 0);
    }
    return ~c;
  };
  const auto chunk = [&](const std::string& type, const std::string& data) {
    return big(static_cast<uint32_t>(data.size())) + type + data + big(crc(type + data));
  };
  std::string raw;
  for (int y = 0; y < side; ++y) raw += '\0' + pixels.substr(static_cast<size_t>(y * side), static_cast<size_t>(side));
  uint32_t a = 1, b = 0;
  for (char p : raw) a = (a + static_cast<unsigned char>(p)) % 65521, b = (b + a) % 65521;
  const auto n = static_cast<uint16_t>(raw.size());
  std::string z = {'\x78',
                   '\x01',
                   '\x01',
                   static_cast<char>(n & 0xff),
                   static_cast<char>(n >> 8),
                   static_cast<char>(~n & 0xff),
                   static_cast<char>((~n >> 8) & 0xff)};
  z += raw + big((b << 16) | a);
  const auto u = static_cast<uint32_t>(side);
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", big(u) + big(u) + std::string("\x08\0\0\0\0", 5)) + chunk("IDAT", z) +
         chunk("IEND", "");
}

inline StudyResult sample_study() {
  Random random(11);
  StudyResult r;
  r.study = {"fashion-cnn", "Fashion-MNIST, CNN with 128,266 parameters", 1,
             "3f6a0b6c7f0b2d4f7c9be3a1e5d8c2b4967f1a3e0d5c8b7a6f4e3d2c1b0a9f8e"};
  r.machine = {"AMD EPYC 9B14", "avx512vnni", 2, "Debian GNU/Linux 12, Linux 6.1", "0.1.0"};
  r.model.parameters = 128266;
  r.model.macs = 2993792;
  r.model.layers = {{"conv2d_0", "conv2d", {26, 26, 32}, 320, 194688},
                    {"max_pool_1", "max_pool", {13, 13, 32}, 0, 0},
                    {"conv2d_2", "conv2d", {11, 11, 64}, 18496, 2230272},
                    {"max_pool_3", "max_pool", {5, 5, 64}, 0, 0},
                    {"conv2d_4", "conv2d", {3, 3, 128}, 73856, 663552},
                    {"max_pool_5", "max_pool", {1, 1, 128}, 0, 0},
                    {"flatten_6", "reshape", {128}, 0, 0},
                    {"dense_8", "fully_connected", {256}, 33024, 32768},
                    {"dense_9", "fully_connected", {10}, 2570, 2560}};
  r.training.images_per_s = 11840;
  r.training.seconds = 173;
  r.training.peak_rss_bytes = 108'000'000;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SeedTraining s{
        seed, 170.0 + 3.0 * static_cast<double>(seed), 11840, 0.9139 + 0.001 * static_cast<double>(seed), 0.247, {}};
    for (int e = 1; e <= 40; ++e) {
      const double t = std::exp(-e / 9.0), noise = 0.004 * random.normal();
      s.epochs.push_back({e, 0.16 + 0.62 * t + 0.3 * noise, 0.942 - 0.2 * t + 0.1 * noise,
                          0.245 + 0.42 * std::exp(-e / 5.0) + 0.0006 * e + noise,
                          0.9185 - 0.16 * std::exp(-e / 5.0) + 0.3 * noise, 1e-3, 4.3});
    }
    r.training.per_seed.push_back(s);
  }
  r.training.epochs = r.training.per_seed[0].epochs;

  const std::array<const char*, 10> labels = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                              "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  struct Plan {
    const char* name;
    const char* how;
    int64_t bytes, deflated, arena;
    double accuracy, us, agreement, difference;
  };
  const Plan plans[] = {
      {"float32", "as trained", 516432, 477120, 108'160, 0.9149, 142, 1, 0},
      {"float16", "weights stored as half floats", 260820, 240511, 108'160, 0.9149, 141, 0.9998, 6.1e-4},
      {"dynamic", "int8 weights, float activations", 137604, 118230, 106'880, 0.9144, 96, 0.9948, 0.041},
      {"int8", "int8 weights and activations, 500 calibration samples", 139120, 119004, 27'136, 0.9138, 41, 0.9871,
       0.078}};
  for (const Plan& p : plans) {
    VariantResult v;
    v.name = p.name;
    v.description = p.how;
    v.file = format("models/{}.tflite", p.name);
    v.bytes = p.bytes, v.bytes_deflated = p.deflated, v.bytes_packed = p.deflated - 8000, v.parameters = 128266,
    v.macs = r.model.macs;
    v.accuracy = p.accuracy, v.accuracy_stddev = 0.0011, v.loss = 0.2471 + (0.9149 - p.accuracy);
    v.technique = p.name;
    v.sparsity = 0;
    if (v.name == "int8") {
      v.technique = "prune 80 % + int8";
      v.sparsity = 0.8;
      v.stages.push_back({r.training.epochs.front()});
    }
    v.interval95 = wilson95(static_cast<int64_t>(p.accuracy * 10000), 10000);
    v.test_samples = 10000;
    for (uint64_t seed = 1; seed <= 3; ++seed)
      v.per_seed.push_back({seed, p.accuracy + 0.001 * random.normal(), 0.247});
    v.extra = {{"digits", 0.8667, wilson95(260, 300), 300}};
    v.agreement_with_float32 = p.agreement;
    v.max_abs_output_difference = p.difference;
    v.arena_bytes = p.arena;
    for (int threads : {1, 2}) {
      Measurement m;
      m.threads = threads;
      for (int i = 0; i < 300; ++i) {
        double us = p.us / (threads == 1 ? 1.0 : 1.55) * (1 + 0.015 * std::fabs(random.normal()));
        if (random.uniform() < 0.02) us *= 1.2 + random.uniform();
        m.samples_us.push_back(us);
      }
      m.latency_us = summarize(m.samples_us);
      m.test_set_seconds = {p.us * 0.01 / threads * 1.2, 0.004, 30};
      m.cpu_share = threads == 1 ? 0.998 : 1.86;
      m.peak_rss_bytes = 9'400'000 + p.bytes + p.arena;
      v.measurements.push_back(m);
    }
    const double shares[] = {0.13, 0.05, 0.48, 0.03, 0.2, 0.01, 0.005, 0.08, 0.01, 0.005};
    const char* ops[] = {"conv2d",   "max_pool", "conv2d",          "max_pool",        "conv2d",
                         "max_pool", "reshape",  "fully_connected", "fully_connected", "softmax"};
    for (size_t i = 0; i < 10; ++i)
      v.operators.push_back({ops[i], format("sequential/{}_{}", ops[i], i), p.us * shares[i], shares[i]});
    const int64_t width = p.arena < 50'000 ? 1 : 4;
    const int64_t sizes[] = {784, 21632, 5408, 7744, 1600, 1152, 128, 256, 10, 10};
    int64_t low = 0;
    for (int64_t i = 0; i < 10; ++i) {  // two ends of the arena in turn
      const int64_t size = sizes[i] * width;
      const int64_t offset = i % 2 ? 0 : p.arena - size;
      v.arena.push_back(
          {i ? format("sequential/{}_{}/output", ops[i - 1], i - 1) : "input", offset, size, i ? i - 1 : 0, i});
      low += size;
    }
    const int64_t parameters[] = {288, 32, 18432, 64, 73728, 128, 32768, 256, 2560, 10};
    for (size_t i = 0; i < 10; ++i) {
      TensorSizeRow t;
      t.name = format("sequential/{}/{}", i < 6 ? format("conv2d_{}", i / 2) : format("dense_{}", i / 2 - 3),
                      i % 2 ? "bias" : "kernel");
      t.before_bytes = parameters[i] * 4;
      t.elements = parameters[i];
      t.zeros = v.name == "int8" && i % 2 == 0 ? parameters[i] * 8 / 10 : 0;
      t.distinct = v.name == "int8" && i % 2 == 0 ? 16 : parameters[i];
      t.deflated_bytes = parameters[i] / 2 + 11;
      t.packed_bytes = static_cast<double>(parameters[i]) * 0.45;
      t.packed_how = "range of 255";
      const bool small = parameters[i] < 1024;
      if (v.name == "float32") t.after_bytes = t.before_bytes, t.type = "float32", t.reason = "kept as trained";
      if (v.name == "float16") t.after_bytes = t.before_bytes / 2, t.type = "float16", t.reason = "half precision";
      if (v.name == "dynamic" || v.name == "int8") {
        t.after_bytes = small ? t.before_bytes : t.before_bytes / 4;
        t.type = small ? (v.name == "int8" ? "int32" : "float32") : "int8 per channel";
        t.reason = i % 2   ? (v.name == "int8" ? "a bias is added to int32 sums" : "a bias stays in float")
                   : small ? "fewer than 1,024 elements: left in float"
                           : "one scale per output channel";
        if (v.name == "int8" && i == 0)
          t.after_bytes = t.before_bytes / 4, t.type = "int8 per channel", t.reason = "one scale per output channel";
        if (small && v.name == "dynamic") v.unquantized_tensors.push_back({t.name, t.after_bytes, t.reason});
      }
      v.tensors.push_back(t);
    }
    v.confusion.labels.assign(labels.begin(), labels.end());
    v.confusion.counts.assign(10, std::vector<int64_t>(10));
    for (size_t i = 0; i < 10; ++i) {
      int64_t left = 1000;
      for (size_t j = 0; j < 10; ++j) {
        const bool similar =
            (i % 2 == 0 && j % 2 == 0 && i < 8 && j < 8) || (i > 4 && i % 2 == 1 && j > 4 && j % 2 == 1);
        const auto n = i == j ? 0 : static_cast<int64_t>(similar ? 10 + random.below(45) : random.below(4));
        v.confusion.counts[i][j] = n;
        left -= n;
      }
      v.confusion.counts[i][i] = left;
    }
    for (int k = 0; k < 36; ++k) {
      std::string pixels(28 * 28, '\0');
      const double cx = 14 + random.normal(), cy = 14 + random.normal(), w = 5 + 3 * random.uniform(),
                   h = 8 + 3 * random.uniform();
      for (int y = 0; y < 28; ++y)
        for (int x = 0; x < 28; ++x) {
          const double d = std::pow(std::fabs((x - cx) / w), 3) + std::pow(std::fabs((y - cy) / h), 3);
          if (d < 1)
            pixels[static_cast<size_t>(y * 28 + x)] = static_cast<char>(static_cast<int>(120 + 100 * random.uniform()));
        }
      v.misclassified.push_back({static_cast<int64_t>(random.below(10000)), labels[random.below(5)],
                                 labels[5 + random.below(5)], 0.4 + 0.59 * random.uniform(), sample_png(28, pixels)});
    }
    r.variants.push_back(v);
  }
  const std::pair<const char*, const char*> sweep[] = {{"train.optimizer", "sgd"},
                                                       {"train.optimizer", "rmsprop"},
                                                       {"train.optimizer", "adam"},
                                                       {"model.layers.*.activation", "elu"},
                                                       {"model.layers.*.activation", "tanh"},
                                                       {"model.layers.dense_8.units", "128"},
                                                       {"model.layers.dense_8.units", "64"}};
  int row = 0;
  for (const auto& [key, value] : sweep) {
    SweepRow s{key, value, {}, {}};
    VariantResult v;
    v.name = "float32";
    v.bytes = 516432 - (row > 4 ? 66000 * (row - 4) : 0);
    v.parameters = v.bytes / 4, v.macs = r.model.macs;
    v.accuracy = 0.905 + 0.01 * random.uniform();
    v.loss = 0.26;
    v.interval95 = wilson95(static_cast<int64_t>(v.accuracy * 10000), 10000);
    s.variants.push_back(v);
    r.sweep.push_back(s);
    ++row;
  }
  r.recipe =
      "[study]\nname = \"fashion-cnn\"\nseed = 1\nrepeats = 3\n\n[data]\nset = \"fashion-mnist\"\nsplit = { train = "
      "50000, validation = 10000, test = 10000 }\n";
  r.command_lines = {"thimble study studies/fashion_cnn.toml --out out/fashion --set train.epochs=40",
                     "thimble eval out/fashion/models/int8.tflite --data fashion-mnist"};
  r.notes = {"Training accuracy is taken with dropout active."};
  r.warnings = {"Another program used 31 % of a core while latencies were measured; repeat on an idle machine."};
  return r;
}

}  // namespace thimble
