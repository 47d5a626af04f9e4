// Builds Fabula: WebAssembly beside its source, then the TypeScript into dist/.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const quiet = process.argv.includes('--quiet');
const at = (...parts) => join(root, ...parts);

/** The script behind a package's command. */
function bin(name, command = name) {
  const path = require.resolve(`${name}/package.json`);
  const entry = require(path).bin;
  return join(dirname(path), typeof entry === 'string' ? entry : entry[command]);
}

function run(script, ...args) {
  try {
    execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: quiet ? 'pipe' : 'inherit' });
  } catch (error) {
    process.stderr.write(`${error.stdout ?? ''}${error.stderr ?? ''}`);
    process.exit(1);
  }
}

/** AssemblyScript sources and what they become, beside their folder and in dist/. */
const ASSEMBLY = { 'optim/assembly/update.ts': 'optim/update.wasm', 'style/retrieval/assembly/dots.ts': 'style/retrieval/dots.wasm' };

for (const [from, to] of Object.entries(ASSEMBLY)) {
  const [source, wasm] = [at('src', from), at('src', to)];
  if (existsSync(wasm) && statSync(wasm).mtimeMs >= statSync(source).mtimeMs) continue;
  run(bin('assemblyscript', 'asc'), source, '--outFile', wasm, '-O3', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--noAssert');
}
run(bin('typescript', 'tsc'), '-p', 'tsconfig.json');
for (const wasm of Object.values(ASSEMBLY)) {
  mkdirSync(dirname(at('dist', wasm)), { recursive: true });
  cpSync(at('src', wasm), at('dist', wasm));
}
