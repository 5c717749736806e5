#!/bin/bash
# Creates the Python environments that the oracle needs, under build/venv (or $THIMBLE_VENVS): one per peer, because their
# pinned dependencies disagree. Nothing here is needed to build, test or use Thimble.
#   scripts/interop/venv.sh                 all of them
#   scripts/interop/venv.sh litert          only that one
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venvs=${THIMBLE_VENVS:-$here/../../build/venv}
mkdir -p "$venvs"
for name in ${@:-litert tensorflow onnx torch jax}; do
  requirements=$here/requirements-$name.txt
  [ -f "$requirements" ] || { echo "venv.sh: no environment '$name'; there are: litert tensorflow onnx torch jax" >&2; exit 2; }
  if [ -f "$venvs/$name/.requirements" ] && cmp -s "$requirements" "$venvs/$name/.requirements"; then continue; fi
  echo "venv.sh: $venvs/$name" >&2
  python3 -m venv "$venvs/$name"
  "$venvs/$name/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
  cp "$requirements" "$venvs/$name/.requirements"
done
