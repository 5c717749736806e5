// `thimble run`: feeds pictures, arrays or random numbers to a model and shows or saves its outputs.
#include <algorithm>
#include <cstring>
#include <limits>

#include "app/commands.h"
#include "app/data_arguments.h"
#include "app/device_verbs.h"
#include "app/interrupt.h"
#include "app/model_inputs.h"
#include "app/output.h"
#include "app/port_names.h"
#include "app/run_answers.h"
#include "base/file.h"
#include "data/picture.h"
#include "measure/clock.h"
#include "measure/stats.h"
#include "measure/units.h"
#include "ops/operands.h"
#include "passes/pipeline.h"
#include "runtime/program.h"
#include "study/evaluate.h"

namespace thimble::app {
namespace {

struct RunOptions {
  std::string model, output, output_dir, labels_file, scale, columns, device;
  std::vector<std::string> files, inputs;
  int64_t top = 0, seed = -1, repeat = 0;
  bool handwriting = false;
};

Result<std::vector<Feed>> read_feeds(const RunOptions& o, const Graph& graph, const FeedingOverrides& overrides,
                                     const Context& context) {
  std::vector<Feed> feeds(graph.inputs.size());
  for (const std::string& input : o.inputs) {
    const size_t equals = input.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::usage, format("--input is '{}'", input), "write KEY=FILE.npy, for instance 0=x.npy");
    THIMBLE_ASSIGN(const size_t at, find_input(graph, input.substr(0, equals)));
    if (feeds[at].runs > 0) return fail(ErrorCode::usage, format("input {} is given twice", at));
    THIMBLE_TRY(append_npy(input.substr(equals + 1), graph.at(graph.inputs[at]), &feeds[at]));
  }
  if (o.files.empty()) return feeds;
  GatheredFeeds gathered;
  THIMBLE_TRY(gather_all(o.files, graph, overrides, split_names(o.columns), &gathered));
  for (const std::string& note : gathered.notes) context.note(note);
  for (size_t i = 0; i < feeds.size() && i < o.files.size(); ++i) {
    if (feeds[i].runs > 0) return fail(ErrorCode::usage, format("input {} is given by --input and by a file", i));
    feeds[i] = std::move(gathered.feeds[i]);
  }
  return feeds;
}

// Where inputs have free dimensions, the model is read again for the sizes of the first array or picture of each.
Status fit_free_inputs(const RunOptions& o, LoadedModel* model) {
  const Graph& graph = model->graph;
  std::vector<Shape> shapes;
  std::vector<std::string> arrays(graph.inputs.size());
  for (const TensorId id : graph.inputs) shapes.push_back(graph.at(id).shape);
  for (size_t i = 0; i < o.files.size() && i < arrays.size(); ++i) arrays[i] = o.files[i];
  for (const std::string& input : o.inputs) {
    const size_t equals = input.find('=');
    if (equals == std::string::npos) continue;  // read_feeds says so
    THIMBLE_ASSIGN(const size_t at, find_input(graph, input.substr(0, equals)));
    arrays[at] = input.substr(equals + 1);
  }
  bool differs = false;
  for (size_t i = 0; i < arrays.size(); ++i) {
    const Tensor& tensor = graph.at(graph.inputs[i]);
    if (!tensor.free_dims || (extension_of(arrays[i]) != ".npy" && !is_picture_name(arrays[i]))) continue;
    THIMBLE_ASSIGN(shapes[i], fed_shape(arrays[i], tensor));
    differs = true;
  }
  if (!differs) return {};
  THIMBLE_ASSIGN(*model, with_input_shapes(*model, shapes));
  return {};
}

// All inputs must have the same number of runs; those not given are random.
Result<int64_t> complete_feeds(const RunOptions& o, const Graph& graph, std::vector<Feed>* feeds) {
  int64_t runs = 0;
  for (const Feed& feed : *feeds) runs = std::max(runs, feed.runs);
  for (size_t i = 0; i < feeds->size(); ++i) {
    Feed& feed = (*feeds)[i];
    const Tensor& tensor = graph.at(graph.inputs[i]);
    if (feed.runs == 0) {
      if (o.seed < 0)
        return fail(ErrorCode::usage, format("nothing is given for the input {} ({})", i, tensor.to_string()),
                    format("give a picture or .npy file, --input {}=FILE.npy, or --random SEED", i));
      feed.bytes.resize(static_cast<size_t>(tensor.bytes()));
      THIMBLE_TRY(fill_random(static_cast<uint64_t>(o.seed), i, tensor, feed.bytes));
      keep_indices_inside(graph, graph.inputs[i], feed.bytes);
    } else if (feed.runs != runs) {
      return fail(ErrorCode::usage, format("input {} has {} runs, another has {}", i, feed.runs, runs));
    }
  }
  return std::max<int64_t>(runs, 1);
}

// The names of the runs, where the inputs have some.
void name_runs(const std::vector<Feed>& feeds, Answers* answers) {
  for (const Feed& feed : feeds)
    if (static_cast<int64_t>(feed.names.size()) == answers->runs && answers->names.empty()) answers->names = feed.names;
}

// All runs once; `answers` null: for the time that it takes.
Status pass(Session& session, const std::vector<Feed>& feeds, int64_t runs, Answers* answers) {
  const Graph& graph = session.graph();
  for (int64_t r = 0; r < runs; ++r) {
    if (interrupted()) return interrupted_error(format("{} of {} runs were done", r, runs));
    for (size_t i = 0; i < feeds.size(); ++i) {
      const auto size = static_cast<size_t>(graph.at(graph.inputs[i]).bytes());
      const size_t from = feeds[i].runs == 0 ? 0 : static_cast<size_t>(r) * size;
      if (size > 0) std::memcpy(session.input(i).data(), feeds[i].bytes.data() + from, size);
    }
    session.reset_variables();
    if (Status s = session.run(); !s) return with_context(std::move(s).error(), format("run {} of {}", r + 1, runs));
    for (size_t i = 0; answers && i < answers->outputs.size(); ++i) {
      const auto size = static_cast<size_t>(graph.at(graph.outputs[i]).bytes());
      const uint8_t* bytes = session.output(i).data();
      answers->outputs[i].insert(answers->outputs[i].end(), bytes, bytes + size);
    }
  }
  return {};
}

Result<Answers> run_all(Session& session, const std::vector<Feed>& feeds, int64_t runs, int64_t repeat) {
  Answers answers;
  answers.runs = runs;
  answers.outputs.resize(session.graph().outputs.size());
  name_runs(feeds, &answers);
  THIMBLE_TRY(pass(session, feeds, runs, &answers));
  for (int64_t k = 0; k < repeat; ++k) {  // what came before them has warmed up
    const Stopwatch watch;
    THIMBLE_TRY(pass(session, feeds, runs, nullptr));
    answers.pass_seconds.push_back(watch.seconds());
  }
  return answers;
}

// On a device: what is the same for every run travels as often as there are runs.
Result<Answers> run_there(const RunOptions& o, const Graph& graph, std::vector<Feed>& feeds, int64_t runs,
                          const Context& context) {
  std::vector<std::span<const uint8_t>> inputs;
  for (Feed& feed : feeds) {
    const size_t once = feed.bytes.size();
    if (feed.runs == 0 && runs > 1) {
      feed.bytes.resize(once * static_cast<size_t>(runs));
      for (int64_t r = 1; r < runs; ++r)
        std::copy_n(feed.bytes.begin(), once, feed.bytes.begin() + static_cast<std::ptrdiff_t>(once) * r);
    }
    inputs.emplace_back(feed.bytes);
  }
  Answers answers;
  answers.runs = runs;
  name_runs(feeds, &answers);
  THIMBLE_ASSIGN(answers.outputs, device_verbs()->answers(o.device, o.model, graph, inputs, runs, context));
  return answers;
}

// --labels, else what the model says.
Status find_labels(const RunOptions& o, const Graph& graph, const Context& context, FeedingOverrides* overrides) {
  if (!o.labels_file.empty()) {
    THIMBLE_ASSIGN(overrides->labels, read_labels(o.labels_file));
    const int64_t width = graph.at(graph.outputs[0]).shape.elements();
    const auto labels = static_cast<int64_t>(overrides->labels.size());
    if (labels != width && !(width == 1 && labels == 2))
      context.note(format("warning: {} has {} lines, the model has {} outputs", o.labels_file, labels, width));
    return {};
  }
  if (const auto own = own_feeding(graph); own && *own) overrides->labels = (*own)->labels;
  return {};
}

Status run(const RunOptions& o, const Context& context) {
  if (!o.output.empty()) THIMBLE_TRY(check_answer_name(o.output));
  if (o.repeat > 0 && !o.device.empty())
    return fail(ErrorCode::usage, "--repeat times passes of this machine",
                "thimble bench MODEL --device WORD times runs there");
  THIMBLE_ASSIGN(LoadedModel model, load_model(o.model));
  note_left_out(model.graph, context);
  THIMBLE_TRY(fit_free_inputs(o, &model));
  note_free_sizes(model.graph, context);
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(model)));
  std::unique_ptr<Session> session;
  if (o.device.empty()) {
    PlanOptions plan;
    plan.threads = context.thread_count();
    THIMBLE_ASSIGN(auto program, Program::plan(std::move(prepared), plan));  // before its inputs take memory
    THIMBLE_ASSIGN(session, Session::create(program));
  }
  const Graph& graph = session ? session->graph() : prepared.graph;
  FeedingOverrides overrides;
  overrides.scale = o.scale;
  overrides.measure = false;
  if (o.handwriting) overrides.handwriting = true;
  THIMBLE_TRY(find_labels(o, graph, context, &overrides));
  THIMBLE_ASSIGN(std::vector<Feed> feeds, read_feeds(o, graph, overrides, context));
  THIMBLE_ASSIGN(const int64_t runs, complete_feeds(o, graph, &feeds));
  THIMBLE_ASSIGN(Answers answers,
                 session ? run_all(*session, feeds, runs, o.repeat) : run_there(o, graph, feeds, runs, context));

  answers.labels = overrides.labels;
  answers.top = o.top > 0 ? o.top : usual_top(graph, answers.labels);
  AnswerFile file{o.model, o.output_dir};
  if (!o.output_dir.empty()) {
    AnswerFile plain = file;
    plain.most_values = -1;
    THIMBLE_TRY(write_answer_folder(graph, answers, plain, context));
  }
  if (!o.output.empty()) {
    AnswerFile whole = file;
    whole.most_values = std::numeric_limits<int64_t>::max();
    THIMBLE_TRY(write_answers(o.output, graph, answers, whole));
    context.note(format("wrote the answers of {} run{} to {}", runs, runs == 1 ? "" : "s", o.output));
  }
  const bool saved = !o.output.empty() || (!o.output_dir.empty() && answers.labels.empty());
  if (!answers.pass_seconds.empty())
    context.note(format("{} runs in {} ± {} over {} passes", runs, format_seconds(mean_of(answers.pass_seconds)),
                        format_seconds(stddev_of(answers.pass_seconds)), answers.pass_seconds.size()));
  if (context.json) {
    context.print(answers_json(graph, answers, file));
  } else if (answers.top > 0) {
    if (o.top > 0 || !saved) print_ranked(graph, answers, context);
  } else if (o.output_dir.empty() && o.output.empty()) {
    print_values(graph, answers, context);
  }
  return {};
}

}  // namespace

