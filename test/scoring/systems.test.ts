import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { formatStoryLines } from '../../src/data/storyoutput.ts';
import type { StoryOutput } from '../../src/data/storyoutput.ts';
import { evaluate } from '../../src/scoring/evaluate.ts';
import type { EvaluateOptions, Evaluation } from '../../src/scoring/evaluate.ts';
import { systemNames } from '../../src/scoring/systems.ts';
import { evaluationTable } from '../../src/scoring/table.ts';
import { vistFile } from '../data/vistfixture.ts';
import { writeDistribution } from '../evaluation/meteor/distribution.ts';
import { OUTPUTS, storyFiles, told } from './storyfiles.ts';
import type { StoryFiles } from './storyfiles.ts';

describe('names of systems', () => {
  test.each<[string, string[], string[]]>([
    ['files of one folder', ['runs/a.jsonl', 'runs/b.txt'], ['a', 'b']],
    ['one name in different folders', ['run-a/stories.jsonl', 'run-b/stories.jsonl', 'c.jsonl'], ['run-a/stories', 'run-b/stories', 'c']],
    ['as many folders as it takes, each', ['p/x/s.txt', 'q/x/s.txt', 'q/y/s.txt'], ['p/x/s', 'q/x/s', 'y/s']],
    ['one above the other', ['/runs/s.txt', '/runs/a/runs/s.txt', '/runs/b/s.txt'], ['runs/s', 'a/runs/s', 'b/s']],
    ['another ending only', ['runs/s.txt', 'runs/s.jsonl', 'runs/t.txt'], ['s.txt', 's.jsonl', 't.txt']],
    ['dots in names', ['step.100.jsonl', 'step.200.jsonl'], ['step.100', 'step.200']],
  ])('%s', (_, files, names) => {
    expect(systemNames(files)).toEqual(names);
  });

  test('a path by way of the folder above is the folder\'s own name', () => {
    for (const name of systemNames(['./s.txt', '../s.txt'])) expect(name).toMatch(/^[^./].*\/s$/);
  });

  test('given names stand; others than one each are refused', () => {
    expect(systemNames(['a.txt', 'b.txt'], ['ours', 'theirs'])).toEqual(['ours', 'theirs']);
    expect(() => systemNames(['a.txt', 'b.txt'], ['ours'])).toThrow(new UserError('--names: 1 names for 2 files of hypotheses; give one each, in their order'));
    expect(() => systemNames(['a.txt', 'b.txt'], ['ours', 'ours'])).toThrow(new UserError('ours is there twice; each system needs a name of its own'));
    expect(() => systemNames(['a.txt', 'b.txt', './a.txt'])).toThrow(new UserError('./a.txt is there twice; each system needs a file of its own'));
    expect(() => systemNames(['a.txt', 'a.txt'], ['x', 'y'])).toThrow('a.txt is there twice');
  });
});

let files: StoryFiles;
beforeAll(async () => {
  files = await storyFiles();
});
afterAll(() => rm(files.folder, { recursive: true }));

function compared(hypotheses: readonly string[], options: Partial<EvaluateOptions> = {}): Promise<Evaluation> {
  return evaluate({
    protocol: 'single-reference', metrics: ['bleu', 'rouge-l', 'cider'], comparison: { resamples: 50, trials: 200 }, references: [files.at('val.json')],
    ...options, hypotheses: hypotheses.map((name) => files.at(name)),
  });
}

/** The human stories with a word changed. */
const near: readonly StoryOutput[] = OUTPUTS.map((story) => ({ ...story, sentences: story.sentences.map((_, i) => told(story.id, i).replace('dog', 'hound')) }));

