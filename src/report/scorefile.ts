import { z } from 'zod';
import { checkConfig } from '../core/config.ts';

const value = z.object({ value: z.number().nullable(), low: z.number().nullish(), high: z.number().nullish() });

/** A file in a run's scores/, as `fabula evaluate` writes it. What it holds besides is not read here. */
const scoreSchema = z.object({
  protocol: z.string().min(1),
  description: z.string(),
  references: z.union([z.array(z.string()), z.string()]).optional(),
  segments: z.number().optional(),
  columns: z.array(z.string()).optional(),
  scores: z.record(z.string(), z.union([value, z.number()])),
  meteor: z.object({ id: z.string(), data: z.string() }).partial().nullish(),
});

/** One system's scores under one protocol. */
export interface ScoreFile {
  /** Name of the file, without its ending. */
  readonly name: string;
  readonly protocol: string;
  readonly description: string;
  /** What must be equal besides the protocol: references, their number, METEOR's data. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** In their order. */
  readonly scores: readonly { readonly column: string; readonly value: number | null; readonly interval?: { readonly low: number; readonly high: number } }[];
}

/** @throws UserError naming the field when the file has another shape */
export function parseScores(content: unknown, path: string, name: string): ScoreFile {
  const { protocol, description, references, segments, columns, scores, meteor } = checkConfig(scoreSchema, content, path);
  const order = [...(columns ?? []).filter((column) => column in scores), ...Object.keys(scores).filter((column) => columns?.includes(column) !== true)];
  const lastPart = (file: string): string => file.split(/[\\/]/).at(-1)!;
  return {
    name, protocol, description,
    settings: [
      ...(references === undefined ? [] : [['references', [references].flat().map(lastPart).join(', ')] as const]),
      ...(segments === undefined ? [] : [['texts', String(segments)] as const]),
      ...(meteor == null ? [] : [['METEOR', [meteor.id, meteor.data].filter((part) => part !== undefined).join(', ')] as const]),
    ],
    scores: order.map((column) => {
      const score = scores[column]!;
      if (typeof score === 'number') return { column, value: score };
      const { low, high } = score;
      return { column, value: score.value, ...(low != null && high != null && { interval: { low, high } }) };
    }),
  };
}
