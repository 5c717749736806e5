#include "app/export_examples.h"

#include <algorithm>

#include "app/model_inputs.h"
#include "data/npy.h"
#include "ops/operands.h"
#include "runtime/program.h"
#include "study/evaluate.h"

namespace thimble::app {
namespace {

constexpr int64_t kRandom = 2, kGiven = 5;  // examples where no number is asked for

Status check_arguments(const ExampleArguments& a) {
  const bool given = !a.files.empty() || !a.data.empty();
  if (!a.files.empty() && !a.data.empty())
    return fail(ErrorCode::usage, "--self-test and --data both say what the examples are", "leave one of them out");
  if (given && a.seed >= 0)
    return fail(ErrorCode::usage, "--seed is of random examples, and others are given", "leave --seed out");
  if (given && a.count == 0)
    return fail(ErrorCode::usage, format("--examples 0 takes nothing of {}", a.data.empty() ? a.files[0] : a.data),
                "leave --examples out, or give a number");
  if (!given && (!a.scale.empty() || !a.features.empty() || a.handwriting || !a.labels.empty() || !a.target.empty() ||
                 !a.inputs.empty()))
    return fail(ErrorCode::usage,
                "--scale, --features, --handwriting, --labels, --target and --inputs say how samples are fed",
                "give samples: --self-test FILE or --data SET");
  return {};
}

Result<std::vector<Feed>> of_files(const Graph& graph, const ExampleArguments& a, const Context& context) {
  THIMBLE_ASSIGN(FeedingOverrides overrides, feeding_overrides(a));
  overrides.measure = false;
  GatheredFeeds gathered;
  THIMBLE_TRY(gather_all(a.files, graph, overrides, split_names(a.inputs), &gathered));
  for (const std::string& note : gathered.notes) context.note(note);
  for (size_t i = 0; i < gathered.feeds.size(); ++i)
    if (gathered.feeds[i].runs == 0)
      return fail(ErrorCode::usage,
                  format("nothing is given for the input {} ({})", i, graph.at(graph.inputs[i]).to_string()),
                  format("give --self-test {} times, an array for each input", gathered.feeds.size()));
  return std::move(gathered.feeds);
}

Result<std::vector<Feed>> of_set(const Graph& graph, const ExampleArguments& a, const Context& context) {
  THIMBLE_ASSIGN(const DataRequest request, data_request(a, DataRequest::Use::score, context));
  THIMBLE_ASSIGN(const ModelData data, open_data(graph, request, context));
  const Dataset& set = data.splits.test;
  if (!set.valid() || set.empty()) return fail(ErrorCode::usage, format("the set {} has no test part", a.data));
  THIMBLE_TRY(check_fits(graph, set));
  const Tensor& input = graph.at(graph.inputs[0]);
  SampleFeed samples(input, set, data.fed.feeding);
  std::vector<Feed> feeds(1);
  feeds[0].runs = set.size();
  const auto bytes = static_cast<size_t>(input.bytes());
  const int64_t taken = std::min(set.size(), a.count < 0 ? kGiven : a.count);
  feeds[0].bytes.resize(bytes * static_cast<size_t>(taken));
  for (int64_t i = 0; i < taken; ++i)
    samples.put(i, std::span(feeds[0].bytes).subspan(static_cast<size_t>(i) * bytes, bytes));
  return feeds;
}

Result<std::vector<Feed>> random_feeds(const Graph& graph, const ExampleArguments& a) {
  const int64_t count = a.count < 0 ? kRandom : a.count;
  const auto seed = static_cast<uint64_t>(std::max<int64_t>(a.seed, 0));
  std::vector<Feed> feeds(graph.inputs.size());
  for (size_t i = 0; i < feeds.size(); ++i) {
    const Tensor& input = graph.at(graph.inputs[i]);
    const auto bytes = static_cast<size_t>(input.bytes());
    feeds[i].runs = count;
    feeds[i].bytes.resize(bytes * static_cast<size_t>(count));
    for (int64_t e = 0; e < count; ++e) {
      const auto one = std::span(feeds[i].bytes).subspan(static_cast<size_t>(e) * bytes, bytes);
      THIMBLE_TRY(fill_random(seed + static_cast<uint64_t>(e), i, input, one));
      keep_indices_inside(graph, graph.inputs[i], one);
    }
  }
  return feeds;
}

Status answer(const Checked& checked, const std::vector<Feed>& feeds, int64_t count, micro::EmitOptions* options) {
  THIMBLE_ASSIGN(const auto program, Program::plan(checked, {.reference_only = true}));
  THIMBLE_ASSIGN(const auto session, Session::create(program));
  const Graph& graph = session->graph();
  for (int64_t e = 0; e < count; ++e) {
    std::vector<uint8_t> in, out;
    for (size_t i = 0; i < feeds.size(); ++i) {
      const auto memory = session->input(i);
      const auto from = std::span(feeds[i].bytes).subspan(static_cast<size_t>(e) * memory.size(), memory.size());
      std::ranges::copy(from, memory.begin());
      in.insert(in.end(), from.begin(), from.end());
    }
    session->reset_variables();
    if (Status s = session->run(); !s) return with_context(std::move(s).error(), format("example {}", e));
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      const auto bytes = session->output(i);
      out.insert(out.end(), bytes.begin(), bytes.end());
    }
    options->examples.push_back(std::move(in));
    options->answers.push_back(std::move(out));
  }
  return {};
}

}  // namespace

