#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The demo as a newcomer starts it, driven by a browser; what it needs was
# installed by tests/run.sh.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1

"$top/examples/demo.sh" --no-install --check

# Without --check: it says where to go, joins the list, and Ctrl-C ends it all.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
GST_REGISTRY_1_0=$build/registry.bin setsid "$top/examples/demo.sh" --no-install >"$said" 2>&1 </dev/null &
demo=$!
tries=300
until grep -q "list of active users" "$said" || [ $tries = 0 ]; do
  tries=$((tries - 1))
  sleep 0.1
done
if grep -q "Open  http://localhost:50[0-9][0-9] " "$said" && [ $tries != 0 ]; then
  echo "ok - demo: it says where to go and joins the list"
else
  echo "not ok - demo: it says where to go and joins the list"
  sed 's/^/#   /' "$said"
fi
kill -TERM "$demo"
status=0
wait "$demo" || status=$?
if [ $status = 0 ]; then
  echo "ok - demo: it ends when told to"
else
  echo "not ok - demo: it ends when told to # exit status $status"
fi
