// `thimble device list|clean`: other machines that models run on.
#include "app/commands.h"
#include "app/interrupt.h"
#include "base/json.h"
#include "device/remote.h"
#include "measure/table.h"
#include "measure/units.h"

namespace thimble::app {
namespace {

struct Arguments {
  std::string action;
  std::vector<std::string> devices;
};

Result<std::vector<DeviceWord>> words_of_devices(const Arguments& a) {
  std::vector<DeviceWord> words;
  for (const std::string& text : a.devices) {
    THIMBLE_ASSIGN(DeviceWord word, parse_device_word(text));
    words.push_back(std::move(word));
  }
  return words;
}

// One row per device; one that cannot be reached has its reason there, and the command fails with the first such.
Status list(const std::vector<DeviceWord>& words, const DeviceHooks& hooks, const Context& context) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.device/1").key("devices").begin_array();
  TextTable table;
  table.column("device")
      .column("processor")
      .column("cores", Align::right)
      .column("memory", Align::right)
      .column("system");
  Status first;
  for (const DeviceWord& word : words) {
    const auto device = Device::open(word, hooks);
    json.begin_object().field("device", word.text);
    if (device) {
      const DeviceFacts& f = (*device)->facts();
      table.row({word.text, f.architecture + (f.cpu.empty() ? "" : ", " + f.cpu) + (f.emulated ? ", emulated" : ""),
                 format("{}", f.cores), format_bytes(static_cast<double>(f.memory_bytes)), f.system});
      json.field("architecture", f.architecture)
          .field("cpu", f.cpu)
          .field("system", f.system)
          .field("cores", f.cores)
          .field("memory_bytes", f.memory_bytes)
          .field("emulated", f.emulated);
    } else {
      if (first) first = tl::unexpected(device.error());
      const std::string& why = device.error().message;
      const std::string said_before = format("device {}: ", word.text);
      table.row({word.text, why.starts_with(said_before) ? why.substr(said_before.size()) : why, "–", "–", "–"});
      json.field("problem", device.error().message);
    }
    json.end_object();
  }
  json.end_array().end_object();
  context.print(context.json ? json.take() + "\n" : table.text(context.colour(), context.table_width()));
  return first;
}

Status clean(const std::vector<DeviceWord>& words, const DeviceHooks& hooks, const Context& context) {
  for (const DeviceWord& word : words) {
    THIMBLE_TRY(Device::clean(word, hooks));
    context.note(format("{}: nothing of ours is left there", word.text));
  }
  return {};
}

Status run(const Arguments& a, const Context& context) {
  THIMBLE_ASSIGN(const std::vector<DeviceWord> words, words_of_devices(a));
  const DeviceHooks hooks{[] { return interrupted(); }, [&](const std::string& line) { context.note(line); }};
  if (a.action == "list") return list(words, hooks, context);
  if (a.action == "clean") return clean(words, hooks, context);
  return fail(ErrorCode::usage, format("thimble device cannot '{}'", a.action), "list or clean");
}

}  // namespace

Action define_device(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble device list ssh:pi@raspberrypi.local\n"
      "thimble device clean ssh:pi@raspberrypi.local\n");
  options.about(
      "Machines that studies measure on (measure.devices): by ssh, with your keys and your configuration; nothing is\n"
      "asked there but a folder to write in, and nothing runs there but thimble-run, which is copied. `list` says "
      "what\n"
      "a device is, or why it cannot be reached; `clean` removes everything that was copied.");
  options.argument("ACTION", &a->action, "list or clean");
  options.arguments("DEVICE", &a->devices, "ssh:[user@]host[:port][/folder], or qemu:BOARD[:MEMORY]", true);
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
