import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** Folders of src/, top to bottom, and those each may import from. A folder may always import from itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | 'everything'>> = {
  core: [],
  io: ['core'],
  text: ['core', 'io'],
  data: ['core', 'io', 'text'],
  // The built-in dataset is drawn from nothing but its seed: it must not lean on what reads it.
  'data/storybook': ['core', 'io', 'data'],
  runtime: ['core'],
  nn: ['core'],
  models: ['core', 'nn'],
  optim: ['core', 'nn', 'runtime'],
  features: ['core', 'io', 'data', 'runtime'],
  tracking: ['core', 'io'],
  training: ['core', 'io', 'text', 'data', 'nn', 'models', 'optim', 'runtime', 'tracking'],
  decoding: ['core', 'text', 'data', 'models', 'runtime'],
  telling: ['core', 'text', 'data', 'features', 'models', 'runtime', 'decoding', 'training'],
  style: ['core', 'io', 'text', 'data', 'runtime', 'nn', 'models', 'optim', 'features', 'training', 'decoding', 'evaluation', 'tracking'],
  evaluation: ['core', 'text'],
  report: ['core', 'evaluation', 'tracking'],
  // Files of stories to scores and tables: what `fabula evaluate` does.
  scoring: ['core', 'io', 'text', 'data', 'evaluation', 'tracking', 'report'],
  sweep: ['core', 'io', 'tracking'],
  web: ['core', 'io', 'text', 'data', 'runtime', 'nn', 'models', 'optim', 'features', 'training', 'decoding', 'telling', 'style', 'evaluation', 'tracking', 'report'],
  cli: 'everything',
  'index.ts': 'everything',
};

