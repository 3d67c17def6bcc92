#!/bin/sh
# Makes .venv with the locked Python packages. uv is fast; where it cannot reach a registry, pip,
# which knows the machine's own settings, installs the same locked files.
set -eu
python="${PYTHON:-python3}"
if [ ! -x .venv/bin/python ]; then
    if ! "$python" -m venv .venv 2>/dev/null; then
        rm -rf .venv
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
            "$python" -m venv .venv
        else
            echo "Python cannot make a virtual environment: install python3-venv" >&2
            exit 1
        fi
    fi
fi
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
.venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements/dev.txt ||
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
.venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e . ||
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
