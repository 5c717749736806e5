// What a model found, drawn over the picture it was found in: frames with names, a coloured mask with a legend, key
// points joined by lines. Places are pixels of the picture; sizes of lines and letters follow the picture's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/canvas.h"

namespace thimble {

struct DrawnBox {
  double left = 0, top = 0, right = 0, bottom = 0;
  int64_t colour = 0;  // distinct_colour
  std::string label;
};

struct DrawnMask {
  int64_t height = 0, width = 0;  // stretched over the whole picture
  std::vector<int32_t> classes;   // of each of its pixels; −1: nothing is drawn
  struct Row {
    int32_t index;
    std::string label;
  };
  std::vector<Row> legend;
};

struct DrawnPoint {
  double x = 0, y = 0;
  bool shown = false;
  Colour colour = {255, 255, 255};
};
struct DrawnLine {
  int from = 0, to = 0;  // points; drawn where both are
  Colour colour = {255, 255, 255};
};

// Every picture of one or three channels; it has three behind. Of boxes the first is drawn last, over the others; its
// label stands on it, or below its upper edge where there is no room, always inside the picture.
void draw_boxes(std::span<const DrawnBox> boxes, Picture* picture);
// Half transparent. Classes 0 … 6 are plain colours, 7 … 13 the same with stripes, 14 … 20 with dots, then from the
// beginning. The legend stands in the corner that has fewest pixels of classes, where it fits into half of the
// picture's height and width; rows that do not fit are counted in its last one.
void draw_mask(const DrawnMask& mask, Picture* picture);
// With dark edges, so that they show on any ground.
void draw_points(std::span<const DrawnPoint> points, std::span<const DrawnLine> lines, Picture* picture);

}  // namespace thimble
