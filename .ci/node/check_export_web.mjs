// Runs the files that export_case.mjs exported in onnxruntime-web: its WebAssembly, in Node, with one thread.
// Use: node .ci/node/check_export_web.mjs FOLDER PACKAGES docs/export.md [DIST]
// PACKAGES: a folder in which onnxruntime-web is installed; DIST: folder of the compiled project, dist/ by default.
// Fails when an output differs by more than 1e-5 of its largest value (1 where that is less), or the JavaScript program
// in docs/export.md tells other stories than Fabula.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const TOLERANCE = 1e-5;
const [folder, packages, page, dist = 'dist'] = process.argv.slice(2);
if (!page) throw new Error('use: check_export_web.mjs FOLDER PACKAGES docs/export.md [DIST]');
const { readSafetensors } = await import(pathToFileURL(resolve(dist, 'io/safetensors.js')).href);

// The documented program as a module beside the package that it imports.
const program = join(resolve(packages), 'documented.mjs');
writeFileSync(program, /```js\n(.*?)```/s.exec(readFileSync(page, 'utf8'))[1]);
writeFileSync(join(resolve(packages), 'ort.mjs'), "export * from 'onnxruntime-web';\n");
const ort = await import(pathToFileURL(join(resolve(packages), 'ort.mjs')).href);
ort.env.wasm.numThreads = 1;
const { tell } = await import(pathToFileURL(program).href);
console.log(`onnxruntime-web ${ort.env.versions.web}`);

const { rows, names } = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));
const server = createServer((request, response) => response.end(readFileSync(join(folder, request.url))));
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
let failed = false;
for (const name of names) {
  const errors = [];
  for (const n of rows) errors.push(await largestDifference(join(folder, name, 'exported'), join(folder, name, `rows${n}.safetensors`)));
  const same = await sameStories(name);
  const worst = Math.max(...errors);
  console.log(`${name.padEnd(32)} rows ${rows}: largest difference ${worst.toExponential(1)}; stories ${same ? 'the same' : 'DIFFER'}`);
  failed ||= !(worst <= TOLERANCE && same);
}
server.close();
process.exit(failed ? 1 : 0);

async function largestDifference(exported, runs) {
  const { tensors } = await readSafetensors(runs);
  const named = (prefix) => [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]);
  let worst = 0;
  for (const label of ['encoder', 'start', 'decoder0', 'decoder1']) {
    const session = await ort.InferenceSession.create(readFileSync(join(exported, `${label.replace(/\d$/, '')}.onnx`)));
    const feeds = named(`${label}.in.`).map(([name, { dtype, shape, data }]) => [name, new ort.Tensor(dtype === 'I32' ? 'int32' : 'float32', data, shape)]);
    const results = await session.run(Object.fromEntries(feeds));
    for (const [name, { shape, data }] of named(`${label}.out.`)) {
      if (results[name].dims.join() !== shape.join()) throw new Error(`${label}: ${name} is [${results[name].dims}], not [${shape}]`);
      const scale = Math.max(1, ...data.map(Math.abs));
      data.forEach((x, i) => (worst = Math.max(worst, Math.abs(x - results[name].data[i]) / scale)));
    }
    await session.release();
  }
  return worst;
}

async function sameStories(name) {
  const { tensors } = await readSafetensors(join(folder, name, 'photos.safetensors'));
  const { shape, data } = tensors.get('photos');
  const wanted = JSON.parse(readFileSync(join(folder, name, 'stories.json'), 'utf8'));
  const told = [];
  const size = shape[1] * shape[2];
  for (let story = 0; story < shape[0]; story++) {
    told.push(await tell(`http://127.0.0.1:${server.address().port}/${name}/exported`, data.slice(story * size, (story + 1) * size)));
  }
  return JSON.stringify(told) === JSON.stringify(wanted);
}
