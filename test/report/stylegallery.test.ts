import { expect, test } from 'vitest';
import type { StyleGalleryItem } from '../../src/report/stylegallery.ts';
import { styleGalleryPage } from '../../src/report/stylegallery.ts';

const item = (id: string, more: Partial<StyleGalleryItem> = {}): StyleGalleryItem => ({
  id, image: `photos/${id}.jpg`, style: 'romance', captions: [{ text: 'a dog', score: 0.5 }], passage: `A passage of ${id}.`, nll: 12.5, words: 5, rejected: [], thumbnail: `thumbs/${id}.jpg`, ...more,
});

interface Data extends StyleGalleryItem { readonly key: string; readonly rejected: never }
function dataOf(page: string): Data[] {
  const [, json] = /<script type="application\/json" id="items">(.*)<\/script>/.exec(page)!;
  return JSON.parse(json!) as Data[];
}

test('items as data, with keys that a new passage changes', () => {
  const items = [item('a'), item('b', { choice: 'kept', rejected: [{ reasons: ['x'] }, { reasons: ['y', 'x'] }] })];
  const [a, b] = dataOf(styleGalleryPage({ title: 'T', items, key: 'k' }));
  expect(a).toEqual({ ...items[0], rejected: undefined, key: expect.stringMatching(/^[0-9a-f]{12}$/) });
  expect(b).toMatchObject({ id: 'b', choice: 'kept', rejected: ['x (2)', 'y'] });
  const key = (more: Partial<StyleGalleryItem>): string => dataOf(styleGalleryPage({ title: 'T', items: [item('a', more)], key: 'k' }))[0]!.key;
  expect(key({ nll: 1, captions: [], thumbnail: null })).toBe(a!.key);
  expect(new Set([a!.key, key({ passage: 'Anew.' }), key({ style: 'lyric' }), key({ id: 'c' })]).size).toBe(4);
});

test('nothing in a text becomes a part of the page', () => {
  const evil = '</script><script>alert("1")</script><!--<img src=x onerror=alert(2)>';
  const page = styleGalleryPage({ title: evil, items: [item(evil, { passage: evil, style: evil, captions: [{ text: evil, score: null }] }), item('n', { passage: null, rejected: [{ reasons: [evil] }] })], key: evil });
  expect(page.match(/<script/g)).toHaveLength(2);
  expect(page.replace(/<script>[^]*<\/script>/, '')).not.toMatch(/<img|<!--|alert\("/);
  expect(dataOf(page)[0]).toMatchObject({ id: evil, passage: evil });
});

test('it loads nothing but photos beside it', () => {
  const page = styleGalleryPage({ title: 'T', items: [item('a')], key: 'k' });
  expect(page).toContain("content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: 'self' file:\"");
  expect(page).not.toMatch(/https?:\/\/|@import/);
  expect(page.replace(/<script>[^]*<\/script>/, '')).not.toMatch(/\s(?:src|href)=/);
});

test('its script is a program', () => {
  const script = /<script>\n([\s\S]*)<\/script>/.exec(styleGalleryPage({ title: 'T', items: [], key: 'k' }))![1]!;
  expect(() => new Function(script)).not.toThrow();
  expect(script).not.toContain('innerHTML');
});

test('photos without a passage are listed with the reasons, the most frequent first', () => {
  const page = styleGalleryPage({ title: 'T', key: 'k', items: [item('a'), item('b', { passage: null, rejected: [{ reasons: ['rude'] }, { reasons: ['short'] }, { reasons: ['short'] }] }), item('c', { passage: null, style: '' })] });
  expect(page).toContain('<summary>2 photos without a passage</summary><ul><li>b, romance: short (2); rude</li><li>c</li></ul>');
  expect(dataOf(page).map(({ id }) => id)).toEqual(['a']);
  expect(page).toContain('All <b data-count="all">1</b>');
});

test('a choice of styles where there are several', () => {
  const page = (styles: string[]): string => styleGalleryPage({ title: 'T', key: 'k', items: styles.map((style, i) => item(`p${i}`, { style })) });
  expect(page(['b', 'a', '', 'a'])).toContain('<label>Style <select id="style"><option value="*">all</option><option value="">(no style)</option><option value="a">a</option><option value="b">b</option></select>');
  expect(page(['a', 'a'])).toContain('<label hidden>Style');
});
