import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { exists, readJson, sha256, writeFileAtomic } from '../core/files.ts';

const stepSchema = z.strictObject({
  /** Of the options that the step was done with. */
  options: z.string(),
  done: z.boolean(),
  /** A folder that the step made, or is making. */
  result: z.string().optional(),
});
const fileSchema = z.record(z.string(), stepSchema);

/** Steps of a long piece of work, noted in a file: what was done with the same options is not done again. */
export class LearnSteps {
  readonly #path: string;
  readonly #steps: z.infer<typeof fileSchema>;
  readonly #onStep: ((step: string, before: boolean) => void) | undefined;
  /** Once a step is done anew, those after it are: they were made from what it has replaced. */
  #anew = false;

  private constructor(path: string, steps: z.infer<typeof fileSchema>, onStep?: (step: string, before: boolean) => void) {
    this.#path = path;
    this.#steps = steps;
    this.#onStep = onStep;
  }

  static async open(path: string, onStep?: (step: string, before: boolean) => void): Promise<LearnSteps> {
    const steps = (await exists(path)) ? checkConfig(fileSchema, await readJson(path, 'the steps done'), path) : {};
    return new LearnSteps(path, steps, onStep);
  }

  /**
   * Does a step unless it is done.
   * @param options everything that decides it
   * @param work what was begun before with the same options, and a function that notes what is begun now
   * @returns what the step made, now or before
   */
  async once(step: string, options: unknown, work: (begun: string | undefined, note: (result: string) => Promise<void>) => Promise<string | void>): Promise<string | undefined> {
    const hash = sha256(JSON.stringify(options));
    const known = this.#steps[step];
    const same = known?.options === hash && !this.#anew;
    if (same && known.done) {
      this.#onStep?.(step, true);
      return known.result;
    }
    this.#onStep?.(step, false);
    if (known !== undefined && !same) this.#anew = true;
    const begun = same ? known.result : undefined;
    await this.#note(step, { options: hash, done: false, ...(begun !== undefined && { result: begun }) });
    const result = await work(begun, (made) => this.#note(step, { options: hash, done: false, result: made }));
    await this.#note(step, { options: hash, done: true, ...(typeof result === 'string' && { result }) });
    return typeof result === 'string' ? result : undefined;
  }

  async #note(step: string, entry: z.infer<typeof stepSchema>): Promise<void> {
    this.#steps[step] = entry;
    await writeFileAtomic(this.#path, `${JSON.stringify(this.#steps, null, 2)}\n`);
  }
}
