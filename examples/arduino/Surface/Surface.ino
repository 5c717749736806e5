// Reads lines "x y" from the serial port and answers z = f(x, y), as a network learned it from samples.
//
// The library is an exported network with two inputs and one output:
//   thimble export surface_int8.tflite --format arduino --name surface -o ~/Arduino/libraries/surface
#include <surface.hpp>

static surface_network network;

void setup() { Serial.begin(115200); }

void loop() {
  if (!Serial.available()) return;
  for (size_t i = 0; i < SURFACE_INPUT_SIZE; ++i) network.set(i, surface_prepare(i, Serial.parseFloat()));
  while (Serial.available() && Serial.read() != '\n') {  // what is left of the line
  }
  if (network.run() != SURFACE_OK)
    Serial.println("the network refused to run");
  else
    Serial.println(network.get(0), 4);
}
