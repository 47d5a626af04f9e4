import { UserError } from '../../core/errors.ts';

/** What the scripts set themselves. */
const OURS = new Set(['array', 'a', 'chdir', 'D', 'dependency', 'd', 'error', 'e', 'no-requeue', 'open-mode', 'output', 'o', 'parsable', 'requeue', 'signal', 'test-only', 'wait', 'W', 'wrap']);

/** Options for sbatch, such as partition or mem, without the dashes; a flag has the value ''. */
export type SlurmOptions = ReadonlyMap<string, string>;

/** Reads `partition=gpu; time=12:00:00; exclusive`. @throws UserError naming the one that is wrong */
export function readSlurmOptions(text: string): SlurmOptions {
  const options = new Map<string, string>();
  for (const part of text.split(';').map((piece) => piece.trim()).filter((piece) => piece !== '')) {
    const [, name, value = ''] = /^-{0,2}([a-zA-Z][\w-]*)\s*(?:=\s*(.*))?$/s.exec(part) ?? [];
    if (name === undefined || /[\n\r"]/.test(value)) throw new UserError(`--slurm-options ${part}: write them as name=value with ; between, for example "partition=gpu; time=12:00:00"`);
    if (OURS.has(name)) throw new UserError(`--slurm-options ${name}: it is set by Fabula so that tasks can be put back into the queue; leave it out`);
    options.set(name, value);
  }
  return options;
}

/** Threads of a task: what the options ask for, or one. @throws UserError when it is no number */
export function threadsOf(options: SlurmOptions): number {
  const text = options.get('cpus-per-task') ?? options.get('c') ?? '1';
  if (!/^[1-9]\d*$/.test(text)) throw new UserError(`--slurm-options cpus-per-task=${text}: give a whole number, 1 or more`);
  return Number(text);
}
