import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtProgram } from './built.ts';
import { expectRefusal, fabula } from './fabula.ts';

const run = promisify(execFile);

test('--quick --json prints one object: the default backend works here, and nothing hinders', async () => {
  const { stdout, stderr } = await run(process.execPath, [await builtProgram(), 'doctor', '--quick', '--json', '--wait', '60']);
  expect(stderr).toBe('');
  const survey = JSON.parse(stdout) as Record<string, unknown> & { missing: { name: string; hinders: boolean; remedy: string }[]; devices: Record<string, unknown> };
  expect(survey).toMatchObject({
    works: true, speed: null, node: { version: process.versions.node },
    backends: { onnx: { works: true }, cpu: { works: true } }, devices: { cpu: { works: true } },
    photos: { works: true, value: { JPEG: true, PNG: true, WebP: true } },
  });
  expect(Object.keys(survey.devices)).toEqual(['cpu', 'webgpu', 'cuda']);
  for (const { name, remedy } of survey.missing) expect(remedy, name).not.toBe('');
}, 90_000);

test('a TensorFlow that aborts is an entry, not the end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-doctor-'));
  const home = join(folder, 'node_modules/@tensorflow/tfjs-node');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), '{"name": "@tensorflow/tfjs-node", "main": "index.js"}');
  await writeFile(join(home, 'index.js'), "process.stderr.write('illegal instruction\\n'); process.abort();");
  try {
    const { stdout } = await run(process.execPath, [await builtProgram(), 'doctor', '--quick', '--wait', '60'], { env: { ...process.env, FABULA_TENSORFLOW: folder } });
    expect(stdout).toMatch(/^ {2}broken +tensorflow +it crashed \(SIGABRT\): illegal instruction$/m);
    expect(stdout).toMatch(/^ {2}ok +onnx +works/m);
    expect(stdout).not.toContain('\x1b');
  } finally {
    await rm(folder, { recursive: true });
  }
}, 90_000);

test('--help has an example; a wait that is none is refused', async () => {
  expect((await fabula('doctor', '--help')).stdout).toMatch(/Examples:\n +fabula doctor /);
  await expectRefusal(['doctor', '--wait', '0'], ['--wait 0: give a whole number, 1 or more']);
});
