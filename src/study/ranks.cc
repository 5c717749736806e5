#include "study/ranks.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include <dlfcn.h>

#include "base/archive.h"
#include "base/environment.h"
#include "base/file.h"
#include "report/study_item.h"
#include "study/mpi/messages.h"

namespace thimble {
namespace {

struct Variables {
  Knob size, rank;
};
constexpr Variables kLaunchers[] = {{Knob::ompi_size, Knob::ompi_rank}, {Knob::pmi_size, Knob::pmi_rank}};

int number_of(Knob knob, int otherwise) {
  const auto text = environment(knob);
  int n = otherwise;
  if (text) std::from_chars(text->data(), text->data() + text->size(), n);
  return n;
}

class MpiRanks : public Ranks {
 public:
  explicit MpiRanks(const MpiMessages& mpi) : mpi_(mpi) {}
  ~MpiRanks() override {
    if (rank() == 0)
      for (int r = 1; r < size(); ++r) mpi_.send(r, nullptr, 0);
    mpi_.close();
  }
  int rank() const override { return mpi_.rank; }
  int size() const override { return mpi_.size; }
  int here() const override { return mpi_.here; }
  Status send(int to, std::span<const uint8_t> bytes) override {
    if (mpi_.send(to, bytes.data(), static_cast<int64_t>(bytes.size()))) return {};
    return fail(ErrorCode::internal, format("{} bytes are too many for one message", bytes.size()));
  }
  std::optional<Message> poll() override {
    Message m;
    const int64_t size = mpi_.waiting(&m.from);
    if (size < 0) return std::nullopt;
    m.bytes.resize(static_cast<size_t>(size));
    mpi_.receive(m.from, m.bytes.data(), size);
    return m;
  }

