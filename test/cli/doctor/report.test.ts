import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { gaps, nodeSupported } from '../../../src/cli/doctor/gaps.ts';
import { refusal } from '../../../src/cli/doctor/refusal.ts';
import { formatReport, groupsOf } from '../../../src/cli/doctor/report.ts';
import type { Finding, Survey } from '../../../src/cli/doctor/survey.ts';
import { ENVIRONMENT } from '../../../src/cli/doctor/survey.ts';
import { messageOf } from '../../../src/core/errors.ts';
import { deviceRefusal } from '../../support/device.ts';

const WORKS: Finding = { works: true, value: undefined };
const NO_GPU = '--device webgpu cannot be used here: no GPU adapter was found; install a Vulkan driver, or use --device cpu';
const NO_CUDA = "--device cuda cannot be used here: ONNX Runtime's CUDA libraries do not load; with an NVIDIA GPU run npm rebuild x, or use --device cpu";
const NO_TENSORFLOW = '--backend tensorflow needs TensorFlow: npm install @tensorflow/tfjs-node, or leave out --backend';
const GIB = 2 ** 30;

const fails = (message: string) => ({ works: false as const, ...refusal(message) });

/** A machine that has what Fabula needs and nothing else. */
const PLAIN: Survey = {
  fabula: '1.2.3',
  node: { version: '20.20.2', needed: '>=20' },
  machine: {
    system: 'Linux 6.1 x64', platform: 'linux', arch: 'x64',
    processor: { model: 'A Processor', cores: 8, threads: 8, limit: null },
    memory: { total: 16 * GIB, free: 12.5 * GIB, limit: null },
    disk: { path: '/home/me/runs', free: 100 * GIB, writable: true },
    nvidia: [],
  },
  libraries: [{ name: 'onnxruntime-node', version: '1.30.0', purpose: 'runs compiled models' }, { name: 'sharp', version: '0.35.5', purpose: 'reads photos' }],
  backends: { onnx: WORKS, cpu: WORKS, tensorflow: fails(NO_TENSORFLOW) },
  devices: { cpu: WORKS, webgpu: fails(NO_GPU), cuda: fails(NO_CUDA) },
  photos: { works: true, value: { JPEG: true, PNG: true, WebP: true, AVIF: false, HEIC: false } },
  speed: { works: true, value: [{ shape: [2, 3, 4], threads: 1, gflops: 61.26 }, { shape: [2, 3, 4], threads: 8, gflops: 412.7 }] },
  environment: [{ name: 'FABULA_DEBUG', value: null, meaning: 'shows more' }],
};

/** The line of a name, as `mark|text`. */
function line(survey: Survey, name: string, title = ''): string | undefined {
  const found = groupsOf(survey).filter((group) => group.title.startsWith(title)).flatMap(({ lines }) => lines).find((other) => other.name === name);
  return found && `${found.mark ?? '-'}|${found.text}`;
}

test('the whole report of a plain machine', () => {
  expect(formatReport(PLAIN, false)).toBe(`Fabula 1.2.3 on Linux 6.1 x64

Machine
  ok       Node              20.20.2 (20 or later is needed)
  ok       processor         A Processor, 8 cores
  ok       threads           8 unless --threads says otherwise
  ok       memory            12.5 GiB free of 16.0 GiB
  ok       disk              100.0 GiB free in /home/me/runs

Libraries
  ok       onnxruntime-node  1.30.0 (runs compiled models)
  ok       sharp             0.35.5 (reads photos)

Backends (--backend)
  ok       onnx              works: trained a small model; the default
  ok       cpu               works: trained a small model; slow, for checking
  missing  tensorflow        not installed

Devices (--device)
  ok       cpu               works; the default
  missing  webgpu            no GPU adapter was found
  missing  cuda              no NVIDIA GPU was found

Photos
  ok       JPEG, PNG, WebP   read
  missing  AVIF, HEIC        not read

Speed of single-precision matrix products on the CPU
  ok       2x3x4             1 thread 61.3 GFLOPS, 8 threads 413 GFLOPS

Environment variables
  -        FABULA_DEBUG      not set (shows more)

Nothing that Fabula needs is missing.
To have what is not needed:
  tensorflow  npm install @tensorflow/tfjs-node --ignore-scripts=false (or @tensorflow/tfjs-node-gpu)
  webgpu      install a Vulkan driver
  cuda        with an NVIDIA GPU run npm rebuild x
  AVIF, HEIC  save these photos as JPEG first, for example: magick photo.heic photo.jpg`);
});