describe('several systems', () => {
  test('each scores as by itself, whatever the order of its stories', async () => {
    await files.write('near.jsonl', formatStoryLines(near));
    await files.write('turned.jsonl', formatStoryLines(OUTPUTS.toReversed()));
    const { segments, systems, comparison } = await compared(['near.jsonl', 'turned.jsonl', 'stories.txt']);
    expect(systems.map(({ name }) => name)).toEqual(['near', 'turned', 'stories']);
    expect(segments).toEqual(['story 1', 'story 2']);
    const alone = await compared(['out.jsonl']);
    expect(systems[1]!.scores).toEqual(alone.systems[0]!.scores);
    expect(systems[2]!.scores).toEqual(alone.systems[0]!.scores);
    // Story 1 of every system is row 1, so that a system is never tested against another's other story.
    expect(systems[1]!.segmentScores).toEqual(alone.systems[0]!.segmentScores);
    const bleu4 = comparison.find(({ column }) => column === 'BLEU-4')!;
    expect(bleu4.systems.map(({ score }) => score)).toEqual(systems.map(({ scores }) => scores['BLEU-4']));
    // Equal systems do not differ; nor does anything significantly, of two stories.
    expect(bleu4.best).toMatchObject({ system: 0, significant: false });
    expect(bleu4.pairs.find(({ first, second }) => first === 1 && second === 2)).toBeUndefined();
  });

  test('stories of the same photos are one segment, by whichever id they go', async () => {
    const human = (story: string, i: number): string => (story === '3' ? `a dog slept ${i} .` : told(story, i));
    const file = vistFile(['1', '2', '3'], human) as { annotations: { story_id: string; worker_arranged_photo_order: number }[][] };
    const photos = file.annotations.map(([line]) => [line!.story_id === '3' ? { ...line, photo_flickr_id: `p1${line!.worker_arranged_photo_order}` } : line]);
    const references = [await files.write('two-tellers.json', JSON.stringify({ ...file, annotations: photos }))];
    await files.write('by-three.jsonl', formatStoryLines([OUTPUTS[1]!, { ...OUTPUTS[0]!, id: '3' }]));
    const { segments, systems } = await compared(['out.jsonl', 'by-three.jsonl'], { references, protocol: 'story-multi' });
    expect(segments).toEqual(['story 1', 'story 2']);
    expect(systems[1]!.scores).toEqual(systems[0]!.scores);
  });

  test('one that lacks a story is refused; asked for a partial score, what all have is scored', async () => {
    await files.write('second.jsonl', formatStoryLines([{ ...OUTPUTS[1]!, sentences: OUTPUTS[1]!.sentences.with(4, '') }]));
    await expect(compared(['out.jsonl', 'second.jsonl'])).rejects.toThrow('references: 1 of 2 stories have no hypothesis: 1; give them all, or give --partial for a partial score');
    const evaluation = await compared(['out.jsonl', 'second.jsonl'], { partial: true });
    expect(evaluation.segments).toEqual(['story 2']);
    expect(evaluation.systems.map(({ counts, unshared }) => [counts.segments, counts.referencesUsed, counts.unusedReferences, unshared])).toEqual([[1, 1, 0, 1], [1, 1, 1, 0]]);
    const settings = evaluationTable([evaluation]).settings;
    expect(settings).toContainEqual(['scored of out', '1 texts, 1.00 references each; 1 texts are left out because another system has none there: a partial score']);
    expect(settings).toContainEqual(['scored of second', '1 texts, 1.00 references each; 1 references have no hypothesis: a partial score']);
    // The frequencies are of the references scored: of one story, whose words all systems and texts have, nothing is told apart.
    expect(evaluation.systems[0]!.scores['CIDEr-D']).toBe(0);
    await files.write('first.jsonl', formatStoryLines(OUTPUTS.slice(0, 1)));
    await expect(compared(['first.jsonl', 'second.jsonl'], { partial: true })).rejects.toThrow(/first\.jsonl and \S+second\.jsonl have no story in common; they cannot be compared/);
  });

  test('plain text references tie stories by their place: files in different orders are refused', async () => {
    await files.write('turned.jsonl', formatStoryLines(OUTPUTS.toReversed()));
    const references = [await files.write('human.txt', 'the dog ran\na zebra\n')];
    await expect(compared(['out.jsonl', 'turned.jsonl'], { references })).rejects.toThrow(/turned\.jsonl: story 1 stands at another place than in \S+out\.jsonl, and plain text references go by places/);
    await expect(compared(['out.jsonl', 'stories.txt'], { references })).rejects.toThrow(/stories\.txt and \S+out\.jsonl: against plain text nothing tells which line is which story/);
    const [one, other] = [OUTPUTS[0]!, { ...OUTPUTS[1]!, id: '3' }];
    await files.write('others.jsonl', formatStoryLines([one, other]));
    await expect(compared(['out.jsonl', 'others.jsonl'], { references })).rejects.toThrow(/others\.jsonl: has no story 2, which \S+out\.jsonl has; systems are compared on the same stories: give them all/);
    expect((await compared(['out.jsonl', 'others.jsonl'], { references, partial: true })).segments).toEqual(['story 1']);
  });

  test('of the challenge, where a system may tell more than was asked for, one lacks what another has', async () => {
    const extra: StoryOutput = { id: '9', imageIds: ['p10', 'p11', 'p12', 'p13', 'x'], sentences: ['a', 'b', 'c', 'd', 'e'] };
    await files.write('extra.jsonl', formatStoryLines([...OUTPUTS, extra]));
    const { systems } = await compared(['extra.jsonl', 'out.jsonl'], { protocol: 'vist-challenge' });
    expect(systems.map(({ counts }) => [counts.segments, counts.unaskedHypotheses])).toEqual([[2, 1], [2, 0]]);
  });

  test('a baseline is tested against all others and marked', async () => {
    await files.write('near.jsonl', formatStoryLines(near));
    const evaluation = await compared(['near.jsonl', 'out.jsonl', 'stories.txt'], { baseline: 'out' });
    expect(evaluation.comparison[0]!.pairs.map(({ first, second }) => [first, second])).toEqual([[0, 1], [0, 2], [1, 2]]);
    const { rows, significance } = evaluationTable([evaluation]);
    expect(significance!.baseline).toBe('out');
    expect(rows.map(({ cells }) => cells[0]!.p !== undefined)).toEqual([true, false, true]);
    expect(rows[2]!.cells[0]!.p).toBe(1);
    await expect(compared(['near.jsonl', 'out.jsonl'], { baseline: 'ot' })).rejects.toThrow(new UserError('--baseline "ot": did you mean out? there are near, out'));
  });
});

