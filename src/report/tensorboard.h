// TensorBoard event files: scalars per step, so that training can be watched with the tool people
// know. A file is a sequence of TFRecords (length, masked CRC-32C, tensorflow.Event message, masked
// CRC-32C); the message is written by hand, it has four fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble {

// CRC-32C (Castagnoli): "123456789" gives 0xe3069283.
uint32_t crc32c(std::string_view bytes);
// One TFRecord around `payload`.
std::string tfrecord(std::string_view payload);
// The first record of every file; wall_time is seconds since 1970.
std::string tensorboard_header(double wall_time);
// One record with all scalars of a step: {"epoch_loss", 0.3}, …
std::string tensorboard_scalars(int64_t step, double wall_time,
                                const std::vector<std::pair<std::string, double>>& scalars);
// "events.out.tfevents.<seconds>.<host>", which TensorBoard looks for.
std::string tensorboard_file_name(double wall_time, std::string_view host);

}  // namespace thimble
