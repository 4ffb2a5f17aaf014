#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# One call to look at: installs what is missing, builds, starts the server and a
# pipeline, and says which address to open. Ctrl-C ends it all.
#
#     examples/demo.sh [--check] [--no-install]
#
# --check drives it once with headless Chromium: its fake camera calls the
# pipeline, and each side has to recognise what the other sends. For a fresh
# Debian 12, as root or with sudo. Needs no camera; everything stays on this
# machine.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
out=${OUT:-$top/out}
build=$out/build

check=no install=yes
for arg; do
  case $arg in
    --check) check=yes ;;
    --no-install) install=no ;;
    *) sed -n '6,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

if [ "$install" = yes ]; then
  # shellcheck source=tests/support/install.sh
  . tests/support/install.sh
  wanted='NF == 1'
  [ $check = no ] || wanted='NF == 1 || $2 ~ /(^|,)demo(,|$)/'
  # shellcheck disable=SC2046
  install_packages $(sed 's/#.*//' tests/packages.txt | awk "NF && ($wanted) { print \$1 }")
  [ $check = no ] || install_node_modules
fi

mkdir -p "$out"
log=$out/demo-build.txt
[ -f "$build/build.ninja" ] || echo "Building, a minute or so ..."
if ! { { [ -f "$build/build.ninja" ] || meson setup "$build"; } && ninja -C "$build"; } >"$log" 2>&1; then
  tail -n 40 "$log"
  echo "The build failed; all of it is in $log" >&2
  exit 1
fi
export GST_PLUGIN_PATH_1_0="$build/gst/elements" GST_REGISTRY_1_0="$build/registry.bin"

work=$(mktemp -d)
touch "$work/server" "$work/demo"
server='' pipeline=''
finish() {
  trap - EXIT INT TERM HUP
  for pid in $pipeline $server; do
    kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
  done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 0' INT TERM HUP

# Waits up to 20 s until file $1 has a line with $2, or process $3 has ended.
wait_for() {
  tries=200
  until grep -q "$2" "$1"; do
    tries=$((tries - 1))
    if [ $tries = 0 ] || ! kill -0 "$3" 2>/dev/null; then return 1; fi
    sleep 0.1
  done
}

# The default port, or the next that is free.
port=5000
while :; do
  "$build/gst/server/gst-chat-server" --port="$port" >"$work/server" 2>&1 </dev/null &
  server=$!
  if wait_for "$work/server" "://[^ ]*:$port" "$server"; then break; fi
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  port=$((port + 1))
  if [ $port = 5020 ]; then
    cat "$work/server" >&2
    exit 1
  fi
done

show=
[ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ $check = yes ] || show=--show
address=http://localhost:$port
if [ $check = no ]; then
  cat <<END

  Open  $address  and click on "Demo pipeline".
  Ctrl-C ends it.

END
  "$build/examples/demo" --uri="chat://localhost:$port" $show </dev/null &
  pipeline=$!
  wait "$pipeline"
else
  "$build/examples/demo" --uri="chat://localhost:$port" >"$work/demo" 2>&1 </dev/null &
  pipeline=$!
  if ! wait_for "$work/demo" "list of active users" "$pipeline"; then
    cat "$work/demo" "$work/server" >&2
    exit 1
  fi
  node tests/support/demo-check.mjs "$address" "$work/demo" || {
    echo "--- what the pipeline said" >&2
    tail -n 30 "$work/demo" >&2
    exit 1
  }
fi
