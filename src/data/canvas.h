// Drawing on pictures: rectangles, lines, discs and text. What reaches beyond the picture is cut off; places may be any
// finite number, and coordinates are those of pixel areas: pixel i covers i … i + 1.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "data/picture.h"

namespace thimble {

using Colour = std::array<uint8_t, 3>;

// Seven colours that people with any kind of colour vision tell apart; colour i stands for i modulo 7. Source: Okabe
// and Ito, Color Universal Design (2008), without black.
Colour distinct_colour(int64_t i);
// Black or white, whichever is read better on it.
Colour ink_on(Colour paper);

class Canvas {
 public:
  // Draws on `picture`, which has three channels and outlives the canvas.
  explicit Canvas(Picture* picture) : picture_(*picture) {}

  int64_t height() const { return picture_.height; }
  int64_t width() const { return picture_.width; }

  // share: of the colour in the mixture, 0 … 1
  void mix(int64_t y, int64_t x, Colour colour, double share);
  // Rows top … bottom − 1, columns left … right − 1.
  void fill(int64_t left, int64_t top, int64_t right, int64_t bottom, Colour colour, double share = 1);
  // The outline of that rectangle, `thick` pixels wide, inside of it.
  void frame(int64_t left, int64_t top, int64_t right, int64_t bottom, int64_t thick, Colour colour);
  // All pixels whose middle is at most `radius` away from the line's middle.
  void line(double x0, double y0, double x1, double y1, double radius, Colour colour);
  void disc(double x, double y, double radius, Colour colour) { line(x, y, x, y, radius, colour); }
  // One line of text whose upper left corner is at (left, top), every dot a square of `scale` pixels. What is not
  // printable ASCII is an empty box.
  void text(int64_t left, int64_t top, std::string_view words, int64_t scale, Colour colour);

  static int64_t text_width(std::string_view words, int64_t scale);
  static int64_t text_height(int64_t scale);

 private:
  Picture& picture_;
};

// The nearest pixel edge to a place, brought to −1 … size + 1 so that it can be an integer.
int64_t edge(double place, int64_t size);

}  // namespace thimble
