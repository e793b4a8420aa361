#!/bin/sh
# Make the environment: sh .ci/setup.sh VENV [dev]. Says first what it will download. Safe to run again.
set -eu
venv=$1
extra=${2:-}

if [ -z "${PYTHON:-}" ]; then
  echo "styletui needs Python 3.11 or newer, and found none." >&2
  echo "  Install one (on Debian: apt install python3 python3-venv; on macOS: brew install python@3.12)," >&2
  echo "  or say where it is: make run PYTHON=/path/to/python3" >&2
  exit 1
fi

has_torch() { "$1" -c 'import sys, importlib.metadata as m
v = tuple(int(x) for x in m.version("torch").split("+")[0].split(".")[:2]); sys.exit(v < (2, 9))' 2>/dev/null; }

if [ ! -x "$venv/bin/python" ]; then
  site=""
  # A torch that is there already (with the CUDA that fits this machine) is kept and seen from the environment.
  if has_torch "$PYTHON"; then site="--system-site-packages"; fi
  "$PYTHON" -m venv $site "$venv" || {
    echo "Python could not make a virtual environment in $venv (the lines above say why)." >&2
    echo "  On Debian and Ubuntu: apt install python3-venv. Then run the same command again." >&2
    exit 1
  }
fi

constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
if has_torch "$venv/bin/python"; then
  echo "PyTorch is here already and is kept." >&2
  grep -v '^torch==' constraints.txt > "$constraints"
  size="up to 0.25 GB of packages"
else
  cp constraints.txt "$constraints"
  case "$(uname -s)" in
    Linux) size="up to 0.25 GB of packages and PyTorch (0.2 GB for a CPU build, 2 to 4 GB where pip takes the CUDA build)" ;;
    *) size="up to 0.25 GB of packages and PyTorch (about 0.1 GB)" ;;
  esac
fi
if [ -n "$extra" ]; then
  echo "Setting up the tools for tests and checks in $venv; they are downloaded from the package index (about 40 MB)." >&2
  dev=$("$venv/bin/python" -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"]))')
  echo "$dev" | "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$constraints" -r /dev/stdin
else
  echo "Setting up $venv: $size will be downloaded from the package index, once." >&2
  echo "  To choose a PyTorch build yourself, see 'Which PyTorch' in README.md." >&2
  "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar on --quiet -c "$constraints" -e .
fi
