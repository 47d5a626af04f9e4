import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanSegments, makeMetrics, measureSegments, METRIC_NAMES, referenceFrequencies } from '../../src/evaluation/measurement.ts';
import type { Measurement, MetricName } from '../../src/evaluation/measurement.ts';
import type { MeteorLanguage } from '../../src/evaluation/meteor/lexicon.ts';
import type { Segment } from '../../src/evaluation/pairing.ts';
import { PROTOCOL_NAMES, PROTOCOLS } from '../../src/evaluation/protocols.ts';
import type { Protocol, ProtocolName } from '../../src/evaluation/protocols.ts';
import { readMeteorData } from '../../src/text/meteordata.ts';
import { readWordNetData } from '../../src/text/wordnetdata.ts';
import { writeDistribution } from './meteor/distribution.ts';

const languages: Record<string, MeteorLanguage> = {};
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-metrics-'));
  languages['METEOR'] = await readMeteorData(await writeDistribution(folder));
  languages['METEOR-lite'] = await readWordNetData();
});
afterAll(() => rm(folder, { recursive: true }));

/** What is alike between two scores: sums in another order differ in their last digits. */
const ALIKE = 1e-9;
const WORDS = ['the', 'a', 'dog', 'hound', 'ran', 'running', 'had', 'fun', 'many', 'lot', 'of', 'went', 'home', 'left', 'café', 'big', 'Large', '3,500', "don't", 'well-known', '.', ','];

const text = (minLength: number): fc.Arbitrary<string> => fc.array(fc.constantFrom(...WORDS), { minLength, maxLength: 12 }).map((words) => words.join(' '));
/** References hold a word: scores of what is held against nothing are the tools' business. */
const reference = text(1).filter((words) => /[a-z]/i.test(words));
const segment = fc.record({ name: fc.constant('story'), hypothesis: text(0), references: fc.array(reference, { minLength: 1, maxLength: 3 }) });
const corpus = fc.array(segment, { minLength: 1, maxLength: 6 });

/** One metric of a protocol, with frequencies of the references of `counted`. */
function measure(name: MetricName, protocol: Protocol, language: string, texts: readonly Segment[], counted: readonly Segment[] = texts): Measurement {
  const resources = { meteor: languages[language]!, frequencies: referenceFrequencies(cleanSegments(counted, protocol), protocol) };
  return measureSegments(cleanSegments(texts, protocol), protocol, makeMetrics(protocol, [name], resources))[0]!;
}

function expectAlike(scores: readonly number[], expected: readonly number[]): void {
  expect(scores).toHaveLength(expected.length);
  for (const [i, score] of scores.entries()) expect(Math.abs(score - expected[i]!)).toBeLessThanOrEqual(ALIKE);
}

/** Every metric, METEOR with and without paraphrases. */
const METRICS = METRIC_NAMES.flatMap((name): [string, MetricName, string][] => (name === 'meteor' ? [['METEOR', name, 'METEOR'], ['METEOR-lite', name, 'METEOR-lite']] : [[name, name, 'METEOR']]));
const protocolName = fc.constantFrom<ProtocolName>(...PROTOCOL_NAMES);
const settings = { numRuns: 60, seed: 7 };

describe.each(METRICS)('%s', (_, name, language) => {
  test('the order of segments changes no corpus score', () => {
    const shuffled = corpus.chain((segments) => fc.tuple(fc.constant(segments), fc.shuffledSubarray(segments, { minLength: segments.length })));
    fc.assert(fc.property(shuffled, protocolName, ([segments, others], protocol) => {
      expectAlike(measure(name, PROTOCOLS[protocol], language, others).scores, measure(name, PROTOCOLS[protocol], language, segments).scores);
    }), settings);
  });

  test('statistics of parts add up to those of the whole', () => {
    fc.assert(fc.property(corpus, fc.nat(), protocolName, (segments, cut, protocol) => {
      const middle = cut % segments.length;
      const whole = measure(name, PROTOCOLS[protocol], language, segments);
      const parts = [segments.slice(0, middle), segments.slice(middle)].filter(({ length }) => length > 0).map((part) => measure(name, PROTOCOLS[protocol], language, part, segments));
      const sums = new Float64Array(whole.metric.width);
      for (const part of parts) part.sums.forEach((value, i) => (sums[i]! += value));
      expectAlike(whole.metric.score(sums), whole.scores);
    }), settings);
  });

  test('whatever the texts, scores are numbers from 0, of segments too', () => {
    fc.assert(fc.property(corpus, protocolName, (segments, protocol) => {
      const { metric, scores, statistics } = measure(name, PROTOCOLS[protocol], language, segments);
      const each = segments.flatMap((__, i) => metric.segmentScore(statistics.subarray(i * metric.width, (i + 1) * metric.width)));
      expect(metric.columns).toHaveLength(scores.length);
      for (const score of [...scores, ...each]) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual((name === 'cider' ? 1000 : 100) + ALIKE);
      }
    }), settings);
  });
});

describe('a hypothesis equal to a reference has the full score', () => {
  const copied = fc.array(fc.tuple(fc.array(reference, { minLength: 1, maxLength: 3 }), fc.nat()), { minLength: 1, maxLength: 5 })
    .map((all) => all.map(([references, pick]): Segment => ({ name: 'story', hypothesis: references[pick % references.length]!, references })));

  test.each(METRICS.filter(([, name]) => name !== 'cider'))('%s', (_, name, language) => {
    fc.assert(fc.property(copied, protocolName, (segments, protocol) => {
      const { scores, sums } = measure(name, PROTOCOLS[protocol], language, segments);
      // BLEU-n needs a text of n words: sums 4 to 7 are the n-grams there are.
      const expected = scores.map((__, i) => (name === 'bleu' && sums[4 + i] === 0 ? 0 : 100));
      expectAlike(scores, expected);
    }), settings);
  });

  test('CIDEr-D: no other hypothesis has more against a single reference', () => {
    const pairs = fc.array(fc.tuple(reference, text(0)), { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(pairs, protocolName, (all, protocol) => {
      const same = all.map(([only]): Segment => ({ name: 'story', hypothesis: only, references: [only] }));
      const other = all.map(([only, hypothesis]): Segment => ({ name: 'story', hypothesis, references: [only] }));
      const score = (segments: readonly Segment[]): number => measure('cider', PROTOCOLS[protocol], 'METEOR', segments).scores[0]!;
      expect(score(same)).toBeGreaterThanOrEqual(score(other) - ALIKE);
    }), settings);
  });
});
