#!/usr/bin/env bash
# Gets a software Vulkan driver for the test of `--device webgpu` on machines without a GPU, and prints the variables
# that make it be used. SwiftShader is in Debian's chromium-common; lavapipe of Debian 12 lacks features WebGPU needs.
# Needs apt. Use: env $(.ci/webgpu.sh) npx vitest run test/backend/webgpu.test.ts
set -euo pipefail

folder=${1:-$(cd "$(dirname "$0")" && pwd)/work/webgpu}
mkdir -p "$folder"
cd "$folder"
if [[ ! -f built ]]; then
  rm -rf -- *.deb usr
  apt-get download chromium-common >&2 || { apt-get update >&2 && apt-get download chromium-common >&2; }
  for package in *.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --wildcards './usr/lib/chromium/libvk_swiftshader.so' './usr/lib/chromium/libvulkan.so.1' './usr/lib/chromium/vk_swiftshader_icd.json'
  done
  rm -- *.deb
  touch built
fi
echo "LD_LIBRARY_PATH=$PWD/usr/lib/chromium VK_ICD_FILENAMES=$PWD/usr/lib/chromium/vk_swiftshader_icd.json"
