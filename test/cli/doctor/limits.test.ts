import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLimits } from '../../../src/cli/doctor/limits.ts';

const NONE = { cpus: null, memory: null, memoryUsed: null };
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fabula-limits-'));
});
afterEach(() => rm(root, { recursive: true }));

async function files(contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

test('no control groups: no limits', async () => {
  expect(await readLimits(root)).toEqual(NONE);
});

test('version 2 in a container, where the group is the mount', async () => {
  await files({
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup/cpu.max': '150000 100000\n',
    'sys/fs/cgroup/memory.max': '2147483648\n',
    'sys/fs/cgroup/memory.current': '1000000\n',
    'sys/fs/cgroup/memory.stat': 'anon 5\ninactive_file 400000\n',
  });
  expect(await readLimits(root)).toEqual({ cpus: 1.5, memory: 2147483648, memoryUsed: 600000 });
});

test('version 2 without limits says max', async () => {
  await files({ 'proc/self/cgroup': '0::/user.slice/a.scope\n', 'sys/fs/cgroup/user.slice/a.scope/cpu.max': 'max 100000\n', 'sys/fs/cgroup/user.slice/a.scope/memory.max': 'max\n' });
  expect(await readLimits(root)).toEqual(NONE);
});

test('the tightest of the groups around this one counts', async () => {
  await files({
    'proc/self/cgroup': '0::/a/b\n',
    'sys/fs/cgroup/a/b/cpu.max': '400000 100000\n', 'sys/fs/cgroup/a/cpu.max': '200000 100000\n',
    'sys/fs/cgroup/a/b/memory.max': '500\n', 'sys/fs/cgroup/a/memory.max': '900\n', 'sys/fs/cgroup/a/b/memory.current': '100\n',
  });
  expect(await readLimits(root)).toEqual({ cpus: 2, memory: 500, memoryUsed: 100 });
});

test("version 1, with the host's name for the group and its way to say no limit", async () => {
  await files({
    'proc/self/cgroup': '4:memory:/docker/0123\n3:cpuset:/\n1:cpu,cpuacct:/docker/0123\n',
    'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '300000\n', 'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
  });
  expect(await readLimits(root)).toEqual({ cpus: 3, memory: null, memoryUsed: null });
  await files({ 'sys/fs/cgroup/memory/memory.limit_in_bytes': '1000\n', 'sys/fs/cgroup/memory/memory.usage_in_bytes': '700\n', 'sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 200\n' });
  expect(await readLimits(root)).toMatchObject({ memory: 1000, memoryUsed: 500 });
});

test('version 1 without a quota is -1', async () => {
  await files({ 'proc/self/cgroup': '1:cpu:/\n', 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' });
  expect(await readLimits(root)).toEqual(NONE);
});
