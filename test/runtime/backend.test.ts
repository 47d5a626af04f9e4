import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { openRuntime } from '../../src/runtime/jit.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-backend-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** The message of opening `--backend tensorflow`, which must be one line for the user. */
async function refusal(): Promise<string> {
  const error = await openRuntime({ backend: 'tensorflow' }).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain('\n');
  return message;
}

async function install(name: string, source: string): Promise<void> {
  const home = join(folder, 'node_modules', name);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
  await writeFile(join(home, 'index.js'), source);
}

test('without the package the error says how to get it', async () => {
  vi.stubEnv('FABULA_TENSORFLOW', '');
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  expect(await refusal()).toBe(
    '--backend tensorflow needs TensorFlow: npm install @tensorflow/tfjs-node (or @tensorflow/tfjs-node-gpu), or leave out --backend');
  vi.restoreAllMocks();
});

test('a FABULA_TENSORFLOW without the package is named', async () => {
  vi.stubEnv('FABULA_TENSORFLOW', folder);
  expect(await refusal()).toBe(
    `FABULA_TENSORFLOW=${folder}: no @tensorflow/tfjs-node there; in that folder run npm install @tensorflow/tfjs-node (or @tensorflow/tfjs-node-gpu), or unset it`);
});

test('a package whose binding is missing says so in its first line', async () => {
  await install('@tensorflow/tfjs-node', "throw new Error('The native module can not be found at path: x. \\nPlease run npm rebuild');");
  vi.stubEnv('FABULA_TENSORFLOW', folder);
  expect(await refusal()).toBe(
    '@tensorflow/tfjs-node is installed but does not load: The native module can not be found at path: x.; reinstall it or leave out --backend');
});

test('the package is found from the current folder; one that registers no backend is refused', async () => {
  await install('@tensorflow/tfjs-node', 'module.exports = {};');
  vi.stubEnv('FABULA_TENSORFLOW', '');
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  expect(await refusal()).toBe(
    '@tensorflow/tfjs-node is installed but does not load: its tfjs-core is not of version 4.22; reinstall it or leave out --backend');
  vi.restoreAllMocks();
});

test('the package for GPUs is preferred, and named when its libraries are missing', async () => {
  await install('@tensorflow/tfjs-node-gpu', "throw new Error('libcudart.so: cannot open shared object file');");
  vi.stubEnv('FABULA_TENSORFLOW', folder);
  expect(await refusal()).toContain('@tensorflow/tfjs-node-gpu is installed but does not load: libcudart.so');
});
