#!/usr/bin/env bash
# scripts/setup.sh [GROUP…]: installs the Debian packages of scripts/packages.txt (group build when
# none is named). Instant when all are there. Without root it prints the exact command and exits 2.
set -euo pipefail
cd "$(dirname "$0")/.."
groups=("${@:-build}")

if ! command -v dpkg-query >/dev/null; then
  echo "setup: this is not a Debian system; scripts/packages.txt lists what is needed. Going on." >&2
  exit 0
fi

wanted=$(awk -v groups=" ${groups[*]} " '!/^#/ && NF && index(groups, " " $2 " ") {print $1}' scripts/packages.txt)
if [ -z "$wanted" ]; then
  echo "setup: no package has the group '${groups[*]}' (see scripts/packages.txt)" >&2
  exit 2
fi
# shellcheck disable=SC2086
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | awk '$1 == "installed" {print $2}' || true)
missing=$(comm -23 <(sort -u <<<"$wanted") <(sort <<<"$installed") | tr '\n' ' ')
missing=${missing% }
[ -z "$missing" ] && exit 0

command="apt-get update && apt-get install -y --no-install-recommends $missing"
if [ "$(id -u)" = 0 ]; then
  run=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  run=(sudo)
else
  echo "setup: these packages are missing and this user may not install them. As root:" >&2
  echo "  $command" >&2
  exit 2
fi
echo "setup: installing $missing" >&2
export DEBIAN_FRONTEND=noninteractive
"${run[@]}" apt-get update -qq >&2
# shellcheck disable=SC2086
"${run[@]}" apt-get install -y -qq --no-install-recommends $missing >&2
