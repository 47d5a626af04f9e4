import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LearnSteps } from '../../src/style/learnsteps.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'fabula-steps-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs steps a, b, c and says which of them were done, and what each made. */
async function run(options: Readonly<Record<string, unknown>>, failing?: string): Promise<{ done: string[]; made: (string | undefined)[] }> {
  const steps = await LearnSteps.open(join(folder, 'learn.json'));
  const done: string[] = [];
  const made: (string | undefined)[] = [];
  for (const step of ['a', 'b', 'c']) {
    made.push(await steps.once(step, options[step], async (begun, note) => {
      await note(begun ?? `folder of ${step}`);
      if (step === failing) throw new Error(`${step} was stopped`);
      done.push(begun === undefined ? step : `${step} again`);
      return begun ?? `folder of ${step}`;
    }));
  }
  return { done, made };
}

test('what is done is not done again', async () => {
  expect(await run({ a: 1, b: 2, c: 3 })).toEqual({ done: ['a', 'b', 'c'], made: ['folder of a', 'folder of b', 'folder of c'] });
  expect(await run({ a: 1, b: 2, c: 3 })).toEqual({ done: [], made: ['folder of a', 'folder of b', 'folder of c'] });
});

test('with other options a step is done anew, and all after it, which were made from it', async () => {
  await run({ a: 1, b: 2, c: 3 });
  expect((await run({ a: 1, b: 'other', c: 3 })).done).toEqual(['b', 'c']);
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
