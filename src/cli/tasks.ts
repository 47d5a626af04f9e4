import { UserError, nearestName } from '../core/errors.ts';
import { imageSentenceTraining } from '../style/training/imagesentencetask.ts';
import { passageTraining } from '../style/training/passagetask.ts';
import { skipThoughtsTraining } from '../style/training/skipthoughtstask.ts';
import { sampleTeller } from '../telling/samples.ts';
import type { TrainConfig } from '../training/config.ts';
import type { StoryTask } from '../training/storytask.ts';
import { storyTraining } from '../training/storytask.ts';
import type { OpenTask, OpenTraining, RunConfig, TrainingKind } from '../training/task.ts';
import type { Samples } from './watching.ts';

/** Something that `fabula train` trains. */
export interface Trainable {
  readonly kind: TrainingKind;
  /** What to show after an epoch. */
  samples(open: OpenTraining): Samples;
}

/** Every kind of model by the `task` key of its configuration. */
export const TASKS: Readonly<Record<string, Trainable>> = Object.fromEntries([
  trainable<TrainConfig, StoryTask>(storyTraining, (open) => {
    const tell = sampleTeller(open);
    return async (epoch) => (await tell(epoch)).map(({ sentences }) => sentences.join(' '));
  }),
  trainable(skipThoughtsTraining),
  trainable(imageSentenceTraining),
  trainable(passageTraining),
].map((entry) => [entry.kind.task, entry]));

/** Kinds are used one at a time, each with its own configurations: what is inside cannot be mixed up. */
function trainable<C extends RunConfig, T extends OpenTask>(kind: TrainingKind<C, T>, samples: (open: OpenTraining<C, T>) => Samples = taskSamples): Trainable {
  return { kind: kind as unknown as TrainingKind, samples: samples as unknown as Trainable['samples'] };
}

function taskSamples({ task, folder }: Pick<OpenTraining, 'task' | 'folder'>): Samples {
  return async (epoch) => (await task.samples?.(folder, epoch)) ?? [];
}

/** @param where names the configuration, for the error @throws UserError when there is no such task */
export function trainableOf(task: string, where: string): Trainable {
  const found = Object.hasOwn(TASKS, task) ? TASKS[task] : undefined;
  if (found !== undefined) return found;
  const near = nearestName(task, Object.keys(TASKS));
  throw new UserError(`${where}: task: there is no task ${JSON.stringify(task)}: ${near ? `did you mean ${near}?` : `choose from ${Object.keys(TASKS).join(', ')}`}`);
}
