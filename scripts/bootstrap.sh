#!/usr/bin/env bash
# Makes .venv from the hashed locks: `bootstrap.sh run` to use the product, `bootstrap.sh dev` to
# test it too. `bootstrap.sh extras` makes .venv-extras, with the sources and servers that are optional
# and what tests them; `bootstrap.sh scale` makes .venv-scale, for more than one machine.
# Ends at once if the environment already matches the locks.
set -euo pipefail
cd "$(dirname "$0")/.."

give_up() {
  printf '\n%s\n' "$1" >&2
  exit 1
}

find_python() {
  local name version wrong="" bare=""
  for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    # A name may be a shim without a Python behind it, so each one is run.
    version=$("$name" -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue
    if ! "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'; then
      wrong="$name is Python $version"
    elif ! "$name" -c 'import ensurepip, venv' 2>/dev/null; then
      bare="$name (Python $version)"
    else
      printf '%s' "$name"
      return
    fi
  done
  [ -z "$bare" ] || give_up "$bare has no venv module. Install it (on Debian and Ubuntu: sudo apt install python3-venv), then run make again."
  [ -z "$wrong" ] || give_up "$wrong; Python 3.11, 3.12 or 3.13 is needed. Install one of these, or run make PYTHON=/path/to/python."
  give_up "No Python was found. Install Python 3.11, 3.12 or 3.13 with its venv module, then run make again."
}

# The folder is part of the stamp: console scripts hold absolute paths, so a moved clone starts over.
stamp() { printf '%s %s' "$PWD" "$(cat pyproject.toml "$@" | cksum)"; }
fresh() { [ -x $venv/bin/python ] && [ "$(cat "$venv/.locked-$1" 2>/dev/null)" = "$(stamp "${@:2}")" ]; }
moved() { grep -qs . $venv/.locked-* && ! grep -qsF "$PWD " $venv/.locked-*; }

show_progress() { # pip prints several lines per package; one is enough
  awk -v total="$1" '
    /^Requirement already/ { count++ }
    /^(Collecting|Processing) / {
      sub(/.*\//, "", $2) # a cached wheel comes with its path
      printf "  fetching %d of %d: %s\n", ++count, total, $2; fflush()
    }
    /^Installing collected/ { print "  unpacking (half a minute)"; fflush() }'
}

install_locked() {
  local total log status=0 options=()
  log=$(mktemp)
  total=$(grep -hoE '^[A-Za-z0-9._-]+==' "$@" | sort -u | wc -l)
  for lock in "$@"; do options+=(-r "$lock"); done
  # Python compiles modules when it imports them; compiling all of them here would double the time.
  # The locks leave out only packages that pyproject.toml excludes, which pip would otherwise miss.
  { $venv/bin/python -m pip install --disable-pip-version-check --no-compile --require-hashes \
    --no-deps \
    "${options[@]}" 2>&1 1>&3 3>&- | tee "$log" >&2; } 3>&1 | show_progress "$total" || status=$?
  if [ "$status" != 0 ] && grep -qE 'Retrying|ConnectionError|Timeout|from versions: none' "$log"; then
    rm -f "$log"
    give_up "The packages could not be downloaded. Check the network and the package index of pip, then run make again."
  fi
  rm -f "$log"
  [ "$status" = 0 ] || give_up "pip could not install the locked packages (the reason is above). Fix that, then run make again."
}

kind=${1:-}
venv=.venv
case "$kind" in
  run) locks=(requirements.lock) ;;
  dev) locks=(requirements.lock requirements-dev.lock) ;;
  extras) venv=.venv-extras locks=(requirements-extras.lock) ;;
  scale) venv=.venv-scale locks=(requirements-scale.lock requirements-scale-dev.lock) ;;
  *) give_up "Usage: scripts/bootstrap.sh run|dev|extras|scale" ;;
esac
if fresh dev requirements.lock requirements-dev.lock || fresh "$kind" "${locks[@]}"; then exit 0; fi

if moved || ! $venv/bin/python -c '' 2>/dev/null; then
  [ ! -L $venv ] || give_up "$venv is a link, and would be emptied where it leads. Remove the link, then run make again."
  python=$(find_python)
  echo "Making $venv with $("$python" --version)"
  "$python" -m venv --clear $venv
elif ! $venv/bin/python -m pip --version >/dev/null 2>&1; then # interrupted, or made without pip
  $venv/bin/python -m ensurepip >/dev/null
fi
echo "Installing the packages of ${locks[*]} (a minute or so, once)"
install_locked "${locks[@]}"
# pip refuses -e together with hashes. It builds with the locked hatchling, so nothing is unlocked.
$venv/bin/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
if [ "$kind" = dev ] && [ -z "${COMPILES_BESIDE_LINT:-}" ]; then
  # Compiles what the tests import: otherwise every process of the first run does it at the same time.
  $venv/bin/python -m pytest --collect-only -qq >/dev/null 2>&1 || true
fi
stamp "${locks[@]}" >"$venv/.locked-$kind"
echo "Ready: $venv"
