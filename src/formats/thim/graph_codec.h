// The whole content of a packed file but for its frame: one function per part of the graph, which writes or reads
// it, whichever the coder does. Nothing is stored that the operators' own inference gives (types and shapes of
// what is computed) or that guess.h foretells.
#pragma once

#include <algorithm>
#include <map>
#include <memory>

#include "formats/thim/fields.h"
#include "formats/thim/guess.h"
#include "formats/thim/operators.h"
#include "formats/thim/tensor_codec.h"
#include "formats/thim/text.h"
#include "formats/thim/versions.h"

namespace thimble::thim {

class GraphCodec {
 public:
  // `version`: whose fields the file has. `memory`: bytes of constants that reading may make.
  GraphCodec(BitCoder& coder, Graph& graph, int version, AttributesFn new_attributes, int64_t memory)
      : coder_(coder),
        graph_(graph),
        file_version_(version),
        new_attributes_(new_attributes),
        tensors_(coder),
        memory_(memory) {}

  // Writes the graph (in the order of canonical_order) or fills an empty one. A reader's error is bad_file with
  // the place, or what the operator's contract says.
  Status code(bool names);
  // The lowest version that has the operators and codings of the graph, once it is written or read.
  int version() const { return std::max(operators_version_, tensors_.version()); }
  ThimAccount& account() { return account_; }

 private:
  // Which decision a flag is: its meaning, and two numbers that tell its uses apart.
  enum Meaning : uint32_t {
    kOne,
    kTypeGuessed,
    kRankGuessed,
    kDimGuessed,
    kBatchUnknown,
    kHasQuant,
    kDerived,
    kSameQuant,
    kPerAxis,
    kAxisGuessed,
    kZeroLowest,
    kZeroZero,
    kAllZero,
    kHasData,
    kLeftOut,
    kNew,
    kExpected,
    kConstant,
    kVariable,
    kUsualInputs,
    kIntermediates,
    kOutputs,
    kNamed,
    kSignature,
    kPreprocess
  };
  bool flag(Meaning meaning, uint32_t a, uint32_t b, bool value, double p1 = 0.5);

  // What is known of a tensor before it is described: which operand of which operator it is.
  struct Role {
    uint32_t op = 0;        // its number in files + 1; 0: an input or output of the graph
    uint32_t position = 0;  // of the operand; outputs of nodes begin at 100, intermediates at 200
    Guess guess;
    Quantization derived;
  };

  bool writing() const { return !coder_.reading(); }
  uint64_t count(uint64_t value, Meaning usual, uint32_t context, uint64_t expected, uint64_t most);
  Status inputs();
  Status node(size_t n);
  Status outputs();
  Status node_inputs(Node& node, uint32_t number);
  Status attributes(Node& node);
  Status node_outputs(Node& node, uint32_t number);
  // A tensor by its distance from the newest, or a new one, described.
  Status reference(TensorId* id, const Role& role, bool optional, TensorId expected);
  Status describe(TensorId id, const Role& role, bool constant, bool variable);
  Status type_and_batch(Tensor& tensor, const Role& role, bool batch_expected);
  Status shape(Tensor& tensor, const Role& role);
  Status quantization(Tensor& tensor, const Role& role);
  Status zero_point(int32_t& zero, DType type, uint32_t context);
  Status data(Tensor& tensor, TensorId id);
  void texts(bool names);
  void text(std::string& value);
  void make_names();
  Status sound(const char* where);

  BitCoder& coder_;
  Graph& graph_;
  const int file_version_;
  const AttributesFn new_attributes_;
  int operators_version_ = 1;
  TensorCodec tensors_;
  std::unique_ptr<TextModel> text_;
  std::map<uint64_t, Flag> flags_;
  std::map<int, std::vector<Field>> last_fields_;  // by operator number
  std::map<int, std::vector<Flag>> same_field_;
  Number count_{0.4}, distance_{0.4}, dimension_{0.75}, integer_{0.5}, operator_{0.6}, zero_{0.7};
  Tree type_{4};
  Scale scale_;
  TensorId known_ = 0;  // tensors described so far
  int64_t memory_;
  ThimAccount account_;
};

// Tensors numbered by their first use: graph inputs, then node by node inputs, intermediates, outputs. Those that
// nothing names are dropped.
Graph canonical_order(const Graph& graph);

}  // namespace thimble::thim
