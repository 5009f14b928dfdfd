# Sourced by ./dev: sees what the system lacks (tools/dev.d/packages), says so and installs it.

# have PROBE: whether the thing is there.
have() {
  local kind=${1%%:*} what=${1#*:} one prefix
  case $kind in
    command)
      for one in ${what//|/ }; do command -v "$one" >/dev/null && return 0; done ;;
    header)
      for prefix in /usr /usr/local /opt/homebrew; do
        [ -e "$prefix/include/$what" ] && return 0
        compgen -G "$prefix/include/*-linux-gnu/$what" >/dev/null && return 0
      done ;;
    file) compgen -G "$what" >/dev/null && return 0 ;;
  esac
  return 1
}

# missing COLUMN WHEN...: the given column of the table for what is needed and not there.
missing() {
  local column=$1 when probe debian homebrew
  shift
  while read -r when probe debian homebrew; do
    case " $* " in *" $when "*) ;; *) continue ;; esac
    [ "${!column}" != "-" ] || continue
    have "$probe" || echo "${!column}"
  done < <(grep -v '^#' "$root/tools/dev.d/packages")
}

# need WHEN...: makes sure that everything for these purposes is installed.
need() {
  if [ "$(uname -s)" = Darwin ]; then
    local formulas
    formulas=$(missing homebrew "$@" | sort -u | tr '\n' ' ')
    [ -z "$formulas" ] || die "missing: install with: brew install $formulas"
    return 0
  fi
  local packages
  packages=$(missing debian "$@" | sort -u)
  [ -n "$packages" ] || return 0
  command -v apt-get >/dev/null ||
    die "missing here, and no apt-get; install these or their like:" $(sed "s/|.*//" <<<"$packages")
  ! may_install || apt_get update -q || say "apt-get update failed; trying with the lists at hand"
  packages=$(for one in $packages; do available "$one"; done)
  say "missing from this system:" $packages
  may_install || die "not root, and no sudo that may be used; this line installs them, as root:
    apt-get update && apt-get install -y --no-install-recommends" $packages
  apt_get install -y --no-install-recommends $packages ||
    die "apt-get could not install:" $packages
  packages=$(missing debian "$@" | sort -u)
  [ -z "$packages" ] || die "still missing after the install:" $packages
}

# want WHEN...: tries to have everything for these purposes, and goes on without it. One package that
# cannot be had does not keep the others away.
want() {
  (need "$@") && return
  local one
  if command -v apt-get >/dev/null && may_install; then
    for one in $(missing debian "$@" | sort -u); do
      (apt_get install -y --no-install-recommends "$(available "$one")") || true
    done
  fi
  say "going on without; what needs them says that it was left out:" \
    $(missing debian "$@" | sed "s/|.*//")
}

# want_python: tries to have the Python packages of requirements.txt in $out/python.
want_python() {
  local wanted=$root/tools/dev.d/requirements.txt have=$out/python
  cmp -s "$wanted" "$have/requirements.txt" && return 0
  say "installing the Python packages that tests use into $out/python"
  rm -rf "$have"
  if python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --target "$have" -r "$wanted"; then
    cp "$wanted" "$have/requirements.txt"
  else
    say "going on without; the tests that need them say that they were skipped"
  fi
}

# without_services COMMAND...: runs it while no package that it installs may start a service of its
# own (nginx would take port 80); by the hook that Debian has for this.
without_services() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ] && [ -d /usr/sbin ] && command -v apt-get >/dev/null; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
  fi
  "$@"
)

# available FIRST|SECOND: the first of the names that the package lists have, or FIRST.
available() {
  local one
  for one in ${1//|/ }; do
    if apt-cache show --no-all-versions "$one" >/dev/null 2>&1; then
      echo "$one"
      return
    fi
  done
  echo "${1%%|*}"
}

# apt_get ARGUMENTS: apt-get as root, asking nothing.
apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@"; }

# may_install: whether as_root can work: by root, by a sudo that asks nothing, or by one that can ask
# at a terminal.
may_install() {
  [ "$(id -u)" = 0 ] && return 0
  command -v sudo >/dev/null || return 1
  [ -t 0 ] || sudo -n true 2>/dev/null
}

# as_root COMMAND...: as it is, or by sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "not root, and no sudo: as root, run: $*"
  fi
}
