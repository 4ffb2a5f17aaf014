# SPDX-License-Identifier: LGPL-2.1-or-later
# To be sourced in the project's folder: brings in what is missing, by apt and npm.
# shellcheck shell=sh

# Whether Debian's package $1, or the program that it is wanted for, is there.
have_package() {
  case $1 in
    # whoever has another Node.js keeps it
    nodejs) command -v node >/dev/null ;;
    npm) command -v npm >/dev/null ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
  esac
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs those of the packages that are missing; nothing where none is.
install_packages() {
  missing=
  for package; do
    have_package "$package" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  echo "# installing:$missing"
  for try in 1 2 3; do
    # shellcheck disable=SC2086
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
        --no-install-recommends $missing </dev/null >/dev/null; then
      return 0
    fi
    echo "# try $try to install them failed" >&2
    sleep 3
  done
  echo "cannot install:$missing" >&2
  return 1
}

# tests/package.json into tests/node_modules/, again where it has changed.
install_node_modules() {
  stamp=tests/node_modules/.package.json
  cmp -s tests/package.json "$stamp" && return 0
  echo "# installing the npm packages of tests/package.json"
  for try in 1 2 3; do
    if (cd tests && timeout 600 npm install --no-audit --no-fund --no-package-lock \
        --loglevel=error </dev/null >/dev/null); then
      cp tests/package.json "$stamp"
      return 0
    fi
    echo "# try $try of npm failed" >&2
    sleep 3
  done
  echo "npm cannot install tests/package.json" >&2
  return 1
}