Action define_run(Options& options) {
  auto o = std::make_shared<RunOptions>();
  options.examples(
      "thimble run mobilenet.tflite cat.jpg --labels labels.txt --top 3\n"
      "thimble run flowers.tflite photos/ --output answers.csv     # every picture in the folder\n"
      "thimble run houses.tflite new_houses.csv --output prices.csv\n"
      "thimble run digits.tflite my_seven.jpg --handwriting\n"
      "thimble run model.tflite --input 0=x.npy --output-dir out\n"
      "thimble run model.tflite --random 1 --json\n"
      "thimble run model.tflite cat.jpg --device ssh:pi@raspberrypi.local\n");
  options.about(
      "A FILE holds samples as `thimble eval` takes them, and they are fed as the model's own metadata says: pictures\n"
      "are resized as Pillow does (bilinear) and scaled, rows of a table or array are scaled by the model's own "
      "numbers.\n"
      "What the model does not say is stated. An array given by --input holds the tensor's own values. An array with "
      "N\n"
      "in place of the input's leading 1 is N runs, whose outputs are stacked; states (of an LSTM) start afresh at "
      "each\n"
      "run. With one input, every FILE is one more run, or several; with several inputs, one .npy each.\n");
  options.argument("MODEL", &o->model, "a .tflite or .thim file; - reads it from the standard input");
  options.arguments("FILE", &o->files, "pictures (.png, .jpg, .bmp), folders of them, .npy, .npz, .csv");
  options.texts("--input", &o->inputs, "KEY=FILE.npy",
                "array for one input: its index, its name in the signature or its tensor's; repeatable");
  options.integer("--random", &o->seed, "SEED", "fill every input not given with reproducible random numbers");
  options.text("--scale", &o->scale, "WORD",
               "how samples become inputs: 0..1, -1..1, standard or none (default: the model's own)");
  options.flag("--handwriting", &o->handwriting, "bring photos of digits to MNIST's convention first");
  options.text("--inputs", &o->columns, "A,B", "csv: the columns that are inputs, in the model's order");
  options.integer("--repeat", &o->repeat, "N", "then run all of it N times more and say how long each pass takes", 1,
                  1'000'000);
  options.text("--output", &o->output, "FILE", "write the answers: .csv (a row per run), .npy or .json");
  options.text("--output-dir", &o->output_dir, "DIR", "write 0.npy, 1.npy … and outputs.json there");
  options.text("--labels", &o->labels_file, "FILE", "class names, one per line (default: the model's own)");
  options.integer("--top", &o->top, "K",
                  "show the K best classes (default: 3 when there are labels, or more than 10 classes)", 1);
  if (device_verbs()) device_verbs()->declare(options, &o->device);
  return [o](const Context& context) { return run(*o, context); };
}

}  // namespace thimble::app
