import { Readable } from 'node:stream';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import type { MlflowSettings } from './settings.ts';

/** What MLflow accepts in one request, and how long texts may be (since 2.9; longer ones are cut). */
export const LIMITS = { metrics: 1000, paramsAndTags: 100, key: 250, paramValue: 6000, tagValue: 8000 } as const;

/** A request that failed. */
export class MlflowError extends Error {
  override readonly name = 'MlflowError';
  /** The server's error_code such as RESOURCE_DOES_NOT_EXIST; UNREACHABLE, TIMEOUT, NOT_MLFLOW or HTTP_502 where it gave none. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly temporary: boolean;

  constructor(message: string, code: string, temporary: boolean) {
    super(message);
    this.code = code;
    this.temporary = temporary;
  }
}

export interface MlflowMetric {
  readonly key: string;
  /** JSON has no NaN: MLflow takes the text. */
  readonly value: number | 'NaN';
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface MlflowPair {
  readonly key: string;
  readonly value: string;
}

export const STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
export type MlflowStatus = (typeof STATUSES)[number];

const pair = z.object({ key: z.string(), value: z.string().default('') });
const runSchema = z.object({
  info: z.object({
    run_id: z.string(),
    experiment_id: z.string(),
    status: z.enum(STATUSES),
    artifact_uri: z.string().default(''),
    lifecycle_stage: z.string().default('active'),
  }),
  data: z.object({
    /** The last of each key. */
    metrics: z.array(z.object({ key: z.string(), value: z.union([z.number(), z.string()]).optional(), step: z.coerce.number().default(0) })).default([]),
    params: z.array(pair).default([]),
    tags: z.array(pair).default([]),
  }).prefault({}),
});
/** A run as the server has it. */
export type MlflowRun = z.infer<typeof runSchema>;

const experimentSchema = z.object({ experiment_id: z.string(), name: z.string(), lifecycle_stage: z.string().default('active') });
export type MlflowExperiment = z.infer<typeof experimentSchema>;

/** Codes of answers that a later request may not get: those MLflow's own client tries again at, and gateways'. */
const TEMPORARY = new Set([408, 425, 429, 500, 502, 503, 504]);

/** MLflow's REST API 2.0, as far as mirroring a run needs it: https://mlflow.org/docs/latest/rest-api.html. Errors are MlflowErrors. */
export class MlflowClient {
  readonly settings: MlflowSettings;
  /** Milliseconds after which a request is given up; an upload when nothing moves for so long. */
  readonly #patience: number;

  constructor(settings: MlflowSettings, patience = 10_000) {
    this.settings = settings;
    this.#patience = patience;
  }

  /** Undefined where there is none of that name. */
  async experimentByName(name: string): Promise<MlflowExperiment | undefined> {
    const answer = await this.#get('experiments/get-by-name', { experiment_name: name }, z.object({ experiment: experimentSchema })).catch(unlessMissing);
    return answer?.experiment;
  }