/** Packages with native code or a large binary, and the one or two files that may import them. */
const DOORS: readonly (readonly [name: RegExp, files: RegExp])[] = [
  [/^onnxruntime-node/, /^runtime\/session\.ts$/],
  [/^h5wasm/, /^io\/hdf5\w*\.ts$/],
  [/^sharp$/, /^io\/(images|rasterise)\.ts$/],
  [/^yargs/, /^cli\//],
];

/** Pure functions over tensors, strings and numbers: no files, no printing, no unseeded chance. */
const PURE = ['nn', 'models', 'evaluation', 'decoding'];

const LINES = 300;
/** Files that are longer, each with its reason. */
const LONGER: Readonly<Record<string, string>> = {};

const root = fileURLToPath(new URL('..', import.meta.url));

interface Source {
  /** Below src/ or test/, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

async function sources(folder: string): Promise<Source[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.m?[jt]s$/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file) => {
    const text = await readFile(file, 'utf8');
    // Statements that begin a line, over several lines too, and import() anywhere.
    const imports = [...text.matchAll(/^(?:import|export)\b[^';]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm)];
    return { path: relative(join(root, folder), file).split(sep).join('/'), text, imports: imports.map(([, a, b, c]) => (a ?? b ?? c)!) };
  }));
}

// AssemblyScript is another language: its files import nothing of ours.
const src = (await sources('src')).filter(({ path }) => !path.includes('/assembly/'));

/** The row of the table a file belongs to. */
function house(path: string): string {
  if (path.startsWith('data/storybook/')) return 'data/storybook';
  return path.split('/')[0]!;
}

/** The file below src/ that an import means. */
function target(source: Source, name: string): string {
  return join(dirname(source.path), name).split(sep).join('/');
}

const isOurs = (name: string): boolean => name.startsWith('.');

test('imports are found, also of types and at run time', () => {
  const { imports } = src.find(({ path }) => path === 'cli/program.ts')!;
  expect(imports).toEqual(expect.arrayContaining(['yargs', '../core/errors.ts', './demo.ts', './tell.ts']));
  expect(src.flatMap((source) => source.imports.filter(isOurs).map((name) => target(source, name))).filter((path) => !src.some((file) => file.path === path))).toEqual([]);
});

test('every folder has its row', () => {
  expect([...new Set(src.map(({ path }) => house(path)))].filter((name) => !(name in MAY_IMPORT))).toEqual([]);
});

test('imports point down only', () => {
  const wrong = src.flatMap((source) => source.imports.filter(isOurs).flatMap((name) => {
    const from = house(source.path);
    const to = house(target(source, name));
    const allowed = MAY_IMPORT[from] ?? [];
    return to === from || allowed === 'everything' || allowed.includes(to) ? [] : [`${source.path} imports ${target(source, name)}: ${from} may not import ${to}`];
  }));
  expect(wrong).toEqual([]);
});

test('the table itself has no circle', () => {
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    const next = MAY_IMPORT[from] ?? [];
    if (next === 'everything' || seen.has(from)) return false;
    return next.includes(to) || next.some((name) => reaches(name, to, new Set([...seen, from])));
  };
  expect(Object.keys(MAY_IMPORT).filter((name) => reaches(name, name))).toEqual([]);
});

test('no circle of files', () => {
  const next = new Map(src.map((source) => [source.path, withoutTypes(source).filter(isOurs).map((name) => target(source, name))]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) throw new Error(`a circle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
    if (done.has(path)) return;
    for (const other of next.get(path) ?? []) visit(other, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
});

/** Imports that are there at run time, when the file is loaded. */
function withoutTypes({ text }: Source): string[] {
  return [...text.matchAll(/^(?:import|export) (?!type\b)[^';]*?\bfrom '([^']+)'|^import '([^']+)'/gm)].map(([, a, b]) => (a ?? b)!);
}

describe('packages', () => {
  test('one door for each that is native', () => {
    const wrong = src.flatMap(({ path, imports }) => DOORS.flatMap(([name, files]) => imports.filter((found) => name.test(found) && !files.test(path)).map((found) => `${path} imports ${found}`)));
    expect(wrong).toEqual([]);
    for (const [name] of DOORS) expect(src.some(({ imports }) => imports.some((found) => name.test(found))), String(name)).toBe(true);
  });

  test('all are dependencies of ours', async () => {
    const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const used = src.flatMap(({ imports }) => imports.filter((name) => !isOurs(name) && !name.startsWith('node:')));
    const names = new Set(used.map((name) => name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')));
    expect([...names].filter((name) => !(name in dependencies))).toEqual([]);
  });

  test('models and layers know tfjs-core and schemas, nothing else', () => {
    const used = src.filter(({ path }) => ['nn', 'models'].includes(house(path))).flatMap(({ imports }) => imports.filter((name) => !isOurs(name)));
    expect([...new Set(used)].sort()).toEqual(['@tensorflow/tfjs-core', 'zod']);
  });
});

test('what should be pure reads no file, prints nothing and draws nothing by chance', () => {
  const wrong = src.filter(({ path }) => PURE.includes(house(path)))
    .flatMap(({ path, text, imports }) => [...imports.filter((name) => name.startsWith('node:')), ...(text.match(/\bconsole\.|\bprocess\.|Math\.random/g) ?? [])].map((found) => `${path}: ${found}`));
  expect(wrong).toEqual([]);
});

test('chance is seeded, and only the command line prints', () => {
  const wrong = src.flatMap(({ path, text }) => [
    ...(text.match(/Math\.random\(/g) ?? []).map((found) => `${path}: ${found}`),
    ...(house(path) === 'cli' ? [] : text.match(/\bconsole\.\w+\(/g) ?? []).map((found) => `${path}: ${found}`),
  ]);
  expect(wrong).toEqual([]);
});

test(`no file is longer than ${LINES} lines`, () => {
  const long = src.map(({ path, text }) => [path, text.split('\n').length - 1] as const).filter(([path, lines]) => lines > LINES && !(path in LONGER));
  expect(long).toEqual([]);
});

test('nothing is left to do, and no test is left out', async () => {
  // Put together, so that this file does not find itself.
  const undone = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].map((word) => `\\b${word}\\b`).join('|'));
  const left = new RegExp(`\\b(?:test|it|describe)\\.(?:${'on'}${'ly'}|${'sk'}${'ip'}|${'to'}${'do'})\\b`);
  const tests = await sources('test');
  expect([...src, ...tests].filter(({ text }) => undone.test(text)).map(({ path }) => path)).toEqual([]);
  expect(tests.filter(({ text }) => left.test(text)).map(({ path }) => path)).toEqual([]);
});

test('every test file mirrors a folder of src', async () => {
  // support/ helps the others; shared/ and backend/ need data or a backend that a bare machine does not have.
  const folders = new Set([...src.map(({ path }) => path.split('/')[0]!), 'support', 'shared', 'backend']);
  const stray = (await sources('test')).map(({ path }) => path).filter((path) => path.includes('/') && !folders.has(path.split('/')[0]!));
  expect(stray).toEqual([]);
});
