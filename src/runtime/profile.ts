import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Phase } from './graph.ts';

/** The time of one node of a compiled program, over all its runs. */
export interface NodeTime {
  readonly node: string;
  /** ONNX operator, after ONNX Runtime's fusions. */
  readonly op: string;
  readonly phase: Phase;
  readonly microseconds: number;
  readonly runs: number;
  /** Shapes of the results of the last run, as `[65,512]`. */
  readonly shape: string;
}

let count = 0;

/** Where ONNX Runtime puts a profile; it adds the time and `.json`. */
export function temporaryProfile(): string {
  return join(tmpdir(), `fabula-profile-${process.pid}-${count++}`);
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly output_type_shape?: readonly Record<string, readonly number[]>[] };
}

const SUFFIX = '_kernel_time';

/** Reads a profile and removes its file. The costliest node comes first. */
export function readProfile(prefix: string): NodeTime[] {
  const folder = dirname(prefix);
  const file = readdirSync(folder).find((name) => name.startsWith(`${basename(prefix)}_`));
  if (file === undefined) return [];
  const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProfileEvent[];
  rmSync(join(folder, file));
  const times = new Map<string, NodeTime>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith(SUFFIX)) continue;
    const node = name.slice(0, -SUFFIX.length);
    const before = times.get(node);
    times.set(node, {
      node, op: args?.op_name ?? '', phase: node.includes('backward/') ? 'backward' : 'forward',
      microseconds: (before?.microseconds ?? 0) + dur, runs: (before?.runs ?? 0) + 1,
      shape: (args?.output_type_shape ?? []).map((output) => `[${Object.values(output)[0]!.join()}]`).join(' '),
    });
  }
  return [...times.values()].sort((a, b) => b.microseconds - a.microseconds);
}
