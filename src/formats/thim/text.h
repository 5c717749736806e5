// Names and metadata: bytes predicted from the one to six before them. The model has read a short text beforehand
// that holds what Thimble's metadata looks like, so that those cost next to nothing.
#pragma once

#include <string>

#include "formats/thim/models.h"

namespace thimble::thim {

class TextModel {
 public:
  TextModel();
  // At most 2^20 bytes.
  void code(BitCoder& coder, std::string& text);

 private:
  static constexpr size_t kOrders = 5, kSlots = size_t{1} << 14;
  uint8_t code_byte(BitCoder& coder, uint8_t byte);

  Number length_{0.7};
  std::vector<Counter> counters_;
  Mixer mixer_;
  uint64_t before_ = 0;  // the last eight bytes
};

}  // namespace thimble::thim
