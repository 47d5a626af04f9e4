import { describe, expect, test, vi } from 'vitest';
import { attentionMap } from '../../src/report/attentionmap.ts';
import { compareRuns } from '../../src/report/comparison.ts';
import { gallery } from '../../src/report/gallery.ts';
import { reportPage } from '../../src/report/reportpage.ts';
import type { ReportInput } from '../../src/report/reportpage.ts';
import { readRuns } from '../../src/report/runreading.ts';
import { temporaryFolder, writeRun } from './runfolders.ts';

// Charts take a second to load, more on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const PICTURE = { told: ['a', '<END>'], read: ['<START>', 'dog', '<END>'], weights: [[0.1, 0.6, 0.3], [0, 0.004, 0.996]] };

describe('an attention map', () => {
  test('shades cells by their share, and says it in words', () => {
    const html = attentionMap(PICTURE, 9, 'Sentence 2 over sentence 1');
    expect(html).toContain('fill="var(--run-1)"');
    expect(html).toContain('aria-label="Sentence 2 over sentence 1: a looks at dog (60 %), &lt;END&gt; looks at &lt;END&gt; (100 %)"');
    // 0.1, 0.6, 0.3 and 1 of twelve shades; nothing for zeros.
    expect([...html.matchAll(/opacity="([\d.]+)"/g)].map(([, shade]) => shade)).toEqual(['0.08', '0.33', '0.58', '1.00']);
    expect(html).toContain('&quot;shares&quot;:[[10,60,30],[0,0,100]]');
  });

  test('puts padding into one column', () => {
    const html = attentionMap({ told: ['a'], read: ['<START>', '<NULL>', '<NULL>'], weights: [[0.5, 0.25, 0.25]] }, 0, 'x');
    expect(html).toContain('&quot;shares&quot;:[[50,50]]');
    expect(html).toContain('(padding)');
  });
});

describe('the gallery', () => {
  const told = [1, 2, 3, 4, 5].map((n) => `sentence ${n} , here .`);
  const photos = [1, 2, 3, 4, 5].map((n) => ({ id: `p${n}`, image: n === 2 ? null : `data:image/jpeg;base64,${n}` }));

  test('has stories of models and people below the photos, in order', () => {
    const html = gallery([{ id: 's1', photos, tellings: [{ name: 'run', run: 0, sentences: told, attention: [PICTURE, PICTURE] }, { name: 'human', run: null, sentences: told.slice(0, 4) }] }]);
    expect(html.match(/role="cell"/g)).toHaveLength(10);
    expect(html.match(/<img /g)).toHaveLength(4);
    expect(html).toContain('alt="Photo 3: p3"');
    expect(html).toContain('<span class="nophoto">p2</span>');
    expect(html).toContain('sentence 1\u00a0, here\u00a0.');
    expect(html.indexOf('>run<')).toBeLessThan(html.indexOf('>human<'));
    // The first sentence has none before it.
    expect(html.match(/class="attention"/g)).toHaveLength(1);
    expect(html).toContain('Sentence 2 over sentence 1');
  });

  test('shows a story that is one text below all photos', () => {
    expect(gallery([{ id: 's', photos, tellings: [{ name: 'x', run: 0, sentences: ['all in one'] }] }])).toContain('<span role="cell" class="whole">all in one</span>');
  });

  test('lets no text become markup', () => {
    const evil = '<img src=x onerror=alert(1)>"';
    const html = gallery([{ id: evil, photos: [{ id: evil, image: null }], tellings: [{ name: evil, run: null, sentences: [evil] }] }]);
    expect(html).not.toContain('<img');
    expect(html.match(/&lt;img src=x/g)!.length).toBeGreaterThanOrEqual(5);
  });
});

describe('the page', () => {
  async function input(names: readonly string[]): Promise<ReportInput> {
    const folder = await temporaryFolder();
    const runs = await readRuns(await Promise.all(names.map((name) => writeRun(folder, name))));
    const stories = [['the dog ran .'], ['the dog sat .']];
    return {
      title: 'Two <runs>', runs, comparison: compareRuns(runs), notes: ['a note'], stories: [],
      writers: [...runs.map(({ name }, run) => ({ name, run, stories, human: [['a castle stood there for long .']] })), { name: 'human', run: null, stories: [['a castle stood there for long .']], human: [] }],
    };
  }

  test('is one file that loads nothing', async () => {
    const html = await reportPage(await input(['a', 'b']));
    expect(html).toContain('default-src \'none\'');
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)|@import|<link|\bsrc="(?!data:)/);
    expect(html).toContain('<title>Two &lt;runs&gt;</title>');
    expect(html.match(/<script>/g)).toHaveLength(1);
    for (const part of ['runs', 'losses', 'stories', 'words', 'settings']) {
      expect(html).toContain(`<section id="${part}"`);
      expect(html).toContain(`<a href="#${part}">`);
    }
    expect(html).toContain('<input type="checkbox" checked data-run="1">');
    expect(html).toContain('More often than people');
    // Every epoch's values for who cannot hover.
    expect(html).toContain('<tr><th scope="row">2</th><td class="number">2.0000</td><td class="number">2.0000</td>');
  });

  test('is the same for the same runs', async () => {
    const given = await input(['a', 'b']);
    expect(await reportPage(given)).toBe(await reportPage(given));
  });

  test('does without stories, curves, and more colours than there are', async () => {
    const given = await input(Array.from({ length: 9 }, (_, i) => `run${i}`));
    const html = await reportPage({ ...given, writers: [], notes: [] });
    expect(html).toContain('No run has stories.');
    expect(html).not.toContain('type="checkbox"');
    const folder = await temporaryFolder();
    const runs = await readRuns([await writeRun(folder, 'bare', { files: { 'metrics.jsonl': null, 'history.csv': null, 'result.json': null } })]);
    const bare = await reportPage({ ...given, runs, comparison: compareRuns(runs), writers: [] });
    expect(bare).toContain('No run has logged a loss.');
    expect(bare).toContain('history.csv: no epoch is in it, or it is missing');
  });
});
