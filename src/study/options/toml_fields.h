// Options out of a table of the recipe.
#pragma once

#include "study/options/fields.h"
#include "study/toml_reader.h"

namespace thimble {

class TomlFields final : public Fields {
 public:
  TomlFields(TableReader& reader, Form& form) : r_(reader), form_(form) {}

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
  const toml::node* given(const Field& f);
  void read_bits(const toml::node& n, int* to);

  TableReader& r_;
  Form& form_;
};

}  // namespace thimble