describe('a table of two protocols', () => {
  test('tells which settings and counts are whose', async () => {
    const options = { metrics: ['bleu', 'meteor'] as const, meteorData: await writeDistribution(files.at('meteor')), references: [await files.write('album.jsonl', formatStoryLines(OUTPUTS.map((story) => ({ ...story, albumId: 'A' }))))] };
    const evaluations = [await compared(['stories.txt'], options), await compared(['stories.txt'], { ...options, protocol: 'arel-album' })];
    const { settings, protocols, rows } = evaluationTable(evaluations, true);
    expect(protocols.map(({ name }) => name)).toEqual(['single-reference', 'arel-album']);
    expect(rows.map(({ system, protocol }) => [system, protocol.name])).toEqual([['stories', 'single-reference'], ['stories', 'arel-album']]);
    expect(settings).toEqual([
      ['references', files.at('album.jsonl')],
      ['scored, single-reference', '2 texts, 1.00 references each'],
      ['METEOR, single-reference', 'meteor-1.5-wo-en-norm-0.4_1.5_0.35_0.55-ex_st_sy_pa-1.0_0.2_0.6_0.8, METEOR 1.5 data'],
      ['scored, arel-album', '1 texts, 2.00 references each; 1 hypotheses are further stories of an album and are left out'],
      ['METEOR, arel-album', 'meteor-1.5-wo-en-no_norm-0.4_1.5_0.35_0.55-ex_st_sy_pa-1.0_0.2_0.6_0.8, METEOR 1.5 data'],
    ]);
    expect(() => evaluationTable(evaluations)).toThrow('stories was scored under protocol single-reference, stories under arel-album: such scores do not compare');
  });
});
