import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import type { DrawCharts, HashMemory, OpenArtifact } from './artifacts.ts';
import { listArtifacts, openArtifacts } from './artifacts.ts';
import type { MlflowClient, MlflowPair, MlflowRun } from './client.ts';
import { artifactAddress, LIMITS, MlflowError } from './client.ts';
import type { SentScore } from './description.ts';
import { begunAt, describeRun, finalStatus, resultsAt, sweepRunId } from './description.ts';
import { findRun } from './findrun.ts';
import { Measurements } from './measurements.ts';
import type { MlflowState } from './state.ts';
import { inodeOf, newState, readState, writeState } from './state.ts';

/** How many things were sent, or wait to be. */
export interface Counts {
  readonly params: number;
  readonly tags: number;
  readonly metrics: number;
  readonly artifacts: number;
}

export interface SenderOptions {
  /** Draws the charts that are kept beside the run; none without. */
  readonly draw?: DrawCharts;
  /** Told once each: the address of the run, and what is odd. */
  readonly tell?: (line: string) => void;
  /** Told after each request that has sent something. */
  readonly progress?: (sent: Counts) => void;
}

/** A run as the server had it when it was last asked. */
interface Known {
  readonly run: MlflowRun;
  readonly measurements: Measurements;
  described: boolean;
}

/**
 * Brings the MLflow run of a folder up to date with its files: whoever calls `send` again, in this process or another,
 * sends what is missing and nothing twice. What the server has is asked of the server, at first and after each error.
 */
export class RunSender {
  readonly #folder: string;
  readonly #client: MlflowClient;
  readonly #draw: DrawCharts | undefined;
  readonly #tell: (line: string) => void;
  readonly #progress: (sent: Counts) => void;
  readonly #told = new Set<string>();
  readonly #hashes: HashMemory = new Map();
  /** Artifacts that the server refused as they are, with their SHA-256. */
  readonly #refused = new Map<string, string>();
  #state: MlflowState | undefined;
  #known: Known | undefined;
  #saving: Promise<void> = Promise.resolve();
  #sent = { params: 0, tags: 0, metrics: 0, artifacts: 0 };

  constructor(folder: string, client: MlflowClient, { draw, tell = () => {}, progress = () => {} }: SenderOptions = {}) {
    this.#folder = folder;
    this.#client = client;
    this.#draw = draw;
    this.#tell = tell;
    this.#progress = progress;
  }

