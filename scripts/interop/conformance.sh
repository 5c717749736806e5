#!/bin/bash
# More than 2,000 single-operator models, drawn from SEED over types, shapes and attributes, here and in LiteRT: integers byte for
# byte, floats within their bounds. Then ONNX's own node cases. Downloads Python packages from PyPI into build/venv.
#   scripts/interop/conformance.sh            THIMBLE names the program (default build/release/thimble)
set -euo pipefail
cd "$(dirname "$0")/../.."
thimble=${THIMBLE:-build/release/thimble}
seed=${SEED:-1}
[ -x "$thimble" ] || { echo "conformance: $thimble does not exist; run make build first" >&2; exit 2; }
scripts/interop/venv.sh litert onnx
venvs=${THIMBLE_VENVS:-build/venv}
status=0
"$venvs/litert/bin/python" scripts/goldens/op_sweep.py --thimble "$thimble" --count 6 --fed-values --seed "$seed" || status=1
"$venvs/litert/bin/python" scripts/interop/nn_sweep.py --thimble "$thimble" --count 400 --seed "$seed" || status=1
"$venvs/litert/bin/python" scripts/interop/elementwise_random.py --program "$thimble" --cases 800 --seed "$seed" || status=1
"$venvs/onnx/bin/python" scripts/interop/onnx_nodes.py --thimble "$thimble" --reasons 30 || status=1
exit $status
