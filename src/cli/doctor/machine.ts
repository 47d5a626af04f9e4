import { constants } from 'node:fs';
import { access, readdir, readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem, type } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { exists } from '../../core/files.ts';
import { readLimits } from './limits.ts';

/** The machine as this process may use it. Sizes are in bytes. */
export interface Machine {
  readonly system: string;
  readonly platform: string;
  readonly arch: string;
  readonly processor: { readonly model: string; readonly cores: number; readonly threads: number; readonly limit: number | null };
  readonly memory: { readonly total: number; readonly free: number; readonly limit: number | null };
  readonly disk: { readonly path: string; readonly free: number | null; readonly writable: boolean };
  /** Graphics cards by NVIDIA's driver for Linux; null where it cannot be asked. */
  readonly nvidia: readonly string[] | null;
}

/** @param runs folder that runs go to; it need not exist */
export async function describeMachine(runs: string): Promise<Machine> {
  const limits = await readLimits();
  const left = limits.memory !== null ? limits.memory - (limits.memoryUsed ?? 0) : Infinity;
  return {
    system: `${type()} ${release()} ${arch()}`,
    platform: platform(),
    arch: arch(),
    processor: { model: cpus()[0]?.model.trim() || 'unknown', cores: cpus().length, threads: availableParallelism(), limit: limits.cpus },
    memory: { total: totalmem(), free: Math.min(freemem(), left), limit: limits.memory !== null && limits.memory < totalmem() ? limits.memory : null },
    disk: await describeDisk(resolve(runs)),
    nvidia: platform() === 'linux' ? await nvidiaCards() : null,
  };
}

async function describeDisk(path: string): Promise<Machine['disk']> {
  let there = path;
  while (!(await exists(there)) && there !== dirname(there)) there = dirname(there);
  const writable = await access(there, constants.W_OK | constants.X_OK).then(() => true, () => false);
  const free = await statfs(there).then(({ bavail, bsize }) => bavail * bsize, () => null);
  return { path, free, writable };
}

async function nvidiaCards(): Promise<string[] | null> {
  const folder = '/proc/driver/nvidia/gpus';
  const cards = await readdir(folder).catch(() => []);
  if (cards.length > 0) return Promise.all(cards.map(async (card) => modelOf(await readFile(join(folder, card, 'information'), 'utf8').catch(() => ''))));
  // A container may be given the devices without that folder.
  if (await exists('/dev/nvidiactl')) return [modelOf('')];
  // Linux inside Windows has one device for cards of all makers.
  return (await exists('/dev/dxg')) ? null : [];
}

function modelOf(information: string): string {
  return /^Model:\s*(.+)$/m.exec(information)?.[1]?.trim() ?? 'NVIDIA GPU';
}
