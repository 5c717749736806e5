// `thimble data`: which data sets there are, what is in them, and one's own pictures made ready.
#include <algorithm>

#include "app/commands.h"
#include "app/data_table.h"
#include "app/interrupt.h"
#include "base/file.h"
#include "base/json.h"
#include "data/handwriting.h"
#include "data/picture.h"
#include "data/png.h"
#include "data/sheet.h"
#include "data/sources.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"

namespace thimble::app {
namespace {

struct DataOptions {
  std::string action, what, output, target, features;
};

Status list(const Context& context) {
  OpenOptions open;
  open.data_dir = context.data_dir;
  const std::vector<SetInfo> sets = list_sets(open);
  JsonWriter json;
  TextTable table;
  table.column("set").column("what it is").column("where");
  json.begin_object().field("schema", "thimble.data/1").key("sets").begin_array();
  for (const SetInfo& set : sets) {
    json.begin_object().field("name", set.name).field("about", set.about).field("where", set.where);
    json.field("found", !set.where.empty()).end_object();
    const bool pattern = set.name.find(':') != std::string::npos;
    table.row({set.name, set.about,
               !set.where.empty() ? set.where
               : pattern          ? ""
                                  : "not found here"},
              set.where.empty() && !pattern ? Tone::dim : Tone::plain);
  }
  json.end_array().end_object();
  context.print(context.json ? json.take() + "\n" : table.text(context.colour(), context.table_width()));
  return {};
}

std::string shape_text(const Dataset& set) {
  std::string text;
  for (int64_t d : set.sample_shape()) text += (text.empty() ? "" : "×") + format("{}", d);
  return text;
}

Status show(const DataOptions& o, const Context& context) {
  const bool folder = o.what.starts_with("folder:");
  if (o.what.starts_with("csv:")) {
    if (!o.output.empty())
      return fail(ErrorCode::usage, "a table has no contact sheet", "leave -o out, or name a set of pictures");
    return show_table(o.what, o.target, context);
  }
  OpenOptions open;
  open.data_dir = context.data_dir;
  open.whole_as_test = true;
  open.unlabelled = true;
  open.skip_bad = true;
  if (!o.features.empty()) {
    THIMBLE_ASSIGN(open.features, parse_sound_features(o.features));
    if (!folder)
      return fail(ErrorCode::usage, format("--features goes with folders of sounds, \"{}\" is none", o.what),
                  "leave --features out");
  } else if (folder) {  // the pictures as they are, in colour
    open.shape = {64, 64, 3};
    open.handwriting = false;
  }
  THIMBLE_ASSIGN(const Splits splits, open_splits(o.what, open));
  for (const std::string& note : splits.notes) context.note(note);
  const std::pair<const char*, const Dataset*> parts[] = {
      {"train", &splits.train}, {"validation", &splits.validation}, {"test", &splits.test}};
  const Dataset* any = nullptr;
  for (const auto& [name, part] : parts)
    if (part->valid() && !part->empty()) any = part;
  if (!any) return fail(ErrorCode::bad_file, format("the set {} is empty", o.what));
  if (!o.output.empty()) {
    const Dataset& shown = splits.test.valid() && !splits.test.empty() ? splits.test : *any;
    THIMBLE_ASSIGN(const Picture sheet, contact_sheet(shown));
    THIMBLE_ASSIGN(const std::vector<uint8_t> png, encode_png(sheet));
    THIMBLE_TRY(write_file_atomic(o.output, std::span<const uint8_t>(png)));
    context.note(format("wrote {} ({} × {} pixels)", o.output, sheet.width, sheet.height));
  }
  const std::vector<std::string>& labels = any->samples().label_names;
  JsonWriter json;
  json.begin_object().field("schema", "thimble.data/1").field("set", o.what).array("sample_shape", any->sample_shape());
  json.field("classes", any->classes()).array("labels", labels).key("parts").begin_array();
  TextTable table;
  table.column("part").column("samples", Align::right);
  for (int c = 0; c < std::min(any->classes(), 20); ++c)
    table.column(
        static_cast<size_t>(c) < labels.size() ? clip_text(labels[static_cast<size_t>(c)], 12) : format("{}", c),
        Align::right);
  for (const auto& [name, part] : parts) {
    if (!part->valid() || part->empty()) continue;
    std::vector<int64_t> counts(static_cast<size_t>(std::max(part->classes(), 0)));
    if (!counts.empty())
      for (int64_t i = 0; i < part->size(); ++i) ++counts[static_cast<size_t>(part->label(i))];
    json.begin_object().field("name", name).field("samples", part->size()).array("per_class", counts).end_object();
    std::vector<std::string> cells = {name, format_count(part->size())};
    for (int64_t n : counts) cells.push_back(format_count(n));
    table.row(std::move(cells));
  }
  json.end_array().end_object();
  if (context.json) {
    context.print(json.take() + "\n");
    return {};
  }
  const std::string classes =
      any->classes() > 0 ? format(" in {} classes", any->classes())
      : !any->labelled() ? " without labels"
                         : format(" with {} target{}", any->target_width(), any->target_width() == 1 ? "" : "s");
  context.print(format("{}: {}{}\n\n{}", o.what,
                       folder && o.features.empty() ? "pictures" : "samples of " + shape_text(*any), classes,
                       table.text(context.colour(), context.table_width())));
  return {};
}

// Pictures below `from` (one level of subfolders kept) as 28×28 PNGs below `to`.
Status prepare_folder(const std::string& from, const std::string& to, int depth, int64_t* done) {
  THIMBLE_ASSIGN(const std::vector<std::string> names, list_directory(from));
  bool made = false;
  for (const std::string& name : names) {
    if (interrupted()) return interrupted_error(format("{} pictures were written", *done));
    const std::string path = join_path(from, name);
    if (depth > 0 && directory_exists(path)) {
      THIMBLE_TRY(prepare_folder(path, join_path(to, name), depth - 1, done));
      continue;
    }
    if (!is_picture_name(name)) continue;
    THIMBLE_ASSIGN(const Picture picture, read_picture(path));
    const Picture digit{28, 28, 1, prepare_handwriting(picture)};
    THIMBLE_ASSIGN(const std::vector<uint8_t> png, encode_png(digit));
    if (!made) THIMBLE_TRY(make_directories(to));
    made = true;
    THIMBLE_TRY(write_file_atomic(join_path(to, without_extension(name) + ".png"), std::span<const uint8_t>(png)));
    ++*done;
  }
  return {};
}

Status prepare(const DataOptions& o, const Context& context) {
  if (o.output.empty())
    return fail(ErrorCode::usage, "thimble data prepare needs -o FOLDER", "thimble data prepare photos -o digits");
  if (!directory_exists(o.what)) return tl::unexpected<Error>(missing_file_error(o.what));
  int64_t done = 0;
  THIMBLE_TRY(prepare_folder(o.what, o.output, 2, &done));
  if (done == 0)
    return fail(ErrorCode::bad_file, format("{} holds no picture", o.what),
                "give a folder with .png, .jpg, .bmp, .webp or .gif files");
  if (context.json) {
    JsonWriter json;
    json.begin_object().field("schema", "thimble.data/1").field("written", done).field("folder", o.output).end_object();
    context.print(json.take() + "\n");
  }
  context.note(format("wrote {} pictures of 28×28 to {}", done, o.output));
  return {};
}

Status run_data(const DataOptions& o, const Context& context) {
  if (o.action == "list") {
    if (!o.what.empty())
      return fail(ErrorCode::usage, "thimble data list takes no argument",
                  format("did you mean 'thimble data show {}'?", o.what));
    return list(context);
  }
  if (o.what.empty())
    return fail(ErrorCode::usage,
                format("thimble data {} needs {}", o.action, o.action == "show" ? "a SET" : "a FOLDER"),
                "'thimble data list' names the sets");
  return o.action == "show" ? show(o, context) : prepare(o, context);
}

}  // namespace

Action define_data(Options& options) {
  auto o = std::make_shared<DataOptions>();
  options.examples(
      "thimble data list\n"
      "thimble data show fashion-mnist -o sheet.png\n"
      "thimble data show folder:my-digits\n"
      "thimble data show folder:words --features micro_speech -o sheet.png  # of sounds\n"
      "thimble data show csv:houses.csv              # columns, ranges, missing values, classes\n"
      "thimble data prepare photos -o digits      # pictures of digits as 28×28, as MNIST has them\n");
  options.choice("ACTION", &o->action, {"list", "show", "prepare"},
                 "list the sets, show one, or prepare one's own pictures", true);
  options.argument("WHAT", &o->what, "the set to show, or the folder to prepare", false);
  options.text("-o,--output", &o->output, "PATH", "show: a contact sheet (PNG); prepare: the folder to write");
  options.text("--features", &o->features, "WORD", "show a folder of sounds: mfcc_tiny, lfbe_tiny or micro_speech");
  options.text("--target", &o->target, "COLUMN", "show csv: the target column (default: the last)");
  return [o](const Context& context) { return run_data(*o, context); };
}

}  // namespace thimble::app
