#include "device/word.h"

#include <algorithm>
#include <charconv>

#include "base/format.h"
#include "base/suggest.h"

namespace thimble {
namespace {

constexpr const char* kForms = "host, ssh:[user@]host[:port][/folder] or qemu:BOARD[:MEMORY] (pi5, pi4, pi3, zero2)";

// What an emulated board boots with, and what this program asks of a machine for one.
constexpr int64_t kFewestMegabytes = 64, kMostMegabytes = 64 * 1024;

bool plain_name(std::string_view name) {
  return !name.empty() && name[0] != '-' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

bool plain_address(std::string_view address) {  // of IPv6, without its brackets
  return !address.empty() && std::ranges::all_of(address, [](char c) {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.';
  });
}

tl::unexpected<Error> refuse(std::string_view text, const std::string& why, const std::string& hint = kForms) {
  return fail(ErrorCode::usage, format("device \"{}\": {}", text, why), hint);
}

Status ssh(std::string_view rest, DeviceWord* word) {
  const std::string_view text = word->text;
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    word->folder = rest.substr(slash);
    rest = rest.substr(0, slash);
    // It becomes part of commands there; quotes would need quoting twice.
    if (std::ranges::any_of(word->folder, [](unsigned char c) { return c < 0x20 || c == '\'' || c == 0x7f; }))
      return refuse(text, "the folder has a character that no shell should see");
    while (word->folder.size() > 1 && word->folder.back() == '/') word->folder.pop_back();
  }
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    word->user = rest.substr(0, at);
    rest = rest.substr(at + 1);
    if (!plain_name(word->user)) return refuse(text, format("\"{}\" is no user's name", word->user));
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == std::string_view::npos || !plain_address(rest.substr(1, end - 1)))
      return refuse(text, "what stands in brackets is no address");
    word->host = rest.substr(1, end - 1);
    rest = rest.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return refuse(text, "only a port may follow the address");
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return refuse(text, "the port is missing");
  } else {
    const size_t colon = rest.find(':');
    word->host = rest.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = rest.substr(colon + 1);
      if (port.empty()) return refuse(text, "the port is missing");
    }
    if (!plain_name(word->host))
      return refuse(text, word->host.empty() ? "the host is missing" : format("\"{}\" is no host's name", word->host));
  }
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), word->port);
    if (error != std::errc() || end != port.data() + port.size() || word->port < 1 || word->port > 65535)
      return refuse(text, format("\"{}\" is no port (1 to 65535)", port));
  }
  return {};
}

}  // namespace

Result<DeviceWord> parse_device_word(std::string_view text) {
  DeviceWord word;
  word.text = text;
  if (text == "host") return word;
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (kind == "ssh") {
    word.kind = DeviceWord::Kind::ssh;
    THIMBLE_TRY(ssh(rest, &word));
    return word;
  }
  if (kind == "qemu") {
    word.kind = DeviceWord::Kind::qemu;
    word.board = rest;
    const size_t memory = rest.find(':');
    const std::string name(rest.substr(0, memory));
    const std::string boards[] = {"pi5", "pi4", "pi3", "zero2"};
    if (std::ranges::find(boards, name) == std::end(boards))
      return refuse(text, name.empty() ? "the board is missing" : format("there is no board \"{}\"", name),
                    did_you_mean_or_all(name, boards));
    if (memory != std::string_view::npos) {
      const std::string_view amount = rest.substr(memory + 1);
      const bool digits = amount.size() > 1 && std::ranges::all_of(amount.substr(0, amount.size() - 1),
                                                                   [](char c) { return c >= '0' && c <= '9'; });
      if (!digits || (amount.back() != 'M' && amount.back() != 'G'))
        return refuse(text, format("\"{}\" is no amount of memory", amount), "for example qemu:pi4:256M");
      int64_t number = 0;  // stays 0 where it is beyond 64 bits
      std::from_chars(amount.data(), amount.data() + amount.size() - 1, number);
      if (amount.back() == 'G') number = std::min<int64_t>(number, kMostMegabytes) * 1024;
      if (number < kFewestMegabytes || number > kMostMegabytes)
        return refuse(text, format("no board has {} of memory", amount),
                      format("from {}M (its kernel needs them) to {}G", kFewestMegabytes, kMostMegabytes / 1024));
    }
    return word;
  }
  const std::string words[] = {"host", "ssh", "qemu"};
  const std::string near = did_you_mean(kind, words);
  return refuse(text, "no such kind of device", near.empty() ? kForms : near + " " + kForms);
}

}  // namespace thimble
