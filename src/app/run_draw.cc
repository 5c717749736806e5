// The pictures of `thimble run --draw`.
#include <algorithm>
#include <filesystem>
#include <set>

#include "app/run_found.h"
#include "base/file.h"
#include "data/overlay.h"
#include "data/png.h"
#include "measure/units.h"

namespace thimble::app {
namespace {

// Of a body's two sides and its middle.
constexpr Colour kLeft = {0x56, 0xb4, 0xe9}, kRight = {0xe6, 0x9f, 0x00}, kMiddle = {255, 255, 255};

bool is_folder(const std::string& path) { return path.ends_with('/') || directory_exists(path); }

Colour side_of(size_t points, size_t i) {
  if (points != static_cast<size_t>(kCocoPoints)) return kRight;
  const std::string_view word = coco_point(static_cast<int64_t>(i));
  return word.starts_with("left") ? kLeft : word.starts_with("right") ? kRight : kMiddle;
}

void draw_boxes_of(const FoundAnswers& all, size_t r, Picture* picture) {
  const auto w = static_cast<double>(picture->width), h = static_cast<double>(picture->height);
  std::vector<DrawnBox> boxes;
  for (const FoundBox& b : all.runs[r].boxes)
    boxes.push_back({b.left * w, b.top * h, b.right * w, b.bottom * h, b.index,
                     format("{} {}", class_name(all.meaning, b.index), format_percent(b.score, 0))});
  draw_boxes(boxes, picture);
}

void draw_mask_of(const FoundAnswers& all, size_t r, Picture* picture) {
  const Found& found = all.runs[r];
  DrawnMask mask{found.height, found.width, found.classes, {}};
  for (const MaskShare& share : found.shares) {
    const std::string label = class_name(all.meaning, share.index);
    if (share.index == 0 && (label == "background" || label == "???")) continue;
    const double part = static_cast<double>(share.pixels) / static_cast<double>(found.height * found.width);
    mask.legend.push_back({static_cast<int32_t>(share.index), format("{} {}", label, format_percent(part, 0))});
  }
  // What is in no row of the legend stays as it is: a background that is called so, classes beyond --top.
  std::set<int32_t> shown;
  for (const DrawnMask::Row& row : mask.legend) shown.insert(row.index);
  for (int32_t& index : mask.classes)
    if (!shown.contains(index)) index = -1;
  draw_mask(mask, picture);
}

void draw_points_of(const FoundAnswers& all, size_t r, Picture* picture) {
  const std::vector<FoundPoint>& found = all.runs[r].points;
  std::vector<DrawnPoint> points;
  for (size_t i = 0; i < found.size(); ++i)
    points.push_back({found[i].x * static_cast<double>(picture->width),
                      found[i].y * static_cast<double>(picture->height), found[i].score >= all.threshold,
                      side_of(found.size(), i)});
  std::vector<DrawnLine> lines;
  if (found.size() == static_cast<size_t>(kCocoPoints))
    for (const Limb& limb : coco_limbs()) {
      const Colour a = points[static_cast<size_t>(limb.from)].colour, b = points[static_cast<size_t>(limb.to)].colour;
      lines.push_back({limb.from, limb.to, a == b ? a : kMiddle});
    }
  draw_points(points, lines, picture);
}

Status draw_one(const FoundAnswers& all, size_t r, const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::equivalent(path, all.pictures[r].file, ignored))
    return fail(ErrorCode::usage, format("--draw would write over the picture {} itself", path),
                "name another file or folder");
  THIMBLE_ASSIGN(Picture picture, read_picture(all.pictures[r].file));
  switch (all.meaning.meaning) {
    case Meaning::boxes: draw_boxes_of(all, r, &picture); break;
    case Meaning::mask: draw_mask_of(all, r, &picture); break;
    default: draw_points_of(all, r, &picture); break;
  }
  THIMBLE_ASSIGN(const std::vector<uint8_t> png, encode_png(picture));
  return write_file_atomic(path, std::span<const uint8_t>(png));
}

}  // namespace

Status check_draw_name(const std::string& path) {
  if (is_folder(path) || extension_of(path) == ".png") return {};
  return fail(ErrorCode::usage, format("--draw is '{}'", path), "give FILE.png, or a folder: DIR/");
}

Status draw_found(const std::string& path, FoundAnswers* all, const Answers& answers, const Context& context) {
  THIMBLE_TRY(check_draw_name(path));
  for (size_t r = 0; r < all->pictures.size(); ++r)
    if (all->pictures[r].file.empty())
      return fail(ErrorCode::usage,
                  format("--draw draws on pictures as they were fed, and {} is none",
                         answers.names.empty() ? format("run {}", r) : answers.names[r]),
                  "give pictures (.png, .jpg, .bmp …), without --handwriting");
  const bool folder = is_folder(path);
  if (!folder && answers.runs > 1)
    return fail(ErrorCode::usage, format("--draw names one file for {} pictures", answers.runs),
                "name a folder for them: --draw DIR/");
  if (folder) THIMBLE_TRY(make_directories(path));
  std::set<std::string> taken;
  for (size_t r = 0; r < all->pictures.size(); ++r) {
    RunPicture& picture = all->pictures[r];
    std::string to = path;
    if (folder) {
      const std::string stem = without_extension(file_name_of(picture.file));
      to = join_path(path, stem + ".png");
      for (int k = 2; !taken.insert(to).second; ++k) to = join_path(path, format("{}_{}.png", stem, k));
    }
    THIMBLE_TRY(draw_one(*all, r, to));
    picture.drawn = to;
  }
  context.note(answers.runs == 1 ? format("drew {}", all->pictures[0].drawn)
                                 : format("drew {} pictures into {}", answers.runs, path));
  return {};
}

}  // namespace thimble::app
