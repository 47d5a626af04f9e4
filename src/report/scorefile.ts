import { basename } from 'node:path';
import type { ScoreRecord } from '../tracking/scores.ts';

/** One system's scores under one protocol. */
export interface ScoreFile {
  /** Name of the file, without its ending. */
  readonly name: string;
  readonly protocol: string;
  readonly description: string;
  /** Equal keys: the scores compare. */
  readonly key: string;
  /** How they were made besides: references, their number, CIDEr's document frequencies, METEOR's data. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** In their order. */
  readonly scores: readonly { readonly column: string; readonly value: number; readonly interval?: { readonly low: number; readonly high: number } }[];
}

/** A file of scores/ as tables show it. */
export function scoreFile(record: ScoreRecord): ScoreFile {
  const { file, protocol, description = protocol, columns = [], scores, inputs } = record;
  const settings = settingsOf(record);
  const order = [...columns.filter((column) => column in scores), ...Object.keys(scores).filter((column) => !columns.includes(column))];
  // Older files do not say what their references held, so that names have to tell them apart.
  const made = inputs === undefined ? settings : [inputs.references, inputs.frequencies, inputs.meteor];
  return {
    name: basename(file, '.json'), protocol, description, settings, key: JSON.stringify([protocol, description, made]),
    scores: order.map((column) => {
      const { value, low, high } = scores[column]!;
      return { column, value, ...(low != null && high != null && { interval: { low, high } }) };
    }),
  };
}

function settingsOf({ references, segments, meteor, frequencies, inputs }: ScoreRecord): (readonly [string, string])[] {
  const lastPart = (path: string): string => path.split(/[\\/]/).at(-1)!;
  const content = (hash: string | undefined): string[] => (hash === undefined ? [] : [`SHA-256 ${hash.slice(0, 8)}`]);
  const counted = inputs?.frequencies === 'references' ? ['the references'] : [lastPart(frequencies ?? 'a file'), ...content(inputs?.frequencies ?? undefined)];
  return [
    ...(references === undefined ? [] : [['references', [...[references].flat().map(lastPart), ...content(inputs?.references)].join(', ')] as const]),
    ...(segments === undefined ? [] : [['texts', String(segments)] as const]),
    ...(inputs?.frequencies == null ? [] : [['document frequencies', counted.join(', ')] as const]),
    ...(meteor == null ? [] : [['METEOR', [meteor.id, meteor.data].filter((part) => part !== undefined).join(', ')] as const]),
  ];
}
