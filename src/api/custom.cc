#include "api/custom.h"

#include <array>
#include <exception>

namespace thimble::api {
namespace {

CustomTensor tensor_of(const TensorView& view) {
  CustomTensor tensor;
  tensor.type = static_cast<ElementType>(view.type);
  tensor.shape = view.shape.dims();
  if (view.quant) tensor.scale = view.quant->scale, tensor.zero_point = view.quant->zero_point;
  tensor.data = view.data;
  return tensor;
}

// Views as the program sees them, without taking memory.
class Operands {
 public:
  explicit Operands(std::span<const TensorView> views) : count_(views.size()) {
    for (size_t i = 0; i < count_; ++i) tensors_[i] = tensor_of(views[i]);
  }
  std::span<const CustomTensor> list() const { return {tensors_.data(), count_}; }

 private:
  std::array<CustomTensor, kMostCustomOperands> tensors_;
  size_t count_;
};

constexpr const char* kThrown = "the custom operator threw an exception";

Error refused(const std::string& why) {
  return {ErrorCode::unsupported, format("the custom operator says: {}", why.empty() ? "no" : why), {}, {}};
}

class Run final : public thimble::CustomRun {
 public:
  explicit Run(std::unique_ptr<api::CustomRun> own) : own_(std::move(own)) {}

  const char* run(std::span<const TensorView> in, std::span<const TensorView> out) const override {
    try {
      return own_->run(Operands(in).list(), Operands(out).list());
    } catch (...) {  // the program's code; nothing of it goes through a session
      return kThrown;
    }
  }

 private:
  const std::unique_ptr<api::CustomRun> own_;
};

class Operator final : public thimble::CustomOperator {
 public:
  explicit Operator(std::shared_ptr<const api::CustomOperator> own) : own_(std::move(own)) {}

  Status shapes(std::span<const uint8_t> options, std::span<const TensorView> in,
                std::span<TensorSpec> out) const override {
    try {
      const Operands inputs(in);
      std::vector<CustomOutput> outputs;
      for (const TensorSpec& spec : out) {
        const auto dims = spec.shape.dims();
        outputs.push_back({static_cast<ElementType>(spec.type), {dims.begin(), dims.end()}});
      }
      if (const auto why = own_->shapes({options, inputs.list(), {}}, outputs))
        return tl::unexpected<Error>(refused(*why));
      for (size_t i = 0; i < out.size(); ++i) {
        THIMBLE_ASSIGN(out[i].shape, Shape::make(std::span<const int64_t>(outputs[i].shape)));
        out[i].type = static_cast<DType>(outputs[i].type);
        if (out[i].type >= DType::count || out[i].type == DType::i4)
          return tl::unexpected<Error>(refused(format("output {} of a type that no operator gives", i)));
      }
      return {};
    } catch (const std::exception& e) {
      return tl::unexpected<Error>(refused(e.what()));
    } catch (...) {
      return fail(ErrorCode::unsupported, kThrown);
    }
  }

  Result<std::shared_ptr<const thimble::CustomRun>> prepare(std::span<const uint8_t> options,
                                                            std::span<const TensorView> in,
                                                            std::span<const TensorView> out) const override {
    try {
      const Operands inputs(in), outputs(out);
      std::string why;
      auto own = own_->prepare({options, inputs.list(), outputs.list()}, why);
      if (!own) return tl::unexpected<Error>(refused(why));
      return std::make_shared<const Run>(std::move(own));
    } catch (const std::exception& e) {
      return tl::unexpected<Error>(refused(e.what()));
    } catch (...) {
      return fail(ErrorCode::unsupported, kThrown);
    }
  }

 private:
  const std::shared_ptr<const api::CustomOperator> own_;
};

}  // namespace

CustomOperators custom_operators(const std::map<std::string, std::shared_ptr<const CustomOperator>>& own) {
  CustomOperators all;
  for (const auto& [name, op] : own)
    if (op) all.emplace(name, std::make_shared<const Operator>(op));
  return all;
}

}  // namespace thimble::api
