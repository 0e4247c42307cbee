#!/usr/bin/env bash
# Installs the libraries that document-peers measures against, where they are missing. Debian and Ubuntu only: the
# figures are for one system's packages, named in the report. By sudo when not root.
set -euo pipefail

say() { printf 'setup: %s\n' "$*"; }

if ! command -v apt-get >/dev/null 2>&1; then
    say "there is no apt-get here; Package.swift names the libraries to install" >&2
    exit 1
fi

missing=()
for package in libsqlite3-dev libsqlcipher0 liblmdb-dev librocksdb-dev libwiredtiger-dev; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=absent
    [[ $state == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
    say "every peer is installed"
    exit 0
fi

root=()
[[ $(id -u) == 0 ]] || root=(sudo)
say "installing ${missing[*]}"
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
