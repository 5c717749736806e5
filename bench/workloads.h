// The networks of the shipped studies, as the benchmark programs build them.
#pragma once

#include <string>

#include "train/architecture.h"
#include "train/model.h"

namespace thimble {

inline LayerSpec layer(const char* word, double size = 0, const char* activation = "") {
  LayerSpec spec;
  spec.word = word;
  spec.size = size;
  spec.activation = activation;
  return spec;
}

// "fashion_cnn", "mnist_mlp", "mnist_cnn", "mnist_lstm", or a named architecture at a quarter of its width; no layers
// for an unknown name.
inline ModelSpec workload(const std::string& name) {
  ModelSpec m;
  m.input = {28, 28, 1};
  if (name == "fashion_cnn") {
    for (int filters : {32, 64, 128}) {
      m.layers.push_back(layer("conv2d", filters, "relu"));
      m.layers.push_back(layer("max_pool", 2));
    }
    m.layers.push_back(layer("flatten"));
    m.layers.push_back(layer("dropout", 0.3));
    m.layers.push_back(layer("dense", 256, "relu"));
    m.layers.push_back(layer("dense", 10, "softmax"));
  } else if (name == "mnist_mlp") {
    m.input = {784};
    m.layers = {layer("dense", 128, "relu"), layer("dense", 64, "relu"), layer("dense", 10, "softmax")};
  } else if (name == "mnist_cnn") {
    m.layers = {layer("conv2d", 32, "relu"),
                layer("conv2d", 64, "relu"),
                layer("max_pool", 2),
                layer("dropout", 0.25),
                layer("flatten"),
                layer("dense", 128, "relu"),
                layer("dropout", 0.5),
                layer("dense", 10, "log_softmax")};
  } else if (name == "mnist_lstm") {
    m.input = {28, 28};
    LayerSpec lstm = layer("lstm", 20);
    lstm.return_sequences = true;
    m.layers = {lstm, layer("flatten"), layer("dense", 10, "softmax")};
  } else {
    m.architecture = name;
    m.alpha = 0.25;
    m.classes = 10;
    (void)expand_architecture(&m);
  }
  return m;
}

}  // namespace thimble
