import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { tinyBook } from '../telling/tinybook.ts';
import type { TinyBook } from '../telling/tinybook.ts';
import { storyLines, temporaryFolder, writeRun } from '../report/runfolders.ts';
import { expectRefusal, fabula } from './fabula.ts';

// Models are trained and told with, and charts take a second to load.
vi.setConfig({ testTimeout: 60_000 });

interface Said {
  readonly runs: number;
  readonly stories: number;
  readonly notes: readonly string[];
  readonly missing: readonly string[];
}

async function report(...words: string[]): Promise<{ html: string; said: Said }> {
  const output = join(await temporaryFolder(), 'report.html');
  const outcome = await fabula('report', ...words, '-o', output, '--threads', '1', '--json');
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  return { html: await readFile(output, 'utf8'), said: JSON.parse(outcome.stdout) as Said };
}

describe('a run that tells', () => {
  let book: TinyBook;
  let attention: string;
  beforeAll(async () => {
    book = await tinyBook();
    expect(book.done.train).toMatchObject({ code: 0 });
    const config = join(book.run, 'config.json');
    const { data, model, training, optimizer } = JSON.parse(await readFile(config, 'utf8')) as Record<string, Record<string, unknown>>;
    const settings = { name: 'looks', data, model: { ...model, name: 'attention' }, optimizer, training: { ...training, epochs: 2 }, runtime: { threads: 1 } };
    await writeFile(book.at('attention.yaml'), JSON.stringify(settings));
    expect(await fabula('train', book.at('attention.yaml'), '--runs', book.at('more'))).toMatchObject({ code: 0 });
    attention = book.at('more', (await readdir(book.at('more')))[0]!);
  }, 120_000);

  test('stands with its photos, the human stories, and the attention of those that have some', async () => {
    const { html, said } = await report(book.run, attention, '--photos', book.at('book', 'photos'), '--stories', '2');
    expect(said).toMatchObject({ runs: 2, stories: 2, missing: [] });
    expect(said.notes).toHaveLength(2);
    expect(html.match(/<img src="data:image\/jpeg;base64,/g)).toHaveLength(10);
    expect(html.match(/class="attention"/g)).toHaveLength(8);
    expect(html).toMatch(/>human( 1)?</);
    expect(html).toContain('id="loss-chart"');
    expect(html).toContain('Words out of proportion');
  });

  test('leaves out a photo that cannot be read, and attention without features', async () => {
    const photos = join(await temporaryFolder(), 'photos');
    await cp(book.at('book', 'photos'), photos, { recursive: true });
    const { said } = await report(attention, '--photos', photos, '--stories', '1');
    expect(said.notes.filter((note) => note.includes('photo'))).toEqual([]);
    for (const entry of await readdir(photos, { recursive: true, withFileTypes: true })) if (entry.isFile()) await truncate(join(entry.parentPath, entry.name), 200);
    const damaged = await report(attention, '--photos', photos, '--stories', '1');
    expect(damaged.said.notes.filter((note) => note.includes('the photo cannot be decoded'))).toHaveLength(5);
    expect(damaged.html).toContain('class="nophoto"');
    // A copy of the run whose data is elsewhere shows the stories it keeps.
    const moved = join(await temporaryFolder(), 'moved');
    await cp(attention, moved, { recursive: true });
    const config = JSON.parse(await readFile(join(moved, 'config.json'), 'utf8')) as { data: object };
    await writeFile(join(moved, 'config.json'), JSON.stringify({ ...config, data: { ...config.data, features: 'gone.h5', validation: 'gone.h5' } }));
    await writeFile(join(moved, 'stories.jsonl'), storyLines({ a: ['a b', 'c', 'd', 'e', 'f'] }));
    const elsewhere = await report(moved);
    expect(elsewhere.said.notes.join('\n')).toMatch(/no attention maps: gone\.h5[^]*/);
    expect(elsewhere.said).toMatchObject({ stories: 1 });
  });
});

describe('runs of which files are missing or cut', () => {
  test('show what is there', async () => {
    const folder = await temporaryFolder();
    const whole = await writeRun(folder, 'whole', { model: 'encoder-decoder', files: { 'stories.jsonl': storyLines({ a: ['one', 'two', 'three', 'four', 'five'], b: ['six', '', '', '', 'ten'] }) } });
    const sampled = await writeRun(folder, 'sampled', {
      model: 'encoder-decoder',
      files: { 'stories.jsonl': '{"id": "a", "image_ids', 'metrics.jsonl': null, 'samples.jsonl': `${JSON.stringify({ epoch: 3, stories: [{ id: 'a', image_ids: ['a0', 'a1', 'a2', 'a3', 'a4'], sentences: ['uno', 'due', 'tre', 'quattro', 'cinque'] }] })}\n{"epoch": 4, "st` },
    });
    const bare = await writeRun(folder, 'bare', { files: { 'config.json': '{', 'history.csv': 'epoch,loss,val_loss\n0,1', 'result.json': null } });
    const { html, said } = await report(whole, sampled, bare, '--references', await references(folder));
    expect(said).toMatchObject({ runs: 3, stories: 2 });
    const text = [...said.notes, ...said.missing].join('\n');
    expect(text).toContain('stories.jsonl: line 1');
    expect(text).toContain('sampled: 1 stories told after epoch 3 of its training');
    expect(text).toContain('bare: no stories: ');
    expect(text).toMatch(/bare: config\.json/);
    expect(text).toMatch(/sampled: metrics\.jsonl/);
    expect(text).toMatch(/sampled: samples\.jsonl: line 2 cut/);
    expect(html).toContain('>quattro<');
    expect(html).toContain('>people say<');
    expect(html).toContain('id="missing"');
  });

  async function references(folder: string): Promise<string> {
    const path = join(folder, 'human.jsonl');
    await writeFile(path, storyLines({ a: ['people say', 'x', 'x', 'x', 'x'] }));
    return path;
  }

  test('no run, or a mistake on the command line, is one line', async () => {
    const folder = await temporaryFolder();
    const out = join(folder, 'r.html');
    await expectRefusal(['report', folder, '-o', out], [folder, 'no run is here']);
    const run = await writeRun(folder, 'run', { files: { 'stories.jsonl': storyLines({ a: ['1', '2', '3', '4', '5'] }) } });
    await expectRefusal(['report', run, '-o', join(folder, 'r.pdf')], ['--output', 'ends in .html']);
    await expectRefusal(['report', run, '-o', out, '--stories', '0'], ['--stories 0', 'whole number']);
    await expectRefusal(['report', run, '-o', out, '--photos', join(folder, 'nowhere')], ['nowhere', 'no such file or folder']);
    await expectRefusal(['report', run, '-o', out, '--references', join(folder, 'nowhere.jsonl')], ['nowhere.jsonl']);
    await mkdir(join(folder, 'lines'));
    await writeFile(join(folder, 'lines', 'human.txt'), 'a story\n');
    await expectRefusal(['report', run, '-o', out, '--references', join(folder, 'lines', 'human.txt')], ['human.txt', 'do not say which photos']);
    await rm(out, { force: true });
  });
});
