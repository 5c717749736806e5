// Behind include/thimble/thimble.h: loading, planning and running with the library's own types.
#include <new>

#include "api/custom.h"
#include "api/model_runner.h"
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

PlanOptions plan_options(const ModelOptions& options) {
  PlanOptions plan;
  plan.threads = options.threads;
  plan.max_arena_bytes = options.max_arena_bytes;
  return plan;
}

}  // namespace

const char* name(ElementType type) { return thimble::name(static_cast<DType>(type)); }
const char* version() { return THIMBLE_VERSION; }

// A planned model; or one that is planned while it runs, where its values decide shapes or it was given other shapes.
struct Model::Impl {
  Data file;
  std::string name;
  ModelOptions options;
  std::unique_ptr<Session> session;
  std::unique_ptr<ModelRunner> runner;
  std::vector<TensorInfo> inputs, outputs;
  std::vector<std::vector<uint8_t>> fed;  // with a runner: what the inputs hold

  static Result<std::unique_ptr<Impl>> make(Result<Data> file, const std::string& name, const ModelOptions& options) {
    if (!file) return tl::unexpected<Error>(std::move(file).error());
    auto impl = std::make_unique<Impl>();
    impl->file = std::move(*file);
    impl->name = name;
    impl->options = options;
    const CustomOperators custom = custom_operators(options.custom);
    auto loaded = read_model_file(impl->file, name, options.signature, nullptr, &custom);
    if (!loaded && loaded.error().code == ErrorCode::needs_value) {
      THIMBLE_TRY(impl->plan_while_running());
      return impl;
    }
    if (!loaded) return tl::unexpected<Error>(std::move(loaded).error());
    THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(*loaded)));
    THIMBLE_ASSIGN(auto program, Program::plan(std::move(prepared), plan_options(options)));
    THIMBLE_ASSIGN(impl->session, Session::create(std::move(program)));
    impl->describe(impl->session->graph());
    return impl;
  }

  void describe(const Graph& graph) {
    inputs.clear(), outputs.clear();
    for (const TensorId id : graph.inputs) inputs.push_back(info_of(graph.at(id), graph.input_names, inputs.size()));
    for (const TensorId id : graph.outputs)
      outputs.push_back(info_of(graph.at(id), graph.output_names, outputs.size()));
  }

  Status plan_while_running() {
    THIMBLE_ASSIGN(auto made, ModelRunner::open(file, name, plan_options(options), options.signature,
                                                custom_operators(options.custom)));
    const Graph& edges = made->edges();
    std::vector<Shape> shapes;
    for (const TensorId id : edges.inputs) shapes.push_back(edges.at(id).shape);
    THIMBLE_TRY(made->expect_room(shapes));
    describe(edges);
    fed.clear();
    for (const TensorId id : edges.inputs) fed.emplace_back(static_cast<size_t>(edges.at(id).bytes()));
    session.reset();
    runner = std::move(made);
    return {};
  }

  Status resize(size_t i, std::span<const int64_t> dims) {
    THIMBLE_ASSIGN(const Shape shape, Shape::make(dims));
    if (!runner) THIMBLE_TRY(plan_while_running());
    const Tensor& x = runner->edges().at(runner->edges().inputs[i]);
    bool fits = shape.rank() == x.shape.rank();
    for (int d = 0; fits && d < shape.rank(); ++d)
      fits = shape[d] == x.shape[d] || (d == 0 ? x.batch_unknown : (x.free_dims >> d & 1) != 0);
    if (!fits)
      return fail(ErrorCode::usage, format("input {} {} cannot take the shape {}", i, x.to_string(), shape.to_string()),
                  "only dimensions that the file leaves open (-1) may change");
    std::vector<Shape> shapes;
    for (const TensorInfo& input : inputs) {
      THIMBLE_ASSIGN(const Shape now, Shape::make(std::span<const int64_t>(input.shape)));
      shapes.push_back(now);
    }
    shapes[i] = shape;
    THIMBLE_TRY(runner->expect_room(shapes));
    fed[i].assign(static_cast<size_t>(byte_size(x.type, shape)), 0);
    inputs[i].shape.assign(dims.begin(), dims.end());
    runner->reset_variables();
    return {};
  }

  Status run(const RunLimits& limits) {
    const thimble::RunLimits until{limits.deadline, limits.cancel};
    if (session) return session->run(nullptr, until);
    std::vector<FedInput> arrays;
    for (size_t i = 0; i < fed.size(); ++i) {
      THIMBLE_ASSIGN(const Shape shape, Shape::make(std::span<const int64_t>(inputs[i].shape)));
      arrays.push_back({shape, fed[i]});
    }
    THIMBLE_TRY(runner->run(arrays, until));
    for (size_t i = 0; i < outputs.size(); ++i) {
      const auto dims = runner->output(i).shape.dims();
      outputs[i].shape.assign(dims.begin(), dims.end());
    }
    return {};
  }
};

namespace {

constexpr const char* kInMemory = "model in memory";

Expected<Model> no_memory(const std::string& name) {
  return ModelError{"out_of_memory", "out of memory while loading the model", name};
}

}  // namespace

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Expected<Model> Model::load(const std::string& path, const ModelOptions& options) {
  try {
    auto impl = Impl::make(open_model_file(path), path, options);
    if (!impl) return model_error(impl.error());
    return Model(std::move(*impl));
  } catch (const std::bad_alloc&) {
    return no_memory(path);
  }
}

Expected<Model> Model::load(std::span<const uint8_t> file, const ModelOptions& options) {
  try {
    auto impl = Impl::make(Data::copy(file), kInMemory, options);
    if (!impl) return model_error(impl.error());
    return Model(std::move(*impl));
  } catch (const std::bad_alloc&) {
    return no_memory(kInMemory);
  }
}

size_t Model::input_count() const { return impl_->inputs.size(); }
size_t Model::output_count() const { return impl_->outputs.size(); }
TensorMemory<uint8_t> Model::input(size_t i) {
  if (impl_->session) return {&impl_->inputs[i], impl_->session->input(i)};
  return {&impl_->inputs[i], impl_->fed[i]};
}
TensorMemory<const uint8_t> Model::output(size_t i) const {
  if (impl_->session) return {&impl_->outputs[i], impl_->session->output(i)};
  return {&impl_->outputs[i], impl_->runner->output_bytes(i)};
}

std::optional<ModelError> Model::run(const RunLimits& limits) {
  try {
    Status ran = impl_->run(limits);
    if (!ran) return model_error(ran.error());
    return std::nullopt;
  } catch (const std::bad_alloc&) {  // an error's text, a program
    return ModelError{"out_of_memory", "out of memory while the model ran", {}};
  }
}

std::optional<ModelError> Model::resize_input(size_t i, std::span<const int64_t> shape) {
  try {
    Status resized = impl_->resize(i, shape);
    if (!resized) return model_error(resized.error());
    return std::nullopt;
  } catch (const std::bad_alloc&) {
    return ModelError{"out_of_memory", "out of memory for an input", {}};
  }
}

void Model::reset_variables() {
  if (impl_->session) impl_->session->reset_variables();
  if (impl_->runner) impl_->runner->reset_variables();
}
int64_t Model::arena_bytes() const {
  return impl_->session ? impl_->session->program().arena().bytes : impl_->runner->arena_bytes();
}

}  // namespace thimble::api
