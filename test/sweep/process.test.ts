import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launcher } from '../../src/sweep/process.ts';
import type { LaunchOptions } from '../../src/sweep/process.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'fabula-process-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Runs a program; `then` is called once it has printed something. */
async function launch(program: string, more: Partial<LaunchOptions> = {}, words: string[] = []) {
  const [file, log] = [join(folder, 'program.cjs'), join(folder, 'log.txt')];
  await rm(log, { force: true });
  await writeFile(file, program);
  const ended = await launcher(file)(words, { log, env: { FABULA_PARENT_RUN: 'sweep-x' }, apart: true, ...more });
  return { ended, log: await readFile(log, 'utf8') };
}

test('words and variables arrive; what is printed is in the log, and the last line of an error is known', async () => {
  const { ended, log } = await launch('console.log(process.argv.slice(2), process.env.FABULA_PARENT_RUN); console.error("one\\nfabula: it failed\\n"); process.exitCode = 2', {}, ['train', 'x y']);
  expect(ended).toEqual({ code: 2, signal: null, lastLine: 'fabula: it failed' });
  expect(log).toContain("[ 'train', 'x y' ] sweep-x");
  expect(log).toContain('fabula: it failed');
});

test('asked to stop it gets one SIGTERM, and ends by itself; a signal to this process group does not reach it', async () => {
  const stop = new AbortController();
  const program = 'let n = 0; process.on("SIGTERM", () => { n++; setTimeout(() => process.exit(100 + n), 100); }); setTimeout(() => {}, 20000); process.stdout.write(String(process.ppid !== 0 && process.pid))';
  setTimeout(() => stop.abort(), 500);
  const { ended, log } = await launch(program, { stop: stop.signal });
  expect(ended.code).toBe(101);
  expect(() => process.kill(-Number(log), 0)).toThrow('ESRCH');
});

test('told to end at once it is gone', async () => {
  const kill = new AbortController();
  setTimeout(() => kill.abort(), 300);
  expect((await launch('setTimeout(() => {}, 20000)', { kill: kill.signal })).ended).toEqual({ code: null, signal: 'SIGKILL', lastLine: '' });
});
