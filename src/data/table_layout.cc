#include "data/table_layout.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace thimble {

std::string_view name(Task task) { return task == Task::regression ? "regression" : "classification"; }

Result<Task> parse_task(std::string_view word) {
  if (word == "regression") return Task::regression;
  if (word == "classification") return Task::classification;
  return fail(ErrorCode::usage, format("unknown task \"{}\"", word),
              "\"regression\" (numbers) or \"classification\" (classes)");
}

size_t TableLayout::width() const {
  size_t sum = 0;
  for (const TableColumn& c : columns) sum += c.width();
  return sum;
}

std::vector<std::string> TableLayout::input_names() const {
  std::vector<std::string> out;
  for (const TableColumn& c : columns) {
    if (c.values.empty()) out.push_back(c.name);
    for (const std::string& value : c.values) out.push_back(format("{}={}", c.name, value));
  }
  return out;
}

std::string TableLayout::to_json() const {
  JsonWriter json;
  json.begin_object().key("columns").begin_array();
  for (const TableColumn& c : columns) {
    if (c.values.empty() && c.fill == 0) {
      json.value(c.name);
      continue;
    }
    json.begin_object().field("name", c.name);
    if (!c.values.empty()) json.array("values", c.values);
    if (c.fill != 0) json.field("fill", c.fill);
    json.end_object();
  }
  json.end_array();
  if (!missing.empty()) json.field("missing", missing);
  if (!target.empty()) json.field("target", target);
  if (!header) json.field("header", false);
  if (decimal_comma) json.field("decimal", ",");
  return json.field("task", name(task)).end_object().take();
}

Result<TableLayout> TableLayout::from_json(std::string_view text) {
  const auto bad = [](const char* what) {
    return fail(ErrorCode::bad_file, format("metadata thimble.preprocess, table: {}", what));
  };
  const nlohmann::json object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return bad("not a JSON object");
  TableLayout out;
  const auto columns = object.find("columns");
  if (columns == object.end() || !columns->is_array() || columns->empty()) return bad("columns must be an array");
  for (const auto& item : *columns) {
    TableColumn& c = out.columns.emplace_back();
    if (item.is_string()) {
      c.name = item.get<std::string>();
      continue;
    }
    if (!item.is_object()) return bad("a column must be a text or an object");
    const auto name = item.find("name");
    if (name == item.end() || !name->is_string()) return bad("a column has no name");
    c.name = name->get<std::string>();
    if (const auto values = item.find("values"); values != item.end()) {
      if (!values->is_array() || values->empty()) return bad("values must be an array of texts");
      for (const auto& value : *values) {
        if (!value.is_string()) return bad("values must be an array of texts");
        c.values.push_back(value.get<std::string>());
      }
    }
    if (const auto fill = item.find("fill"); fill != item.end()) {
      if (!fill->is_number() || !std::isfinite(fill->get<float>())) return bad("fill must be a finite number");
      c.fill = fill->get<float>();
    }
  }
  std::string task = "regression", decimal;
  for (const auto& [key, place] : {std::pair{"missing", &out.missing}, std::pair{"target", &out.target},
                                   std::pair{"task", &task}, std::pair{"decimal", &decimal}})
    if (const auto at = object.find(key); at != object.end()) {
      if (!at->is_string()) return bad("missing, target, task and decimal must be texts");
      *place = at->get<std::string>();
    }
  const auto known = parse_task(task);
  if (!known) return bad("an unknown task");
  out.task = *known;
  out.decimal_comma = decimal == ",";
  if (const auto header = object.find("header"); header != object.end()) {
    if (!header->is_boolean()) return bad("header must be true or false");
    out.header = header->get<bool>();
  }
  return out;
}

}  // namespace thimble
