#include "data/overlay.h"

#include <algorithm>
#include <array>

#include "base/result.h"

namespace thimble {
namespace {

constexpr Colour kDark = {20, 20, 20}, kPaper = {255, 255, 255};
constexpr double kMaskShare = 0.5;
constexpr int64_t kColours = 7, kPatterns = 3;

// Pixels of a dot of text, and of a line.
int64_t scale_of(const Picture& p) { return std::clamp<int64_t>(std::min(p.height, p.width) / 220, 1, 12); }

void make_colour(Picture* picture) {
  if (picture->channels != 3) *picture = with_channels(*picture, 3);
}

// Whether the pattern of the class leaves this pixel darker.
bool in_pattern(int64_t index, int64_t y, int64_t x, int64_t scale) {
  const int64_t step = 4 * scale;
  switch (index / kColours % kPatterns) {
    case 1: return (x + y) % (2 * step) < scale * 2;
    case 2: return y % step < scale * 2 && x % step < scale * 2;
    default: return false;
  }
}

void paint(Canvas& canvas, int64_t y, int64_t x, int64_t index, int64_t scale, double share) {
  if (in_pattern(index, y, x, scale))
    canvas.mix(y, x, kDark, share);
  else
    canvas.mix(y, x, distinct_colour(index % kColours), share);
}

int32_t class_at(const DrawnMask& mask, const Picture& p, int64_t y, int64_t x) {
  const int64_t my = (2 * y + 1) * mask.height / (2 * p.height), mx = (2 * x + 1) * mask.width / (2 * p.width);
  return mask.classes[static_cast<size_t>(my * mask.width + mx)];
}

struct Corner {
  int64_t left, top;
};

class Legend {
 public:
  Legend(const DrawnMask& mask, const Picture& picture)
      : mask_(mask), picture_(picture), scale_(scale_of(picture)), line_(Canvas::text_height(scale_) + 2 * scale_) {
    const int64_t rows = std::min<int64_t>(std::ssize(mask.legend), (picture.height / 2 - 2 * scale_) / line_);
    for (int64_t i = 0; i < rows; ++i) rows_.push_back(mask.legend[static_cast<size_t>(i)]);
    if (rows > 0 && rows < std::ssize(mask.legend))
      rows_.back() = {-1, format("and {} more", std::ssize(mask.legend) - rows + 1)};
    for (const DrawnMask::Row& row : rows_) width_ = std::max(width_, Canvas::text_width(row.label, scale_));
    width_ += swatch() + 5 * scale_;
    height_ = static_cast<int64_t>(rows_.size()) * line_ + 2 * scale_;
  }

  bool fits() const { return !rows_.empty() && width_ <= picture_.width / 2 && height_ <= picture_.height / 2; }

  void draw(Canvas& canvas) const {
    const Corner at = corner();
    canvas.fill(at.left, at.top, at.left + width_, at.top + height_, kPaper, 0.85);
    int64_t top = at.top + 2 * scale_;
    for (const DrawnMask::Row& row : rows_) {
      const int64_t left = at.left + 2 * scale_;
      if (row.index >= 0)
        for (int64_t y = 0; y < swatch(); ++y)
          for (int64_t x = 0; x < swatch(); ++x) paint(canvas, top + y, left + x, row.index, scale_, 1);
      canvas.text(left + swatch() + 2 * scale_, top, row.label, scale_, kDark);
      top += line_;
    }
  }

 private:
  int64_t swatch() const { return Canvas::text_height(scale_) - scale_; }

  Corner corner() const {
    Corner best{0, 0};
    int64_t fewest = -1;
    for (const int64_t top : {picture_.height - height_, int64_t{0}})
      for (const int64_t left : {int64_t{0}, picture_.width - width_}) {
        int64_t covered = 0;
        for (int64_t y = top; y < top + height_; ++y)
          for (int64_t x = left; x < left + width_; ++x) covered += class_at(mask_, picture_, y, x) >= 0;
        if (fewest < 0 || covered < fewest) fewest = covered, best = {left, top};
      }
    return best;
  }

  const DrawnMask& mask_;
  const Picture& picture_;
  const int64_t scale_, line_;
  std::vector<DrawnMask::Row> rows_;
  int64_t width_ = 0, height_ = 0;
};

}  // namespace

void draw_boxes(std::span<const DrawnBox> boxes, Picture* picture) {
  make_colour(picture);
  Canvas canvas(picture);
  const int64_t scale = scale_of(*picture), width = picture->width, height = picture->height;
  for (size_t i = boxes.size(); i-- > 0;) {
    const DrawnBox& box = boxes[i];
    const Colour colour = distinct_colour(box.colour);
    const int64_t left = edge(box.left, width), right = edge(box.right, width);
    const int64_t top = edge(box.top, height), bottom = edge(box.bottom, height);
    if (right <= 0 || bottom <= 0 || left >= width || top >= height) continue;  // beside the picture
    canvas.frame(left, top, right, bottom, scale + (scale > 1), colour);
    if (box.label.empty()) continue;
    const int64_t w = Canvas::text_width(box.label, scale) + 2 * scale, h = Canvas::text_height(scale) + 2 * scale;
    const int64_t x = std::clamp<int64_t>(left, 0, std::max<int64_t>(0, width - w));
    const int64_t y = top - h >= 0 ? top - h : std::clamp<int64_t>(top, 0, std::max<int64_t>(0, height - h));
    canvas.fill(x, y, x + w, y + h, colour);
    canvas.text(x + scale, y + scale, box.label, scale, ink_on(colour));
  }
}

void draw_mask(const DrawnMask& mask, Picture* picture) {
  make_colour(picture);
  if (mask.height < 1 || mask.width < 1 || std::ssize(mask.classes) < mask.height * mask.width) return;
  Canvas canvas(picture);
  const int64_t scale = scale_of(*picture);
  for (int64_t y = 0; y < picture->height; ++y)
    for (int64_t x = 0; x < picture->width; ++x)
      if (const int32_t index = class_at(mask, *picture, y, x); index >= 0)
        paint(canvas, y, x, index, scale, kMaskShare);
  if (const Legend legend(mask, *picture); legend.fits()) legend.draw(canvas);
}

void draw_points(std::span<const DrawnPoint> points, std::span<const DrawnLine> lines, Picture* picture) {
  make_colour(picture);
  Canvas canvas(picture);
  const double size = static_cast<double>(scale_of(*picture));
  const auto shown = [&](int i) {
    return i >= 0 && i < static_cast<int>(points.size()) && points[static_cast<size_t>(i)].shown;
  };
  for (const bool edges : {true, false}) {
    for (const DrawnLine& l : lines)
      if (shown(l.from) && shown(l.to)) {
        const DrawnPoint &a = points[static_cast<size_t>(l.from)], &b = points[static_cast<size_t>(l.to)];
        canvas.line(a.x, a.y, b.x, b.y, edges ? 1.75 * size : size, edges ? kDark : l.colour);
      }
    for (const DrawnPoint& p : points)
      if (p.shown) canvas.disc(p.x, p.y, edges ? 3.0 * size : 2.25 * size, edges ? kDark : p.colour);
  }
}

}  // namespace thimble
