import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { evaluate } from '../../src/scoring/evaluate.ts';

const metrics = fileURLToPath(new URL('../../../shared/data/metrics', import.meta.url));
const meteorData = process.env['FABULA_METEOR_DATA'] ?? '';
const there = existsSync(metrics) && meteorData !== '';
if (!there) console.log(`skipped: METEOR of VIST-seq2seq's runs, because ${meteorData === '' ? 'FABULA_METEOR_DATA names no METEOR 1.5 distribution' : `${metrics} is not there`}`);

// METEOR's jar printed these and meteor.txt, with -t hter -norm.
const SCORES = { 'run-a': 26.186755313207616, 'run-b': 23.504826361830303 } as const;
const RUNS = ['run-a', 'run-b'] as const;

test.skipIf(!there)('both runs of VIST-seq2seq: the jar\'s score, every segment, and the table but for last digits', async () => {
  const { systems } = await evaluate({
    hypotheses: RUNS.map((run) => `${metrics}/${run}/hypotheses.story.valid.txt`), references: [`${metrics}/references.story.valid.txt`],
    names: RUNS, protocol: 'vist-seq2seq', metrics: ['meteor'], meteorData, comparison: { resamples: 10, trials: 10 },
  });
  for (const [i, run] of RUNS.entries()) {
    const printed = await readFile(`${metrics}/${run}/meteor.txt`, 'utf8');
    const segments = [...printed.matchAll(/^Segment \d+ score:\t(.*)$/gm)].map(([, score]) => 100 * Number(score));
    const { scores, segmentScores, meteor } = systems[i]!;
    // 1e-6 of a share of 1 is 1e-4 points; they agree much better than that.
    expect(Math.abs(scores['METEOR']! - SCORES[run])).toBeLessThan(1e-9);
    expect(segments).toHaveLength(4990);
    for (const [n, score] of segments.entries()) expect(Math.abs(segmentScores[n]![0]! - score), `segment ${n + 1}`).toBeLessThan(1e-9);
    const table = printed.slice(printed.indexOf('           Test Matches')).trimEnd();
    const rounded = (text: string): string => text.replace(/0\.\d{10,}/g, (digits) => Number(digits).toFixed(10));
    expect(rounded(meteor!.table)).toBe(rounded(table));
  }
}, 300_000);
