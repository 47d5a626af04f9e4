#!/usr/bin/env bash
# Installs MLflow from PyPI for the check of mirroring against a real server, and prints its program. Does nothing when
# it is already there. Needs python3 with venv and pip; some 900 MB.
# Use: node .ci/node/mlflow_case.mjs FOLDER "$(.ci/mlflow.sh)"
set -euo pipefail

folder=${1:-$(cd "$(dirname "$0")" && pwd)/work/mlflow}
if [[ ! -f $folder/built ]]; then
  {
    [[ -x $folder/bin/python ]] || python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check mlflow==3.17.2
    "$folder/bin/mlflow" --version
    touch "$folder/built"
  } >&2
fi
echo "$folder/bin/mlflow"
