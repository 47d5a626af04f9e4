import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { readJson } from '../core/files.ts';

const scoreSchema = z.looseObject({
  /** How the scores were computed: they compare only with those of the same. */
  protocol: z.string(),
  /** In points, by column; with the ends of the interval where it is known. */
  scores: z.record(z.string(), z.object({ value: z.number(), low: z.number().nullish(), high: z.number().nullish() })),
  /** What the protocol does, in words. */
  description: z.string().optional(),
  references: z.union([z.array(z.string()), z.string()]).optional(),
  /** Texts that were scored. */
  segments: z.number().optional(),
  columns: z.array(z.string()).optional(),
  meteor: z.looseObject({ id: z.string(), data: z.string() }).partial().nullish(),
  /** Where CIDEr's document frequencies are from. */
  frequencies: z.string().nullish(),
  /** Contents of what was scored against; older files do not say. */
  inputs: z.looseObject({ references: z.string(), frequencies: z.string().nullable(), meteor: z.string().nullable() }).optional(),
});
/** One file of scores/: what `fabula evaluate` found for stories of the run. */
export interface ScoreRecord extends z.infer<typeof scoreSchema> {
  /** File name in scores/. */
  readonly file: string;
}

/** The scores of a run, in the order in which they were made, and what is wrong with files that cannot be read. */
export async function readScores(run: string): Promise<{ scores: ScoreRecord[]; problems: string[] }> {
  const scores: ScoreRecord[] = [];
  const problems: string[] = [];
  for (const file of await scoreFiles(run)) {
    try {
      const found = scoreSchema.safeParse(await readJson(join(run, 'scores', file), 'scores'));
      if (found.success) scores.push({ ...found.data, file });
      else problems.push(`scores/${file}: ${found.error.issues[0]!.path.join('.') || 'the whole'}: not scores as fabula evaluate writes them`);
    } catch (error) {
      problems.push(`scores/${file}: ${messageOf(error).replace(/^.*?scores\/[^:]*: /, '')}`);
    }
  }
  return { scores, problems };
}

async function scoreFiles(run: string): Promise<string[]> {
  const names = await readdir(join(run, 'scores')).catch(() => []);
  const stem = (name: string): string => name.slice(0, -'.json'.length);
  return names.filter((name) => name.endsWith('.json')).sort((a, b) => stem(a).localeCompare(stem(b), 'en', { numeric: true }));
}
