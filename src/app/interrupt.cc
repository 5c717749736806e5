#include "app/interrupt.h"

#include <csignal>

namespace thimble::app {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void on_signal(int signal) {
  g_interrupted = 1;
  std::signal(signal, SIG_DFL);  // the next one kills
}

}  // namespace

void install_interrupt_handler() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool interrupted() { return g_interrupted != 0; }

tl::unexpected<Error> interrupted_error(std::string done) {
  return fail(ErrorCode::interrupted, done.empty() ? "interrupted" : "interrupted: " + done);
}

}  // namespace thimble::app
