// custom: an operator that a program brings along (CustomOperators), known by its name in the file. What it computes,
// of which types and shapes, is its own; nothing here knows more of it than the interface below.
//   inputs, outputs  up to 12 each, of any type but int4; an input may be left out
// It gives the same outputs for the same inputs, and has no other effect: constant inputs are computed once, and what
// nobody reads is left out.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>

#include "ops/op.h"

namespace thimble {

// A node of it, prepared for its types and shapes. One may run in several threads at once.
class CustomRun {
 public:
  CustomRun() = default;
  CustomRun(const CustomRun&) = delete;
  CustomRun& operator=(const CustomRun&) = delete;
  virtual ~CustomRun() = default;
  // Null, or why there is no answer: a text that stays where it is.
  virtual const char* run(std::span<const TensorView> in, std::span<const TensorView> out) const = 0;
};

class CustomOperator {
 public:
  CustomOperator() = default;
  CustomOperator(const CustomOperator&) = delete;
  CustomOperator& operator=(const CustomOperator&) = delete;
  virtual ~CustomOperator() = default;
  // Types and shapes of the outputs, which are preset to what the file declares. Views have data where it is constant.
  virtual Status shapes(std::span<const uint8_t> options, std::span<const TensorView> in,
                        std::span<TensorSpec> out) const = 0;
  virtual Result<std::shared_ptr<const CustomRun>> prepare(std::span<const uint8_t> options,
                                                           std::span<const TensorView> in,
                                                           std::span<const TensorView> out) const = 0;
};

// By the name that files have for it.
using CustomOperators = std::map<std::string, std::shared_ptr<const CustomOperator>, std::less<>>;

inline constexpr size_t kMostCustomOperands = 12;

struct CustomAttrs {
  std::string name;
  std::vector<int64_t> options;  // bytes that its author knows
  std::shared_ptr<const CustomOperator> op;
  template <class V>
  void fields(V& v) {
    v("name", name);
    v("options", options);
  }
};

// The operands of a node as views, and the options as bytes.
struct CustomOperands {
  CustomOperands(const Graph& graph, const Node& node);
  std::vector<TensorView> in, out;
  std::vector<uint8_t> options;
};

}  // namespace thimble
