#include "app/device_verbs.h"

#include <algorithm>

#include "app/interrupt.h"
#include "base/file.h"
#include "base/json.h"
#include "device/remote.h"
#include "measure/units.h"
#include "study/device_answers.h"

namespace thimble::app {
namespace {

constexpr double kBenchSeconds = 3600;

DeviceHooks hooks_of(const Context& context) {
  return {[] { return interrupted(); }, [&context](const std::string& line) { context.note(line); },
          [&context](const std::string& line) { context.note(line); }};
}

Result<std::unique_ptr<Device>> reach(const std::string& text, const std::string& model, const Context& context) {
  THIMBLE_ASSIGN(const DeviceWord word, parse_device_word(text));
  if (model == "-")
    return fail(ErrorCode::usage, "the standard input does not travel to a device", "give the model as a file");
  if (!file_exists(model)) return tl::unexpected<Error>(missing_file_error(model));
  return Device::open(word, hooks_of(context));
}

void declare(Options& options, std::string* to) {
  options.value("--device", "WORD", "run there: host, ssh:[user@]host[:port][/folder], qemu:BOARD[:MEMORY]",
                [to](const std::string& text) -> Status {
                  THIMBLE_ASSIGN(const DeviceWord word, parse_device_word(text));
                  *to = word.kind == DeviceWord::Kind::host ? "" : text;
                  return {};
                });
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// "…" with its quotes.
std::string json_string(const std::string& text) {
  JsonWriter json;
  json.value(text);
  return json.take();
}

Status bench(const std::string& text, const std::string& model, const std::vector<std::string>& arguments,
             const std::string& profile_file, const Context& context) {
  THIMBLE_ASSIGN(const auto device, reach(text, model, context));
  const bool emulated = device->facts().emulated;
  if (emulated) context.note(format("{} is emulated: memory is real, the times below say nothing", text));
  THIMBLE_ASSIGN(const std::string there, device->put(model));
  std::vector<std::string> words = {"bench", there};
  for (const std::string& argument : arguments) {
    // --input_layer_value_files=NAME:PATH,…: those files go there too.
    constexpr std::string_view kFiles = "--input_layer_value_files=";
    if (!argument.starts_with(kFiles)) {
      words.push_back(argument);
      continue;
    }
    std::string moved(kFiles);
    for (size_t at = kFiles.size(); at <= argument.size();) {
      const size_t end = std::min(argument.find(',', at), argument.size()), colon = argument.find(':', at);
      if (colon < end) {
        THIMBLE_ASSIGN(const std::string file, device->put(argument.substr(colon + 1, end - colon - 1)));
        moved += argument.substr(at, colon - at + 1) + file;
      } else {
        moved += argument.substr(at, end - at);  // thimble-run says what is wrong with it
      }
      if (end < argument.size()) moved += ",";
      at = end + 1;
    }
    words.push_back(moved);
  }
  const std::string profile = device->place("profile");
  if (!profile_file.empty()) words.push_back("--op_profiling_output_file=" + profile);
  Result<std::string> said = device->run(words, kBenchSeconds);
  if (said && !profile_file.empty()) {
    const Result<std::string> table = device->get(profile);
    device->drop(profile);
    if (!table) return tl::unexpected(table.error());
    THIMBLE_TRY(write_file_atomic(profile_file, std::string_view(*table)));
  }
  if (!said) return tl::unexpected(std::move(said).error());
  double instructions = 0;
  if (emulated) {
    THIMBLE_ASSIGN(const DeviceWord word, parse_device_word(text));
    const auto counted = emulated_instructions(word, model, hooks_of(context));
    if (counted)
      instructions = *counted;
    else
      context.note(format("instructions are not counted: {}", counted.error().message));
  }
  std::string out = std::move(*said);
  if (context.json) {
    std::string more = format("\"device\":{},\"emulated\":{}", json_string(text), emulated);
    if (instructions > 0) more += format(",\"instructions\":{:.0f}", instructions);
    replace_all(out, "\"model\":" + json_string(there), "\"model\":" + json_string(model) + "," + more);
  } else {
    replace_all(out, there, model);
    if (instructions > 0)
      out += format("{} instructions per run on one thread, counted by qemu-user\n", format_quantity(instructions));
  }
  context.print(out);
  return {};
}

Result<EvaluationResult> evaluate(const std::string& text, const std::string& model, const Graph& graph,
                                  const Dataset& set, const Feeding& feeding, const EvaluateOptions& options,
                                  const Context& context) {
  THIMBLE_TRY(check_fits(graph, set));
  THIMBLE_ASSIGN(const auto device, reach(text, model, context));
  EvaluateOptions there = options;
  there.threads = static_cast<int>(context.threads);
  return evaluate_on_device(*device, model, graph, set, feeding, there);
}

Result<std::vector<std::vector<uint8_t>>> answers(const std::string& text, const std::string& model, const Graph& graph,
                                                  const std::vector<std::span<const uint8_t>>& inputs, int64_t runs,
                                                  const Context& context) {
  THIMBLE_ASSIGN(const auto device, reach(text, model, context));
  THIMBLE_ASSIGN(const std::string there, device->put(model));
  return device_answers(*device, there, graph, inputs, runs, static_cast<int>(context.threads));
}

}  // namespace

const DeviceVerbs kDeviceVerbs = {declare, bench, evaluate, answers};

}  // namespace thimble::app
