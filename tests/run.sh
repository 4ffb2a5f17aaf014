#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what the suites need, builds, runs them, and sums up.
#
#     tests/run.sh [--no-install] [SUITE…]    without a name: all that CI runs, with
#                                             half of the longest tables
#     tests/run.sh --list                     the suites' names
#     tests/run.sh --update-inspect           rewrites tests/docs/inspect
#
# On a fresh Debian 12 as root, or with sudo. Everything it makes lies in out/
# and tests/node_modules/. OUT=DIR takes another folder than out/.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"

install=yes
suites=
for arg; do
  case $arg in
    --no-install) install=no ;;
    --list | --update-inspect | --help) install=no; suites="$suites $arg" ;;
    *) suites="$suites $arg" ;;
  esac
done

# shellcheck source=tests/support/install.sh
. tests/support/install.sh
if [ ! -x /usr/bin/python3 ] && [ "$install" = yes ]; then
  install_packages python3
fi
# The suites decide which packages: the runner knows them.
if [ "$install" = yes ]; then
  # shellcheck disable=SC2086
  packages=$(/usr/bin/python3 tests/run.py --packages $suites)
  # shellcheck disable=SC2086
  install_packages $packages
  # shellcheck disable=SC2086
  if /usr/bin/python3 tests/run.py --wants-npm $suites; then
    install_node_modules
  fi
fi
# shellcheck disable=SC2086
exec /usr/bin/python3 tests/run.py $suites </dev/null
