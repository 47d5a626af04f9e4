import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Photo } from '../../src/features/photolist.ts';
import { listPhotos } from '../../src/features/photolist.ts';
import type { PassageRecord } from '../../src/style/passagefile.ts';
import { readPassages } from '../../src/style/passagefile.ts';
import type { PassageRun } from '../../src/style/passagerun.ts';
import { runPassages } from '../../src/style/passagerun.ts';
import { StyleStoryteller } from '../../src/style/storyteller.ts';
import { builtProgram } from '../cli/built.ts';
import type { TinyStoryteller } from './tinystoryteller.ts';
import { GENRES, namesIn, RUNTIME, tinyStoryteller } from './tinystoryteller.ts';

// Sessions are opened in every test, which takes long where other tests keep the cores busy.
vi.setConfig({ testTimeout: 30_000 });

const SETTINGS = { captions: 5, decoding: { beam: 4, min_words: 3, max_words: 10 } } as const;
const FLAGS = ['--captions', '5', '--beam', '4', '--min-words', '3', '--max-words', '10', '--threads', '1'];

let tiny: TinyStoryteller;
let storyteller: StyleStoryteller;
let photos: Photo[];
let main: string;
/** A folder with every photo six times, under other names. */
let many: string;

beforeAll(async () => {
  [tiny, main] = await Promise.all([tinyStoryteller(), builtProgram()]);
  storyteller = await StyleStoryteller.open(tiny.storyteller, { runtime: RUNTIME });
  photos = await listPhotos(tiny.photos);
  many = tiny.at('many');
  await mkdir(many);
  for (const path of tiny.photos) for (let i = 0; i < 6; i++) await copyFile(path, join(many, `${i}-${basename(path)}`));
}, 120_000);

afterAll(() => storyteller?.dispose());

function run(out: string, changes: Partial<PassageRun> = {}): ReturnType<typeof runPassages> {
  return runPassages(storyteller, { photos, styles: GENRES, settings: SETTINGS, out: tiny.at(out), bad: 'fail', noted: 2, ...changes });
}

const text = (name: string): Promise<string> => readFile(tiny.at(name), 'utf8');
const records = async (name: string): Promise<PassageRecord[]> => (await readPassages(tiny.at(name))).map(({ record }) => record);
/** What does not hang on how many photos were told at once; the last digits of scores do. */
const essence = (all: readonly PassageRecord[]): string[] => all.map(({ id, style, passage, captions }) => JSON.stringify([id, style, passage, captions.map((caption) => caption.text)])).sort();

test('all photos in all styles, a line each, readable as passages; nothing is told twice', async () => {
  const steps: number[] = [];
  expect(await run('all.jsonl', { onProgress: (done, total) => steps.push(done, total) })).toEqual({ told: 50, before: 0, without: 0, interrupted: false });
  expect(steps).toEqual([32, 50, 50, 50]);
  const all = await records('all.jsonl');
  expect(all.map(({ id, style }) => `${id} ${style}`).sort()).toEqual(photos.flatMap(({ id }) => GENRES.map((style) => `${id} ${style}`)).sort());
  expect(all.every(({ captions, image, words, nll }) => captions.length === 2 && tiny.photos.includes(image) && words >= 3 && nll! > 0)).toBe(true);
  const before = await text('all.jsonl');
  expect(await run('all.jsonl')).toEqual({ told: 0, before: 50, without: 0, interrupted: false });
  expect(await text('all.jsonl')).toBe(before);
});

test.each([SETTINGS, { ...SETTINGS, decoding: { ...SETTINGS.decoding, strategy: 'sample' } }] as const)('stopped between photos, or cut in the middle of a line: continued, it holds what it would have held (%j)', async (settings) => {
  const name = 'strategy' in settings.decoding ? 'sampled' : 'beams';
  await run(`${name}.jsonl`, { settings });
  const whole = await text(`${name}.jsonl`);
  const controller = new AbortController();
  expect(await run(`${name}-stopped.jsonl`, { settings, signal: controller.signal, onProgress: () => controller.abort() })).toMatchObject({ told: 32, interrupted: true });
  expect(whole.startsWith(await text(`${name}-stopped.jsonl`))).toBe(true);
  expect(await run(`${name}-stopped.jsonl`, { settings })).toMatchObject({ told: 18, before: 32, interrupted: false });
  expect(await text(`${name}-stopped.jsonl`)).toBe(whole);

  // A crash while a line was written.
  for (const bytes of [whole.length - 1, Math.floor(whole.length * 0.4), 20]) {
    await writeFile(tiny.at(`${name}-stopped.jsonl`), whole.slice(0, bytes));
    const { told, before } = await run(`${name}-stopped.jsonl`, { settings });
    expect(told + before).toBe(50);
    expect(essence(await records(`${name}-stopped.jsonl`))).toEqual(essence(await records(`${name}.jsonl`)));
  }
});

test('another style goes into the same file; a style named twice is told once', async () => {
  expect(await run('styles.jsonl', { styles: ['fairytale', 'fairytale'] })).toMatchObject({ told: 25, before: 0 });
  expect(await run('styles.jsonl', { styles: ['none', 'fairytale'] })).toMatchObject({ told: 25, before: 25 });
  expect((await records('styles.jsonl')).map(({ style }) => style)).toEqual([...Array<string>(25).fill('fairytale'), ...Array<string>(25).fill('none')]);
});

