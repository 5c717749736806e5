// Options as flags of a command: --key VALUE, with the help that their description gives.
#pragma once

#include "app/command.h"
#include "study/options/fields.h"

namespace thimble::app {

class FlagFields final : public Fields {
 public:
  // `options`, what the fields point to and `form` must live as long as the command's action.
  FlagFields(Options& options, Form& form) : options_(options), form_(form) { form.flags = true; }

  void section(const char* title) override { options_.section(title); }
  void truth(const Field& f, bool* to) override;
  void text(const Field& f, std::string* to) override;
  void names(const Field& f, std::vector<std::string>* to) override;
  void bits(const Field& f, int* to) override;
  void layer_bits(const Field& f, std::map<std::string, int>* to) override;
  void bits_list(const Field& f, std::vector<int>* to) override;

 protected:
  void number_field(const Field& f, std::optional<double> now, double low, double high,
                    std::function<void(double)> set) override;
  void whole_field(const Field& f, int64_t now, int64_t low, int64_t high, std::function<void(int64_t)> set) override;
  void word_field(const Field& f, std::vector<std::string> words, int now, std::function<void(size_t)> set) override;

 private:
  // "of the channels that stay (default: 0.5)".
  std::string help(const Field& f, const std::string& now) const;
  std::function<void()> gave(const Field& f) const;

  Options& options_;
  Form& form_;
};

}  // namespace thimble::app
