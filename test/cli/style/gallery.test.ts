import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import yargs from 'yargs';
import type { CommandModule } from 'yargs';
import { command as choose } from '../../../src/cli/style/choose.ts';
import { command as gallery } from '../../../src/cli/style/gallery.ts';
import type { StyleGalleryMade } from '../../../src/cli/style/gallery.ts';
import { UserError } from '../../../src/core/errors.ts';
import { rasteriseSvg } from '../../../src/io/rasterise.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const photo = (colour: string): Promise<Uint8Array> => rasteriseSvg(`<svg xmlns="http://www.w3.org/2000/svg"><rect width="100%" height="100%" fill="${colour}"/></svg>`, { width: 400, height: 300, quality: 80 });
const row = (id: string, more: object = {}): string => `${JSON.stringify({ id, image: `photos/${id}.jpg`, style: 'romance', captions: Array.from({ length: 100 }, (_, i) => ({ text: `caption ${i}`, score: 1 - i / 100 })), passage: `A passage of ${id}.`, nll: 12.5, words: 5, rejected: [], ...more })}\n`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-gallery-'));
  await mkdir(at('photos'));
  await writeFile(at('photos/a.jpg'), await photo('red'));
  await writeFile(at('photos/b.jpg'), await photo('blue'));
  await writeFile(at('passages.jsonl'), row('a') + row('b') + row('gone') + row('b', { style: 'lyric', passage: 'One\ntwo' }) + row('a', { style: 'lyric', passage: null }));
});

async function run(command: CommandModule<object, never>, ...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await yargs(words).command(command).strict().exitProcess(false).fail((message, error) => { throw error ?? new Error(message); }).parseAsync();
    return log.mock.calls.join('\n').replaceAll(folder, '');
  } finally {
    log.mockRestore();
  }
}
const made = (...words: string[]): Promise<string> => run(gallery as never, 'gallery', ...words);
const chosen = (...words: string[]): Promise<string> => run(choose as never, 'choose', ...words);

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message.replaceAll(folder, '');
}

async function itemsOf(page: string): Promise<{ id: string; thumbnail: string | null; captions: unknown[] }[]> {
  return JSON.parse(/id="items">(.*)<\/script>/.exec(await readFile(page, 'utf8'))![1]!) as never;
}

