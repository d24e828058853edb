#!/usr/bin/env bash
# Add the peers of the benchmarks to .venv, or see in a moment that they are there. They are no part of the set-up:
# myFM needs an older setuptools than the one that constraints.txt names, which only the build of a wheel uses.
set -o pipefail
cd "$(dirname "$0")/.." || exit 1
py=.venv/bin/python
log=.venv/peers.log
$py -c 'import cornac, implicit, myfm, optuna' 2> /dev/null && exit 0
echo "Adding the peers of the benchmarks to .venv (once, a minute; details in $log)"
grep -v '^setuptools==' constraints.txt > .venv/peers.txt
if ! $py -m pip install --disable-pip-version-check --no-input -c .venv/peers.txt -e '.[benchmarks]' > $log 2>&1; then
  grep -E '^ *(ERROR|error):' $log | tail -3 >&2
  echo "pip could not add the peers: the lines above say why, and the whole story is in $log." >&2
  exit 1
fi
