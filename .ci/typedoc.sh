#!/usr/bin/env bash
# Writes the API pages of the public functions and types into .ci/work/api, or into FOLDER. Any warning is an error:
# something exported without a docstring, a link to nowhere, a type that pages speak of and do not have.
# TypeDoc needs a TypeScript with a JavaScript interface, which 7 does not have: both are installed into .ci/work/typedoc.
# Use: .ci/typedoc.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/.ci/work/typedoc
out=${1:-$root/.ci/work/api}
mkdir -p "$work"
[ -f "$work/package.json" ] || echo '{"private": true}' > "$work/package.json"
npm install --silent --ignore-scripts --no-audit --no-fund --no-package-lock --prefix "$work" typedoc@0.28.20 typescript@6.0.3
node "$work/node_modules/typedoc/bin/typedoc" --out "$out"
echo "API pages: $out/index.html"