describe('fabula style gallery', () => {
  test('a page, and a small photo for each photo', async () => {
    expect(await made(at('passages.jsonl'), '--out', at('g'))).toBe('/g/index.html: 4 passages, 1 photo without one\n1 photo is not shown; the first: photos/gone.jpg: no such photo: name its folder with --photos');
    const items = await itemsOf(at('g/index.html'));
    expect(items.map(({ id, captions }) => [id, captions.length])).toEqual([['a', 5], ['b', 5], ['gone', 5], ['b', 5]]);
    expect(items[1]!.thumbnail).toBe(items[3]!.thumbnail);
    expect(items[2]!.thumbnail).toBeNull();
    expect((await readdir(at('g/thumbs'))).map((name) => `thumbs/${name}`).sort()).toEqual([items[0]!.thumbnail, items[1]!.thumbnail].sort());
  });

  test('made again, photos that have not changed stay, and the browser finds its choice', async () => {
    const keyOf = async (): Promise<string> => /data-key="([^"]+)"/.exec(await readFile(at('g/index.html'), 'utf8'))![1]!;
    await made(at('passages.jsonl'), '--out', at('g'));
    const [items, key] = [await itemsOf(at('g/index.html')), await keyOf()];
    const { mtimeMs } = await stat(at(`g/${items[0]!.thumbnail!}`));
    await writeFile(at('photos/b.jpg'), await photo('green'));
    await made(at('passages.jsonl'), '-o', `${at('g')}/`);
    const again = await itemsOf(at('g/index.html'));
    expect(again[0]).toEqual(items[0]);
    expect(again[1]!.thumbnail).not.toBe(items[1]!.thumbnail);
    expect((await stat(at(`g/${items[0]!.thumbnail!}`))).mtimeMs).toBe(mtimeMs);
    expect(await keyOf()).toBe(key);
  });

  test('one file with everything; other folders for photos; several files', async () => {
    await mkdir(at('other'));
    await writeFile(at('other/gone.jpg'), await photo('white'));
    await writeFile(at('more.jsonl'), row('c', { image: 'C:\\pictures\\gone.jpg' }));
    const report = JSON.parse(await made(at('passages.jsonl'), at('more.jsonl'), '--out', at('one.html'), '--photos', at('other'), '--captions', '1', '--size', '64', '--json')) as StyleGalleryMade;
    expect(report).toEqual({ page: '/one.html', passages: 5, untold: 1, missing: [] });
    for (const { thumbnail, captions } of await itemsOf(at('one.html'))) {
      expect(thumbnail).toMatch(/^data:image\/jpeg;base64,\/9j\//);
      expect(captions).toHaveLength(1);
    }
  });

  test('a damaged photo is said, and the others are shown', async () => {
    await writeFile(at('photos/a.jpg'), (await photo('red')).subarray(0, 300));
    const report = JSON.parse(await made(at('passages.jsonl'), '--out', at('g'), '--json')) as StyleGalleryMade;
    expect(report.missing).toHaveLength(3);
    expect(report.missing.join()).toContain('/photos/a.jpg: the photo cannot be decoded (truncated or damaged)');
  });

  test('refused', async () => {
    expect(await refusal(made(at('none.jsonl'), '--out', at('g')))).toBe('/none.jsonl: cannot read passages as JSON lines: no such file or folder');
    expect(await refusal(made(at('passages.jsonl'), at('passages.jsonl'), '--out', at('g')))).toBe('/passages.jsonl: photo a: the same passage stands in /passages.jsonl already; give one of the two');
    await mkdir(at('site'));
    await writeFile(at('site/index.html'), '<p>mine</p>');
    expect(await refusal(made(at('passages.jsonl'), '--out', at('site')))).toBe('/site/index.html: is there already and is no gallery: name another place with --out');
    expect(await refusal(made(at('passages.jsonl'), '--out', at('g'), '--size', '3'))).toBe('--size 3: give a whole number, 16 or more');
    expect(await refusal(made(at('passages.jsonl'), '--out', at('passages.jsonl')))).toBe('/passages.jsonl/index.html: cannot be written: a part of its path is not a folder');
  });
});

describe('fabula style choose', () => {
  beforeEach(() => writeFile(at('choice.jsonl'), row('b', { choice: 'kept', passage: 'Second\nverse' }) + row('x', { choice: 'rejected' }) + row('a', { choice: 'kept' })));

  test('those kept, in order', async () => {
    expect(await chosen(at('choice.jsonl'))).toBe('Second\nverse\n\nA passage of a.');
    expect(await chosen(at('choice.jsonl'), '--rejected')).toBe('A passage of x.');
    expect((await chosen(at('choice.jsonl'), '--json')).split('\n').map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['b', 'a']);
  });

  test('to files, which a gallery reads again', async () => {
    expect(await chosen(at('choice.jsonl'), '--out', at('kept.jsonl'))).toBe('/kept.jsonl: 2 passages kept');
    expect(await readFile(at('kept.jsonl'), 'utf8')).toBe(row('b', { choice: 'kept', passage: 'Second\nverse' }) + row('a', { choice: 'kept' }));
    expect(await made(at('kept.jsonl'), '--out', at('g'))).toBe('/g/index.html: 2 passages');
    expect(await chosen(at('choice.jsonl'), '-o', at('kept.txt'))).toBe('/kept.txt: 2 passages kept');
    expect(await readFile(at('kept.txt'), 'utf8')).toBe('Second\nverse\n\nA passage of a.\n');
  });

  test('refused', async () => {
    expect(await refusal(chosen(at('passages.jsonl')))).toBe('/passages.jsonl: no passage in it was kept or rejected: export the choice from the gallery, as JSON lines');
  });
});
