import { nearestName, UserError } from '../core/errors.ts';
import type { TrainConfig } from '../training/config.ts';
import type { StoryTask } from '../training/storytask.ts';
import type { OpenTask, OpenTraining, RunConfig, TrainingKind } from '../training/task.ts';
import type { Samples } from './watching.ts';

/** Something that `fabula train` trains. */
export interface Trainable {
  readonly kind: TrainingKind;
  /** What to show after an epoch. */
  samples(open: OpenTraining): Samples;
}

/** Every kind of model by the `task` key of its configuration; loaded only when it is trained. */
const TASKS: Readonly<Record<string, () => Promise<Trainable>>> = {
  story: loadStory,
  'skip-thoughts': async () => trainable((await import('../style/training/skipthoughtstask.ts')).skipThoughtsTraining),
  'image-sentence': async () => trainable((await import('../style/training/imagesentencetask.ts')).imageSentenceTraining),
  passages: async () => trainable((await import('../style/training/passagetask.ts')).passageTraining),
};

async function loadStory(): Promise<Trainable> {
  const [{ storyTraining }, { sampleTeller }] = await Promise.all([import('../training/storytask.ts'), import('../telling/samples.ts')]);
  return trainable<TrainConfig, StoryTask>(storyTraining, (open) => {
    const tell = sampleTeller(open);
    return async (epoch) => (await tell(epoch)).map(({ sentences }) => sentences.join(' '));
  });
}

/** Kinds are used one at a time, each with its own configurations: what is inside cannot be mixed up. */
function trainable<C extends RunConfig, T extends OpenTask>(kind: TrainingKind<C, T>, samples: (open: OpenTraining<C, T>) => Samples = taskSamples): Trainable {
  return { kind: kind as unknown as TrainingKind, samples: samples as unknown as Trainable['samples'] };
}

function taskSamples({ task, folder }: Pick<OpenTraining, 'task' | 'folder'>): Samples {
  return async (epoch) => (await task.samples?.(folder, epoch)) ?? [];
}

/** @param where names the configuration, for the error @throws UserError when there is no such task */
export async function trainableOf(task: string, where: string): Promise<Trainable> {
  const load = Object.hasOwn(TASKS, task) ? TASKS[task] : undefined;
  if (load !== undefined) return load();
  const near = nearestName(task, Object.keys(TASKS));
  throw new UserError(`${where}: task: there is no task ${JSON.stringify(task)}: ${near ? `did you mean ${near}?` : `choose from ${Object.keys(TASKS).join(', ')}`}`);
}
