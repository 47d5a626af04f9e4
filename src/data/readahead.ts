import { Worker } from 'node:worker_threads';
import { UserError } from '../core/errors.ts';
import type { RowStore } from './featurerows.ts';
import type { FeatureStatistics } from './featurestatistics.ts';
import { featureStatistics, inFileOrder } from './featurestatistics.ts';
import type { FeatureTable } from './featuretable.ts';
import type { ReadAnswer, ReadRequest } from './readaheadworker.ts';

interface Waiting {
  readonly settle: (answer: ReadAnswer) => void;
  readonly reject: (problem: Error) => void;
}

/** Lists being read while one is in use, so that a slow disk may take two steps over one of them. */
const AHEAD = 2;

/**
 * The photos of coming batches. Running a compiled step blocks the thread, so from a table on disk a worker reads,
 * whose arrays go back and forth instead of being made anew; from a table in memory rows are copied at once.
 */
export class PhotoReader {
  readonly #table: FeatureTable;
  readonly #store: RowStore | undefined;
  readonly #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  /** Arrays handed back, for the next lists. */
  readonly #free: ArrayBuffer[] = [];
  #next = 0;
  #ended: Error | undefined;

  constructor(table: FeatureTable) {
    this.#table = table;
    if (table.store === undefined || table.store.inMemory) return;
    this.#store = table.store;
    this.#worker = new Worker(new URL('./readaheadworker.js', import.meta.url), { workerData: table.store.files });
    this.#worker.unref();
    this.#worker.on('message', (answer: ReadAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error(`${table.path}: the thread that reads photos has ended`)));
  }

  /**
   * The photos of each list in turn, [ids, size], while the next lists are being read. An array holds until the next
   * one is asked for.
   * @throws UserError at its list's turn, when a photo is not there or holds NaN or an infinity
   */
  async *inTurn(lists: Iterable<readonly string[]>): AsyncGenerator<Float32Array, void, undefined> {
    const pending: Promise<Float32Array>[] = [];
    try {
      for (const ids of lists) {
        pending.push(this.read(ids));
        if (pending.length > AHEAD) yield* this.#turn(pending.shift()!);
      }
      while (pending.length > 0) yield* this.#turn(pending.shift()!);
    } finally {
      for (const left of pending) left.then((rows) => this.giveBack(rows), () => {});
    }
  }

  /** Begins to read photos, [ids.length, size]. @throws UserError when a photo is not there or holds NaN or an infinity */
  read(ids: readonly string[]): Promise<Float32Array> {
    return begun(this.#read(ids));
  }

  /** Begins to compute `featureStatistics`: beside whatever this thread does meanwhile, where a worker reads. */
  statistics(ids: Iterable<string>): Promise<FeatureStatistics> {
    return begun(this.#statistics(ids));
  }

  /** Hands an array back that is no longer needed: a later list will lie in it. */
  giveBack(rows: Float32Array): void {
    if (this.#ended === undefined) this.#free.push(rows.buffer as ArrayBuffer);
  }

  /** What is still being read is refused. */
  async close(): Promise<void> {
    this.#end(new Error(`${this.#table.path}: photos asked for after close`));
    await this.#worker?.terminate();
  }

  async *#turn(pending: Promise<Float32Array>): AsyncGenerator<Float32Array, void, undefined> {
    const rows = await pending;
    try {
      yield rows;
    } finally {
      this.giveBack(rows);
    }
  }

  async #read(ids: readonly string[]): Promise<Float32Array> {
    if (this.#ended !== undefined) throw this.#ended;
    const length = ids.length * this.#table.size;
    if (this.#store === undefined) return this.#table.rows(ids, new Float32Array(this.#buffer(length * 4), 0, length));
    const answer = await this.#ask(this.#store, ids, this.#buffer(length * 4));
    if (!('buffer' in answer)) throw new Error(`${this.#table.path}: rows were asked for`);
    return new Float32Array(answer.buffer, 0, length);
  }

  async #statistics(ids: Iterable<string>): Promise<FeatureStatistics> {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#store === undefined) return featureStatistics(this.#table, ids);
    const answer = await this.#ask(this.#store, inFileOrder(this.#table, ids));
    if (!('statistics' in answer)) throw new Error(`${this.#table.path}: statistics were asked for`);
    return answer.statistics;
  }

  #ask(store: RowStore, ids: readonly string[], buffer?: ArrayBuffer): Promise<ReadAnswer> {
    const located = ids.map((id) => store.locate(id));
    const request: ReadRequest = {
      key: this.#next++, ids,
      files: Uint16Array.from(located, ({ file }) => file),
      places: Uint32Array.from(located, ({ place }) => place),
      ...(buffer && { buffer }),
    };
    return new Promise((settle, reject) => {
      this.#waiting.set(request.key, { settle, reject });
      // Only while something is awaited does the worker keep the process alive.
      this.#worker!.ref();
      this.#worker!.postMessage(request, buffer ? [buffer] : []);
    });
  }

  #buffer(bytes: number): ArrayBuffer {
    const place = this.#free.findIndex((buffer) => buffer.byteLength >= bytes);
    return place < 0 ? new ArrayBuffer(bytes) : this.#free.splice(place, 1)[0]!;
  }

  #settle(answer: ReadAnswer): void {
    const waiting = this.#waiting.get(answer.key);
    this.#waiting.delete(answer.key);
    if (this.#waiting.size === 0) this.#worker!.unref();
    if ('problem' in answer) waiting?.reject(answer.byUser ? new UserError(answer.problem) : new Error(answer.problem));
    else waiting?.settle(answer);
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
    this.#free.length = 0;
  }
}

/** Whoever began something meets its problem when awaiting it, which may be later. */
function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}
