#!/bin/sh
# Makes .venv-analysis with Slither and Halmos. Their dependencies and ours exclude each other, so
# they live apart. uv where it reaches a registry, else pip, as in `python.sh`.
set -eu
python="${PYTHON:-python3}"
[ -x .venv-analysis/bin/python ] || "$python" -m venv .venv-analysis
.venv/bin/uv pip install -q --python .venv-analysis/bin/python --require-hashes \
    -r requirements/analysis.txt ||
    .venv-analysis/bin/python -m pip install -q --disable-pip-version-check --require-hashes \
        -r requirements/analysis.txt
