import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { openCommandModerator } from '../../src/style/commandmoderator.ts';
import type { Moderator } from '../../src/style/moderation.ts';
import { combineModerators, openModerators } from '../../src/style/moderation.ts';
import { openModuleModerator } from '../../src/style/modulemoderator.ts';
import { openWordList } from '../../src/style/wordlist.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-moderation-'));
async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain('\n');
  return message.replaceAll(folder, '');
}

describe('word lists', async () => {
  const list = await openWordList(await file('words.txt', '# of this house\nass\ncunt\ndarn* # and darned\ncafé\nend game\nshut* up\ndo not\ndon\'t go\nC# major\n🍆\ns&m\n'));
  const reasons = async (text: string): Promise<readonly string[]> => (await list.review(text)).reasons;

  test.each(['He is in Scunthorpe, first class, assured.', 'undarned', 'the end. Game over', 'm, s', '', 'do so', 'cafés'])('lets pass: %s', async (text) => {
    expect(await list.review(text)).toEqual({ flagged: false, reasons: [] });
  });

  test.each([
    ['You ASS!', 'words.txt, line 2: ass'],
    ['darn', 'words.txt, line 4: darn*'],
    ['Darnedest.', 'words.txt, line 4: darn*'],
    ["the cafe\u0301's door", 'words.txt, line 5: café'],
    ['a CAFE.', 'words.txt, line 5: café'],
    ['the end-game', 'words.txt, line 6: end game'],
    ['the end\ngame', 'words.txt, line 6: end game'],
    ['"Shutting up," he said', 'words.txt, line 7: shut* up'],
    ["i do n't go", "words.txt, line 9: don't go"],
    ['I don’t go', "words.txt, line 9: don't go"],
    ['in c# major', 'words.txt, line 10: C# major'],
    ['a🍆b', 'words.txt, line 11: 🍆'],
    ['S & M', 'words.txt, line 12: s&m'],
    ['a\u00adss', 'words.txt, line 2: ass'],
  ])('flags: %s', async (text, reason) => expect(await reasons(text)).toEqual([reason]));

  test('each reason once', async () => expect(await reasons('ass ass darn')).toEqual(['words.txt, line 2: ass', 'words.txt, line 4: darn*']));

  test('vowel signs of other scripts are letters', async () => {
    const hindi = await openWordList(await file('hindi.txt', 'की\nёж\n'));
    expect((await hindi.review('का')).flagged).toBe(false);
    expect((await hindi.review('की')).flagged).toBe(true);
    expect((await hindi.review('Еж')).flagged).toBe(true);
  });

  test('thousands of entries and a long text take no time', async () => {
    const many = await openWordList(await file('many.txt', Array.from({ length: 20_000 }, (_, i) => `word${i}${i % 2 ? '*' : ''}`).join('\n')));
    const start = performance.now();
    for (let i = 0; i < 100; i++) await many.review('a text of harmless words that goes on and on . '.repeat(20));
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('bad lists', async () => {
    expect(await refusal(openWordList(join(folder, 'none.txt')))).toBe('/none.txt: cannot read words and phrases: no such file or folder');
    expect(await refusal(openWordList(await file('comments.txt', '# nothing\n\n')))).toBe('/comments.txt: holds no word or phrase, only comments: write one a line');
    expect(await refusal(openWordList(await file('star.txt', 'good\n*\n')))).toBe('/star.txt: line 2: "*": a * stands at the end of a word, after at least one letter');
    expect(await refusal(openWordList(await file('inner.txt', 'a*b\n')))).toContain('line 1: "a*b": a * stands at the end');
  });
});

describe('modules', () => {
  test('each form of answer', async () => {
    const path = await file('mine.mjs', 'export const review = async (text) => ({ yes: true, no: false, why: { flagged: true, reasons: ["because"] }, bad: 3, nothing: undefined })[text];');
    const mine = await openModuleModerator(path);
    expect(mine.name).toBe('mine.mjs');
    expect(await mine.review('yes')).toEqual({ flagged: true, reasons: [] });
    expect(await mine.review('no')).toEqual({ flagged: false, reasons: [] });
    expect(await mine.review('why')).toEqual({ flagged: true, reasons: ['because'] });
    expect(await refusal(mine.review('bad'))).toBe('/mine.mjs: review returned 3: true, false or {"flagged": true, "reasons": ["..."]} is needed');
    expect(await refusal(mine.review('nothing'))).toContain('review returned nothing:');
  });

  test('one line for each thing that is wrong', async () => {
    expect(await refusal(openModuleModerator(join(folder, 'gone.mjs')))).toBe('/gone.mjs: cannot read the moderator: no such file');
    expect(await refusal(openModuleModerator(await file('syntax.mjs', 'export const = 1')))).toMatch(/^\/syntax\.mjs: the moderator cannot be loaded: /);
    expect(await refusal(openModuleModerator(await file('empty.mjs', 'export const other = 1;')))).toMatch(/^\/empty\.mjs: the moderator exports no function review: /);
    const throws = await openModuleModerator(await file('throws.mjs', 'export function review() { throw new Error("no key\\nat line 3"); }'));
    expect(await refusal(throws.review('x'))).toBe('/throws.mjs: the moderator failed: no key');
    const slow = await openModuleModerator(await file('slow.mjs', 'export const review = () => new Promise(() => {});'), { seconds: 0.05 });
    expect(await refusal(slow.review('x'))).toBe('/slow.mjs: the moderator took longer than 0.05 s for one text: raise its time limit, or make it faster');
  });
});

describe.runIf(process.platform !== 'win32')('commands', () => {
  const review = (command: string, text = 'a passage', seconds = 10) => openCommandModerator(command, { seconds }).review(text);

  test('exit codes and JSON', async () => {
    expect(await review('cat > /dev/null')).toEqual({ flagged: false, reasons: [] });
    expect(await review('exit 1')).toEqual({ flagged: true, reasons: [] });
    expect(await review('! grep -q passage')).toEqual({ flagged: true, reasons: [] });
    expect(await review('! grep -q passage', 'fine')).toEqual({ flagged: false, reasons: [] });
    expect(await review(`echo '{"flagged": true, "reasons": ["rude"]}'`)).toEqual({ flagged: true, reasons: ['rude'] });
    expect(await review('echo false; exit 1')).toEqual({ flagged: false, reasons: [] });
    expect(await review('wc -c | grep -q 1000004 || exit 3', 'é'.repeat(500_002))).toEqual({ flagged: false, reasons: [] });
  });

  test('one that decides before it has read all', async () => {
    expect(await review('exit 1', 'x'.repeat(2_000_000))).toEqual({ flagged: true, reasons: [] });
  });

  test('one line for each thing that is wrong', async () => {
    expect(await refusal(review('no-such-moderator-here'))).toMatch(/^moderator "no-such-moderator-here" ended with code 127 \(.*not found.*\): 0 lets a text pass, 1 flags it$/);
    expect(await refusal(review('echo hello'))).toMatch(/^moderator "echo hello" printed "hello", which is not JSON: /);
    expect(await refusal(review("echo '[1]'"))).toMatch(/printed \[1\]: true, false or/);
    expect(await refusal(review('kill -9 $$'))).toMatch(/ended with a signal: /);
    expect(await refusal(review('yes'))).toMatch(/^moderator "yes" prints without end/);
    expect(() => openCommandModerator(' ')).toThrow('the moderator command is empty');
  });

  test('a late one is ended, with what it has started', async () => {
    const start = performance.now();
    expect(await refusal(review('sleep 20; echo true', 'x', 0.1))).toBe('moderator "sleep 20; echo true" took longer than 0.1 s for one text: raise its time limit, or make it faster');
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('several', () => {
  const fixed = (name: string, flagged: boolean, asked: string[] = []): Moderator => ({ name, review: async () => { asked.push(name); return { flagged, reasons: flagged ? [`says ${name}`] : [] }; } });

  test('the first that flags decides, and later ones are not asked', async () => {
    const asked: string[] = [];
    const all = combineModerators([fixed('a', false, asked), fixed('b', true, asked), fixed('c', true, asked)]);
    expect(all.name).toBe('a, b, c');
    expect(await all.review('x')).toEqual({ flagged: true, reasons: ['says b'] });
    expect(asked).toEqual(['a', 'b']);
    expect(await combineModerators([fixed('a', false), fixed('b', false)]).review('x')).toEqual({ flagged: false, reasons: [] });
  });

  test('opened by name', async () => {
    expect(await openModerators({})).toBeNull();
    const all = await openModerators({ words: [await file('w.txt', 'rude')], modules: [await file('m.mjs', 'export const review = (text) => text.length > 9;')] });
    expect(all!.name).toBe('w.txt, m.mjs');
    expect((await all!.review('rude')).reasons).toEqual(['w.txt, line 1: rude']);
    expect((await all!.review('a longer text')).reasons).toEqual(['flagged by m.mjs']);
    expect((await all!.review('short')).flagged).toBe(false);
  });
});
