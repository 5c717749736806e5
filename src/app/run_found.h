// What `thimble run` shows, saves and draws of a model that finds things in pictures: boxes, masks, key points.
#pragma once

#include "app/run_answers.h"
#include "base/json.h"
#include "study/found.h"

namespace thimble::app {

// A run's picture: the file that was fed, upright and at its own size; or only a size, the input's, where it was none.
struct RunPicture {
  std::string file;  // empty: no picture to draw on
  int64_t height = 0, width = 0;
  std::string drawn;  // what --draw wrote
};

struct FoundAnswers {
  AnswerMeaning meaning;
  std::vector<Found> runs;
  std::vector<RunPicture> pictures;  // as many
  double threshold = 0.5;
};

// threshold: of the user; below 0: the meaning's own. top: at most so many boxes or classes of each run; 0: all.
// stretched: each picture was brought whole to the input's size, so that shares of one are shares of the other; else
// (--handwriting) places are those of the input.
// Errors: bad_file (a picture that was there has gone).
Result<FoundAnswers> find_answers(const Graph& graph, const Answers& answers, AnswerMeaning meaning, double threshold,
                                  int64_t top, bool stretched);

void print_found(const FoundAnswers& found, const Answers& answers, const Context& context);
// The keys "meaning", "threshold", "pictures", and "boxes", "mask" or "points" of an open object.
void found_json(const FoundAnswers& found, JsonWriter* json);
// A row per box, class of a mask or point; pictures without any have none.
std::string found_csv(const FoundAnswers& found, const Answers& answers);

// Whether --draw can name this: FILE.png, or a folder (one that is there, or that ends in a slash).
// Errors: usage.
Status check_draw_name(const std::string& path);
// FILE.png for one run, DIR/NAME.png for each; `drawn` of every picture is set. Errors: usage (no picture, several runs
// and one file, the picture itself), those of writing.
Status draw_found(const std::string& path, FoundAnswers* found, const Answers& answers, const Context& context);

}  // namespace thimble::app
