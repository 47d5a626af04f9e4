import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exists } from '../../src/core/files.ts';
import { holdingRun, lockRun, runHolder } from '../../src/tracking/lock.ts';
import { builtProgram } from '../cli/built.ts';

let library: string;
let folder: string;
const lockFile = (): string => join(folder, 'run.lock');

beforeAll(async () => {
  library = pathToFileURL(join(dirname(await builtProgram()), '../tracking/lock.js')).href;
}, 60_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-lock-'));
});

/** A process that locks the folder, says so, and goes on in some way. */
async function locker(then: string): Promise<{ child: ChildProcess; said: string }> {
  const code = `import { lockRun } from ${JSON.stringify(library)};
    try { const lock = await lockRun(${JSON.stringify(folder)}); console.log('locked'); ${then} } catch (error) { console.log(error.message); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [bytes] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, said: bytes.toString().trim() };
}

const STAY = 'setInterval(() => {}, 1000);';

describe('a second process', () => {
  test('refuses while the first lives, in one line with its number and host', async () => {
    const { child, said } = await locker(STAY);
    expect(said).toBe('locked');
    await expect(lockRun(folder)).rejects.toThrow(new RegExp(`^${folder}: process ${child.pid} on ${hostname()} works on this run since 20[^;]+; wait for it, or stop it first$`));
    expect((await runHolder(folder))?.pid).toBe(child.pid);
    expect((await locker('')).said).toContain(`process ${child.pid} on`);
    child.kill('SIGKILL');
    await once(child, 'close');
    // Killed, it has left its lock, which counts no more.
    expect(await exists(lockFile())).toBe(true);
    expect(await runHolder(folder)).toBeUndefined();
    const lock = await lockRun(folder);
    expect((await runHolder(folder))?.pid).toBe(process.pid);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([['at its end', ''], ['after process.exit', 'process.exit(3);'], ['after an error', 'setTimeout(() => { throw new Error("on purpose"); });']])('leaves nothing %s', async (_, then) => {
    const { child } = await locker(then);
    if (child.exitCode === null) await once(child, 'close');
    expect(await readdir(folder)).toEqual([]);
  });

  test('of many that start at once, one holds it', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => locker(STAY)));
    expect(all.filter(({ said }) => said === 'locked')).toHaveLength(1);
    for (const { child } of all) child.kill('SIGKILL');
  }, 15_000);

  test('of many that find the lock of a dead one, one takes it over', async () => {
    const dead = await locker(STAY);
    dead.child.kill('SIGKILL');
    await once(dead.child, 'close');
    const all = await Promise.all(Array.from({ length: 4 }, () => locker(STAY)));
    expect(all.map(({ said }) => said).filter((said) => said === 'locked')).toHaveLength(1);
    for (const { child } of all) child.kill('SIGKILL');
    expect((await readdir(folder)).filter((name) => name !== 'run.lock')).toEqual([]);
  }, 15_000);
});

test('this process refuses itself', async () => {
  const lock = await lockRun(folder);
  await expect(lockRun(folder)).rejects.toThrow(`process ${process.pid} on`);
  await lock.release();
  await (await lockRun(folder)).release();
});

test('another host cannot be asked: the line says what to do', async () => {
  await writeFile(lockFile(), JSON.stringify({ pid: 1, host: 'elsewhere', started: '2026-01-31T12:00:00.000Z' }));
  await expect(lockRun(folder)).rejects.toThrow(`process 1 on elsewhere works on this run since 2026-01-31T12:00:00.000Z; whether it still does cannot be seen from ${hostname()}: if it has ended, delete ${lockFile()}`);
});

test.runIf(process.platform === 'linux')('another process with the number of the dead one is not taken for it', async () => {
  await writeFile(lockFile(), JSON.stringify({ pid: process.ppid, host: hostname(), started: '2020-01-31T12:00:00.000Z', process: 'another boot/17' }));
  expect(await runHolder(folder)).toBeUndefined();
  await (await lockRun(folder)).release();
});

test.each(['', '{"pid": ', '[]', '{"pid": "one"}'])('a damaged lock %j counts for nothing', async (text) => {
  await writeFile(lockFile(), text);
  await (await lockRun(folder)).release();
  expect(await readdir(folder)).toEqual([]);
});

test('the lock goes when the work throws; that of a successor stays', async () => {
  await expect(holdingRun(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await readdir(folder)).toEqual([]);
  const lock = await lockRun(folder);
  const other = JSON.stringify({ pid: 1, host: 'elsewhere', started: 'now' });
  await writeFile(lockFile(), other);
  await lock.release();
  expect(await readFile(lockFile(), 'utf8')).toBe(other);
});

test('a folder that cannot be written', async () => {
  await expect(lockRun(join(folder, 'none'))).rejects.toThrow(/run\.lock: cannot be written, .*no such file or folder/);
});