  /** Everything sent so far. */
  get sent(): Counts {
    return { ...this.#sent };
  }

  /** Id of the run on the server, once it is known. */
  get runId(): string | undefined {
    return this.#known?.run.info.run_id ?? this.#state?.run_id ?? undefined;
  }

  /**
   * Sends what is missing but for artifacts.
   * @param ended whether the run writes no more: then all of it, and how it ended
   * @throws MlflowError when the server cannot be reached or refuses; UserError when the folder cannot be read
   */
  async send(ended: boolean): Promise<void> {
    try {
      const known = (this.#known ??= await this.#open());
      if (!known.described || ended) await this.#describe(known);
      await this.#measure(known, ended);
      await this.#mark(known, ended);
    } catch (error) {
      this.#known = undefined;
      throw error;
    }
  }

  /**
   * Uploads artifacts that are missing or have changed; may go on while values are sent. Only after `send`: before the
   * run is known it does nothing.
   * @param ended whether the run writes no more: only then are charts drawn, which takes a second of a core
   * @throws MlflowError when the server fails; the first refusal, when all others were tried
   */
  async upload(ended: boolean): Promise<void> {
    const { settings } = this.#client;
    const info = this.#known?.run.info;
    if (info === undefined) return;
    if (artifactAddress(settings, info.artifact_uri, '') === undefined) {
      return this.#tellOnce(`artifacts of run ${info.run_id} are kept at ${info.artifact_uri}, which the server does not pass on: checkpoints, samples and charts stay in the run folder (mlflow server --serve-artifacts, and an experiment made with it, take them)`);
    }
    let refusal: MlflowError | undefined;
    for await (const artifact of openArtifacts(await listArtifacts(this.#folder, ended ? this.#draw : undefined), this.#hashes)) {
      const { path, sha256 } = artifact;
      if (this.#state!.artifacts[path] === sha256 || this.#refused.get(path) === sha256) continue;
      try {
        await this.#uploadOne(artifact, artifactAddress(settings, info.artifact_uri, path)!);
      } catch (error) {
        if (error instanceof MlflowError && error.temporary) throw error;
        // Such as a checkpoint that is too large for a proxy: the others go on.
        refusal ??= new MlflowError(`${path}: ${messageOf(error)}`, error instanceof MlflowError ? error.code : 'UNREADABLE', false);
        this.#refused.set(path, sha256);
      }
    }
    if (refusal !== undefined) throw refusal;
  }

  async #uploadOne({ path, sha256, load }: OpenArtifact, address: string): Promise<void> {
    const { pieces, size } = await load();
    await this.#client.upload(address, pieces, size);
    this.#count('artifacts', 1);
    await this.#save({ ...this.#state!, artifacts: { ...this.#state!.artifacts, [path]: sha256 } });
  }

  /** What the server lacks, as far as this folder knows. */
  async missing(): Promise<Pick<Counts, 'metrics' | 'artifacts'>> {
    const state = this.#state ?? (await readState(this.#folder));
    const measurements = new Measurements(this.#folder, 0, state?.metrics ?? {});
    await measurements.read();
    let artifacts = 0;
    const uri = this.#known?.run.info.artifact_uri;
    // Where the server takes none, none is missing.
    if (uri !== undefined && artifactAddress(this.#client.settings, uri, '') === undefined) return { metrics: measurements.waiting, artifacts };
    for await (const { path, sha256 } of openArtifacts(await listArtifacts(this.#folder, this.#draw), this.#hashes)) {
      if (state?.artifacts[path] !== sha256) artifacts++;
    }
    return { metrics: measurements.waiting, artifacts };
  }

  async #open(): Promise<Known> {
    const folder = this.#folder;
    const before = await readState(folder);
    if (before !== undefined) await this.#checkCopy(before);
    const fresh = before ?? (await newState(folder, this.#client.settings, await begunAt(folder)));
    // Before the server hears of it: a run that is made there must be found again.
    await this.#save({ ...fresh, inode: await inodeOf(folder) });
    const { run, state } = await findRun(this.#client, this.#state!, (line) => this.#tellOnce(line));
    const sent = Object.fromEntries(run.data.metrics.map(({ key, step }) => [key, step]));
    // An upload may have gone on meanwhile.
    const { run_id, artifacts } = this.#state!;
    await this.#save({ ...state, metrics: sent, ...(run_id === state.run_id && { artifacts }) });
    this.#tellOnce(`MLflow: ${this.#client.settings.uri}/#/experiments/${run.info.experiment_id}/runs/${run.info.run_id}`);
    return { run, measurements: new Measurements(folder, state.begun, sent), described: false };
  }

  /** Two folders must not be written into one run. @throws MlflowError when this one is the copy */
  async #checkCopy(state: MlflowState): Promise<void> {
    const path = resolve(this.#folder);
    for (const name of await readdir(dirname(path))) {
      const other = name === basename(path) ? undefined : await readState(join(dirname(path), name)).catch(() => undefined);
      if (other?.key !== state.key || state.name === basename(path)) continue;
      throw new MlflowError(`${this.#folder} and ${name} are copies of one run: ${name} keeps its MLflow run; delete ${join(this.#folder, 'mlflow.json')} to send this one as a run of its own`, 'COPY', false);
    }
    const inode = await inodeOf(path);
    if (state.inode !== null && state.inode !== inode) this.#tellOnce(`${this.#folder} was moved from another disk, or is a copy: it goes on as the same MLflow run; where it is a copy, delete ${join(this.#folder, 'mlflow.json')} first`);
  }

  /** Parameters, tags and scores. What is there already stays as it is: somebody may have changed it. */
  async #describe(known: Known): Promise<void> {
    const { run } = known;
    const description = await describeRun(this.#folder);
    const parent = run.data.tags.some(({ key }) => key === 'mlflow.parentRunId') ? undefined : await sweepRunId(this.#folder);
    const tags = [...description.tags, ...(parent === undefined ? [] : [{ key: 'mlflow.parentRunId', value: parent }])];
    await this.#sendPairs(run, 'params', description.params);
    await this.#sendPairs(run, 'tags', tags);
    await this.#sendScores(run, description.scores);
    known.described = true;
  }

  async #sendPairs(run: MlflowRun, kind: 'params' | 'tags', pairs: readonly MlflowPair[]): Promise<void> {
    const there = new Set(run.data[kind].map(({ key }) => key));
    const missing = pairs.filter(({ key }) => !there.has(key));
    for (let from = 0; from < missing.length; from += LIMITS.paramsAndTags) {
      const part = missing.slice(from, from + LIMITS.paramsAndTags);
      await this.#client.logBatch(run.info.run_id, { [kind]: part });
      run.data[kind].push(...part);
      this.#count(kind, part.length);
    }
  }

  /** A score that was computed again has another value: its history shows both. */
  async #sendScores(run: MlflowRun, scores: readonly SentScore[]): Promise<void> {
    const missing = scores.filter(({ key, value }) => !run.data.metrics.some((there) => there.key === key && Number(there.value) === value));
    for (let from = 0; from < missing.length; from += LIMITS.metrics) {
      const part = missing.slice(from, from + LIMITS.metrics).map((score) => ({ ...score, step: 0 }));
      await this.#client.logBatch(run.info.run_id, { metrics: part });
      run.data.metrics.push(...part);
      this.#count('metrics', part.length);
    }
  }

  async #measure({ run, measurements }: Known, ended: boolean): Promise<void> {
    await measurements.read();
    for (;;) {
      const metrics = measurements.next(LIMITS.metrics, ended);
      if (metrics.length === 0) return;
      await this.#client.logBatch(run.info.run_id, { metrics });
      measurements.drop(metrics.length);
      this.#count('metrics', metrics.length);
      await this.#save({ ...this.#state!, metrics: { ...this.#state!.metrics, ...Object.fromEntries(metrics.map(({ key, step }) => [key, step])) } });
    }
  }

  async #mark({ run, measurements }: Known, ended: boolean): Promise<void> {
    const status = ended ? await finalStatus(this.#folder) : 'RUNNING';
    if (run.info.status !== status) {
      const { begun } = this.#state!;
      const endTime = status === 'RUNNING' ? undefined : Math.max(begun, measurements.lastTime ?? (await resultsAt(this.#folder)) ?? begun);
      await this.#client.updateRun(run.info.run_id, status, endTime);
      run.info.status = status;
    }
    if (this.#state!.status !== status) await this.#save({ ...this.#state!, status });
  }

  /** One write after the other, each of all that is known by then. */
  async #save(state: MlflowState): Promise<void> {
    this.#state = state;
    this.#saving = this.#saving.catch(() => {}).then(() => writeState(this.#folder, this.#state!));
    await this.#saving;
  }

  #count(kind: keyof Counts, more: number): void {
    this.#sent[kind] += more;
    this.#progress(this.sent);
  }

  #tellOnce(line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.#tell(line);
  }
}
