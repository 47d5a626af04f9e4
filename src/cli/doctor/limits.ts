import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a container or a service manager leaves to this process; null where there is no limit. */
export interface Limits {
  /** Processors, perhaps a fraction. */
  readonly cpus: number | null;
  /** Bytes. */
  readonly memory: number | null;
  /** Bytes taken of `memory` that cannot be given back: without files read ahead. */
  readonly memoryUsed: number | null;
}

interface Controller {
  /** Where its hierarchy is mounted, below /sys/fs/cgroup. */
  readonly mount: string;
  /** This process's group in it. */
  readonly group: string;
  readonly version: 1 | 2;
}

/** Numbers as large as this are version 1's way to say "none". */
const NO_LIMIT = 2 ** 60;

/**
 * The limits of the control groups that this process is in, versions 1 and 2; none on other systems than Linux.
 * @param root the folder that has proc/ and sys/
 */
export async function readLimits(root = '/'): Promise<Limits> {
  const groups = await controllers(root);
  const folders = (name: string): Promise<string[]> => groupFolders(root, groups.filter((group) => group.version === 2 || group.mount.split(',').includes(name)));
  const cpus = await Promise.all((await folders('cpu')).map(cpuLimit));
  const memory = await Promise.all((await folders('memory')).map(memoryLimit));
  const tightest = memory.filter(({ limit }) => limit !== null).sort((a, b) => a.limit! - b.limit!)[0];
  return { cpus: least(cpus), memory: tightest?.limit ?? null, memoryUsed: tightest?.used ?? null };
}

/** Lines are `ID:CONTROLLERS:GROUP`, controllers empty in version 2. */
async function controllers(root: string): Promise<Controller[]> {
  const text = await read(join(root, 'proc/self/cgroup'));
  return [...(text ?? '').matchAll(/^\d+:([^:\n]*):(.*)$/gm)].map(([, mount, group]) => ({ mount: mount!, group: group!, version: mount === '' ? 2 : 1 }));
}

/** Each group with those around it: the tightest limit of all counts. */
async function groupFolders(root: string, groups: readonly Controller[]): Promise<string[]> {
  const mounts = new Set(await readdir(join(root, 'sys/fs/cgroup')).catch(() => []));
  return groups.flatMap(({ mount, group, version }) => {
    const names = version === 2 ? [mounts.has('unified') ? 'unified' : '.'] : [mount, ...mount.split(',')].filter((name) => mounts.has(name));
    // Inside a container the group may be named as the host sees it: then only the mount itself is there.
    const ancestors: string[] = [];
    for (let path = group; ; path = dirname(path)) {
      ancestors.push(path);
      if (path === dirname(path)) break;
    }
    return names.flatMap((name) => ancestors.map((path) => join(root, 'sys/fs/cgroup', name, path)));
  });
}

async function cpuLimit(folder: string): Promise<number | null> {
  const [quota, period] = ((await read(join(folder, 'cpu.max'))) ?? '').split(/\s+/).map(Number);
  if (quota! > 0 && period! > 0) return quota! / period!;
  const old = await Promise.all(['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => number(join(folder, name))));
  return old[0]! > 0 && old[1]! > 0 ? old[0]! / old[1]! : null;
}

async function memoryLimit(folder: string): Promise<{ limit: number | null; used: number | null }> {
  const limit = (await number(join(folder, 'memory.max'))) ?? (await number(join(folder, 'memory.limit_in_bytes')));
  if (limit === null || limit >= NO_LIMIT) return { limit: null, used: null };
  const used = (await number(join(folder, 'memory.current'))) ?? (await number(join(folder, 'memory.usage_in_bytes')));
  const details = (await read(join(folder, 'memory.stat'))) ?? '';
  // Version 1 has the figure of the group alone as well.
  const readAhead = Number((/^total_inactive_file (\d+)$/m.exec(details) ?? /^inactive_file (\d+)$/m.exec(details))?.[1] ?? 0);
  return { limit, used: used === null ? null : Math.max(0, used - readAhead) };
}

/** null for `max`, and when there is no such file. */
async function number(path: string): Promise<number | null> {
  const text = (await read(path))?.trim();
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}

function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function least(values: readonly (number | null)[]): number | null {
  const found = values.filter((value) => value !== null);
  return found.length === 0 ? null : Math.min(...found);
}
