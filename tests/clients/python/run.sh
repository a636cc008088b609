#!/usr/bin/env bash
# Runs the published Python client against the service: bash tests/clients/python/run.sh [version ...]
# Needs a built checkout and Python 3.10 or newer with venv; PYTHON names another interpreter.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
python=${PYTHON:-python3}
# The oldest client that must work, and the newest one when this was written.
versions=("${@:-}")
[[ -n ${versions[0]} ]] || versions=(2.3.0 3.2.2)

if [[ ! -f $root/packages/server/dist/index.js ]]; then
  echo "The service is not built: run 'npm run build' first." >&2
  exit 2
fi

prepare() {
  local version=$1 venv=$2
  local installed='import importlib.metadata as m, sys; sys.exit(m.version("unkey.py") != sys.argv[1])'
  if "$venv/bin/python" -c "$installed" "$version" 2>/dev/null; then return; fi
  "$python" -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "unkey.py==$version"
}

check() {
  local venv=$1 world status=0
  coproc SERVICE { exec node "$here/serve.mjs"; }
  local pid=$SERVICE_PID
  if read -r world <&"${SERVICE[0]}"; then
    PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "$here/check.py" "$world" || status=1
  else
    echo 'The service did not start.' >&2
    status=1
  fi
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  return "$status"
}

failures=0
for version in "${versions[@]}"; do
  venv=$root/build/python-$version
  prepare "$version" "$venv"
  check "$venv" || failures=$((failures + 1))
done
exit $((failures > 0))
