#!/usr/bin/env bash
# House rules that a grep can hold: what aborts, prints or exits is banned in the libraries, and
# unfinished marks everywhere. A line may be excused with a comment `lint: allow (reason)`.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0

# ban WHAT PATTERN PATHSPEC…
ban() {
  local what=$1 pattern=$2
  shift 2
  local hits
  hits=$(git grep -nE "$pattern" -- "$@" | grep -v 'lint: allow (' || true)
  if [ -n "$hits" ]; then
    echo "lint: $what"
    echo "$hits" | sed 's/^/  /'
    bad=1
  fi
}

code=('src/*.cc' 'src/*.h' 'include/*.h')
library=("${code[@]}" ':!src/app' ':!*_test.cc')
inference=('src/kernels/*' 'src/graph/*' 'src/ops/*' 'src/runtime/*' 'src/formats/*' ':!*_test.cc')

ban 'fmt::runtime aborts on a wrong format string' 'fmt::runtime' "${code[@]}"
ban '.value() on an expected aborts: test it, then use *' '\.value\(\)' "${code[@]}" ':!*_test.cc'
ban 'a library never prints (base/log.h hands text to the program)' \
  'std::(cout|cerr|clog)|\b(printf|puts|putchar|perror)\(|\b(fprintf|fputs|fputc|fwrite)\(.*\bstd(out|err)\b|fmt::print' "${library[@]}"
ban 'a library never ends the process' '\b(abort|exit|quick_exit|terminate)\(' "${library[@]}"
ban 'nothing of ours throws' '\bthrow\b[^"]*;' "${library[@]}"
ban 'an assert is no guard: return an Error' '\bassert\(' "${inference[@]}"
ban 'environment variables are read by base/environment.h' '\bgetenv\(' "${code[@]}" ':!src/base/environment.cc' ':!*_test.cc'
ban 'samples go into networks by SampleFeed (study/evaluate.h); training and calibration take floats from Batches and calibration_samples' \
  'feeding_?\.(sample|apply)\(|\bfill_input\(' "${code[@]}" ':!*_test.cc' ':!src/runtime/tensor_values.*' ':!src/study/evaluate.cc' \
  ':!src/study/variants.cc' ':!src/data/batches.cc' ':!src/compress/distill/distill.cc' ':!src/app/model_inputs.cc'
ban 'data for a model are opened by open_model_data and open_study_data, files of one by gather' '\bopen_splits\(' \
  "${code[@]}" ':!*_test.cc' ':!src/data' ':!src/study/model_data.cc' ':!src/study/session_data.cc' ':!src/app/model_inputs.cc' \
  ':!src/app/data.cc'
ban 'commands open --data by open_data (app/data_arguments.h)' '\bopen_model_data\(' 'src/app/*.cc' ':!*_test.cc' ':!src/app/data_arguments.cc'
ban 'unfinished work' '\b(TODO|FIXME|XXX|HACK)\b' '*.cc' '*.h' '*.py' '*.cmake' '*CMakeLists.txt' '*.md' '*.toml' ':!scripts/lint.sh'

missing=$(git ls-files 'src/*.h' 'include/*.h' | xargs -r grep -L -e '#pragma once' -e '^#ifndef' || true)
if [ -n "$missing" ]; then
  echo "lint: no include guard"
  echo "$missing" | sed 's/^/  /'
  bad=1
fi
[ $bad = 0 ] && echo "lint: house rules hold"
exit $bad
