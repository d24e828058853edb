#!/usr/bin/env bash
# Make .venv with the pinned packages, or see in a moment that it is there. Every target of the Makefile calls this first.
# PYTHON names the Python to build it with; without it the first one on the PATH that fits is taken.
set -o pipefail
cd "$(dirname "$0")/.." || exit 1
PATH=${PATH//"$PWD/.venv/bin:"/}  # an activated .venv must not build itself
py=.venv/bin/python
stamp=.venv/complete  # written last, so that a set-up cut short is repeated and not believed: the folder, a checksum of what was asked for
log=.venv/setup.log

fail() { echo "$*" >&2; exit 1; }
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
fits() { [[ $1 =~ ^3\.1[1-3]$ ]]; }
has_venv() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }
asked() { cat settings.ini constraints.txt requirements.txt | cksum; }

have=$(version $py)
wanted=$have
if [ -n "$PYTHON" ]; then
  wanted=$(version "$PYTHON") || fail "PYTHON=$PYTHON does not run: name a Python 3.11, 3.12 or 3.13."
  fits "$wanted" || fail "Customer360 needs Python 3.11, 3.12 or 3.13, and PYTHON=$PYTHON is $wanted."
fi
{ read -r place; read -r made; } 2>/dev/null < $stamp  # a .venv that was moved has scripts that point to its old place
if fits "$have" && [ "$have" = "$wanted" ] && [ "$place" = "$PWD" ]; then
  [ "$made" = "$(asked)" ] && exit 0
  echo "settings.ini or the pins changed: bringing .venv up to date."
else
  if [ -z "$PYTHON" ]; then
    for candidate in python3 python3.13 python3.12 python3.11 python; do
      found=$(version $candidate) || continue
      if fits "$found"; then
        PYTHON=$candidate
        has_venv $candidate && break
      fi
      other=${other:-$found}
    done
    [ -n "$PYTHON" ] || fail "Customer360 needs Python 3.11, 3.12 or 3.13, and here is ${other:-none}: install one, or name one that lies elsewhere with PYTHON=/path/to/python."
  fi
  has_venv "$PYTHON" || fail "$PYTHON ($(version "$PYTHON")) comes without its venv module: install that (Debian and Ubuntu call it python3-venv), or name another Python with PYTHON=/path/to/python."
  echo "Setting up .venv with Python $(version "$PYTHON") (once, 2 to 4 minutes and 3 GB; details in $log)"
  rm -rf .venv
  "$PYTHON" -m venv .venv || fail "$PYTHON could not make .venv: is the disk full, or the folder read-only?"
fi

trap 'exit 130' INT TERM
update=$([ -e $stamp ] && echo yes)
rm -f $stamp
$py -m pip install --disable-pip-version-check --no-input -r requirements.txt 2>&1 | tee $log | awk '
  /^Collecting / { if (++n % 25 == 0) say(n " packages found") }
  /^Building wheels/ { say("building " $NF) }
  /^Installing collected/ { say("installing them") }
  function say(what) { print "  " what; fflush() }'
status=$?
if [ $status -ne 0 ]; then
  [ -n "$update" ] && echo "$PWD" > $stamp  # pip fails before it changes anything, so what was there still stands
  grep -E '^ *(ERROR|error):' $log | tail -3 >&2
  if grep -qE 'NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Connection refused|Temporary failure in name|Network is unreachable' $log &&
    grep -qE 'Could not find a version|No matching distribution|Could not install packages due to an OSError|Max retries' $log; then
    fail "No network: pip could not reach its package index, so connect (or point pip at a mirror) and run the same command again."
  fi
  fail "pip could not install the pinned packages: the lines above say why, and the whole story is in $log."
fi
{ echo "$PWD"; asked; } > $stamp
