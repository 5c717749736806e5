#include "app/run_found.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "data/picture.h"
#include "measure/table.h"
#include "measure/units.h"
#include "study/model_feeding.h"

namespace thimble::app {
namespace {

constexpr int64_t kMaxShownRuns = 20, kMaxShownRows = 20;

std::string run_name(const Answers& answers, size_t r) {
  return answers.names.empty() ? format("{}", r) : answers.names[r];
}

// A place in pixels, for people.
std::string pixels(double share, int64_t size) {
  const double v = share * static_cast<double>(size);
  return std::abs(v) < 1e6 ? format("{:.0f}", v + 0.0) : format_number(v);
}

std::string csv_number(double v) { return format("{:.7g}", v); }

double share_of(const Found& found, const MaskShare& share) {
  return static_cast<double>(share.pixels) / static_cast<double>(std::max<int64_t>(1, found.height * found.width));
}

// The rows of one run, without its name; empty where nothing was found.
std::vector<std::vector<std::string>> rows_of(const FoundAnswers& all, size_t r) {
  const Found& found = all.runs[r];
  const RunPicture& p = all.pictures[r];
  std::vector<std::vector<std::string>> rows;
  for (const FoundBox& box : found.boxes)
    rows.push_back({class_name(all.meaning, box.index), format_percent(box.score), pixels(box.left, p.width),
                    pixels(box.top, p.height), pixels(box.right, p.width), pixels(box.bottom, p.height)});
  for (const MaskShare& share : found.shares)
    rows.push_back({class_name(all.meaning, share.index), format_percent(share_of(found, share))});
  for (size_t i = 0; i < found.points.size(); ++i) {
    const FoundPoint& point = found.points[i];
    const bool good = std::isfinite(point.score);
    rows.push_back({point_name(found.points.size(), i), good ? format_percent(point.score) : "–",
                    good ? pixels(point.x, p.width) : "–", good ? pixels(point.y, p.height) : "–"});
  }
  return rows;
}

const char* nothing(Meaning meaning) { return meaning == Meaning::boxes ? "nothing" : "no class"; }

}  // namespace

Result<FoundAnswers> find_answers(const Graph& graph, const Answers& answers, AnswerMeaning meaning, double threshold,
                                  int64_t top, bool stretched) {
  FoundAnswers all;
  all.threshold = threshold >= 0 ? threshold : meaning.threshold;
  all.meaning = std::move(meaning);
  int64_t height = 1, width = 1;
  if (!graph.inputs.empty())
    if (const auto shape = picture_shape(graph.at(graph.inputs[0]))) height = (*shape)[0], width = (*shape)[1];
  for (int64_t r = 0; r < answers.runs; ++r) {
    std::vector<std::span<const uint8_t>> outputs;
    for (size_t i = 0; i < answers.outputs.size(); ++i) {
      const auto bytes = static_cast<size_t>(graph.at(graph.outputs[i]).bytes());
      outputs.push_back(std::span(answers.outputs[i]).subspan(static_cast<size_t>(r) * bytes, bytes));
    }
    Found& found = all.runs.emplace_back(found_in(graph, all.meaning, all.threshold, outputs));
    if (top > 0) {
      const auto most = static_cast<size_t>(top);
      if (found.boxes.size() > most) found.boxes.resize(most);
      if (found.shares.size() > most) found.shares.resize(most);
    }
    RunPicture& picture = all.pictures.emplace_back(RunPicture{{}, height, width, {}});
    const std::string name = answers.names.empty() ? "" : answers.names[static_cast<size_t>(r)];
    if (!stretched || !is_picture_name(name)) continue;
    THIMBLE_ASSIGN(const Picture read, read_picture(name));
    picture = {name, read.height, read.width, {}};
  }
  return all;
}

void print_found(const FoundAnswers& all, const Answers& answers, const Context& context) {
  const bool several = answers.runs > 1;
  TextTable table;
  if (several) table.column("input");
  if (all.meaning.meaning == Meaning::boxes) {
    table.column("class").column("score", Align::right);
    for (const char* side : {"left", "top", "right", "bottom"}) table.column(side, Align::right);
  } else if (all.meaning.meaning == Meaning::mask) {
    table.column("class").column("pixels", Align::right);
  } else {
    table.column("point").column("score", Align::right).column("x", Align::right).column("y", Align::right);
  }
  int64_t broken = 0;
  size_t any = 0;
  for (size_t r = 0; r < all.runs.size(); ++r) {
    broken += all.runs[r].broken;
    if (static_cast<int64_t>(r) >= kMaxShownRuns) continue;
    std::vector<std::vector<std::string>> rows = rows_of(all, r);
    any += rows.size();
    if (rows.empty()) rows.push_back({nothing(all.meaning.meaning)});
    const bool points = all.meaning.meaning == Meaning::points;
    for (size_t i = 0; i < rows.size(); ++i) {
      std::vector<std::string> cells = std::move(rows[i]);
      if (!points && static_cast<int64_t>(i) >= kMaxShownRows) cells = {format("… and {} more", rows.size() - i)};
      if (several) cells.insert(cells.begin(), i == 0 ? run_name(answers, r) : "");
      table.row(std::move(cells));
      if (!points && static_cast<int64_t>(i) >= kMaxShownRows) break;
    }
  }
  if (any > 0 || several)
    context.print(table.text(context.colour(), context.table_width()));
  else
    context.say(all.meaning.meaning == Meaning::boxes
                    ? format("nothing found with a score of {} or more (--threshold changes that)", all.threshold)
                    : "no pixel has a class");
  if (answers.runs > kMaxShownRuns)
    context.note(format("… and {} more (--output or --json give all)", answers.runs - kMaxShownRuns));
  if (broken > 0)
    context.note(format("warning: {} of the answers {} no numbers, or no boxes, and left out", broken,
                        broken == 1 ? "is" : "are"));
}

void found_json(const FoundAnswers& all, JsonWriter* json) {
  json->field("meaning", name(all.meaning.meaning));
  if (all.meaning.meaning != Meaning::points) json->field("threshold", static_cast<float>(all.threshold));
  json->key("pictures").begin_array();
  for (const RunPicture& p : all.pictures) {
    json->begin_object().field("width", p.width).field("height", p.height);
    if (!p.drawn.empty()) json->field("drawn", p.drawn);
    json->end_object();
  }
  json->end_array().key(name(all.meaning.meaning)).begin_array();
  for (size_t r = 0; r < all.runs.size(); ++r) {
    const Found& found = all.runs[r];
    const auto w = static_cast<double>(all.pictures[r].width), h = static_cast<double>(all.pictures[r].height);
    json->begin_array();
    for (const FoundBox& b : found.boxes)
      json->begin_object()
          .field("index", b.index)
          .field("label", class_name(all.meaning, b.index))
          .field("score", static_cast<float>(b.score))
          .field("left", static_cast<float>(b.left * w))
          .field("top", static_cast<float>(b.top * h))
          .field("right", static_cast<float>(b.right * w))
          .field("bottom", static_cast<float>(b.bottom * h))
          .end_object();
    for (const MaskShare& share : found.shares)
      json->begin_object()
          .field("index", share.index)
          .field("label", class_name(all.meaning, share.index))
          .field("pixels", share.pixels)
          .field("share", share_of(found, share))
          .end_object();
    for (size_t i = 0; i < found.points.size(); ++i)
      json->begin_object()
          .field("index", static_cast<int64_t>(i))
          .field("label", point_name(found.points.size(), i))
          .field("score", static_cast<float>(found.points[i].score))
          .field("x", static_cast<float>(found.points[i].x * w))
          .field("y", static_cast<float>(found.points[i].y * h))
          .end_object();
    json->end_array();
  }
  json->end_array();
}

std::string found_csv(const FoundAnswers& all, const Answers& answers) {
  const Meaning meaning = all.meaning.meaning;
  std::string text = meaning == Meaning::boxes  ? "input,class,index,score,left,top,right,bottom\n"
                     : meaning == Meaning::mask ? "input,class,index,pixels,share\n"
                                                : "input,point,index,score,x,y\n";
  for (size_t r = 0; r < all.runs.size(); ++r) {
    const Found& found = all.runs[r];
    const auto w = static_cast<double>(all.pictures[r].width), h = static_cast<double>(all.pictures[r].height);
    const std::string run = csv_field(run_name(answers, r)) + ",";
    for (const FoundBox& b : found.boxes)
      text += run + csv_field(class_name(all.meaning, b.index)) +
              format(",{},{},{},{},{},{}\n", b.index, csv_number(b.score), csv_number(b.left * w),
                     csv_number(b.top * h), csv_number(b.right * w), csv_number(b.bottom * h));
    for (const MaskShare& s : found.shares)
      text += run + csv_field(class_name(all.meaning, s.index)) +
              format(",{},{},{}\n", s.index, s.pixels, csv_number(share_of(found, s)));
    for (size_t i = 0; i < found.points.size(); ++i) {
      const FoundPoint& p = found.points[i];
      text += run + point_name(found.points.size(), i) +
              format(",{},{},{},{}\n", i, csv_number(p.score), csv_number(p.x * w), csv_number(p.y * h));
    }
  }
  return text;
}

}  // namespace thimble::app
