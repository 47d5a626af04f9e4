#!/usr/bin/env bash
# Runs every notebook from top to bottom in Jupyter with Deno's kernel, from a clean state, and compares what it shows
# with what is kept in notebooks/. Needs node with npm and python3 with venv; the rest is installed into .ci/work/notebooks.
# Use: .ci/notebooks.sh [--update]; with --update the outputs kept are replaced.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/.ci/work/notebooks
if ! python3 -c 'import venv' 2>/dev/null; then
  echo "notebooks: skipped, python3 with venv is not here"
  exit 0
fi

mkdir -p "$work/deno"
# A folder of its own: npm would otherwise install beside the project's packages. The binary is a package of the
# platform, so no install script is needed.
[ -f "$work/deno/package.json" ] || echo '{"private": true}' > "$work/deno/package.json"
npm install --silent --ignore-scripts --no-audit --no-fund --no-package-lock --prefix "$work/deno" deno@2.9.6
deno=$(find "$work/deno/node_modules/@deno" -type f \( -name deno -o -name deno.exe \) 2>/dev/null | head -n 1)
if [ -z "$deno" ]; then
  echo "notebooks: skipped, deno has no binary for this machine"
  exit 0
fi
[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nbconvert==7.17.2 nbclient==0.11.0

[ -f dist/index.js ] || node scripts/build.mjs --quiet
node .ci/node/check_notebooks.mjs types "$work/types"

export DENO_DIR=$work/cache DENO_NO_UPDATE_CHECK=1 NO_COLOR=1 PYTHONWARNINGS=ignore
export XDG_DATA_HOME=$work/share JUPYTER_PATH=$work/share/jupyter JUPYTER_CONFIG_DIR=$work/config
"$deno" jupyter --install --force > /dev/null 2>&1
rm -rf notebooks/work "$work/done"
for notebook in notebooks/*.ipynb; do
  begun=$SECONDS
  "$work/venv/bin/jupyter" nbconvert --to notebook --execute --output-dir "$work/done" --log-level ERROR \
    --ExecutePreprocessor.record_timing=False --ExecutePreprocessor.timeout=600 "$notebook" 2>&1 | { grep -v '"deno jupyter" is unstable' || true; }
  echo "$notebook: $((SECONDS - begun)) s"
done
node .ci/node/check_notebooks.mjs compare "$work/done" "$@"