test('colours only mark, and only when asked for', () => {
  const coloured = formatReport(PLAIN, true);
  expect(coloured).toContain('\x1b[32mok     \x1b[0m  Node');
  expect(coloured).toContain('\x1b[33mmissing\x1b[0m  webgpu');
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(formatReport(PLAIN, false));
});

test('speed left out has no heading', () => {
  expect(formatReport({ ...PLAIN, speed: null }, false)).not.toContain('Speed');
});

describe('what is wrong is marked and listed with what to do', () => {
  const machine = (change: Partial<Survey['machine']>): Survey => ({ ...PLAIN, machine: { ...PLAIN.machine, ...change } });
  const hindering = (survey: Survey): [string, string][] => gaps(survey).filter(({ hinders }) => hinders).map(({ name, remedy }) => [name, remedy]);

  test('nothing hinders on a plain machine', () => {
    expect(hindering(PLAIN)).toEqual([]);
  });

  test('a default backend that crashes', () => {
    const survey = { ...PLAIN, backends: { ...PLAIN.backends, onnx: fails('it crashed (SIGILL)') } };
    expect(line(survey, 'onnx')).toBe('broken|it crashed (SIGILL)');
    expect(hindering(survey)).toEqual([['onnx', 'npm ci && npm run build']]);
    expect(formatReport(survey, false)).toContain('To put right:\n  onnx  it crashed (SIGILL): npm ci && npm run build\n\nTo have what is not needed:\n');
  });

  test('a library that is not installed is named once, and its devices are left out', () => {
    const lost = fails("Cannot find package 'onnxruntime-node'");
    const survey = { ...PLAIN, libraries: [{ ...PLAIN.libraries[0]!, version: null }], backends: { ...PLAIN.backends, onnx: lost }, devices: { cpu: lost, webgpu: lost, cuda: lost } };
    expect(line(survey, 'onnxruntime-node')).toBe('missing|not installed (runs compiled models)');
    expect(gaps(survey).map(({ name }) => name)).toEqual(['onnxruntime-node', 'tensorflow', 'AVIF, HEIC']);
  });

  test('a container with fewer processors than threads, and its memory', () => {
    const survey = machine({ processor: { ...PLAIN.machine.processor, limit: 2.5 }, memory: { total: 64 * GIB, free: GIB, limit: 4 * GIB } });
    expect(line(survey, 'threads')).toBe('warning|8 unless --threads says otherwise; the container or service may use 2.5 processors');
    expect(line(survey, 'memory')).toMatch(/^warning\|1\.0 GiB free of 64\.0 GiB; the container or service may use 4\.0 GiB; /);
    expect(hindering(survey)).toEqual([['threads', expect.stringMatching(/^give --threads 2 /)]]);
  });

  test('a disk that is full, or not ours', () => {
    expect(line(machine({ disk: { path: '/r', free: GIB, writable: true } }), 'disk')).toBe('warning|1.0 GiB free in /r; features of the whole of VIST take 3.3 GB');
    const survey = machine({ disk: { path: '/r', free: null, writable: false } });
    expect(line(survey, 'disk')).toBe('warning|unknown free in /r, which cannot be written to');
    expect(hindering(survey).map(([name]) => name)).toEqual(['disk']);
  });

  test('an old Node', () => {
    const survey = { ...PLAIN, node: { version: '18.19.0', needed: '>=20' } };
    expect(line(survey, 'Node')).toBe('broken|18.19.0 (20 or later is needed)');
    expect(hindering(survey)).toEqual([['Node', 'install Node 20 or later from https://nodejs.org']]);
    expect([nodeSupported({ version: '20.0.0', needed: '>=20' }), nodeSupported({ version: '24.1.0', needed: '>=20' })]).toEqual([true, true]);
  });

  test('a format that sharp has lost', () => {
    const survey: Survey = { ...PLAIN, photos: { works: true, value: { JPEG: true, PNG: true, WebP: false, AVIF: false, HEIC: false } } };
    expect([line(survey, 'JPEG, PNG'), line(survey, 'WebP'), line(survey, 'AVIF, HEIC')]).toEqual(['ok|read', 'broken|not read', 'missing|not read']);
    expect(hindering(survey)).toEqual([['sharp', 'npm install --include=optional sharp']]);
  });

  test('a GPU that does not answer, and one without its libraries', () => {
    const survey = { ...machine({ nvidia: ['NVIDIA T4'] }), devices: { ...PLAIN.devices, webgpu: fails('it did not answer within 4 s') } };
    expect(line(survey, 'webgpu')).toBe('warning|it did not answer within 4 s');
    expect(line(survey, 'GPU')).toBe('ok|NVIDIA T4');
    expect(line(survey, 'cuda')).toBe("missing|ONNX Runtime's CUDA libraries do not load");
    expect(gaps(survey).find(({ name }) => name === 'webgpu')!.remedy).toBe('fabula doctor --wait 60');
  });

  test('CUDA where it cannot be had, TensorFlow on a Node that it does not run on', () => {
    const survey = { ...machine({ platform: 'darwin', arch: 'arm64', nvidia: null }), node: { version: '24.1.0', needed: '>=20' } };
    expect(Object.fromEntries(gaps(survey).map(({ name, remedy }) => [name, remedy]))).toMatchObject({
      cuda: 'only on Linux with an x64 processor and an NVIDIA GPU',
      tensorflow: expect.stringMatching(/^with Node 20 or 22: npm install @tensorflow/) as string,
    });
  });

  test('more threads that are slower', () => {
    const survey: Survey = { ...PLAIN, speed: { works: true, value: [{ shape: [2, 3, 4], threads: 1, gflops: 60 }, { shape: [2, 3, 4], threads: 8, gflops: 30 }] } };
    expect(line(survey, '2x3x4')).toMatch(/^warning\|1 thread 60 GFLOPS, 8 threads 30 GFLOPS: more threads are slower/);
  });

  test('a FABULA_TENSORFLOW that leads nowhere', () => {
    const said = fails('FABULA_TENSORFLOW=/x: no @tensorflow/tfjs-node there; in that folder run npm install @tensorflow/tfjs-node, or unset it');
    const survey: Survey = { ...PLAIN, backends: { ...PLAIN.backends, tensorflow: said }, environment: [{ name: 'FABULA_TENSORFLOW', value: '/x', meaning: 'a folder' }] };
    expect([line(survey, 'tensorflow'), line(survey, 'FABULA_TENSORFLOW')]).toEqual(['missing|FABULA_TENSORFLOW=/x: no @tensorflow/tfjs-node there', 'warning|/x']);
    expect(gaps(survey)[0]).toMatchObject({ remedy: 'in that folder run npm install @tensorflow/tfjs-node, or unset it' });
  });
});

