#include "study/options/describe.h"

#include "base/suggest.h"
#include "study/options/stages.h"

namespace thimble {
namespace {

class TextFields final : public Fields {
 public:
  std::vector<OptionText> rows;

  void truth(const Field& f, bool* to) override { add(f, *to ? "true" : "false"); }
  void text(const Field& f, std::string* to) override { add(f, format("\"{}\"", *to)); }
  void names(const Field& f, std::vector<std::string>*) override { add(f, "none"); }
  void bits(const Field& f, int* to) override { add(f, bits_word(*to)); }
  void layer_bits(const Field& f, std::map<std::string, int>*) override { add(f, "none"); }
  void bits_list(const Field& f, std::vector<int>* to) override {
    std::string list;
    for (int bits : *to) list += (list.empty() ? "" : ", ") + bits_word(bits);
    add(f, format("[{}]", list));
  }
  void nested(const Field& f) override {
    add(f, "none");
    rows.back().flag.clear();
  }

 protected:
  void number_field(const Field& f, std::optional<double> now, double, double, std::function<void(double)>) override {
    add(f, now ? format("{:g}", *now) : "none");
  }
  void whole_field(const Field& f, int64_t now, int64_t, int64_t, std::function<void(int64_t)>) override {
    add(f, format("{}", now));
  }
  void word_field(const Field& f, std::vector<std::string> words, int now, std::function<void(size_t)>) override {
    add(f, now < 0 ? "" : format("\"{}\"", words[static_cast<size_t>(now)]));
    rows.back().words = std::move(words);
  }

 private:
  void add(const Field& f, const std::string& now) {
    rows.push_back({f.key, Form{.flags = true}.name(f), f.otherwise.value_or(now), f.about, {}});
  }
};

template <class Stage>
std::vector<OptionText> rows_of() {
  TextFields texts;
  Stage stage;
  fields(texts, stage);
  return std::move(texts.rows);
}

struct Row {
  const char* name;
  std::vector<OptionText> (*texts)();
};
constexpr Row kRows[] = {{"network", rows_of<NetworkStage>},   {"distill", rows_of<DistillStage>},
                         {"shrink", rows_of<ShrinkStage>},     {"prune", rows_of<PruneStage>},
                         {"cluster", rows_of<ClusterStage>},   {"qat", rows_of<QatStage>},
                         {"quantize", rows_of<QuantizeStage>}, {"search", rows_of<SearchStage>}};

}  // namespace

const std::vector<std::string>& technique_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Row& row : kRows) list.emplace_back(row.name);
    return list;
  }();
  return names;
}

Result<std::vector<OptionText>> option_texts(std::string_view technique) {
  for (const Row& row : kRows)
    if (technique == row.name) return row.texts();
  return fail(ErrorCode::usage, format("there is no technique \"{}\"", technique),
              did_you_mean(std::string(technique), technique_names()));
}

Result<std::string> option_table(std::string_view technique) {
  THIMBLE_ASSIGN(const std::vector<OptionText> rows, option_texts(technique));
  std::string table = format("| key of `{} = {{ … }}` | default | meaning |\n|---|---|---|\n", technique);
  for (const OptionText& row : rows) {
    std::string words;
    for (const std::string& word : row.words) words += format("{}`{}`", words.empty() ? "" : ", ", word);
    const bool value = row.otherwise.starts_with('"') || row.otherwise.starts_with('[');
    table += format("| `{}` | {} | {}{} |\n", row.key, value ? format("`{}`", row.otherwise) : row.otherwise, row.about,
                    words.empty() ? "" : format(" ({})", words));
  }
  return table;
}

}  // namespace thimble
