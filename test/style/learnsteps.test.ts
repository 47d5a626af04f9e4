import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LearnSteps } from '../../src/style/learnsteps.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'fabula-steps-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** c is made from a and b, d from nothing before it. */
const AFTER: Readonly<Record<string, readonly string[]>> = { a: [], b: ['a'], c: ['a', 'b'], d: [] };

/** Runs steps a, b, c, d and says which of them were done, and what each made. */
async function run(options: Readonly<Record<string, unknown>>, failing?: string, files: Readonly<Record<string, string>> = {}): Promise<{ done: string[]; made: (string | undefined)[] }> {
  const steps = await LearnSteps.open(join(folder, 'learn.json'));
  const done: string[] = [];
  const made: (string | undefined)[] = [];
  for (const step of ['a', 'b', 'c', 'd'].filter((name) => name in options)) {
    made.push(await steps.once(step, options[step], { after: AFTER[step]!, files: files[step] ?? '' }, async (begun, note) => {
      const result = begun ?? join(folder, `folder of ${step}`);
      await mkdir(result, { recursive: true });
      await note(result);
      if (step === failing) throw new Error(`${step} was stopped`);
      done.push(begun === undefined ? step : `${step} again`);
      return result;
    }));
  }
  return { done, made };
}

const made = (...steps: string[]): string[] => steps.map((step) => join(folder, `folder of ${step}`));

test('what is done is not done again', async () => {
  expect(await run({ a: 1, b: 2, c: 3 })).toEqual({ done: ['a', 'b', 'c'], made: made('a', 'b', 'c') });
  expect(await run({ a: 1, b: 2, c: 3 })).toEqual({ done: [], made: made('a', 'b', 'c') });
});

test('with other options a step is done anew, and all that are made from it, but no other', async () => {
  await run({ a: 1, b: 2, c: 3, d: 4 });
  expect((await run({ a: 1, b: 'other', c: 3, d: 4 })).done).toEqual(['b', 'c']);
});

test('with other contents of its files too', async () => {
  await run({ a: 1, b: 2, c: 3, d: 4 });
  expect((await run({ a: 1, b: 2, c: 3, d: 4 }, undefined, { b: 'edited' })).done).toEqual(['b', 'c']);
  expect((await run({ a: 1, b: 2, c: 3, d: 4 }, undefined, { b: 'edited' })).done).toEqual([]);
});

test('stopped after a change, what is made from it is done anew in a later sitting', async () => {
  await run({ a: 1, b: 2, c: 3, d: 4 });
  await expect(run({ a: 'other', b: 2, c: 3, d: 4 }, 'b')).rejects.toThrow('b was stopped');
  expect((await run({ a: 'other', b: 2, c: 3, d: 4 })).done).toEqual(['b again', 'c']);
});

test('stopped in the changed step itself, too', async () => {
  await run({ a: 1, b: 2, c: 3, d: 4 });
  await expect(run({ a: 'other', b: 2, c: 3, d: 4 }, 'a')).rejects.toThrow('a was stopped');
  expect((await run({ a: 'other', b: 2, c: 3, d: 4 })).done).toEqual(['a again', 'b', 'c']);
});

test('what was deleted is made again; a moved folder keeps what it holds', async () => {
  await run({ a: 1, b: 2 });
  await rm(join(folder, 'folder of b'), { recursive: true });
  expect((await run({ a: 1, b: 2 })).done).toEqual(['b']);
  const moved = `${folder}-moved`;
  await rename(folder, moved);
  folder = moved;
  expect(await run({ a: 1, b: 2 })).toEqual({ done: [], made: made('a', 'b') });
});

test('a step that was stopped goes on with what it had begun; those before it stay', async () => {
  await expect(run({ a: 1, b: 2, c: 3 }, 'b')).rejects.toThrow('b was stopped');
  expect((await run({ a: 1, b: 2, c: 3 })).done).toEqual(['b again', 'c']);
});

test('a step that was stopped begins anew when its options have changed since', async () => {
  await expect(run({ a: 1, b: 2, c: 3 }, 'b')).rejects.toThrow();
  expect((await run({ a: 1, b: 'other', c: 3 })).done).toEqual(['b', 'c']);
});

test('a damaged note of the steps is one line', async () => {
  await writeFile(join(folder, 'learn.json'), '{"a": {"done": "yes"}}');
  await expect(run({})).rejects.toThrow(`${join(folder, 'learn.json')}: a.options: missing; a text is needed`);
  expect(await readFile(join(folder, 'learn.json'), 'utf8')).toContain('yes');
});