describe('what the runtime says is taken apart', () => {
  test.each([
    [NO_TENSORFLOW, { reason: 'not installed', remedy: 'npm install @tensorflow/tfjs-node', absent: true }],
    ['@tensorflow/tfjs-node is installed but does not load: no file; really; reinstall it or leave out --backend',
      { reason: '@tensorflow/tfjs-node is installed but does not load: no file; really', remedy: 'reinstall it', absent: false }],
    ["--device webgpu cannot be used here: device lost; check the GPU's driver, or use --device cpu", { reason: 'device lost', remedy: "check the GPU's driver", absent: false }],
    ['it crashed (SIGABRT): a; b', { reason: 'it crashed (SIGABRT): a; b', remedy: '', absent: false }],
  ])('%s', (message, parts) => {
    expect(refusal(message)).toEqual(parts);
  });

  test.each(['webgpu', 'cuda'] as const)('%s, where it is not here', async (device) => {
    const error = await deviceRefusal(device);
    if (error === undefined) return;
    const { reason, remedy } = refusal(messageOf(error));
    expect(reason).not.toMatch(/--device|;/);
    expect(remedy).not.toBe('');
  });
});

test('every environment variable that the source reads is shown', async () => {
  const src = fileURLToPath(new URL('../../../src', import.meta.url));
  const files = (await readdir(src, { recursive: true })).filter((name) => name.endsWith('.ts') && !name.endsWith('survey.ts'));
  const texts = await Promise.all(files.map((name) => readFile(join(src, name), 'utf8')));
  // By name, or where the name is given to a function: our own and MLflow's are then told by how they begin.
  const read = texts.flatMap((text) => [...text.matchAll(/process\.env(?:\[['"](\w+)['"]\]|\.(\w+))|'((?:FABULA|MLFLOW)_\w+)'/g)].map(([, a, b, c]) => (a ?? b ?? c)!));
  expect([...new Set(read)].sort()).toEqual(Object.keys(ENVIRONMENT).sort());
});
