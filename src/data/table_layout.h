// How the columns of a table become the inputs of a network. Reading a training table makes it; it travels inside the
// models (Feeding::table), and a later table is read by it: columns are found by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble {

enum class Task { regression, classification };
std::string_view name(Task task);                // "regression", "classification"
Result<Task> parse_task(std::string_view word);  // errors: usage

struct TableColumn {
  std::string name;
  std::vector<std::string> values;  // a column of texts: one input (0 or 1) for each of these, sorted; empty: numbers
  float fill = 0;                   // what stands in for a missing number, where missing numbers are filled

  size_t width() const { return values.empty() ? 1 : values.size(); }
  bool operator==(const TableColumn&) const = default;
};

struct TableLayout {
  std::vector<TableColumn> columns;  // the input columns, in the order of the network's inputs
  // Fields without a value: "" is an error, "drop" leaves the row out, "mean" and a number put TableColumn::fill there
  // (a missing text is none of the values: all its inputs are 0).
  std::string missing;
  std::string target;  // column; empty: there was none
  Task task = Task::regression;
  bool header = true;          // false: the table had no line of names, its columns are called c1, c2 …
  bool decimal_comma = false;  // the recipe said so; where semicolons or tabs separate it shows by itself

  size_t width() const;                          // number of inputs
  std::vector<std::string> input_names() const;  // "size", "colour=red", …
  bool fills() const { return !missing.empty() && missing != "drop"; }
  bool operator==(const TableLayout&) const = default;

  // {"columns":["size",{"name":"colour","values":["blue","red"]},{"name":"age","fill":31.5}],"missing":"mean",
  //  "target":"price","task":"regression"}; "header":false and "decimal":"," where they are so
  std::string to_json() const;
  // Errors: bad_file when the text is not such an object.
  static Result<TableLayout> from_json(std::string_view json);
};

}  // namespace thimble
