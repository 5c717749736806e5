// `thimble offload`: a model's answer on a device, or from a machine behind a network that is sent the input: which is
// there sooner, and at which delay that turns.
#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "api/load.h"
#include "app/commands.h"
#include "app/interrupt.h"
#include "base/json.h"
#include "device/link.h"
#include "device/remote.h"
#include "measure/stats.h"
#include "measure/subprocess.h"
#include "measure/table.h"
#include "measure/units.h"
#include "passes/pipeline.h"

namespace thimble::app {
namespace {

constexpr double kBenchSeconds = 3600;

struct OffloadOptions {
  std::string model;
  std::vector<DeviceWord> devices;  // the device; and the machine that would answer in its place, else this one
  std::vector<Link> links;
  int64_t send = 0, receive = 0;  // bytes; 0: those of the tensors
};

// The median of a run somewhere, and its 95 % interval.
struct Timed {
  std::string where;
  double p50 = 0;
  Interval median95;
};

Result<Timed> timed(const DeviceWord& word, const OffloadOptions& o, const Context& context) {
  std::vector<std::string> arguments = {"bench", o.model, "--json", "--quiet",
                                        format("--num_threads={}", std::max<int64_t>(context.threads, 1))};
  Result<std::string> said = std::string();
  if (word.kind == DeviceWord::Kind::host) {
    context.note("host: measuring");
    said = run_self(arguments, {.timeout_seconds = kBenchSeconds, .cancelled = interrupted});
  } else {
    const DeviceHooks hooks{interrupted, [&](const std::string& line) { context.note(line); }, {}};
    THIMBLE_ASSIGN(const auto device, Device::open(word, hooks));
    THIMBLE_ASSIGN(arguments[1], device->put(o.model));
    context.note(word.text + ": measuring");
    said = device->run(arguments, kBenchSeconds);
  }
  if (!said) return tl::unexpected(std::move(said).error());
  const nlohmann::json json = nlohmann::json::parse(*said, nullptr, false);
  Timed t;
  t.where = word.text;
  const auto latency = json.is_object() ? json.find("latency_us") : json.end();
  const auto interval = json.is_object() ? json.find("p50_interval95") : json.end();
  const bool there = json.is_object() && latency != json.end() && latency->is_object() && latency->contains("p50") &&
                     (*latency)["p50"].is_number() && interval != json.end() && interval->is_array() &&
                     interval->size() == 2 && (*interval)[0].is_number() && (*interval)[1].is_number();
  if (!there)
    return fail(ErrorCode::io, format("device {}: what came back from the benchmark is no benchmark", word.text),
                "its thimble-run is another version: `make dist`");
  t.p50 = (*latency)["p50"].get<double>();
  t.median95 = {(*interval)[0].get<double>(), (*interval)[1].get<double>()};
  return t;
}

std::string speed_text(double bits) {
  if (bits >= 1e9) return format_number(bits / 1e9, 3) + " Gbit/s";
  if (bits >= 1e6) return format_number(bits / 1e6, 3) + " Mbit/s";
  return format_number(bits / 1e3, 3) + " kbit/s";
}

struct Case {
  Link link;
  OffloadTimes times;
  Interval rtt95;  // of the break-even, from the medians'
  // Whether the medians' spread leaves open which is sooner.
  bool open() const { return link.rtt_us >= rtt95.low && link.rtt_us <= rtt95.high && rtt95.low < rtt95.high; }
};

std::string sentence(const Case& c, const Timed& device, const Timed& other) {
  const OffloadTimes& t = c.times;
  std::string text;
  if (c.open())
    text = format("Too close to tell: {} has its answer after {}, {} over this link after {}", device.where,
                  format_microseconds(device.p50), other.where, format_microseconds(t.away_us));
  else if (t.device_wins)
    text = format("Stay on the device: {} has its answer after {}, {} over this link after {}", device.where,
                  format_microseconds(device.p50), other.where, format_microseconds(t.away_us));
  else
    text = format("Send it away: {} answers over this link after {}, {} itself after {}", other.where,
                  format_microseconds(t.away_us), device.where, format_microseconds(device.p50));
  if (t.break_even_rtt_us <= 0)
    return text + (device.p50 <= other.p50
                       ? "; the device is the faster one at any delay."
                       : "; at this speed the device wins at any delay: the transfer alone takes longer.");
  text += format("; the device wins where a round trip takes more than {}", format_microseconds(t.break_even_rtt_us));
  if (std::isfinite(t.break_even_up_bits) && t.break_even_up_bits > 0)
    text += format(", or where it uploads less than {}", speed_text(t.break_even_up_bits));
  return text + ".";
}

std::string as_json(const OffloadOptions& o, const Timed& device, const Timed& other, int64_t up, int64_t down,
                    const std::vector<Case>& cases, const std::string& answer) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.offload/1").field("model", o.model);
  json.field("bytes_up", up).field("bytes_down", down);
  for (const auto& [key, t] : {std::pair{"device", &device}, {"other", &other}}) {
    json.key(key).begin_object().field("device", t->where).field("p50_us", t->p50).key("p50_interval95");
    json.begin_array().value(t->median95.low).value(t->median95.high).end_array().end_object();
  }
  json.key("links").begin_array();
  for (const Case& c : cases) {
    json.begin_object()
        .field("link", c.link.text)
        .field("rtt_us", c.link.rtt_us)
        .field("up_bits_per_s", c.link.up_bits)
        .field("down_bits_per_s", c.link.down_bits)
        .field("send_us", c.times.send_us)
        .field("receive_us", c.times.receive_us)
        .field("device_us", device.p50)
        .field("away_us", c.times.away_us)
        .field("device_wins", c.times.device_wins)
        .field("open", c.open())
        .field("break_even_rtt_us", c.times.break_even_rtt_us)
        .key("break_even_rtt_interval95")
        .begin_array()
        .value(c.rtt95.low)
        .value(c.rtt95.high)
        .end_array()
        .field("break_even_up_bits_per_s", c.times.break_even_up_bits)
        .end_object();
  }
  json.end_array().field("answer", answer).end_object();
  return json.take() + "\n";
}

Status offload(const OffloadOptions& o, const Context& context) {
  if (o.devices.empty())
    return fail(ErrorCode::usage, "thimble offload needs --device WORD",
                "for example --device ssh:pi@raspberrypi.local");
  if (o.devices.size() > 2)
    return fail(ErrorCode::usage, format("--device is given {} times", o.devices.size()),
                "once for the device, once more for the machine that would answer in its place");
  if (o.links.empty())
    return fail(ErrorCode::usage, "thimble offload needs --link", "for example --link \"rtt=20ms,up=5Mbit\"");
  const DeviceWord& first = o.devices[0];
  const DeviceWord second = o.devices.size() > 1 ? o.devices[1] : DeviceWord{};
  if (first.text == second.text)
    return fail(ErrorCode::usage, format("--device {} would send to itself", first.text), "name another machine");
  for (const DeviceWord* word : {&first, &second})
    if (word->kind == DeviceWord::Kind::qemu)
      return fail(ErrorCode::usage, format("device {} is emulated: its clock says nothing", word->text),
                  "measure on the real one, ssh:[user@]host");
  if (o.model == "-")
    return fail(ErrorCode::usage, "the standard input does not travel to a device", "give the model as a file");
  THIMBLE_ASSIGN(LoadedModel model, load_model(o.model));
  THIMBLE_ASSIGN(const Checked prepared, prepare_for_inference(std::move(model)));
  int64_t up = 0, down = 0;
  for (const TensorId id : prepared.graph.inputs) up += prepared.graph.at(id).bytes();
  for (const TensorId id : prepared.graph.outputs) down += prepared.graph.at(id).bytes();
  if (o.send > 0) up = o.send;
  if (o.receive > 0) down = o.receive;
  THIMBLE_ASSIGN(const Timed device, timed(first, o, context));
  THIMBLE_ASSIGN(const Timed other, timed(second, o, context));

  std::vector<Case> cases;
  TextTable table;
  table.column("link").column(device.where, Align::right).column("send", Align::right);
  table.column(other.where, Align::right).column("receive", Align::right).column("answer from there", Align::right);
  table.column("device wins above", Align::right);
  std::string answer;
  for (const Link& link : o.links) {
    Case c{link, offload_times(link, device.p50, other.p50, static_cast<double>(up), static_cast<double>(down)), {}};
    const double transfer = c.times.send_us + c.times.receive_us;
    c.rtt95 = {std::max(0.0, device.median95.low - other.median95.high - transfer),
               std::max(0.0, device.median95.high - other.median95.low - transfer)};
    table.row({link.text, format_microseconds(device.p50), format_microseconds(c.times.send_us),
               format_microseconds(other.p50), format_microseconds(c.times.receive_us),
               format_microseconds(c.times.away_us), format_microseconds(c.times.break_even_rtt_us)});
    answer += (answer.empty() ? "" : " ") + (o.links.size() > 1 ? link.text + ": " : "") + sentence(c, device, other);
    cases.push_back(c);
  }
  if (context.json) {
    context.print(as_json(o, device, other, up, down, cases, answer));
    return {};
  }
  context.print(table.text(context.colour(), context.table_width()));
  context.say(format("\n{} bytes travel there, {} back, headers of the network not counted.", format_count(up),
                     format_count(down)));
  context.say(answer);
  return {};
}

}  // namespace

