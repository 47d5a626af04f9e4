#!/usr/bin/env bash
# Builds @tensorflow/tfjs-node 4.22 for the tests of `--backend tensorflow` and prints the folder it is in.
# Its own installer downloads a C library from a place that packages cannot be had from; the same library is in the
# wheel of tensorflow-cpu 2.15, and the binding compiles against it unchanged. Does nothing when already built.
# Needs node, npm, python3 with pip, a C++ compiler and make. Use: FABULA_TENSORFLOW=$(.ci/tensorflow.sh) npx vitest run test/backend
set -euo pipefail

folder=${1:-$(cd "$(dirname "$0")" && pwd)/work/tensorflow}
mkdir -p "$folder"
cd "$folder"
folder=$PWD
package=$folder/node_modules/@tensorflow/tfjs-node
binding=$package/lib/napi-v8/tfjs_binding.node

if [[ -f $folder/built ]]; then
  echo "$folder"
  exit 0
fi

{
  echo "building @tensorflow/tfjs-node in $folder"
  # The project's own .npmrc is not read from here; install scripts would download what we build.
  echo '{"private": true}' > package.json
  npm install --ignore-scripts --no-audit --no-fund --no-save --no-package-lock @tensorflow/tfjs-node@4.22.0 node-gyp@10.3.1

  # The wheel is only unpacked, so the Python that is here need not be one it runs on.
  mkdir -p wheel
  python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 --implementation cp \
    --platform manylinux2014_x86_64 --dest wheel tensorflow-cpu==2.15.1
  python3 - wheel/tensorflow_cpu-2.15.1-*.whl "$package/deps" <<'PY'
import shutil, sys, zipfile
from pathlib import Path

wheel, deps = zipfile.ZipFile(sys.argv[1]), Path(sys.argv[2])
headers = ("tensorflow/include/tensorflow/c/", "tensorflow/include/tensorflow/core/platform/", "tensorflow/include/tsl/")
libraries = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
for entry in wheel.namelist():
    if entry.startswith(headers) and entry.endswith(".h"):
        target = deps / "include" / entry.removeprefix("tensorflow/include/")
    elif entry in libraries:
        target = deps / "lib" / Path(entry).name
    else:
        continue
    target.parent.mkdir(parents=True, exist_ok=True)
    with wheel.open(entry) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
PY
  rm -r wheel
  ln -sf libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so"
  ln -sf libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so.2"
  ln -sf libtensorflow_framework.so.2 "$package/deps/lib/libtensorflow_framework.so"

  # Node's headers: where npm was told, else beside node itself, else node-gyp fetches them.
  headers=${npm_config_nodedir:-$(npm config get nodedir 2>/dev/null)}
  beside=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [[ -z $headers || $headers == undefined ]] && [[ -f $beside/include/node/node.h ]]; then headers=$beside; fi
  if [[ -n $headers && $headers != undefined ]]; then export npm_config_nodedir=$headers; fi
  cd "$package"
  node "$folder/node_modules/node-gyp/bin/node-gyp.js" rebuild --jobs 2 \
    --module_name=tfjs_binding --module_path="$package/lib/napi-v8" --napi_version=8 --napi_build_version=8
  rm -rf build
  test -f "$binding"
  cd "$folder"
  node -e 'console.log("tensorflow", require("@tensorflow/tfjs-node").version)'
  touch built
} >&2
echo "$folder"
