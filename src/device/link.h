// A network between a device and the machine that could answer in its place: "rtt=20ms,up=5Mbit,down=20Mbit".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace thimble {

struct Link {
  std::string text;      // as it was given
  double rtt_us = 0;     // there and back, of an empty packet
  double up_bits = 0;    // per second, from the device
  double down_bits = 0;  // … and to it; as `up` where nothing was said
};

// rtt: us, ms or s; up and down: bit, kbit, Mbit or Gbit per second (powers of 1,000). rtt and up must be there.
// Errors: usage, with a did-you-mean for an unknown word or unit.
Result<Link> parse_link(std::string_view text);

// Where an answer is there sooner: on the device, or from a machine behind the link that is sent the input.
struct OffloadTimes {
  double send_us = 0, receive_us = 0;
  double away_us = 0;            // answer of the other machine: send + its run + receive + round trip
  double break_even_rtt_us = 0;  // round trip above which the device is sooner; 0 where it always is
  double break_even_up_bits =
      0;                     // upload speed below which it is sooner; 0 where it never is, infinity where it always is
  bool device_wins = false;  // also where both take as long
};

// device_us, other_us: a run of the model on each. Bytes are what is sent, headers of the network left out.
OffloadTimes offload_times(const Link& link, double device_us, double other_us, double bytes_up, double bytes_down);

}  // namespace thimble
