#!/bin/sh
# Build the wheel and try it in an environment and a folder that know nothing of the checkout.
set -eu
venv=$1
root=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$venv/bin/python" -m build --wheel --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
"$venv/bin/python" -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index "$work"/dist/*.whl
# The other packages come from the tested environment. A plain path line in a .pth file does not run that
# folder's own .pth files, so its editable install of the checkout stays out of sight.
purelib='import sysconfig; print(sysconfig.get_path("purelib"))'
shared=$("$venv/bin/python" -c "$purelib")
echo "$shared" > "$("$work/env/bin/python" -c "$purelib")/shared.pth"

cp -r tests docs "$work/"
cp pyproject.toml "$work/"
cd "$work"
export HOME="$work/home" STYLETUI_HOME="$work/data"
"$work/env/bin/python" - "$root" <<'PY'
import sys, pathlib
import styletui, styletui_prep, styletui_train, styletui_eval
for package in (styletui, styletui_prep, styletui_train, styletui_eval):
    where = pathlib.Path(package.__file__).resolve()
    assert pathlib.Path(sys.prefix).resolve() in where.parents, f"{package.__name__} comes from {where}, not from the wheel"
PY
corpus=$("$work/env/bin/styletui" paths --json | "$work/env/bin/python" -c 'import json,sys; print(json.load(sys.stdin)["sample_corpus"])')
case "$corpus" in "$root"*) echo "the sample corpus is not in the wheel" >&2; exit 1 ;; esac
"$work/env/bin/styletui" --lang en scan "$corpus/wechat"
"$work/env/bin/styletui" --lang en prep "$corpus/wechat" --out "$work/dataset" --json >/dev/null
"$work/env/bin/styletui" --lang en config init "$work/mine.yaml"
"$work/env/bin/python" -m pytest -n 2 --dist loadfile tests/contract tests/ui tests/unit/jobs -p no:cacheprovider
echo "the wheel works away from the checkout"
