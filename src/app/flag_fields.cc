#include "app/flag_fields.h"

#include <algorithm>

#include "app/data_arguments.h"

namespace thimble::app {

std::string FlagFields::help(const Field& f, const std::string& now) const {
  const std::string otherwise = f.otherwise.value_or(now);
  if (otherwise.empty() || otherwise == "none" || otherwise == "required" || otherwise == "false") return f.about;
  return format("{} (default: {})", f.about, otherwise);
}

std::function<void()> FlagFields::gave(const Field& f) const {
  return [form = &form_, key = f.key] { form->given.insert(key); };
}

void FlagFields::truth(const Field& f, bool* to) {
  // Given or not makes no difference to a truth value whose default is false.
  options_.flag(form_.name(f), to, help(f, *to ? "true" : "false"), gave(f));
}

void FlagFields::text(const Field& f, std::string* to) {
  options_.value(form_.name(f), f.placeholder, help(f, *to), [to, given = gave(f)](const std::string& v) -> Status {
    *to = v;
    given();
    return {};
  });
}

void FlagFields::names(const Field& f, std::vector<std::string>* to) {
  options_.values(form_.name(f), f.placeholder, help(f, ""),
                  [to, given = gave(f), name = form_.name(f)](const std::string& v) -> Status {
                    const std::vector<std::string> more = split_names(v);
                    if (more.empty())
                      return fail(ErrorCode::usage, format("{} names no layer", name), "leave it out for all layers");
                    to->insert(to->end(), more.begin(), more.end());
                    given();
                    return {};
                  });
}

void FlagFields::bits(const Field& f, int* to) {
  options_.value(form_.name(f), f.placeholder, help(f, bits_word(*to)),
                 [to, given = gave(f)](const std::string& v) -> Status {
                   THIMBLE_ASSIGN(*to, parse_bits(v));
                   given();
                   return {};
                 });
}

void FlagFields::layer_bits(const Field& f, std::map<std::string, int>* to) {
  options_.value(form_.name(f), f.placeholder, help(f, ""),
                 [to, given = gave(f), name = form_.name(f)](const std::string& v) -> Status {
                   for (const std::string& word : split_names(v)) {
                     const size_t equal = word.find('=');
                     if (equal == std::string::npos)
                       return fail(ErrorCode::usage, format("{} has '{}'", name, word),
                                   "write LAYER=BITS, for instance dense_1=4");
                     THIMBLE_ASSIGN((*to)[word.substr(0, equal)], parse_bits(std::string_view(word).substr(equal + 1)));
                   }
                   given();
                   return {};
                 });
}

void FlagFields::bits_list(const Field& f, std::vector<int>* to) {
  std::string now;
  for (int bits : *to) now += (now.empty() ? "" : ",") + bits_word(bits);
  options_.value(form_.name(f), f.placeholder, help(f, now), [to, given = gave(f)](const std::string& v) -> Status {
    to->clear();
    for (size_t at = 0; at <= v.size();) {  // an empty word is no number of bits
      const size_t comma = std::min(v.find(',', at), v.size());
      THIMBLE_ASSIGN(const int bits, parse_bits(std::string_view(v).substr(at, comma - at)));
      to->push_back(bits);
      at = comma + 1;
    }
    given();
    return {};
  });
}

void FlagFields::number_field(const Field& f, std::optional<double> now, double low, double high,
                              std::function<void(double)> set) {
  options_.number(form_.name(f), f.placeholder, help(f, now ? format("{:g}", *now) : ""), low, high,
                  [set = std::move(set), given = gave(f)](double v) {
                    set(v);
                    given();
                  });
}

void FlagFields::whole_field(const Field& f, int64_t now, int64_t low, int64_t high, std::function<void(int64_t)> set) {
  options_.integer(form_.name(f), f.placeholder, help(f, format("{}", now)), low, high,
                   [set = std::move(set), given = gave(f)](int64_t v) {
                     set(v);
                     given();
                   });
}

void FlagFields::word_field(const Field& f, std::vector<std::string> words, int now, std::function<void(size_t)> set) {
  for (std::string& word : words) std::ranges::replace(word, '_', '-');
  options_.choice(form_.name(f), words, help(f, now < 0 ? "" : words[static_cast<size_t>(now)]),
                  [set = std::move(set), given = gave(f)](size_t at) {
                    set(at);
                    given();
                  });
}

}  // namespace thimble::app
