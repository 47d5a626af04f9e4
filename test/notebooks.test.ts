import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as fabula from '../src/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

interface Cell {
  readonly cell_type: string;
  readonly execution_count?: number | null;
  readonly source: string | readonly string[];
  readonly outputs?: readonly { readonly output_type: string }[];
}

const names = (await readdir(join(root, 'notebooks'))).filter((name) => name.endsWith('.ipynb')).sort();
const notebooks = await Promise.all(names.map(async (name) => {
  const text = await inRoot(`notebooks/${name}`);
  const { cells, metadata } = JSON.parse(text) as { cells: Cell[]; metadata: { kernelspec: { name: string } } };
  const code = cells.filter((cell) => cell.cell_type === 'code');
  return { name, text, code, kernel: metadata.kernelspec.name, source: code.map(({ source }) => [source].flat().join('')).join('\n') };
}));

const declared = await inRoot('src/index.ts');
/** Names that the public API exports as types only. */
const types = new Set([...declared.matchAll(/export type \{([^}]*)\}/g)].flatMap(([, list]) => list!.split(',').map((name) => name.trim().split(' ').at(-1)!)));

/** What a program imports from fabula that is not there. */
function missing(source: string): string[] {
  const imports = [...source.matchAll(/import (type )?\{([^}]*)\} from 'fabula'/g)];
  return imports.flatMap(([, type, list]) => list!.split(',').map((name) => name.trim().split(' ')[0]!).filter((name) => name !== '' && !(name in fabula) && !(type !== undefined && types.has(name))));
}

test('there are four notebooks', () => {
  expect(names).toEqual(['1-dataset.ipynb', '2-training.ipynb', '3-attention.ipynb', '4-comparing.ipynb']);
});

describe.each(notebooks)('$name', ({ text, code, kernel, source }) => {
  test('imports the public API and what lies beside it, nothing else', () => {
    const modules = new Set([...source.matchAll(/\bfrom '([^']+)'/g)].map(([, name]) => name!));
    expect([...modules].filter((name) => !/^(fabula|\.\/(show|book)\.ts|node:\w+)$/.test(name))).toEqual([]);
    expect(missing(source)).toEqual([]);
  });

  test('keeps the outputs of one run from top to bottom', () => {
    expect(kernel).toBe('deno');
    expect(code.map((cell) => cell.execution_count)).toEqual(code.map((_, i) => i + 1));
    expect(code.filter((cell) => cell.outputs!.length === 0)).toEqual([]);
    expect(code.flatMap((cell) => cell.outputs!).filter((output) => output.output_type === 'error')).toEqual([]);
  });

  test('is small and says nothing of the machine that ran it', () => {
    expect(text.length).toBeLessThan(150_000);
    expect(text.match(/(?:file:\/\/|\/home\/|\/root\/|\/tmp\/|\/work\/main|\/Users\/|[A-Z]:\\\\)[^"\\]{0,40}/g)).toBeNull();
  });
});

test('programs of the project and examples in its documents import what there is', async () => {
  const documents = ['README.md', ...(await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
  const programs = (await readdir(join(root, 'experiments'), { recursive: true })).filter((name) => name.endsWith('.mjs')).map((name) => `experiments/${name.replaceAll('\\', '/')}`);
  const wrong = await Promise.all([...documents, ...programs, 'notebooks/book.ts'].map(async (path) => missing(await inRoot(path)).map((name) => `${path}: ${name}`)));
  expect(wrong.flat()).toEqual([]);
});
