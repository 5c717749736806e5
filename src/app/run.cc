// `thimble run`: feeds pictures, arrays or random numbers to a model and shows or saves its outputs.
#include <algorithm>
#include <cstring>
#include <limits>

#include "api/load_layers.h"
#include "api/model_runner.h"
#include "app/commands.h"
#include "app/data_arguments.h"
#include "app/device_verbs.h"
#include "app/interrupt.h"
#include "app/model_inputs.h"
#include "app/output.h"
#include "app/port_names.h"
#include "app/run_answers.h"
#include "app/run_found.h"
#include "base/file.h"
#include "data/picture.h"
#include "measure/clock.h"
#include "measure/stats.h"
#include "measure/units.h"
#include "ops/operands.h"
#include "passes/pipeline.h"
#include "passes/set_batch.h"
#include "runtime/program.h"
#include "study/evaluate.h"

namespace thimble::app {
namespace {

struct RunOptions {
  std::string model, signature, output, output_dir, labels_file, scale, features, columns, device, draw, as;
  std::vector<std::string> files, inputs;
  int64_t top = 0, seed = -1, repeat = 0;
  double threshold = -1;
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

// Where inputs have free dimensions: the sizes of the first array or picture of each. Empty where none has. `whole`:
// the tensors' own arrays are one run each where their leading size is free.
Result<std::vector<KnownInput>> fed_shapes(const RunOptions& o, const Graph& graph, bool whole) {
  std::vector<KnownInput> known(graph.inputs.size());
  std::vector<std::string> arrays(graph.inputs.size());
  std::vector<char> own(arrays.size(), arrays.size() > 1);  // and no samples
  for (size_t i = 0; i < o.files.size() && i < arrays.size(); ++i) arrays[i] = o.files[i];
  for (const std::string& input : o.inputs) {
    const size_t equals = input.find('=');
    if (equals == std::string::npos) continue;  // read_feeds says so
    THIMBLE_ASSIGN(const size_t at, find_input(graph, input.substr(0, equals)));
    arrays[at] = input.substr(equals + 1);
    own[at] = 1;
  }
  bool differs = false;
  for (size_t i = 0; i < arrays.size(); ++i) {
    const Tensor& tensor = graph.at(graph.inputs[i]);
    const bool batch = whole && own[i] && tensor.batch_unknown;
    if ((!tensor.free_dims && !batch) || (extension_of(arrays[i]) != ".npy" && !is_picture_name(arrays[i]))) continue;
    THIMBLE_ASSIGN(known[i].shape, fed_shape(arrays[i], tensor, batch));
    differs = differs || tensor.free_dims || !(*known[i].shape == tensor.shape);
  }
  if (!differs) known.clear();
  return known;
}

bool same_tensor(const Tensor& a, const Tensor& b) {
  if (a.type != b.type || !(a.shape == b.shape) || !(a.quant == b.quant) || a.constant() != b.constant()) return false;
  return a.data.bytes == b.data.bytes ||
         (a.data.size == b.data.size && std::memcmp(a.data.bytes, b.data.bytes, a.data.size) == 0);
}

bool same_network(const Graph& a, const Graph& b) {
  return std::ranges::equal(a.tensors, b.tensors, same_tensor) &&
         std::ranges::equal(a.nodes, b.nodes, [](const Node& m, const Node& n) {
           return m.op == n.op && m.inputs == n.inputs && m.outputs == n.outputs && m.attrs == n.attrs;
         });
}

// Arrays with N in place of a free leading 1 are N runs where the network for N is that for one example, N times side
// by side. Elsewhere (a sum over that size, a sequence's length, a size that is computed with) it becomes the network
// for N, and they are one run. Where the file has no network for N, N runs are all that can be meant. Errors:
// needs_value, and those of a network for sizes that are no number of runs.
Status take_batches(const RunOptions& o, LoadedModel* model) {
  THIMBLE_ASSIGN(std::vector<KnownInput> known, fed_shapes(o, model->graph, true));
  int64_t batch = -1;
  bool equal = true, same = true;  // one number of runs; the file's own shapes
  for (size_t i = 0; i < known.size(); ++i) {
    const Tensor& tensor = model->graph.at(model->graph.inputs[i]);
    if (!known[i].shape) known[i].shape = tensor.shape;
    const int64_t size = tensor.batch_unknown ? (*known[i].shape)[0] : 1;
    equal = equal && (batch < 0 || batch == size);
    same = same && *known[i].shape == tensor.shape;
    equal = equal && (tensor.shape.rank() == 0 || tensor.shape[0] == 1);
    batch = size;
  }
  if (same) return {};
  auto whole = with_known_inputs(*model, known);
  const bool runs = equal && batch > 1;
  if (!whole && runs && whole.error().code != ErrorCode::needs_value) return {};
  if (!whole) return tl::unexpected<Error>(std::move(whole).error());
  if (runs)
    if (const auto side_by_side = with_batch(model->graph, batch); side_by_side)
      if (same_network(*side_by_side, whole->graph)) return {};
  *model = std::move(*whole);
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

// All runs once. `run` runs the model once on the arrays of its inputs, and appends to the outputs; without `outputs`
// it is for the time that it takes.
template <class Run>
Status pass(const Graph& graph, const std::vector<Feed>& feeds, int64_t runs, Run& run,
            std::vector<std::vector<uint8_t>>* outputs) {
  std::vector<std::span<const uint8_t>> arrays(feeds.size());
  for (int64_t r = 0; r < runs; ++r) {
    if (interrupted()) return interrupted_error(format("{} of {} runs were done", r, runs));
    for (size_t i = 0; i < feeds.size(); ++i) {
      const auto size = static_cast<size_t>(graph.at(graph.inputs[i]).bytes());
      const size_t from = feeds[i].runs == 0 ? 0 : static_cast<size_t>(r) * size;
      arrays[i] = std::span(feeds[i].bytes).subspan(from, size);
    }
    if (Status s = run(arrays, outputs); !s)
      return with_context(std::move(s).error(), format("run {} of {}", r + 1, runs));
  }
  return {};
}

template <class Run>
Result<Answers> run_all(const Graph& graph, const std::vector<Feed>& feeds, int64_t runs, int64_t repeat, Run run) {
  Answers answers;
  answers.runs = runs;
  answers.outputs.resize(graph.outputs.size());
  name_runs(feeds, &answers);
  THIMBLE_TRY(pass(graph, feeds, runs, run, &answers.outputs));
  std::vector<std::vector<uint8_t>> none;
  for (int64_t k = 0; k < repeat; ++k) {  // what came before them has warmed up
    const Stopwatch watch;
    THIMBLE_TRY(pass(graph, feeds, runs, run, &none));
    answers.pass_seconds.push_back(watch.seconds());
  }
  return answers;
}

void append(std::span<const uint8_t> bytes, std::vector<uint8_t>* to) {
  to->insert(to->end(), bytes.begin(), bytes.end());
}

Status run_session(Session& session, const std::vector<std::span<const uint8_t>>& arrays,
                   std::vector<std::vector<uint8_t>>* outputs) {
  for (size_t i = 0; i < arrays.size(); ++i)
    if (!arrays[i].empty()) std::memcpy(session.input(i).data(), arrays[i].data(), arrays[i].size());
  session.reset_variables();
  THIMBLE_TRY(session.run());
  for (size_t i = 0; i < outputs->size(); ++i) append(session.output(i), &(*outputs)[i]);
  return {};
}

// As run_session. `graph`, which has the shapes of the inputs, gets those of the outputs; all runs must give the same.
Status run_by_values(ModelRunner& runner, Graph* graph, const std::vector<std::span<const uint8_t>>& arrays,
                     std::vector<std::vector<uint8_t>>* outputs) {
  std::vector<FedInput> inputs;
  for (size_t i = 0; i < arrays.size(); ++i) inputs.push_back({graph->at(graph->inputs[i]).shape, arrays[i]});
  runner.reset_variables();
  THIMBLE_TRY(runner.run(inputs));
  for (size_t i = 0; i < outputs->size(); ++i) {
    Tensor& shown = graph->at(graph->outputs[i]);
    const Shape& shape = runner.output(i).shape;
    if (!(*outputs)[i].empty() && !(shape == shown.shape))
      return fail(ErrorCode::unsupported,
                  format("output {} has the shape {}, and had {} in the run before", i, shape.to_string(),
                         shown.shape.to_string()),
                  "what they give cannot be stacked: give such samples one at a time");
    shown.shape = shape;
    shown.quant = runner.output(i).quant;
    append(runner.output_bytes(i), &(*outputs)[i]);
  }
  return {};
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

// What the outputs mean, and the names of classes: --labels, else what the model says.
Result<AnswerMeaning> find_meaning(const RunOptions& o, const Graph& graph, const Context& context,
                                   FeedingOverrides* overrides) {
  std::vector<std::string> given;
  if (!o.labels_file.empty()) {
    THIMBLE_ASSIGN(given, read_labels(o.labels_file));
  }
  THIMBLE_ASSIGN(AnswerMeaning meaning, answer_meaning(graph, o.as, given));
  const auto lines = static_cast<int64_t>(given.size());
  if (meaning.meaning != Meaning::values) {
    if (!meaning.how.empty()) context.note(meaning.how);
    const int64_t classes = meaning.meaning == Meaning::boxes                          ? meaning.known_classes
                            : meaning.meaning == Meaning::mask && meaning.channels > 1 ? meaning.channels
                                                                                       : 0;
    if (lines > 0 && classes > 0 && std::ssize(meaning.labels) != classes)
      context.note(format("warning: {} has {} lines, the model has {} classes", o.labels_file, lines, classes));
    return meaning;
  }
  for (const auto& [option, given_here] : {std::pair("--draw", !o.draw.empty()), {"--threshold", o.threshold >= 0}})
    if (given_here)
      return fail(ErrorCode::usage, format("{} needs boxes, a mask or points, but {}", option, meaning.why_not),
                  meaning.hint);
  if (!given.empty()) {
    const int64_t width = graph.at(graph.outputs[0]).shape.elements();
    if (lines != width && !(width == 1 && lines == 2))
      context.warn(format(
          "warning: {} has {} lines, the model has {} outputs{}", o.labels_file, lines, width,
          lines + 1 == width
              ? ": if its first output means none of them, every name is one off; put a line \"background\" first"
              : ""));
    overrides->labels = std::move(given);
  } else if (const auto own = own_feeding(graph); own && *own) {
    overrides->labels = (*own)->labels;
  }
  return meaning;
}

// Whether the whole picture is brought to the input's size, so that places in one are places in the other.
bool feeds_whole_picture(const RunOptions& o, const Graph& graph) {
  const auto own = own_feeding(graph);
  return !o.handwriting && !(own && *own && (*own)->handwriting);
}

Result<FeedingOverrides> overrides_of(const RunOptions& o) {
  DataArguments said;
  said.scale = o.scale;
  said.features = o.features;
  said.handwriting = o.handwriting;
  THIMBLE_ASSIGN(FeedingOverrides overrides, feeding_overrides(said));
  overrides.measure = false;
  return overrides;
}

Status show(const RunOptions& o, const Graph& graph, Answers answers, AnswerMeaning meaning, const Context& context) {
  const int64_t runs = answers.runs;
  AnswerFile file{o.model, o.output_dir};
  FoundAnswers found;
  if (meaning.meaning == Meaning::values) {
    answers.top = o.top > 0 ? o.top : usual_top(graph, answers.labels);
  } else {
    THIMBLE_ASSIGN(found,
                   find_answers(graph, answers, std::move(meaning), o.threshold, o.top, feeds_whole_picture(o, graph)));
    if (!o.draw.empty()) THIMBLE_TRY(draw_found(o.draw, &found, answers, context));
    file.found = &found;
  }
  if (const int64_t none = runs_without_number(graph, answers); none > 0)
    context.warn(
        format("warning: answers of {} of {} runs are not numbers (NaN): look at the inputs, and at the weights "
               "(thimble inspect MODEL --weights)",
               none, runs));
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
  } else if (file.found) {
    if (o.output.empty()) print_found(found, answers, context);
  } else if (answers.top > 0) {
    if (o.top > 0 || !saved) print_ranked(graph, answers, context);
  } else if (o.output_dir.empty() && o.output.empty()) {
    print_values(graph, answers, context);
  }
  return {};
}

// A model whose values decide shapes: it is planned while it runs, and the shapes of its outputs are known then.
Status run_values(const RunOptions& o, Data file, const PlanOptions& plan, const Context& context) {
  if (!o.device.empty())
    return fail(ErrorCode::unsupported, format("{} is planned while it runs, which this machine alone does", o.model),
                "leave --device out");
  THIMBLE_ASSIGN(const auto runner, ModelRunner::open(std::move(file), o.model, plan, o.signature));
  Graph graph = runner->edges();
  THIMBLE_ASSIGN(const std::vector<KnownInput> known, fed_shapes(o, graph, true));
  for (size_t i = 0; i < known.size(); ++i)
    if (known[i].shape) {
      graph.at(graph.inputs[i]).shape = *known[i].shape;
      graph.at(graph.inputs[i]).free_dims = 0;
    }
  note_free_sizes(graph, context);
  std::vector<Shape> shapes;
  for (const TensorId id : graph.inputs) shapes.push_back(graph.at(id).shape);
  THIMBLE_TRY(runner->expect_room(shapes));
  THIMBLE_ASSIGN(FeedingOverrides overrides, overrides_of(o));
  THIMBLE_ASSIGN(std::vector<Feed> feeds, read_feeds(o, graph, overrides, context));
  THIMBLE_ASSIGN(const int64_t runs, complete_feeds(o, graph, &feeds));
  THIMBLE_ASSIGN(Answers answers, run_all(graph, feeds, runs, o.repeat, [&](const auto& arrays, auto* outputs) {
                   return run_by_values(*runner, &graph, arrays, outputs);
                 }));
  THIMBLE_ASSIGN(AnswerMeaning meaning, find_meaning(o, graph, context, &overrides));
  answers.labels = overrides.labels;
  return show(o, graph, std::move(answers), std::move(meaning), context);
}

Status run(const RunOptions& o, const Context& context) {
  if (!o.output.empty()) THIMBLE_TRY(check_answer_name(o.output));
  if (!o.draw.empty()) THIMBLE_TRY(check_draw_name(o.draw));
  if (o.repeat > 0 && !o.device.empty())
    return fail(ErrorCode::usage, "--repeat times passes of this machine",
                "thimble bench MODEL --device WORD times runs there");
  PlanOptions plan;
  plan.threads = context.thread_count();
  THIMBLE_ASSIGN(const Data file, open_model_file(o.model));
  auto loaded = read_model_file(file, o.model, o.signature);
  if (!loaded && loaded.error().code == ErrorCode::needs_value) return run_values(o, file, plan, context);
  THIMBLE_ASSIGN(LoadedModel model, std::move(loaded));
  note_left_out(model.graph, context);
  THIMBLE_ASSIGN(const std::vector<KnownInput> known, fed_shapes(o, model.graph, false));
  if (!known.empty()) {
    auto again = with_known_inputs(model, known);
    if (!again && again.error().code == ErrorCode::needs_value) return run_values(o, file, plan, context);
    THIMBLE_ASSIGN(model, std::move(again));
  }
  if (o.device.empty()) {
    Status taken = take_batches(o, &model);
    if (!taken && taken.error().code == ErrorCode::needs_value) return run_values(o, file, plan, context);
    THIMBLE_TRY(std::move(taken));
  }
  THIMBLE_TRY(raise_layers(model));
  note_free_sizes(model.graph, context);
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(model)));
  std::unique_ptr<Session> session;
  if (o.device.empty()) {
    THIMBLE_ASSIGN(auto program, Program::plan(std::move(prepared), plan));  // before its inputs take memory
    THIMBLE_ASSIGN(session, Session::create(program));
  }
  const Graph& graph = session ? session->graph() : prepared.graph;
  THIMBLE_ASSIGN(FeedingOverrides overrides, overrides_of(o));
  THIMBLE_ASSIGN(AnswerMeaning meaning, find_meaning(o, graph, context, &overrides));
  THIMBLE_ASSIGN(std::vector<Feed> feeds, read_feeds(o, graph, overrides, context));
  THIMBLE_ASSIGN(const int64_t runs, complete_feeds(o, graph, &feeds));
  const auto once = [&](const auto& arrays, auto* outputs) { return run_session(*session, arrays, outputs); };
  THIMBLE_ASSIGN(Answers answers,
                 session ? run_all(graph, feeds, runs, o.repeat, once) : run_there(o, graph, feeds, runs, context));
  answers.labels = overrides.labels;
  return show(o, graph, std::move(answers), std::move(meaning), context);
}

}  // namespace

Action define_run(Options& options) {
  auto o = std::make_shared<RunOptions>();
  options.examples(
      "thimble run mobilenet.tflite cat.jpg --labels labels.txt --top 3\n"
      "thimble run detector.tflite street.jpg --draw found.png    # boxes, a mask or key points\n"
      "thimble run detector.tflite photos/ --labels coco.txt --threshold 0.3 --draw found/\n"
      "thimble run flowers.tflite photos/ --output answers.csv     # every picture in the folder\n"
      "thimble run houses.tflite new_houses.csv --output prices.csv\n"
      "thimble run digits.tflite my_seven.jpg --handwriting\n"
      "thimble run keywords.tflite yes.wav recordings/\n"
      "thimble run model.tflite --input 0=x.npy --output-dir out\n"
      "thimble run model.tflite --random 1 --json\n"
      "thimble run model.tflite cat.jpg --device ssh:pi@raspberrypi.local\n");
  options.about(
      "A FILE holds samples as `thimble eval` takes them, and they are fed as the model's own metadata says: pictures\n"
      "are resized as Pillow does (bilinear) and scaled, rows of a table or array are scaled by the model's own "
      "numbers.\n"
      "What the model does not say is stated. An array given by --input holds the tensor's own values. An array with "
      "N\n"
      "in place of the input's leading 1 is N runs, whose outputs are stacked; where the file leaves that size open\n"
      "and the network computes over it, one run of that size. States (of an LSTM) start afresh at each\n"
      "run. With one input, every FILE is one more run, or several; with several inputs, one .npy each.\n");
  options.argument("MODEL", &o->model, "a .tflite, .onnx or .thim file; - reads it from the standard input");
  options.arguments("FILE", &o->files, "pictures (.png, .jpg, .bmp), sounds (.wav), folders of them, .npy, .npz, .csv");
  options.text("--signature", &o->signature, "NAME",
               "the network of this signature, where the file holds several (default: the first)");
  options.texts("--input", &o->inputs, "KEY=FILE.npy",
                "array for one input: its index, its name in the signature or its tensor's; repeatable");
  options.integer("--random", &o->seed, "SEED", "fill every input not given with reproducible random numbers");
  options.text("--scale", &o->scale, "WORD",
               "how samples become inputs: 0..1, -1..1, standard or none (default: the model's own)");
  options.text("--features", &o->features, "WORD",
               "sounds: mfcc_tiny, lfbe_tiny or micro_speech (default: as the model says)");
  options.flag("--handwriting", &o->handwriting, "bring photos of digits to MNIST's convention first");
  options.text("--inputs", &o->columns, "A,B", "csv: the columns that are inputs, in the model's order");
  options.integer("--repeat", &o->repeat, "N", "then run all of it N times more and say how long each pass takes", 1,
                  1'000'000);
  options.text("--output", &o->output, "FILE", "write the answers: .csv (a row per run), .npy or .json");
  options.text("--output-dir", &o->output_dir, "DIR", "write 0.npy, 1.npy … and outputs.json there");
  options.text("--labels", &o->labels_file, "FILE", "class names, one per line (default: the model's own)");
  options.integer(
      "--top", &o->top, "K",
      "show the K best classes (default: 3 when there are labels, or more than 10 classes); at most K boxes", 1);
  options.section("Boxes, masks and key points");
  options.text("--draw", &o->draw, "FILE.png|DIR/", "draw what was found over each picture, at its own size");
  options.number("--threshold", &o->threshold, "T",
                 "leave out what has a lower score (default: the model's own, else 0.5; of points 0.3)", 0);
  options.choice("--as", &o->as, {"boxes", "mask", "points", "values"},
                 "what the outputs are, where the model does not show it");
  if (device_verbs()) device_verbs()->declare(options, &o->device);
  return [o](const Context& context) { return run(*o, context); };
}

}  // namespace thimble::app
