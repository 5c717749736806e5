// Behind include/thimble/thimble.h: loading, planning and running with the library's own types.
#include <new>

#include "api/load.h"
#include "passes/pipeline.h"
#include "runtime/program.h"
#include "thimble/thimble.h"

namespace thimble::api {
namespace {

static_assert(static_cast<int>(ElementType::int4) == static_cast<int>(DType::i4) &&
              static_cast<int>(ElementType::boolean) == static_cast<int>(DType::boolean) &&
              static_cast<int>(ElementType::int8) == static_cast<int>(DType::i8));

ModelError model_error(const Error& error) { return {thimble::name(error.code), error.message, error.to_string()}; }

TensorInfo info_of(const Tensor& tensor, const std::vector<std::string>& names, size_t i) {
  TensorInfo info{tensor.name,
                  static_cast<ElementType>(tensor.type),
                  {},
                  tensor.quant.scale,
                  tensor.quant.zero_point,
                  i < names.size() ? names[i] : ""};
  info.shape.assign(tensor.shape.dims().begin(), tensor.shape.dims().end());
  return info;
}

Result<std::unique_ptr<Session>> make_session(Result<LoadedModel> loaded, const ModelOptions& options) {
  if (!loaded) return tl::unexpected<Error>(std::move(loaded).error());
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(loaded->graph)));
  PlanOptions plan;
  plan.threads = options.threads;
  plan.max_arena_bytes = options.max_arena_bytes;
  THIMBLE_ASSIGN(auto program, Program::plan(std::move(prepared), plan));
  return Session::create(std::move(program));
}

}  // namespace

const char* name(ElementType type) { return thimble::name(static_cast<DType>(type)); }
const char* version() { return THIMBLE_VERSION; }

struct Model::Impl {
  std::unique_ptr<Session> session;
  std::vector<TensorInfo> inputs, outputs;

  explicit Impl(std::unique_ptr<Session> s) : session(std::move(s)) {
    const Graph& graph = session->graph();
    for (const TensorId id : graph.inputs) inputs.push_back(info_of(graph.at(id), graph.input_names, inputs.size()));
    for (const TensorId id : graph.outputs)
      outputs.push_back(info_of(graph.at(id), graph.output_names, outputs.size()));
  }
};

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Expected<Model> Model::load(const std::string& path, const ModelOptions& options) {
  try {
    auto session = make_session(load_model(path), options);
    if (!session) return model_error(session.error());
    return Model(std::make_unique<Impl>(std::move(*session)));
  } catch (const std::bad_alloc&) {
    return ModelError{"out_of_memory", "out of memory while loading the model", path};
  }
}

Expected<Model> Model::load(std::span<const uint8_t> file, const ModelOptions& options) {
  try {
    auto session = make_session(load_model_bytes(file, "model in memory"), options);
    if (!session) return model_error(session.error());
    return Model(std::make_unique<Impl>(std::move(*session)));
  } catch (const std::bad_alloc&) {
    return ModelError{"out_of_memory", "out of memory while loading the model", "model in memory"};
  }
}

size_t Model::input_count() const { return impl_->inputs.size(); }
size_t Model::output_count() const { return impl_->outputs.size(); }
TensorMemory<uint8_t> Model::input(size_t i) { return {&impl_->inputs[i], impl_->session->input(i)}; }
TensorMemory<const uint8_t> Model::output(size_t i) const { return {&impl_->outputs[i], impl_->session->output(i)}; }
std::optional<ModelError> Model::run(const RunLimits& limits) {
  try {
    Status ran = impl_->session->run(nullptr, {limits.deadline, limits.cancel});
    if (!ran) return model_error(ran.error());
    return std::nullopt;
  } catch (const std::bad_alloc&) {  // an error's text
    return ModelError{"out_of_memory", "out of memory while the model ran", {}};
  }
}
void Model::reset_variables() { impl_->session->reset_variables(); }
int64_t Model::arena_bytes() const { return impl_->session->program().arena().bytes; }

}  // namespace thimble::api
