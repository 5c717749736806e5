// Running a program: the memory, the pointers of every step into it, and the steps in turn until one reports a fault,
// the deadline has passed or another thread cancels.
#include <chrono>
#include <cstring>
#include <new>

#include "runtime/program.h"

namespace thimble {
namespace {
constexpr size_t kSlack = 64;  // kernels may read a few bytes beyond a tensor

uint64_t now_ns() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}
}  // namespace

Result<std::unique_ptr<Session>> Session::create(std::shared_ptr<const Program> program,
                                                 std::shared_ptr<ThreadPool> pool) {
  std::unique_ptr<Session> session(new Session);
  session->program_ = program;
  session->pool_ = std::move(pool);
  if (!session->pool_ && program->threads() > 1) {
    THIMBLE_ASSIGN(session->pool_, ThreadPool::create(program->threads()));
  }
  const size_t bytes = static_cast<size_t>(program->arena().bytes) + kSlack;
  session->arena_ = static_cast<uint8_t*>(::operator new (bytes, std::align_val_t{64}, std::nothrow));
  if (!session->arena_)
    return fail(ErrorCode::out_of_memory,
                format("the model needs {} bytes of working memory, and the system has not as "
                       "many to give",
                       bytes),
                "give the process more memory, or the model smaller inputs");
  std::memset(session->arena_, 0, bytes);

  size_t params = 0;
  for (const StepPlan& step : program->steps_) params += step.params.size();
  session->params_.reserve(params);
  for (const StepPlan& step : program->steps_) {
    const size_t at = session->params_.size();
    session->params_.insert(session->params_.end(), step.params.begin(), step.params.end());
    auto* base = reinterpret_cast<std::byte*>(session->params_.data() + at);
    for (const Fixup& f : step.fixups) {
      const void* address = &session->fault_;
      if (f.to != Fixup::To::fault) {
        const uint8_t* constant = nullptr;
        const int64_t offset = f.to == Fixup::To::scratch ? program->scratch_offsets()[static_cast<size_t>(f.id)]
                                                          : program->place(f.id, &constant);
        address = (constant ? constant : session->arena_ + offset) + f.bytes_in;
      }
      std::memcpy(base + f.offset, &address, sizeof address);
    }
    session->steps_.push_back({step.run, base, step.parts});
  }
  session->reset_variables();
  return session;
}

Session::~Session() { ::operator delete (arena_, std::align_val_t{64}); }

std::span<uint8_t> Session::tensor(TensorId id) {
  const uint8_t* constant = nullptr;
  const int64_t offset = program_->place(id, &constant);
  const auto size = static_cast<size_t>(graph().at(id).bytes());
  if (constant) return {const_cast<uint8_t*>(constant), size};
  if (offset < 0) return {};  // a tensor that no step touches
  return {arena_ + offset, size};
}

void Session::reset_variables() {
  for (size_t t = 0; t < graph().tensors.size(); ++t) {
    const Tensor& tensor = graph().tensors[t];
    if (!tensor.variable) continue;
    const auto memory = this->tensor(static_cast<TensorId>(t));
    if (tensor.data) {
      std::memcpy(memory.data(), tensor.data.bytes, memory.size());
    } else {
      // A quantised state starts at real zero.
      const bool s8 = tensor.type == DType::i8 && !tensor.quant.empty();
      std::memset(memory.data(), s8 ? tensor.quant.zero_point[0] : 0, memory.size());
    }
  }
}

Status Session::stopped(size_t step) {
  const Node& node = graph().nodes[static_cast<size_t>(program_->steps()[step].node)];
  return with_context(
      Error(ErrorCode::bad_file, fault_.take(), {}, "feed the model values in the range that it was made for"),
      format("while running node \"{}\" {}", node.name, name(node.op)));
}

Status Session::run_steps(size_t first, size_t last, Profile* profile, const RunLimits& limits) {
  uint64_t start = profile ? now_ns() : 0;
  for (size_t i = first; i < last; ++i) {
    if (limits.cancel && limits.cancel->load(std::memory_order_relaxed))
      return fail(ErrorCode::interrupted, format("the run was cancelled before step {} of {}", i, steps_.size()));
    if (limits.deadline && std::chrono::steady_clock::now() >= *limits.deadline)
      return fail(ErrorCode::interrupted, format("the deadline passed before step {} of {}", i, steps_.size()),
                  "give the run more time");
    const Step& step = steps_[i];
    if (step.parts == 1) {
      step.run(step.params, 0, 1);
    } else {
      pool_->run(
          step.parts,
          [](void* s, int part) {
            const Step& split = *static_cast<const Step*>(s);
            split.run(split.params, part, split.parts);
          },
          const_cast<Step*>(&step));
    }
    if (fault_.set()) return stopped(i);
    if (profile) {
      const uint64_t end = now_ns();
      profile->step_ns[i] += end - start;
      start = end;
    }
  }
  if (profile) ++profile->runs;
  return {};
}

}  // namespace thimble
