import { messageOf } from '../../core/errors.ts';
import type { ProbeName } from './probes.ts';
import { PROBES } from './probes.ts';
import type { Answer } from './trial.ts';

/** The program of the process that tries one thing: the name of a probe comes in, one answer goes to the parent. */
const answer = await run(process.argv[2] as ProbeName);
process.send?.(answer);

async function run(name: ProbeName): Promise<Answer> {
  try {
    return { value: await PROBES[name]() };
  } catch (error) {
    return { error: messageOf(error).split('\n')[0]! };
  }
}
