#include "data/picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/png.h"
#include "data/resize.h"

namespace thimble {
namespace {

using Bytes = std::vector<uint8_t>;

// Files written by Pillow: 3×2 RGB with one red and one blue pixel; the same as RGBA with alphas 255 0 128 / 255 0 0 …;
// a 16×8 grey JPEG, left half dark, whose EXIF block asks for a quarter turn (orientation 6).
const Bytes kBmp = {66, 77, 78, 0, 0, 0, 0, 0, 0,   0, 54, 0, 0,   0,  40, 0, 0,   0,  3, 0, 0, 0, 2, 0, 0, 0,
                    1,  0,  24, 0, 0, 0, 0, 0, 24,  0, 0,  0, 196, 14, 0,  0, 196, 14, 0, 0, 0, 0, 0, 0, 0, 0,
                    0,  0,  0,  0, 0, 0, 0, 0, 255, 0, 0,  0, 0,   0,  0,  0, 255, 0,  0, 0, 0, 0, 0, 0, 0, 0};
const Bytes kRgba = {137, 80,  78,  71,  13,  10,  26,  10,  0,   0,   0,   13,  73, 72, 68,  82,  0,   0,  0,  3,
                     0,   0,   0,   2,   8,   6,   0,   0,   0,   157, 116, 102, 26, 0,  0,   0,   21,  73, 68, 65,
                     84,  120, 156, 99,  248, 207, 192, 240, 159, 1,   2,   26,  24, 16, 224, 255, 127, 0,  56, 232,
                     4,   125, 166, 131, 68,  64,  0,   0,   0,   0,   73,  69,  78, 68, 174, 66,  96,  130};
const Bytes kJpeg = {
    255, 216, 255, 224, 0,   16,  74,  70,  73,  70,  0,   1,   1,   0,   0,   1,   0,   1,   0,   0,   255, 225,
    0,   34,  69,  120, 105, 102, 0,   0,   77,  77,  0,   42,  0,   0,   0,   8,   0,   1,   1,   18,  0,   3,
    0,   0,   0,   1,   0,   6,   0,   0,   0,   0,   0,   0,   255, 219, 0,   67,  0,   3,   2,   2,   3,   2,
    2,   3,   3,   3,   3,   4,   3,   3,   4,   5,   8,   5,   5,   4,   4,   5,   10,  7,   7,   6,   8,   12,
    10,  12,  12,  11,  10,  11,  11,  13,  14,  18,  16,  13,  14,  17,  14,  11,  11,  16,  22,  16,  17,  19,
    20,  21,  21,  21,  12,  15,  23,  24,  22,  20,  24,  18,  20,  21,  20,  255, 192, 0,   11,  8,   0,   8,
    0,   16,  1,   1,   17,  0,   255, 196, 0,   31,  0,   0,   1,   5,   1,   1,   1,   1,   1,   1,   0,   0,
    0,   0,   0,   0,   0,   0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  255, 196, 0,   181, 16,
    0,   2,   1,   3,   3,   2,   4,   3,   5,   5,   4,   4,   0,   0,   1,   125, 1,   2,   3,   0,   4,   17,
    5,   18,  33,  49,  65,  6,   19,  81,  97,  7,   34,  113, 20,  50,  129, 145, 161, 8,   35,  66,  177, 193,
    21,  82,  209, 240, 36,  51,  98,  114, 130, 9,   10,  22,  23,  24,  25,  26,  37,  38,  39,  40,  41,  42,
    52,  53,  54,  55,  56,  57,  58,  67,  68,  69,  70,  71,  72,  73,  74,  83,  84,  85,  86,  87,  88,  89,
    90,  99,  100, 101, 102, 103, 104, 105, 106, 115, 116, 117, 118, 119, 120, 121, 122, 131, 132, 133, 134, 135,
    136, 137, 138, 146, 147, 148, 149, 150, 151, 152, 153, 154, 162, 163, 164, 165, 166, 167, 168, 169, 170, 178,
    179, 180, 181, 182, 183, 184, 185, 186, 194, 195, 196, 197, 198, 199, 200, 201, 202, 210, 211, 212, 213, 214,
    215, 216, 217, 218, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 241, 242, 243, 244, 245, 246, 247, 248,
    249, 250, 255, 218, 0,   8,   1,   1,   0,   0,   63,  0,   252, 196, 175, 233, 154, 191, 255, 217};

// The same 3×2 pixels as WebP (lossless), WebP and PNG with EXIF orientation 6, GIF, and BMP with its first row on top.
const Bytes kWebp = {82,  73,  70,  70,  66,  0,   0,   0,   87,  69,  66,  80,  86,  80,  56,  76,  54,  0,  0,
                     0,   47,  2,   64,  0,   0,   47,  64,  144, 109, 179, 65,  220, 235, 254, 50,  211, 32, 147,
                     182, 201, 95,  255, 118, 102, 109, 100, 210, 54,  173, 135, 253, 243, 175, 178, 243, 31, 104,
                     228, 145, 172, 251, 6,   4,   2,   148, 177, 226, 129, 109, 34,  250, 31,  227, 5};
const Bytes kWebpTurned = {82,  73,  70,  70,  118, 0,   0,   0,   87,  69,  66,  80,  86,  80,  56,  88,  10,  0,
                           0,   0,   8,   0,   0,   0,   2,   0,   0,   1,   0,   0,   86,  80,  56,  76,  54,  0,
                           0,   0,   47,  2,   64,  0,   0,   47,  64,  144, 109, 179, 65,  220, 235, 254, 50,  211,
                           32,  147, 182, 201, 95,  255, 118, 102, 109, 100, 210, 54,  173, 135, 253, 243, 175, 178,
                           243, 31,  104, 228, 145, 172, 251, 6,   4,   2,   148, 177, 226, 129, 109, 34,  250, 31,
                           227, 5,   69,  88,  73,  70,  26,  0,   0,   0,   77,  77,  0,   42,  0,   0,   0,   8,
                           0,   1,   1,   18,  0,   3,   0,   0,   0,   1,   0,   6,   0,   0,   0,   0,   0,   0};
const Bytes kGif = {71,  73, 70, 56, 55, 97,  3, 0, 2, 0, 130, 0, 0,  255, 255, 255, 0,   255, 0, 200,
                    100, 50, 10, 20, 30, 255, 0, 0, 0, 0, 255, 0, 0,  0,   0,   0,   0,   44,  0, 0,
                    0,   0,  3,  0,  2,  0,   0, 8, 9, 0, 9,   4, 40, 48,  64,  0,   128, 128, 0, 59};
const Bytes kTurnedPng = {
    137, 80, 78, 71, 13, 10, 26,  10,  0,   0,   0,   13,  73,  72,  68, 82,  0,   0,  0,   3,   0,   0,   0,   2,
    8,   2,  0,  0,  0,  18, 22,  241, 77,  0,   0,   0,   26,  101, 88, 73,  102, 77, 77,  0,   42,  0,   0,   0,
    8,   0,  1,  1,  18, 0,  3,   0,   0,   0,   1,   0,   6,   0,   0,  0,   0,   0,  0,   214, 103, 75,  105, 0,
    0,   0,  24, 73, 68, 65, 84,  120, 156, 99,  248, 207, 192, 192, 0,  193, 92,  34, 114, 39,  82,  140, 254, 255,
    255, 15, 0,  60, 25, 7,  149, 239, 194, 198, 216, 0,   0,   0,   0,  73,  69,  78, 68,  174, 66,  96,  130};
const Bytes kTopDownBmp = {66,  77, 78,  0,   0,   0,   0,  0,  0,  0,  54,  0,   0,   0,   40,  0, 0,   0, 3,   0,
                           0,   0,  254, 255, 255, 255, 1,  0,  24, 0,  0,   0,   0,   0,   24,  0, 0,   0, 196, 14,
                           0,   0,  196, 14,  0,   0,   0,  0,  0,  0,  0,   0,   0,   0,   0,   0, 255, 0, 255, 0,
                           255, 0,  0,   0,   0,   0,   30, 20, 10, 50, 100, 200, 255, 255, 255, 0, 0,   0};

const Bytes kSix = {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 200, 100, 50, 255, 255, 255};
const Bytes kTurned = {10, 20, 30, 255, 0, 0, 200, 100, 50, 0, 255, 0, 255, 255, 255, 0, 0, 255};

TEST(Picture, WebpGifAndRowsFromTheTop) {
  for (const Bytes* file : {&kWebp, &kGif, &kTopDownBmp}) {
    auto p = decode_picture(*file);
    ASSERT_TRUE(p) << p.error().to_string();
    EXPECT_EQ(p->height, 2);
    EXPECT_EQ(p->width, 3);
    EXPECT_EQ(p->pixels, kSix);
  }
}

TEST(Picture, OrientationInPngAndWebp) {
  for (const Bytes* file : {&kTurnedPng, &kWebpTurned}) {
    auto p = decode_picture(*file);
    ASSERT_TRUE(p) << p.error().to_string();
    EXPECT_EQ(p->height, 3);
    EXPECT_EQ(p->width, 2);
    EXPECT_EQ(p->pixels, kTurned);
  }
}

TEST(Picture, SaysWhatItCannotRead) {
  Bytes heic(32);
  std::copy_n("ftypheic", 8, heic.begin() + 4);
  EXPECT_NE(decode_picture(heic).error().message.find("HEIC"), std::string::npos);
  Bytes wide = kWebp;  // the size stands in the first bits of the lossless stream
  for (size_t n = 0; n < wide.size(); ++n) (void)decode_picture({wide.data(), n});
  EXPECT_FALSE(decode_picture(kWebp, {2, 100}));
}

TEST(Picture, Bmp) {
  auto p = decode_picture(kBmp);
  ASSERT_TRUE(p) << p.error().to_string();
  EXPECT_EQ(p->height, 2);
  EXPECT_EQ(p->width, 3);
  ASSERT_EQ(p->channels, 3);
  EXPECT_EQ(Bytes(p->pixels.begin(), p->pixels.begin() + 3), (Bytes{255, 0, 0}));
  EXPECT_EQ(Bytes(p->pixels.end() - 3, p->pixels.end()), (Bytes{0, 0, 255}));
  EXPECT_EQ(with_channels(*p, 1).pixels, (Bytes{76, 0, 0, 0, 0, 29}));  // Pillow's convert("L")
}

TEST(Picture, TransparencyReadsAsPaper) {
  auto p = decode_picture(kRgba);
  ASSERT_TRUE(p) << p.error().to_string();
  ASSERT_EQ(p->channels, 3);
  EXPECT_EQ(Bytes(p->pixels.begin(), p->pixels.begin() + 9), (Bytes{255, 0, 0, 255, 255, 255, 127, 127, 127}));
}

TEST(Picture, JpegWithOrientation) {
  auto p = decode_picture(kJpeg);
  ASSERT_TRUE(p) << p.error().to_string();
  EXPECT_EQ(p->height, 16);  // stored 16 wide, shown upright: the dark left half becomes the upper half
  EXPECT_EQ(p->width, 8);
  ASSERT_EQ(p->channels, 1);
  EXPECT_LT(p->pixels[0], 40);
  EXPECT_LT(p->pixels[7], 40);
  EXPECT_GT(p->pixels[8 * 15], 200);
}

TEST(Picture, HostileFilesAreRefused) {
  EXPECT_EQ(decode_picture(Bytes{}).error().code, ErrorCode::bad_file);
  EXPECT_FALSE(decode_picture(Bytes{'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0}));
  for (const Bytes* file : {&kBmp, &kRgba, &kJpeg})
    for (size_t n = 0; n < file->size(); n += 3)
      (void)decode_picture({file->data(), n});  // no crash; JPEG may show a part
  Bytes huge = kBmp;                            // 2^30 × 2^30 pixels announced
  huge[21] = huge[25] = 0x40;
  auto refused = decode_picture(huge);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::bad_file);
  Bytes wide = kRgba;  // PNG of 100,000 × 2
  wide[17] = 0x01, wide[18] = 0x86, wide[19] = 0xa0;
  ASSERT_FALSE(decode_picture(wide));
  EXPECT_NE(decode_picture(wide).error().message.find("100000×2"), std::string::npos);
  EXPECT_FALSE(decode_picture(kBmp, {2, 100}));
  auto missing = read_picture("/nonexistent/x.png");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("/nonexistent/x.png"), std::string::npos);
}

TEST(Picture, Names) {
  EXPECT_TRUE(is_picture_name("a/b.JPG"));
  EXPECT_TRUE(is_picture_name("x.png"));
  EXPECT_TRUE(is_picture_name("x.WebP"));
  EXPECT_TRUE(is_picture_name("x.gif"));
  EXPECT_FALSE(is_picture_name("x.txt"));
  EXPECT_FALSE(is_picture_name("png"));
}

TEST(Picture, CropIsClamped) {
  const Picture p{3, 4, 1, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
  EXPECT_EQ(crop(p, 1, 1, 2, 2).pixels, (Bytes{5, 6, 9, 10}));
  EXPECT_EQ(crop(p, -5, 3, 100, 100).width, 1);
}

TEST(Png, WritesWhatItReads) {
  for (int64_t channels : {1, 3})
    for (int64_t side : {1, 5, 90}) {
      Picture p{side, side + 1, channels, {}};
      for (int64_t i = 0; i < side * (side + 1) * channels; ++i)
        p.pixels.push_back(static_cast<uint8_t>(i * 7 + i / 13));
      auto png = encode_png(p);
      ASSERT_TRUE(png);
      auto back = decode_picture(*png);
      ASSERT_TRUE(back) << back.error().to_string();
      EXPECT_EQ(back->channels, channels);
      EXPECT_EQ(back->pixels, p.pixels);
    }
  EXPECT_FALSE(encode_png(Picture{}));
}

Picture pattern() {
  Picture p{7, 9, 1, {}};
  for (int y = 0; y < 7; ++y)
    for (int x = 0; x < 9; ++x) p.pixels.push_back(static_cast<uint8_t>(7 * x * x + 13 * y * x + 29 * y));
  return p;
}

// Image.fromarray(a).resize((w, h), BILINEAR or BOX) of Pillow, byte for byte.
TEST(Resize, EqualsPillow) {
  const Picture p = pattern();
  EXPECT_EQ(resize_antialias(p, 3, 4).pixels, (Bytes{43, 104, 127, 146, 125, 118, 118, 132, 134, 123, 112, 121}));
  EXPECT_EQ(
      resize_antialias(p, 10, 12).pixels,
      (Bytes{0,   4,   15,  32,  59,  94,  136, 185, 242, 149, 126, 192, 16,  25,  41,  63,  95,  136, 131, 96,
             160, 159, 142, 124, 36,  51,  74,  103, 142, 149, 107, 48,  118, 157, 146, 102, 57,  77,  107, 143,
             188, 90,  55,  115, 192, 125, 122, 195, 77,  103, 140, 162, 89,  73,  107, 162, 120, 135, 139, 122,
             97,  129, 172, 190, 57,  93,  134, 139, 105, 126, 137, 126, 117, 155, 200, 219, 102, 138, 123, 58,
             146, 98,  115, 206, 138, 181, 165, 102, 126, 79,  72,  103, 63,  112, 136, 120, 158, 135, 102, 85,
             165, 92,  92,  162, 81,  97,  127, 149, 174, 67,  40,  116, 201, 134, 139, 214, 139, 72,  108, 222}));
  EXPECT_EQ(resize_antialias(p, 7, 5).pixels,
            (Bytes{5,   35,  115, 197, 151, 41,  92,  136, 94,  131, 78, 148, 82, 152, 146, 114, 125, 102,
                   129, 126, 151, 182, 123, 107, 142, 169, 110, 69,  84, 121, 96, 119, 150, 141, 137}));
  EXPECT_EQ(resize_area(p, 3, 4).pixels, (Bytes{22, 102, 136, 139, 110, 129, 131, 135, 135, 100, 127, 132}));
  EXPECT_EQ(
      resize_area(p, 10, 12).pixels,
      (Bytes{0,   7,   7,   28,  63,  112, 112, 175, 252, 87,  87,  192, 29,  49,  49,  83,  131, 193, 193, 13,
             103, 207, 207, 69,  29,  49,  49,  83,  131, 193, 193, 13,  103, 207, 207, 69,  58,  91,  91,  138,
             199, 18,  18,  107, 210, 71,  71,  202, 87,  133, 133, 193, 11,  99,  99,  201, 61,  191, 191, 79,
             87,  133, 133, 193, 11,  99,  99,  201, 61,  191, 191, 79,  116, 175, 175, 248, 79,  180, 180, 39,
             168, 55,  55,  212, 145, 217, 217, 47,  147, 5,   5,   133, 19,  175, 175, 89,  145, 217, 217, 47,
             147, 5,   5,   133, 19,  175, 175, 89,  174, 3,   3,   102, 215, 86,  86,  227, 126, 39,  39,  222}));
  EXPECT_EQ(resize_area(p, 7, 5).pixels,
            (Bytes{4,   46,  112, 214, 140, 39,  107, 193, 58, 138, 75, 169, 18, 159, 137, 110, 102, 99,
                   131, 135, 146, 164, 180, 104, 134, 181, 97, 5,   76, 132, 89, 159, 86,  177, 131}));
}

TEST(Resize, BilinearReadsAtHalfPixels) {
  const Picture row{1, 4, 1, {0, 100, 200, 40}};
  EXPECT_EQ(resize_bilinear(row, 1, 2).pixels, (Bytes{50, 120}));                           // at 0.5 and 2.5
  EXPECT_EQ(resize_bilinear(row, 1, 8).pixels, (Bytes{0, 25, 75, 125, 175, 160, 80, 40}));  // at −0.25 → 0, 0.25 …
  EXPECT_EQ(resize_bilinear(row, 2, 4).pixels, (Bytes{0, 100, 200, 40, 0, 100, 200, 40}));
  const Picture rgb{1, 2, 3, {0, 10, 20, 100, 110, 120}};
  EXPECT_EQ(resize_bilinear(rgb, 1, 1).pixels, (Bytes{50, 60, 70}));
}

}  // namespace
}  // namespace thimble
