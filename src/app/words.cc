// `thimble words`: what a recipe can say, from the tables that its reader looks words up in.
#include <algorithm>

#include "app/commands.h"
#include "base/json.h"
#include "data/sources.h"
#include "measure/table.h"
#include "measure/text.h"
#include "study/options/describe.h"
#include "study/recipe.h"
#include "study/recipe_keys.h"
#include "train/architecture.h"
#include "train/layers.h"

namespace thimble::app {
namespace {

struct WordsArguments {
  std::string kind, recipe;
  bool plain = false;
};

struct Row {
  std::string word, takes, about;
};

std::vector<Row> rows_of(const std::vector<Word>& words) {
  std::vector<Row> rows;
  for (const Word& w : words) rows.push_back({w.word, "", w.about});
  return rows;
}

std::vector<Row> architecture_rows() {
  std::vector<Row> rows;
  for (const Architecture& a : architectures()) rows.push_back({a.name, "", a.about});
  return rows;
}

std::vector<Row> dataset_rows(const Context& context) {
  OpenOptions open;
  open.data_dir = context.data_dir;
  std::vector<Row> rows;
  for (const SetInfo& set : list_sets(open)) rows.push_back({set.name, "", set.about});
  return rows;
}

std::vector<Row> key_rows() {
  std::vector<Row> rows;
  for (const RecipeKey& key : recipe_keys()) rows.push_back({key.path, key.takes, key.about});
  return rows;
}

struct Kind {
  const char* name;
  const char* about;
  std::vector<Row> (*rows)(const Context&);  // null: of a recipe
};
constexpr Kind kKinds[] = {
    {"layers", "words of model.layers", [](const Context&) { return rows_of(layer_vocabulary()); }},
    {"activations", "values of a layer's activation, and layers of their own",
     [](const Context&) { return rows_of(activation_vocabulary()); }},
    {"initializers", "values of a layer's initializer",
     [](const Context&) { return rows_of(initializer_vocabulary()); }},
    {"architectures", "values of model.architecture", [](const Context&) { return architecture_rows(); }},
    {"optimizers", "values of train.optimizer", [](const Context&) { return rows_of(optimizer_vocabulary()); }},
    {"losses", "values of train.loss", [](const Context&) { return rows_of(loss_vocabulary()); }},
    {"schedules", "values of train.schedule", [](const Context&) { return rows_of(schedule_vocabulary()); }},
    {"datasets", "values of data.set and of --data", dataset_rows},
    {"keys", "every key of a recipe", [](const Context&) { return key_rows(); }},
    {"presets", "the presets of a recipe: thimble words presets RECIPE", nullptr},
};

// Those above, and the techniques of a [[variant]].
std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  names.insert(names.end(), technique_names().begin(), technique_names().end());
  return names;
}

Result<std::vector<Row>> technique_rows(const std::string& technique) {
  THIMBLE_ASSIGN(const std::vector<OptionText> texts, option_texts(technique));
  std::vector<Row> rows;
  for (const OptionText& text : texts) {
    std::string takes;
    for (const std::string& word : text.words) takes += (takes.empty() ? "" : ", ") + word;
    if (!text.otherwise.empty()) takes += format("{}default: {}", takes.empty() ? "" : "; ", text.otherwise);
    rows.push_back({text.key, takes, text.about});
  }
  return rows;
}

void write_row(JsonWriter& json, const Row& row) {
  json.begin_object().field("word", row.word);
  if (!row.takes.empty()) json.field("takes", row.takes);
  json.field("about", row.about).end_object();
}

// Sentences are filled into what the terminal has beside the words, 100 columns where there is none.
void print_rows(const std::vector<Row>& rows, const Context& context) {
  size_t widest = 0;
  for (const Row& row : rows) widest = std::max(widest, static_cast<size_t>(display_width(row.word)));
  const auto columns = static_cast<size_t>(context.table_width() > 0 ? context.table_width() : 100);
  const size_t indent = std::min(widest, columns / 2) + 2;
  for (const Row& row : rows) {
    std::string text = row.about;
    if (!row.takes.empty()) text += format("{}({})", text.empty() ? "" : " ", row.takes);
    const auto wide = static_cast<size_t>(display_width(row.word));
    std::string line =
        row.word + (wide + 2 > indent ? "\n" + std::string(indent, ' ') : std::string(indent - wide, ' '));
    context.print(line + filled(text, indent, columns) + "\n");
  }
}

std::vector<Row> kind_rows() {
  std::vector<Row> rows;
  for (const Kind& kind : kKinds) rows.push_back({kind.name, "", kind.about});
  for (const std::string& name : technique_names())
    rows.push_back({name, "", format("keys of a variant's {} = {{ … }}", name)});
  return rows;
}

Status print_kinds(const Context& context) {
  if (context.json) {
    JsonWriter json;
    json.begin_object().field("schema", "thimble.words/1").key("kinds").begin_array();
    for (const Row& row : kind_rows())
      json.begin_object().field("kind", row.word).field("about", row.about).end_object();
    json.end_array().end_object();
    context.print(json.take() + "\n");
    return {};
  }
  print_rows(kind_rows(), context);
  return {};
}

Result<std::vector<Row>> rows_for(const WordsArguments& a, const Context& context) {
  const auto kind = std::ranges::find_if(kKinds, [&](const Kind& k) { return a.kind == k.name; });
  const bool of_a_recipe = kind != std::end(kKinds) && !kind->rows;
  if (!of_a_recipe) {
    if (!a.recipe.empty())
      return fail(ErrorCode::usage, format("thimble words {} takes no RECIPE", a.kind), "thimble words presets RECIPE");
    return kind == std::end(kKinds) ? technique_rows(a.kind) : kind->rows(context);
  }
  if (a.recipe.empty())
    return fail(ErrorCode::usage, "presets are a recipe's own", "thimble words presets studies/fashion_cnn.toml");
  THIMBLE_ASSIGN(const std::vector<Word> presets, recipe_presets(a.recipe));
  return rows_of(presets);
}

Status run(const WordsArguments& a, const Context& context) {
  if (a.kind.empty()) return print_kinds(context);
  THIMBLE_ASSIGN(const std::vector<Row> rows, rows_for(a, context));
  if (context.json) {
    JsonWriter json;
    json.begin_object().field("schema", "thimble.words/1").field("kind", a.kind).key("words").begin_array();
    for (const Row& row : rows) write_row(json, row);
    json.end_array().end_object();
    context.print(json.take() + "\n");
  } else if (a.plain) {
    for (const Row& row : rows) context.print(row.word + "\n");
  } else {
    print_rows(rows, context);
    if (rows.empty()) context.note("there are none");
  }
  return {};
}

}  // namespace

Action define_words(Options& options) {
  auto a = std::make_shared<WordsArguments>();
  options.examples(
      "thimble words\n"
      "thimble words layers\n"
      "thimble words keys | grep schedule\n"
      "thimble words presets studies/fashion_cnn.toml\n");
  options.about("Lists what a recipe can say, with a sentence each; docs/recipe.md has the whole description.");
  options.choice("KIND", &a->kind, kind_names(), "which words; without it, the kinds");
  options.argument("RECIPE", &a->recipe, "whose presets to list", false);
  options.flag("--plain", &a->plain, "the words alone, one per line");
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
