import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { pairStories } from '../../src/evaluation/pairing.ts';
import type { PairingOptions, StoryText } from '../../src/evaluation/pairing.ts';
import { PROTOCOLS } from '../../src/evaluation/protocols.ts';
import type { Protocol } from '../../src/evaluation/protocols.ts';

const BY_STORY: Protocol = PROTOCOLS['single-reference'];
const BY_PHOTOS: Protocol = PROTOCOLS['story-multi'];
const BY_ALBUM: Protocol = { ...BY_PHOTOS, references: 'album' };

/** Two sentences: `text` and its id. */
function story(id: string, photos: string, text: string, albumId?: string): StoryText {
  return { id, imageIds: photos === '' ? [] : photos.split(' '), sentences: [text, `${id} .`], ...(albumId !== undefined && { albumId }) };
}

/** Album A holds two sequences with three human stories, album B one of each. */
const REFERENCES = [
  story('1', 'p q', 'one', 'A'), story('2', 'p q', 'two', 'A'), story('3', 'q r', 'three', 'A'), story('4', 's t', 'four', 'B'),
];

test('an album is scored once, by its first story, against all its human stories', () => {
  const hypotheses = [story('4', 's t', 'h4', 'B'), story('3', 'q r', 'h3', 'A'), story('1', 'p q', 'h1', 'A')];
  const { segments, counts } = pairStories(hypotheses, REFERENCES, BY_ALBUM);
  expect(segments).toEqual([
    { name: 'album B', hypothesis: 'h4 4 .', references: ['four 4 .'] },
    { name: 'album A', hypothesis: 'h3 3 .', references: ['one 1 .', 'two 2 .', 'three 3 .'] },
  ]);
  expect(counts).toMatchObject({ hypotheses: 3, segments: 2, referencesUsed: 4, otherHypotheses: 1, repeatedHypotheses: 0, unusedReferences: 0 });
});

test('hypotheses that name no album get it from the references: by photos, or by id where there are none', () => {
  // The id of story 1 belongs to album A, but its photos are those of B: photos decide.
  const { segments } = pairStories([story('1', 's t', 'h'), story('2', '', 'h')], REFERENCES, BY_ALBUM);
  expect(segments.map(({ name }) => name)).toEqual(['album B', 'album A']);
});

test('an album scored partly', () => {
  expect(pairStories([story('x', '', 'h', 'B')], REFERENCES, BY_ALBUM, { partial: true }).counts).toMatchObject({ segments: 1, unusedReferences: 3 });
});

test('the challenge: only sequences of the template count, stories of others are left out and counted', () => {
  const hypotheses = [story('a', 'p q', 'h'), story('b', 's t', 'h'), story('c', 'x y', 'h')];
  const sequences = [['p', 'q'], ['s', 't'], ['u', 'v']];
  const { segments, counts } = pairStories(hypotheses, REFERENCES, BY_PHOTOS, { sequences });
  expect(segments.map(({ name, references }) => [name, references.length])).toEqual([['story a', 2], ['story b', 1]]);
  expect(counts).toMatchObject({ segments: 2, referencesUsed: 3, unaskedHypotheses: 1, unaskedReferences: 1, unusedReferences: 0 });
});

test('the challenge without a template: stories that nobody asked for are left out, missing ones refused', () => {
  const hypotheses = [story('a', 'p q', 'h'), story('b', 's t', 'h'), story('c', 'x y', 'h'), story('d', 'q r', 'h')];
  expect(pairStories(hypotheses, REFERENCES, BY_PHOTOS, { leaveUnasked: true }).counts).toMatchObject({ segments: 3, unaskedHypotheses: 1 });
  expect(() => pairStories(hypotheses, REFERENCES, BY_PHOTOS)).toThrow('hypotheses: story c has no reference with its photos x y');
  expect(() => pairStories(hypotheses.slice(1), REFERENCES, BY_PHOTOS, { leaveUnasked: true })).toThrow('references: 1 of 3 photo sequences have no hypothesis: p q; give');
});

test.each<[string, StoryText[], StoryText[], Protocol, PairingOptions, string]>([
  ['references without albums', [story('1', 'p q', 'h', 'A')], [story('1', 'p q', 'r')], BY_ALBUM, {}, 'references: story 1 names no album, by which this protocol finds references; give VIST\'s .json with its album ids, or .jsonl with album_id'],
  ['references with empty album ids', [story('1', 'p q', 'h', 'A')], [story('1', 'p q', 'r', '')], BY_ALBUM, {}, 'references: story 1 names no album'],
  ['a hypothesis whose album cannot be known', [story('9', 'x y', 'h')], REFERENCES, BY_ALBUM, {}, 'hypotheses: story 9 names no album'],
  ['another album', [story('9', 'x y', 'h', 'C')], REFERENCES, BY_ALBUM, {}, 'hypotheses: story 9 has no reference in its album C'],
  ['an album without a hypothesis', [story('4', 's t', 'h', 'B')], REFERENCES, BY_ALBUM, {}, 'references: 1 of 2 albums have no hypothesis: A; give them all, or ask for a partial score'],
  ['a sequence without a hypothesis', [story('4', 's t', 'h')], REFERENCES, BY_PHOTOS, {}, 'references: 2 of 3 photo sequences have no hypothesis: p q; q r; give'],
  ['many without', [story('4', 's t', 'h')], [...REFERENCES, story('5', 'u v', ''), story('6', 'v w', '')], BY_STORY, {}, 'references: 5 of 6 stories have no hypothesis: 1, 2, 3 and 2 more; give'],
  ['a template for albums', [story('4', 's t', 'h', 'B')], REFERENCES, BY_ALBUM, { sequences: [['s', 't']] }, 'a list of photo sequences that count needs a protocol that goes by photo sequence; this one goes by album'],
  ['a template of another split', [story('4', 's t', 'h')], REFERENCES, BY_PHOTOS, { sequences: [['x', 'y']] }, 'references: no story is about any of the 1 photo sequences that count'],
  ['nothing left', [story('4', 'x y', 'h')], REFERENCES, BY_PHOTOS, { partial: true, leaveUnasked: true }, 'hypotheses: none of the stories has a reference'],
  ['ids of a challenge file', [story('p-q', 'p q', 'h')], REFERENCES, BY_STORY, {}, 'hypotheses: story p-q has no reference of the same id, only others of its photos; choose a protocol that goes by photo sequence'],
])('refused: %s', (_, hypotheses, references, protocol, options, message) => {
  expect(() => pairStories(hypotheses, references, protocol, options)).toThrow(UserError);
  expect(() => pairStories(hypotheses, references, protocol, options)).toThrow(message);
});

test('whatever the order of the references, the same segments; every reference is used once', () => {
  const stories = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 5 })), { selector: ([id]) => id, minLength: 1 });
  fc.assert(fc.property(stories, fc.infiniteStream(fc.nat()), (drawn, keys) => {
    const references = drawn.map(([id, album]) => story(String(id), `p${id % 7} q${album}`, `text ${id}`, `A${album}`));
    const shuffled = references.map((reference) => ({ reference, key: keys.next().value! })).sort((a, b) => a.key - b.key).map(({ reference }) => reference);
    for (const protocol of [BY_STORY, BY_ALBUM]) {
      const sorted = (used: readonly StoryText[]): unknown => pairStories(references, used, protocol).segments.map((segment) => ({ ...segment, references: segment.references.toSorted() }));
      expect(sorted(shuffled)).toEqual(sorted(references));
      expect(pairStories(references, shuffled, protocol).counts.referencesUsed).toBe(references.length);
    }
  }), { numRuns: 50, seed: 5 });
});
