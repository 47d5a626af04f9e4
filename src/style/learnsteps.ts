import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { exists, readJson, sha256, writeFileAtomic } from '../core/files.ts';

const stepSchema = z.strictObject({
  /** Hash of the options that the step was done with. */
  options: z.string(),
  /** Hash of what it was made from: files that were read, and the steps before it. */
  inputs: z.string().optional(),
  done: z.boolean(),
  /** A file or folder that the step made, or is making; from the folder of the notes, so that both can be moved together. */
  result: z.string().optional(),
});
const fileSchema = z.record(z.string(), stepSchema);
type Step = z.infer<typeof stepSchema>;

/** What a step is made from, beside its options. */
export interface StepInputs {
  /** Steps done before in this sitting that it is made from: where one of them is another, this one is done anew. */
  readonly after?: readonly string[];
  /** Hash of the contents of the files that it reads. */
  readonly files?: string;
}

/** Steps of a long piece of work, noted in a file: what was done with the same options from the same inputs is not done again. */
export class LearnSteps {
  readonly #path: string;
  readonly #steps: Record<string, Step>;
  readonly #onStep: ((step: string, before: boolean) => void) | undefined;
  /** Steps done in this sitting. */
  readonly #doneNow = new Set<string>();

  private constructor(path: string, steps: Record<string, Step>, onStep?: (step: string, before: boolean) => void) {
    this.#path = path;
    this.#steps = steps;
    this.#onStep = onStep;
  }

  static async open(path: string, onStep?: (step: string, before: boolean) => void): Promise<LearnSteps> {
    const steps = (await exists(path)) ? checkConfig(fileSchema, await readJson(path, 'the steps done'), path) : {};
    return new LearnSteps(path, steps, onStep);
  }

  /**
   * Does a step unless it is done, and what it made is there.
   * @param options everything that decides it
   * @param work what was begun before with the same options, and a function that notes what is begun now
   * @returns what the step made, now or before
   */
  async once(step: string, options: unknown, inputs: StepInputs, work: (begun: string | undefined, note: (result: string) => Promise<void>) => Promise<string | void>): Promise<string | undefined> {
    const now = { options: sha256(JSON.stringify(options)), inputs: this.#hashOf(inputs) };
    const known = this.#steps[step];
    const same = known !== undefined && known.options === now.options && this.#sameInputs(known, now.inputs, inputs) && (known.result === undefined || (await exists(this.#place(known.result))));
    if (same && known.done) {
      this.#onStep?.(step, true);
      if (known.inputs === undefined) await this.#note(step, { ...known, ...now });
      return known.result === undefined ? undefined : this.#place(known.result);
    }
    this.#onStep?.(step, false);
    this.#doneNow.add(step);
    const begun = same && known.result !== undefined ? this.#place(known.result) : undefined;
    const note = (done: boolean, made: string | void): Promise<void> => this.#note(step, { ...now, done, ...(typeof made === 'string' && { result: this.#short(made) }) });
    await note(false, begun);
    const result = await work(begun, (made) => note(false, made));
    await note(true, result);
    return typeof result === 'string' ? result : undefined;
  }

  /** Hashes of hashes: a step that was changed changes all that were made from it, in this sitting or a later one. */
  #hashOf({ after = [], files = '' }: StepInputs): string {
    return sha256(JSON.stringify([files, ...after.map((step) => [this.#steps[step]?.options, this.#steps[step]?.inputs])]));
  }

  /** A note without inputs does where nothing that it was made from is new. */
  #sameInputs(known: Step, inputs: string, { after = [] }: StepInputs): boolean {
    return known.inputs === undefined ? !after.some((step) => this.#doneNow.has(step)) : known.inputs === inputs;
  }

  #place(result: string): string {
    return isAbsolute(result) ? result : join(dirname(this.#path), result);
  }

  #short(result: string): string {
    const inside = relative(resolve(dirname(this.#path)), resolve(result));
    return inside.startsWith('..') || isAbsolute(inside) ? result : inside;
  }

  async #note(step: string, entry: Step): Promise<void> {
    this.#steps[step] = entry;
    await writeFileAtomic(this.#path, `${JSON.stringify(this.#steps, null, 2)}\n`);
  }
}
