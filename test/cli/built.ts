import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../src/core/files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist/cli/main.js');
/** Test files run side by side, and only one may build. */
const lock = join(tmpdir(), `fabula-build-${sha256(root).slice(0, 12)}`);

/** The built program, for what only a process of its own can show. Built when it is missing or older than its source. */
export async function builtProgram(): Promise<string> {
  while (!fresh()) {
    if (!takeLock()) {
      await setTimeout(100);
      continue;
    }
    try {
      if (!fresh()) execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), '--quiet']);
    } finally {
      rmdirSync(lock);
    }
  }
  return main;
}

function takeLock(): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    // A test run that was killed while building leaves its lock.
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 60_000) rmdirSync(lock);
    return false;
  }
}

function fresh(): boolean {
  const built = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .every((entry) => !entry.isFile() || statSync(join(entry.parentPath, entry.name)).mtimeMs <= built);
}
