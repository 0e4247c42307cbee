#!/usr/bin/env bash
# Makes sure that everything a build needs is there: Swift 6.2 or newer, git, make, and the headers of
# OpenSSL's libcrypto, of zlib and of PCRE2. Installs only what is missing, says what, and asks nothing.
#
# Debian and Ubuntu: apt-get (by sudo when not root). macOS: Homebrew. Elsewhere it names what to install.
set -euo pipefail

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

check_swift() {
    local advice="Install Swift 6.2 or newer from https://www.swift.org/install and run this again."
    command -v swift >/dev/null 2>&1 ||
        fail "Swift is missing. $advice"
    local line version major minor
    line=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | head -n 1) || true
    version=${line#Swift version }
    major=${version%%.*}
    minor=${version#*.}
    [[ $major =~ ^[0-9]+$ && $minor =~ ^[0-9]+$ ]] ||
        fail "'swift --version' does not say its version. $advice"
    ((major > 6 || (major == 6 && minor >= 2))) ||
        fail "Swift $version is too old. $advice"
    say "Swift $version"
}

# True when the C compiler finds a header; without a compiler, when it lies where Linux systems keep it.
has_header() {
    local compiler
    for compiler in clang cc gcc; do
        if command -v "$compiler" >/dev/null 2>&1; then
            printf '#include <%s>\n' "$1" | "$compiler" -E -x c - >/dev/null 2>&1
            return
        fi
    done
    [[ -e /usr/include/$1 ]] || compgen -G "/usr/include/*/$1" >/dev/null
}

# PCRE2's header wants to know its code unit first, so the compiler is asked only for the file.
has_pcre2() {
    compgen -G '/usr/include/pcre2.h' >/dev/null || compgen -G '/usr/include/*/pcre2.h' >/dev/null
}

# Runs a command as root: directly, or by sudo, which may ask only where somebody can answer.
as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif ! command -v sudo >/dev/null 2>&1; then
        fail "this needs root and sudo is missing. Run as root: $*"
    elif [[ -t 0 ]]; then
        sudo "$@"
    else
        sudo -n "$@" || fail "sudo wants a password and nobody is there to give it. Run as root: $*"
    fi
}

install_on_linux() {
    local missing=()
    has_header openssl/evp.h || missing+=(libssl-dev)
    has_header zlib.h || missing+=(zlib1g-dev)
    has_pcre2 || missing+=(libpcre2-dev)
    command -v git >/dev/null 2>&1 || missing+=(git)
    command -v make >/dev/null 2>&1 || missing+=(make)
    if ((${#missing[@]} == 0)); then
        say "libcrypto, zlib, pcre2, git and make are there; nothing to install"
        return
    fi
    command -v apt-get >/dev/null 2>&1 ||
        fail "install these and run this again: ${missing[*]} (Fedora says openssl-devel, zlib-devel and pcre2-devel)."
    say "installing with apt-get: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

install_on_mac() {
    command -v brew >/dev/null 2>&1 ||
        fail "Homebrew is missing. Install it from https://brew.sh and run this again."
    local missing=() formula
    for formula in openssl@3 zlib pcre2; do
        brew list --versions "$formula" >/dev/null 2>&1 || missing+=("$formula")
    done
    if ((${#missing[@]} == 0)); then
        say "OpenSSL, zlib and PCRE2 are there; nothing to install"
        return
    fi
    say "installing with Homebrew: ${missing[*]}"
    brew install --quiet "${missing[@]}"
}

check_swift
case $(uname -s) in
    Linux) install_on_linux ;;
    Darwin) install_on_mac ;;
    *) fail "$(uname -s) is not supported: SmartStore runs on Linux and on Apple's systems." ;;
esac
