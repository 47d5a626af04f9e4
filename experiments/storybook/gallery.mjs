// A page with photos and the stories of every model and of people, side by side. Self-contained: no network.
// @ts-check
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STORYBOOK_NAMES, untokenise, writeFileAtomic } from 'fabula';

const STYLE = `
:root { color-scheme: light dark; --line: #ccc; }
@media (prefers-color-scheme: dark) { :root { --line: #444; } }
body { font: 16px/1.5 Georgia, serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-weight: normal; } h2 { font-size: 1rem; font-weight: normal; border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 2rem; }
.photos { display: grid; grid-template-columns: repeat(5, 1fr); gap: .5rem; } .photos img { width: 100%; border-radius: 6px; display: block; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; } td { vertical-align: top; padding: .4rem .5rem .4rem 0; font-size: .9rem; }
caption { text-align: left; font-weight: bold; padding-top: .8rem; font-size: .9rem; }
@media (max-width: 700px) { .photos { grid-template-columns: repeat(5, 9rem); overflow-x: auto; } td { display: block; padding: .1rem 0; } }
`;

/** @param {string} text */
const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

/**
 * @param {string} file @param {string} photoFolder
 * @param {{ name: string, stories: readonly any[], references: any }[]} told
 * @param {Record<string, string>} titles @param {number} count
 */
export async function writeGallery(file, photoFolder, told, titles, count = 12) {
  const [first] = told;
  if (!first) return;
  const sequences = new Map();
  first.stories.forEach((story, i) => {
    const key = story.imageIds.join(' ');
    if (!sequences.has(key)) sequences.set(key, i);
  });
  const sections = [];
  for (const place of [...sequences.values()].slice(0, count)) sections.push(await section(photoFolder, place, told, titles));
  await writeFileAtomic(file, `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Storybook stories</title><style>${STYLE}</style><body><h1>Storybook: validation stories</h1>${sections.join('')}</body></html>\n`);
}

/** @param {string} photoFolder @param {number} place @param {any[]} told @param {Record<string, string>} titles */
async function section(photoFolder, place, told, titles) {
  const story = told[0].stories[place];
  const images = await Promise.all(story.imageIds.map(async (/** @type {string} */ id) =>
    `<img alt="photo ${id}" src="data:image/jpeg;base64,${(await readFile(join(photoFolder, `${id}.jpg`))).toString('base64')}">`));
  const row = (/** @type {string} */ title, /** @type {readonly string[]} */ sentences) =>
    `<table><caption>${escape(title)}</caption><tr>${sentences.map((sentence) => `<td>${escape(untokenise(sentence, STORYBOOK_NAMES))}</td>`).join('')}</tr></table>`;
  const rows = [...told.map(({ name, stories }) => row(titles[name] ?? name, stories[place].sentences)), row('Storybook\'s own telling', told[0].references.texts[place])];
  return `<h2>Story ${escape(story.id)}</h2><div class="photos">${images.join('')}</div>${rows.join('')}`;
}