Action define_offload(Options& options) {
  auto o = std::make_shared<OffloadOptions>();
  options.examples(
      "thimble offload model.tflite --device ssh:pi@raspberrypi.local --link \"rtt=20ms,up=5Mbit\"\n"
      "thimble offload net.tflite --device ssh:pi@board --link rtt=8ms,up=50Mbit --link rtt=80ms,up=1Mbit\n"
      "thimble offload net.tflite --device ssh:pi@board --device ssh:hub --link rtt=2ms,up=100Mbit --json\n");
  options.about(
      "Measures a run of the model on the device and on the machine that would answer in its place (this one, or a\n"
      "second --device), adds what the network takes for input and answer, and says where the answer is there sooner\n"
      "and from which round trip on the device wins. Bytes are those of the tensors, unless --send says what travels\n"
      "in their place (a compressed picture).");
  options.argument("MODEL", &o->model, "a .tflite or .thim file");
  options.values("--device", "WORD", "the device; a second one is the machine that would answer (default: host)",
                 [o](const std::string& text) -> Status {
                   THIMBLE_ASSIGN(DeviceWord word, parse_device_word(text));
                   o->devices.push_back(std::move(word));
                   return {};
                 });
  options.values("--link", "rtt=T,up=SPEED[,down=SPEED]",
                 "the network between them: T in us, ms or s, SPEED in kbit, Mbit or Gbit per second; repeatable",
                 [o](const std::string& text) -> Status {
                   THIMBLE_ASSIGN(Link link, parse_link(text));
                   o->links.push_back(std::move(link));
                   return {};
                 });
  options.integer("--send", &o->send, "BYTES", "what travels in place of the input tensors", 1);
  options.integer("--receive", &o->receive, "BYTES", "what travels in place of the output tensors", 1);
  return [o](const Context& context) { return offload(*o, context); };
}

}  // namespace thimble::app
