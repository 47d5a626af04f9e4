// Runs in a thread of its own, started by `PhotoReader`: reads photos out of features files into arrays sent to it.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, UserError } from '../core/errors.ts';
import type { Hdf5Reader } from '../io/hdf5.ts';
import { openHdf5 } from '../io/hdf5.ts';
import type { RowFile, WantedRow } from './featurerows.ts';
import { readRows } from './featurerows.ts';
import type { FeatureStatistics } from './featurestatistics.ts';
import { FeatureSums } from './featurestatistics.ts';

/** Photos to read: the file of each, counted as the worker was given them, and its row there. */
export interface ReadRequest {
  readonly key: number;
  readonly ids: readonly string[];
  readonly files: Uint16Array;
  readonly places: Uint32Array;
  /** Where the rows go, transferred here and back; without it their statistics are wanted. */
  readonly buffer?: ArrayBuffer;
}

/** An error loses its class on the way between threads: `byUser` keeps whether it was a UserError. */
export type ReadAnswer = { readonly key: number } & (
  | { readonly buffer: ArrayBuffer }
  | { readonly statistics: FeatureStatistics }
  | { readonly problem: string; readonly byUser: boolean }
);

const port = parentPort!;
const sources = workerData as readonly RowFile[];
const open = new Map<number, Promise<Hdf5Reader>>();

port.on('message', (request: ReadRequest) => void answer(request));

async function answer(request: ReadRequest): Promise<void> {
  const { key, buffer } = request;
  try {
    if (buffer === undefined) return port.postMessage({ key, statistics: await statistics(request) } satisfies ReadAnswer);
    await readInto(request, new Float32Array(buffer, 0, Math.floor(buffer.byteLength / 4)));
    port.postMessage({ key, buffer } satisfies ReadAnswer, [buffer]);
  } catch (error) {
    port.postMessage({ key, problem: messageOf(error), byUser: error instanceof UserError } satisfies ReadAnswer);
  }
}

async function readInto(request: ReadRequest, out: Float32Array): Promise<void> {
  for (const number of sources.keys()) {
    const wanted = wantedOf(request, number);
    if (wanted.length > 0) readRows(await reader(number), sources[number]!, wanted, out);
  }
}

async function statistics(request: ReadRequest): Promise<FeatureStatistics> {
  const sums = new FeatureSums(sources[0]!.size);
  for (const number of sources.keys()) {
    const wanted = wantedOf(request, number);
    for (let from = 0; from < wanted.length; from += sums.rows) {
      const part = wanted.slice(from, from + sums.rows).map((row, to) => ({ ...row, to }));
      readRows(await reader(number), sources[number]!, part, sums.block);
      sums.add(sums.block, part.length);
    }
  }
  return sums.result();
}

function wantedOf({ ids, files, places }: ReadRequest, number: number): WantedRow[] {
  return ids.flatMap((id, to) => (files[to] === number ? [{ id, place: places[to]!, to }] : []));
}

function reader(number: number): Promise<Hdf5Reader> {
  const known = open.get(number) ?? openHdf5(sources[number]!.path);
  open.set(number, known);
  return known;
}