  /** @returns its id */
  async createExperiment(name: string): Promise<string> {
    return (await this.#post('experiments/create', { name }, z.object({ experiment_id: z.string() }))).experiment_id;
  }

  /** The run of an experiment that is not deleted and has a tag; the oldest, where several have. */
  async runByTag(experimentId: string, key: string, value: string): Promise<MlflowRun | undefined> {
    const request = { experiment_ids: [experimentId], filter: `tags.\`${key}\` = '${value}'`, max_results: 1, order_by: ['attributes.start_time ASC'] };
    return (await this.#post('runs/search', request, z.object({ runs: z.array(runSchema).default([]) }))).runs[0];
  }

  /** @param startTime milliseconds since 1970 */
  async createRun(experimentId: string, name: string, startTime: number, tags: readonly MlflowPair[]): Promise<MlflowRun> {
    const request = { experiment_id: experimentId, run_name: name, start_time: startTime, tags };
    return (await this.#post('runs/create', request, z.object({ run: runSchema }))).run;
  }

  /** Undefined where the server has none with that id. */
  async run(runId: string): Promise<MlflowRun | undefined> {
    return (await this.#get('runs/get', { run_id: runId }, z.object({ run: runSchema })).catch(unlessMissing))?.run;
  }

  /** At most `LIMITS.metrics` metrics, and `LIMITS.paramsAndTags` of each of the others. */
  async logBatch(runId: string, batch: { readonly metrics?: readonly MlflowMetric[]; readonly params?: readonly MlflowPair[]; readonly tags?: readonly MlflowPair[] }): Promise<void> {
    await this.#post('runs/log-batch', { run_id: runId, ...batch }, z.object({}));
  }

  /** @param endTime milliseconds since 1970 */
  async updateRun(runId: string, status: MlflowStatus, endTime?: number): Promise<void> {
    await this.#post('runs/update', { run_id: runId, status, ...(endTime !== undefined && { end_time: endTime }) }, z.object({}));
  }

  /**
   * Uploads a file through the server: its content is never held as a whole.
   * @param place address of the artifact, from `artifactAddress`
   * @param size bytes that `content` has
   */
  async upload(place: string, content: AsyncIterable<Uint8Array>, size: number): Promise<void> {
    const watch = new Watchdog(this.#patience);
    const body = size === 0 ? new Uint8Array(0) : Readable.toWeb(Readable.from(watch.watching(content)));
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
    // Node's types do not know `duplex`, which a streamed body must have.
    const init: RequestInit & { duplex: 'half' } = { method: 'PUT', headers, body: body as BodyInit, duplex: 'half', signal: watch.signal };
    try {
      await this.#request(place, init);
    } finally {
      watch.stop();
    }
  }

  #get<S extends z.ZodType>(path: string, query: Record<string, string>, schema: S): Promise<z.output<S>> {
    return this.#ask(`${path}?${new URLSearchParams(query)}`, { method: 'GET' }, schema);
  }

  #post<S extends z.ZodType>(path: string, content: unknown, schema: S): Promise<z.output<S>> {
    return this.#ask(path, { method: 'POST', body: JSON.stringify(content), headers: { 'content-type': 'application/json' } }, schema);
  }

  async #ask<S extends z.ZodType>(path: string, init: RequestInit, schema: S): Promise<z.output<S>> {
    const text = await this.#request(`${this.settings.uri}/api/2.0/mlflow/${path}`, { ...init, signal: AbortSignal.timeout(this.#patience) });
    const answer = schema.safeParse(parseJson(text));
    if (answer.success) return answer.data;
    const where = answer.error.issues[0]!.path.join('.');
    throw new MlflowError(`${this.settings.uri} does not answer as an MLflow server does (${path.split('?')[0]}${where === '' ? '' : `: ${where}`})`, 'NOT_MLFLOW', true);
  }

  /** @returns the text of the answer */
  async #request(address: string, init: RequestInit): Promise<string> {
    const { uri, authorization } = this.settings;
    const headers = { ...(init.headers as Record<string, string>), ...(authorization !== undefined && { authorization }) };
    let response: Response;
    let text: string;
    try {
      response = await fetch(address, { ...init, headers, redirect: 'manual' });
      text = await response.text();
    } catch (error) {
      throw networkError(uri, error, this.#patience);
    }
    if (response.status >= 300 && response.status < 400) {
      throw new MlflowError(`${uri} sends on to ${response.headers.get('location') ?? 'another address'}: set MLFLOW_TRACKING_URI to where it really is`, 'REDIRECT', false);
    }
    if (!response.ok) throw answeredError(uri, response.status, text);
    return text;
  }
}

/**
 * Where an artifact of a run is uploaded to; undefined where the run's artifacts are not passed through the server.
 * @param artifactUri the run's, such as `mlflow-artifacts:/0/ID/artifacts`
 */
export function artifactAddress(settings: MlflowSettings, artifactUri: string, path: string): string | undefined {
  const parts = /^mlflow-artifacts:(?:\/\/([^/]*))?(\/.*)$/.exec(artifactUri);
  if (parts === null) return undefined;
  const base = new URL(settings.uri);
  if (parts[1]) base.host = parts[1];
  const inside = `${parts[2]}/${path}`.split('/').filter((part) => part !== '').map(encodeURIComponent);
  return `${base.href.replace(/\/+$/, '')}/api/2.0/mlflow-artifacts/artifacts/${inside.join('/')}`;
}

/** Gives up an upload of which nothing has moved for a while, however long the whole takes. */
class Watchdog {
  readonly #controller = new AbortController();
  readonly #patience: number;
  #timer: NodeJS.Timeout;

  constructor(patience: number) {
    this.#patience = patience;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async *watching(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of content) {
      yield chunk;
      clearTimeout(this.#timer);
      this.#timer = this.#start();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(new DOMException('', 'TimeoutError')), this.#patience);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return undefined;
  }
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof MlflowError) || error.code !== 'RESOURCE_DOES_NOT_EXIST') throw error;
}

const refusalSchema = z.object({ error_code: z.string(), message: z.string().default('') });

function answeredError(uri: string, status: number, text: string): MlflowError {
  if (status === 401 || status === 403) {
    return new MlflowError(`${uri} refuses access (${status}): check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN`, `HTTP_${status}`, false);
  }
  const refusal = refusalSchema.safeParse(parseJson(text));
  const code = refusal.success ? refusal.data.error_code : `HTTP_${status}`;
  const said = refusal.success ? `${code}: ${refusal.data.message}`.replace(/\s+/g, ' ').slice(0, 300) : `status ${status}`;
  // Not MLflow's own: a wrong address, or what a gateway says while the server behind it is away.
  const elsewhere = status === 404 && !refusal.success;
  return new MlflowError(`${uri} answers ${said}${elsewhere ? ' (is it the address of an MLflow server?)' : ''}`, code, elsewhere || TEMPORARY.has(status));
}

/** What Node says about a connection, in words. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there', ENOTFOUND: 'there is no such host', EAI_AGAIN: 'the host\'s name cannot be looked up', ECONNRESET: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off', EPIPE: 'the connection broke off', ETIMEDOUT: 'no answer', UND_ERR_CONNECT_TIMEOUT: 'no answer', EHOSTUNREACH: 'the host cannot be reached',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted; NODE_EXTRA_CA_CERTS names a file with more', DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted; NODE_EXTRA_CA_CERTS names a file with more',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; NODE_EXTRA_CA_CERTS names a file with more',
};

function networkError(uri: string, error: unknown, patience: number): MlflowError {
  const name = error instanceof Error ? error.name : '';
  if (name === 'TimeoutError' || name === 'AbortError') return new MlflowError(`${uri} gave no answer within ${patience / 1000} s`, 'TIMEOUT', true);
  const cause = error instanceof Error ? (error.cause as (Error & { code?: string; errors?: { code?: string }[] }) | undefined) : undefined;
  const code = cause?.code ?? cause?.errors?.[0]?.code ?? '';
  return new MlflowError(`${uri} cannot be reached: ${NETWORK[code] ?? ((code || cause?.message) ?? messageOf(error))}`, 'UNREACHABLE', true);
}