Status make_examples(const Checked& checked, const ExampleArguments& a, const Context& context,
                     micro::EmitOptions* options) {
  THIMBLE_TRY(check_arguments(a));
  if (a.files.empty() && a.data.empty()) {
    THIMBLE_ASSIGN(const std::vector<Feed> feeds, random_feeds(checked.graph, a));
    return answer(checked, feeds, feeds[0].runs, options);
  }
  THIMBLE_ASSIGN(const std::vector<Feed> feeds,
                 a.data.empty() ? of_files(checked.graph, a, context) : of_set(checked.graph, a, context));
  for (size_t i = 1; i < feeds.size(); ++i)
    if (feeds[i].runs != feeds[0].runs)
      return fail(ErrorCode::usage, format("input {} has {} runs, input 0 has {}", i, feeds[i].runs, feeds[0].runs));
  const int64_t there = feeds[0].runs, taken = std::min(there, a.count < 0 ? kGiven : a.count);
  if (taken < there)
    context.note(format("the self-test has the first {} of {} samples (--examples N: more)", taken, there));
  if (a.count > there) context.note(format("the self-test has {} examples: there are no more samples", there));
  return answer(checked, feeds, taken, options);
}

std::vector<micro::File> example_files(const Graph& graph, const micro::EmitOptions& options,
                                       const std::string& folder) {
  std::vector<micro::File> files;
  const auto add = [&](const char* word, const std::vector<TensorId>& tensors,
                       const std::vector<std::vector<uint8_t>>& values) {
    size_t at = 0;
    for (size_t i = 0; i < tensors.size(); ++i) {
      const Tensor& t = graph.at(tensors[i]);
      const auto size = static_cast<size_t>(t.bytes());
      std::vector<int64_t> shape(t.shape.dims().begin(), t.shape.dims().end());
      if (shape.empty() || shape[0] != 1) shape.insert(shape.begin(), 1);
      shape[0] = static_cast<int64_t>(values.size());
      std::vector<uint8_t> all;
      for (const std::vector<uint8_t>& one : values)
        all.insert(all.end(), one.begin() + static_cast<ptrdiff_t>(at),
                   one.begin() + static_cast<ptrdiff_t>(at + size));
      at += size;
      const std::vector<uint8_t> npy = npy_bytes(npy_type(t.type), shape, all);
      files.push_back({format("{}/{}_{}.npy", folder, word, i), std::string(npy.begin(), npy.end())});
    }
  };
  if (options.examples.empty()) return files;
  add("input", graph.inputs, options.examples);
  add("output", graph.outputs, options.answers);
  return files;
}

void declare_examples(Options& options, ExampleArguments* a) {
  options.section("Self-test");
  options.texts("--self-test", &a->files, "FILE",
                "samples to test with, as `run` takes them; a model of several inputs: one .npy for each");
  options.text("--data", &a->data, "SET", "or the test part of a set, as `eval` takes it");
  options.integer(
      "--examples", "N",
      format("how many: the first N of FILE or SET (default: {}), else N random ones (default: {}; 0: no self-test)",
             kGiven, kRandom),
      0, 1000, [a](int64_t n) { a->count = n; });
  options.integer("--seed", &a->seed, "SEED", "of the random ones (default: 0)");
  declare_feeding(options, a);
}

}  // namespace thimble::app
