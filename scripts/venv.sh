#!/bin/sh
# Makes the virtual environment $1 when it is missing and installs $2 ("." or ".[test]") into it, with the pinned versions.
# Some distributions ship Python without the venv module; there virtualenv is fetched into a folder of its own.
set -eu
venv=$1
what=$2
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Colca needs Python 3.11 or newer, and '$python' is older. Install one and run: make PYTHON=python3.11 ..." >&2
    exit 1
fi
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "Making the virtual environment $venv"
    if ! "$python" -m venv "$venv" 2>/dev/null; then
        rm -rf "$venv"
        tool=$(mktemp -d)
        "$python" -m pip install --quiet --quiet --disable-pip-version-check --target "$tool" virtualenv
        PYTHONPATH="$tool" "$python" -m virtualenv --quiet "$venv"
        rm -rf "$tool"
    fi
fi
echo "Installing $what (a minute the first time)"
"$venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt --editable "$what"
# Python would do it at the first start, unless PYTHONDONTWRITEBYTECODE forbids it: then every start would compile everything again.
"$venv/bin/python" -m compileall -q server addons
