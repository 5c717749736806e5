#!/bin/bash
# Compares Thimble with the reference interpreters: every .tflite that the studies write and that quantisation-aware training
# makes of them, the models of tests/models as they are and squeezed, and a Keras model converted by TensorFlow and fine-tuned
# by Thimble. Downloads Python packages from PyPI into build/venv.
#   scripts/interop/run.sh                    runs the four studies in short form first (into build/interop), then compares
#   scripts/interop/run.sh DIR…               compares the .tflite files below these folders instead of running studies
# Then RECIPES random recipes and CHAINS random chains of commands (1,000 each, from SEED): each file that they write must run
# in every runtime and agree; what fails is left in build/interop/failed.
# .onnx: what is written of tests/models, what onnxruntime's quantiser makes, and what scikit-learn's exporter writes.
# CASES single-operator models (1,000) with random types, shapes and scales are held against LiteRT too.
# THIMBLE names the program (default build/release/thimble), PRESET the preset of the studies (default quick).
set -euo pipefail
cd "$(dirname "$0")/../.."
thimble=${THIMBLE:-build/release/thimble}
[ -x "$thimble" ] || { echo "interop: $thimble does not exist; run make build first" >&2; exit 2; }
scripts/interop/venv.sh litert tensorflow onnx
venvs=${THIMBLE_VENVS:-build/venv}
folders=("$@")
if [ ${#folders[@]} -eq 0 ]; then
  for study in fashion_cnn mnist_lstm mnist_mlp mnist_cnn; do
    if [ ! -f "build/interop/$study/results.json" ]; then
      "$thimble" study "studies/$study.toml" --preset "${PRESET:-quick}" --out "build/interop/$study"
    fi
    folders+=("build/interop/$study/models")
  done
  # Quantisation-aware training: 8-bit weights, and 4-bit ones stored as int4.
  mkdir -p build/interop/qat
  for study in fashion_cnn:fashion-mnist mnist_lstm:mnist mnist_mlp:mnist; do
    name=${study%%:*}
    for bits in 8 4; do
      [ -f "build/interop/qat/${name}_$bits.tflite" ] || "$thimble" quantize "build/interop/$name/models/float32.tflite" \
        --qat --data "${study##*:}" --epochs 1 --bits $bits --io int8 -o "build/interop/qat/${name}_$bits.tflite"
    done
  done
  folders+=("build/interop/qat")
fi
status=0
"$venvs/litert/bin/python" scripts/interop/interop.py --thimble "$thimble" "${folders[@]}" || status=1
"$venvs/litert/bin/python" scripts/interop/squeezed.py --thimble "$thimble" || status=1
"$venvs/litert/bin/python" scripts/interop/random_recipes.py --thimble "$thimble" --count "${RECIPES:-1000}" \
  --chains "${CHAINS:-1000}" --seed "${SEED:-1}" --keep build/interop/failed || status=1
"$venvs/litert/bin/python" scripts/interop/elementwise_random.py --program "$thimble" --cases "${CASES:-1000}" --seed "${SEED:-1}" || status=1
"$venvs/onnx/bin/python" scripts/interop/onnx_written.py tests/models --thimble "$thimble" || status=1
"$venvs/onnx/bin/python" scripts/interop/onnx_quantised.py --thimble "$thimble" || status=1
"$venvs/onnx/bin/python" scripts/interop/onnx_exported.py --thimble "$thimble" --family sklearn || status=1
"$venvs/tensorflow/bin/python" scripts/interop/fine_tune.py --thimble "$thimble" || status=1
exit $status