 private:
  const MpiMessages& mpi_;
};

Error no_mpi(const Launch& launch, const std::string& why) {
  return {ErrorCode::usage,
          format("mpirun started {} processes, but {}", launch.size, why),
          {},
          "install libopenmpi-dev and openmpi-bin, build Thimble again (cmake --fresh --preset release) and start it "
          "with Open MPI's mpirun; on one machine --workers N without mpirun does the same"};
}

Result<ItemOrder> unpack_order(std::span<const uint8_t> bytes) {
  ItemOrder order;
  ArchiveIn in(bytes);
  in(order.out, order.id, order.arguments);
  if (!in.ok || !in.at_end()) return fail(ErrorCode::internal, "rank 0 sent an order that cannot be read");
  return order;
}

std::vector<uint8_t> pack_answer(ItemAnswer& a) {
  ArchiveOut out;
  int code = 0;  // of ErrorCode, + 1
  std::string message, hint;
  ChildResult child;
  if (a.child) {
    child = std::move(*a.child);
  } else {
    code = static_cast<int>(a.child.error().code) + 1;
    message = a.child.error().message;
    hint = a.child.error().hint;
  }
  uint64_t files = a.files.size();
  out(code, message, hint, child.exit_code, child.signal, child.err, a.item, files);
  for (auto& f : a.files) out(f);
  return std::move(out.bytes);
}

// The files that a finished item consists of, read from this machine's folder.
Status collect(const ItemOrder& order, ItemAnswer& answer) {
  THIMBLE_ASSIGN(answer.item, read_file(format("{}/items/{}.item", order.out, order.id)));
  THIMBLE_ASSIGN(const StudyItem item, unpack_item(answer.item));
  for (const VariantResult& v : item.variants) {
    THIMBLE_ASSIGN(answer.files.emplace_back(), read_file(order.out + "/" + v.file));
  }
  return {};
}

// Writes unless the same bytes stand there.
Status put(const std::string& path, std::span<const uint8_t> bytes) {
  if (file_exists(path))
    if (const auto there = read_file(path); there && std::ranges::equal(*there, bytes)) return {};
  THIMBLE_TRY(make_directories(directory_of(path)));
  return write_file_atomic(path, bytes);
}

void wait_a_little() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

}  // namespace

Launch launched() {
  for (const Variables& v : kLaunchers)
    if (const int size = number_of(v.size, 0); size > 0) return {number_of(v.rank, 0), size};
  return {};
}

std::vector<std::pair<std::string, std::string>> environment_without_launch() {
  std::vector<std::pair<std::string, std::string>> empty;
  for (const Variables& v : kLaunchers)
    for (const Knob knob : {v.size, v.rank})
      empty.emplace_back(environment_knobs()[static_cast<size_t>(knob)].name, "");
  return empty;
}

Result<std::unique_ptr<Ranks>> open_ranks(const Launch& launch) {
  THIMBLE_ASSIGN(const std::string program, own_program_path());
  const std::string folder = directory_of(program);
  std::string module = folder + "/thimble_mpi.so";
  if (!file_exists(module)) module = folder + "/" + THIMBLE_MPI_FOLDER + "/thimble_mpi.so";
  if (!file_exists(module)) return tl::unexpected<Error>(no_mpi(launch, "this Thimble was built without MPI"));
  // Open MPI's own modules look for its symbols among the global ones.
  void* library = ::dlopen(module.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!library) return tl::unexpected<Error>(no_mpi(launch, format("MPI cannot be loaded: {}", ::dlerror())));
  const auto open = reinterpret_cast<decltype(&thimble_mpi_open_1)>(::dlsym(library, THIMBLE_MPI_OPEN));
  if (!open) return tl::unexpected<Error>(no_mpi(launch, format("{} is of another version of Thimble", module)));
  const MpiMessages* messages = open();
  auto ranks = std::make_unique<MpiRanks>(*messages);
  if (ranks->size() != launch.size)
    return tl::unexpected<Error>(
        no_mpi(launch, format("the MPI of this Thimble sees {}: it is another one", ranks->size())));
  return ranks;
}

RunProgram run_this_program() {
  return [](const std::vector<std::string>& arguments, const std::function<bool()>& stop) -> Result<ChildResult> {
    THIMBLE_ASSIGN(const std::string program, own_program_path());
    ChildOptions child;
    child.environment = environment_without_launch();
    child.cancelled = stop;
    return run_child(program, arguments, child);
  };
}

std::vector<uint8_t> pack_order(const ItemOrder& order) {
  ItemOrder copy = order;
  ArchiveOut out;
  out(copy.out, copy.id, copy.arguments);
  return std::move(out.bytes);
}

Result<ItemAnswer> unpack_answer(std::span<const uint8_t> bytes) {
  ArchiveIn in(bytes);
  int code = 0;
  std::string message, hint;
  ChildResult child;
  ItemAnswer a;
  uint64_t files = 0;
  in(code, message, hint, child.exit_code, child.signal, child.err, a.item, files);
  for (uint64_t f = 0; f < files && in.ok; ++f) in(a.files.emplace_back());
  if (!in.ok || !in.at_end() || code < 0 || code > static_cast<int>(ErrorCode::interrupted) + 1)
    return fail(ErrorCode::internal, "a rank sent an answer that cannot be read");
  if (code > 0)
    a.child = tl::unexpected<Error>(Error{static_cast<ErrorCode>(code - 1), std::move(message), {}, std::move(hint)});
  else
    a.child = std::move(child);
  return a;
}

Status keep_answer(const ItemAnswer& answer, const std::string& out, const std::string& id) {
  THIMBLE_ASSIGN(const StudyItem item, unpack_item(answer.item));
  if (item.id != id || item.variants.size() != answer.files.size())
    return fail(ErrorCode::internal, format("a rank answered with another item than {}", id));
  for (size_t v = 0; v < answer.files.size(); ++v) THIMBLE_TRY(put(out + "/" + item.variants[v].file, answer.files[v]));
  return put(format("{}/items/{}.item", out, id), answer.item);
}

void serve_items(Ranks& ranks, int threads, const std::function<bool()>& cancelled, const RunProgram& run) {
  const std::string each = std::to_string(std::max(1, threads / ranks.here()));
  bool over = false;
  while (!over) {
    const std::optional<Message> message = ranks.poll();
    if (!message) {
      wait_a_little();
      continue;
    }
    if (message->bytes.empty()) return;
    ItemAnswer answer;
    Result<ItemOrder> order = unpack_order(message->bytes);
    if (!order) {
      answer.child = tl::unexpected<Error>(std::move(order).error());
    } else if (order->id.empty()) {
      continue;  // nothing to stop
    } else {
      order->arguments.insert(order->arguments.end(), {"--threads", each});
      bool stop = false;
      answer.child = run(order->arguments, [&] {
        if (cancelled && cancelled()) stop = true;
        if (const auto said = ranks.poll()) {  // only "stop" or "it is over" comes now
          stop = true;
          over = over || said->bytes.empty();
        }
        return stop;
      });
      if (answer.child && answer.child->exit_code == 0)
        if (Status there = collect(*order, answer); !there)
          answer.child = tl::unexpected<Error>(std::move(there).error());
    }
    if (over) return;  // rank 0 waits for no answer
    if (ranks.send(0, pack_answer(answer))) continue;
    answer = {tl::unexpected<Error>(Error{ErrorCode::internal, "the files are too large to be sent", {}, ""}), {}, {}};
    static_cast<void>(ranks.send(0, pack_answer(answer)));
  }
}

}  // namespace thimble
