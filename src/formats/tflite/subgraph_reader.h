// Subgraphs of a .tflite file, read into one graph: the first in its order, others where an operator calls them. A
// branch whose condition is known is its body; a loop is its bodies one after another for as long as its condition is
// known to hold; a function is its body. Resources are the graph's variables.
#pragma once

#include <optional>

#include "formats/refusal.h"
#include "formats/tflite/node_reader.h"
#include "formats/tflite/tensor_reader.h"

namespace thimble::tflite {

// What a tensor of a subgraph stands for: a tensor of the graph, or the handle of a resource.
struct Operand {
  TensorId id = kNoTensor;
  int variable = -1;

  bool given() const { return id != kNoTensor || variable >= 0; }
};

// The lists of a subgraph, looked at once.
struct SubgraphLayout {
  Table table;
  Tables tensors, operators;
  std::vector<TensorUse> uses;   // per tensor
  std::vector<size_t> last_use;  // operator that reads it last; operators.size() for an output of the subgraph
  std::vector<bool> bound;       // what it stands for is known once its operator has been read (branches, loops …)
  std::vector<size_t> used;      // the tensors that are for something
};

// Whether the operator makes no node of its own: what its outputs stand for is known once it has been read.
bool is_control(int builtin);

class ModelReading {
 public:
  ModelReading(TfliteFile& file, RunTimeValues* values);
  ~ModelReading() { reading.release(); }
  ModelReading(const ModelReading&) = delete;
  ModelReading& operator=(const ModelReading&) = delete;

  TfliteFile& file;
  const Tables codes, subgraphs;
  TensorReader tensors;
  GraphReading reading;
  NodeReader nodes;

  // Errors: bad_file where a list names what is not there, unsupported (too many tensors or operators).
  Result<const SubgraphLayout*> layout(size_t subgraph);
  // Reads the subgraph in place of an operator. `suffix` makes the names of its tensors differ from those of other
  // readings of it. Errors: bad_file (it calls itself; operands that do not fit), unsupported (calls too deep).
  Result<std::vector<Operand>> call(size_t subgraph, const std::vector<Operand>& operands, const std::string& suffix);
  // What the variables hold when a run ends goes into their memory.
  Status end_run();

  // Not null: what is refused goes there, and reading goes on.
  Refusals* refused = nullptr;
  // Tensors that are not what the file says they are: what refused operators would give and what follows from it, and
  // those that cannot be read at all.
  std::set<TensorId> doubtful, unread;

  // Whether an operator that was read names the subgraph.
  bool reached(size_t subgraph) const { return reached_[subgraph] != 0; }

  // Constants stand in the graph once, wherever their subgraph is called.
  std::map<std::pair<size_t, size_t>, TensorId> shared;  // by subgraph and tensor

  // A resource: `state` is the graph's variable (none where nothing initialises it), `now` what it holds at this place
  // of the run.
  struct Variable {
    std::string name;
    TensorId state = kNoTensor, now = kNoTensor;
  };
  std::vector<Variable> variables;
  int variable(const std::string& name);
  Status assign(int variable, TensorId value, const std::string& what);
  // Reads a subgraph that sets initial values, once. Errors: also unsupported where they hang on more than constants.
  Status initialise(size_t subgraph);

 private:
  friend class SubgraphReader;
  Result<TensorId> copy_of(TensorId t);

  std::map<std::string, int> variable_of_;  // by name
  std::vector<std::optional<SubgraphLayout>> layouts_;
  std::vector<size_t> calls_;      // the subgraphs that are being read
  std::vector<char> initialised_;  // per subgraph, as the next
  std::vector<char> reached_;
  std::set<std::pair<size_t, size_t>> refused_;  // operators, by subgraph and position
  bool initialising_ = false;
  GraphReading::Holder holder_;  // of what variables hold
};

// One reading of a subgraph.
class SubgraphReader {
 public:
  SubgraphReader(ModelReading& model, size_t subgraph, std::string suffix);
  ~SubgraphReader();
  SubgraphReader(const SubgraphReader&) = delete;
  SubgraphReader& operator=(const SubgraphReader&) = delete;

  // The tensors; `operands` in place of its inputs, null for those of the model.
  Status begin(const std::vector<Operand>* operands);
  // The operators.
  Status run();
  // Errors: bad_file where nothing gives one.
  Result<std::vector<Operand>> outputs() const;
  const std::vector<Operand>& operands() const { return operands_; }  // per tensor of the subgraph
  // The tensor as the file declares it, also where an operator has to be read first to say what it stands for.
  Result<TensorId> declared(size_t position);

 private:
  Status tensor(size_t position, const Operand* given);
  Status blocks(size_t position);
  Status accept(size_t position, const Operand& given);
  Status node(size_t position);
  // refuse.cc: going on behind what is refused. False: the error ends the reading.
  bool refuse_tensor(size_t position, const Error& error);
  bool refuse_node(size_t position, const Error& error);
  Status expect_read(size_t position) const;
  void stand_in(size_t position);
  bool reads_doubtful(size_t position) const;
  void doubt_outputs(size_t position);
  Result<std::vector<TensorId>> ids(std::span<const int32_t> from) const;
  // control.cc: operators that are no nodes. Nothing where the operator is one.
  std::optional<Status> control(int builtin, const Table& table, const std::string& what);
  Status branch(const Table& table, const std::string& what);
  Status loop(const Table& table, const std::string& what);
  Status composite(const Table& table, const std::string& what);
  Status call_once(const Table& table, const std::string& what);
  Status handle(const Table& table, const std::string& what);
  Status read_variable(const Table& table, const std::string& what);
  Status assign_variable(const Table& table, const std::string& what);
  Result<bool> truth(const Operand& condition, const std::string& what);
  Result<std::vector<Operand>> given(std::span<const int32_t> list, const std::string& what) const;
  Status give(std::span<const int32_t> list, const std::vector<Operand>& values, const std::string& what);
  Result<size_t> subgraph_of(int32_t index, const std::string& what) const;

  ModelReading& model_;
  GraphReading& reading_;
  const size_t subgraph_;
  const std::string suffix_;
  const SubgraphLayout* layout_ = nullptr;
  std::vector<Operand> operands_;
  size_t position_ = 0;  // the operator that is being read
  GraphReading::Holder holder_;
};

}  // namespace thimble::tflite