test('other settings, another storyteller or another file are refused in one line, and nothing is touched', async () => {
  const few = { photos: photos.slice(0, 2), styles: ['fairytale'] };
  await run('refused.jsonl', few);
  const before = await text('refused.jsonl');
  const says = `${tiny.at('refused.jsonl')}: holds passages in style fairytale that were told with another storyteller or other options: give another file, or delete it with ${tiny.at('refused.settings.json')}`;
  await expect(run('refused.jsonl', { ...few, settings: { ...SETTINGS, captions: 6 } })).rejects.toThrow(says);
  await expect(run('refused.jsonl', { ...few, settings: { ...SETTINGS, strength: 0.9 } })).rejects.toThrow(says);
  const barring = await StyleStoryteller.open(tiny.storyteller, { runtime: RUNTIME, passages: { name: 'bar', review: () => Promise.resolve({ flagged: false, reasons: [] }) } });
  await expect(runPassages(barring, { ...few, settings: SETTINGS, out: tiny.at('refused.jsonl'), bad: 'fail', noted: 2 })).rejects.toThrow(says);
  await barring.dispose();
  expect(await text('refused.jsonl')).toBe(before);
  await expect(run('refused.jsonl', { ...few, styles: ['fairytales'] })).rejects.toThrow('did you mean fairytale?');

  const thesis = 'Chapter 1\n\nIt was a dark and stormy night.\n';
  await writeFile(tiny.at('thesis.txt'), thesis);
  await expect(run('thesis.txt', few)).rejects.toThrow(`${tiny.at('thesis.txt')}: is there already, and line 1 is no passage: give another file`);
  expect(await text('thesis.txt')).toBe(thesis);
  await writeFile(tiny.at('stories.jsonl'), '{"id": "1", "style": "x"}\n{"story": 1}\n');
  await expect(run('stories.jsonl', few)).rejects.toThrow('line 2 is no passage');
  await writeFile(tiny.at('refused.settings.json'), '[]');
  await expect(run('refused.jsonl', few)).rejects.toThrow(/refused\.settings\.json: the whole: expected a group of keys, found \[\]/);
});

test('a photo that is none: the run ends with its name, or goes on without it and finds it again', async () => {
  const bad = [...photos.slice(0, 3), { id: 'bad', path: tiny.at('bad.jpg') }, ...photos.slice(3, 5)];
  await writeFile(tiny.at('bad.jpg'), 'no photo');
  await expect(run('bad.jsonl', { photos: bad })).rejects.toThrow(/^[^\n]*bad\.jpg: [^\n]+$/);
  const left: string[] = [];
  expect(await run('bad.jsonl', { photos: bad, bad: 'skip', onSkip: (reason) => left.push(reason) })).toEqual({ told: 10, before: 0, without: 1, interrupted: false });
  expect(left).toHaveLength(1);
  expect(left[0]).toMatch(/bad\.jpg: /);
  await copyFile(tiny.photos[7]!, tiny.at('bad.jpg'));
  expect(await run('bad.jsonl', { photos: bad })).toEqual({ told: 2, before: 10, without: 0, interrupted: false });
});

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built program on all the photos. @param after this many passages are written it gets a signal */
async function told(out: string, signal?: 'SIGKILL' | 'SIGINT', after = 1): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'style', 'tell', many, '-s', tiny.storyteller, '--style', 'fairytale', '--style', 'logbook', '--out', tiny.at(out), ...FLAGS], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const ended = once(child, 'close').then(([code, by]) => ({ code, signal: by, stdout, stderr }) as Ended);
  while (signal !== undefined && child.exitCode === null) {
    if ((await readFile(tiny.at(out), 'utf8').catch(() => '')).split('\n').length > after) child.kill(signal);
    await setTimeout(2);
    if (child.killed) break;
  }
  return ended;
}

test('killed and interrupted, the same command goes on to the same file as one that was not', async () => {
  const all = { photos: await listPhotos([many]), noted: 5 };
  await run('whole.jsonl', all);
  expect((await told('killed.jsonl', 'SIGKILL')).signal).toBe('SIGKILL');
  const written = (await text('killed.jsonl')).split('\n').length - 1;
  expect(written).toBeLessThan(300);
  const { code, stdout, stderr } = await told('killed.jsonl', 'SIGINT', written + 1);
  expect([code, stderr]).toEqual([130, 'fabula: interrupted; the same command goes on\n']);
  expect(stdout).toMatch(new RegExp(`^${tiny.at('killed.jsonl')}: \\d+ passages told, ${written} there before\n$`));
  // In this process and by the command: the same settings, the same file.
  expect(await run('killed.jsonl', all)).toMatchObject({ interrupted: false });
  expect(await text('killed.jsonl')).toBe(await text('whole.jsonl'));
  expect((await namesIn(tiny.folder)).filter((name) => name.startsWith('killed'))).toEqual(['killed.jsonl', 'killed.settings.json']);
}, 60_000);
