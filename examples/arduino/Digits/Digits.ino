// Reads pictures of 28 × 28 bytes (0: background) from the serial port and answers which digit each shows.
//
// The library is an exported network with 784 inputs:
//   thimble export digits_int8.tflite --format arduino --name digits -o ~/Arduino/libraries/digits
#include <digits.hpp>

static digits_network network;

void setup() {
  Serial.begin(115200);
  Serial.setTimeout(5000);  // ms, of a picture
}

void loop() {
  static char picture[DIGITS_INPUT_SIZE];
  if (!Serial.available()) return;
  if (Serial.readBytes(picture, sizeof picture) != sizeof picture) {
    Serial.println("a picture has 784 bytes");
    return;
  }
  for (size_t i = 0; i < sizeof picture; ++i) network.set(i, digits_prepare(i, (uint8_t)picture[i]));

  const unsigned long start = micros();
  const int32_t digit = network.predict_class();
  const unsigned long elapsed = micros() - start;
  if (digit < 0) {
    Serial.println("the network refused to run");
    return;
  }
  Serial.print((int)digit);
  Serial.print(", score ");
  Serial.print(network.get((size_t)digit), 3);
  Serial.print(", ");
  Serial.print(elapsed);
  Serial.println(" us");
}
