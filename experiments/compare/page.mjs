// One table and one page of all systems: scores, and what the scores do not say, above photos with everybody's stories.
// @ts-check
import { scoreTableHtml, untokenise } from 'fabula';

/**
 * Figures beside the scores, a column each.
 * @typedef {object} OwnColumn
 * @property {string} head @property {'higher' | 'lower' | 'none'} direction @property {number} digits
 * @property {(name: string) => number | null} value by the name of a system
 */

/**
 * A table of scores with further columns. Which files were scored is in the record of the evaluation.
 * @param {import('fabula').ScoreTable} table
 * @param {readonly OwnColumn[]} before columns left of the scores @param {readonly OwnColumn[]} after right of them
 * @param {readonly (readonly [name: string, value: string])[]} settings lines above the table
 * @returns {import('fabula').ScoreTable}
 */
export function withColumns(table, before, after, settings) {
  const present = (/** @type {readonly OwnColumn[]} */ columns) => columns.filter(({ value }) => table.rows.some(({ system }) => value(system) !== null));
  const heads = (/** @type {readonly OwnColumn[]} */ columns) => present(columns).map(({ head, direction, digits }) => ({ head, direction, digits }));
  const cells = (/** @type {readonly OwnColumn[]} */ columns, /** @type {string} */ system) => present(columns).map(({ value }) => ({ value: value(system) }));
  return {
    ...table,
    columns: [...heads(before), ...table.columns, ...heads(after)],
    rows: table.rows.map(({ file: _, ...row }) => ({ ...row, cells: [...cells(before, row.system), ...row.cells, ...cells(after, row.system)] })),
    settings: [...table.settings, ...settings],
  };
}

const STYLE = `
.page h2 { margin: 2.5rem 0 .5rem; font-size: 1.15rem; font-weight: 600; }
.page h3 { margin: 2rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1rem; font-weight: 600; }
.page p { max-width: 60rem; color: var(--soft); }
.page .plain { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.page .plain th, .page .plain td { padding: .25rem .75rem .25rem 0; text-align: left; font-weight: normal; border-bottom: 1px solid var(--line); }
.page .plain td { text-align: right; }
.page .frames { display: grid; grid-template-columns: repeat(var(--frames), minmax(0, 1fr)); gap: .6rem; }
.page .frames > * { margin: 0; }
.page .frames img { display: block; width: 100%; border-radius: 4px; }
.page .frames p { max-width: none; color: inherit; font-size: .9rem; line-height: 1.4; }
.page .who { margin: 1rem 0 .25rem; font-size: .85rem; font-weight: 600; color: var(--ink); }
.page .whole { margin: 0; max-width: 60rem; color: inherit; font-size: .9rem; line-height: 1.4; }
.page .found { font-size: .8rem; font-style: italic; }
@media (max-width: 40rem) {
  .page .frames.said { grid-template-columns: 1fr; gap: .25rem; counter-reset: place; }
  .page .frames.said p::before { counter-increment: place; content: counter(place) ' '; color: var(--soft); }
  .page .plain { display: block; overflow-x: auto; }
}
@media print { .page h3 { break-after: avoid; } .page .row { break-inside: avoid; } }
`;

/** @param {string} text */
const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

/**
 * What everybody told of one photo sequence.
 * @typedef {object} ShownStory
 * @property {string} id
 * @property {readonly { id: string, image: string | null, note?: string }[]} photos images as data: URLs; the note stands in the place of one that cannot be had
 * @property {readonly { name: string, sentences: readonly string[], whole?: boolean }[]} tellings tokens apart, one a photo; whole: one text, of the first photo
 */

/**
 * The page: it loads nothing from elsewhere.
 * @param {object} content
 * @param {string} content.title
 * @param {import('fabula').ScoreTable} content.table
 * @param {readonly { title: string, text: string, head: readonly string[], rows: readonly (readonly (string | number)[])[] }[]} content.tables below the scores
 * @param {readonly ShownStory[]} content.stories
 * @param {readonly string[]} [content.names] words written with a capital
 */
export function comparisonPage({ title, table, tables, stories, names = [] }) {
  const body = [
    '<div class="page">',
    ...tables.map(plainTable),
    '<h2>Stories</h2>',
    ...stories.map((story) => storySection(story, names)),
    '</div>',
  ].join('\n');
  // Functions: a `$` in a story means nothing special.
  return scoreTableHtml(table, title).replace('</style>', () => `${STYLE}</style>`).replace('</body>', () => `${body}\n</body>`);
}

/** @param {{ title: string, text: string, head: readonly string[], rows: readonly (readonly (string | number)[])[] }} table */
function plainTable({ title, text, head, rows }) {
  const cells = (/** @type {readonly (string | number)[]} */ row) => row.map((cell, i) => (i === 0 ? `<th scope="row">${escape(String(cell))}</th>` : `<td>${escape(String(cell))}</td>`)).join('');
  return `<h2>${escape(title)}</h2>\n<p>${escape(text)}</p>\n<table class="plain"><thead><tr>${head.map((cell, i) => (i === 0 ? `<th scope="col">${escape(cell)}</th>` : `<td>${escape(cell)}</td>`)).join('')}</tr></thead><tbody>\n${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}\n</tbody></table>`;
}

/** @param {ShownStory} story @param {readonly string[]} names */
function storySection({ id, photos, tellings }, names) {
  const pictures = photos.map((photo, i) => (photo.image === null ? `<p class="found">${escape(photo.note ?? photo.id)}</p>` : `<img alt="Photo ${i + 1}: ${escape(photo.id)}" src="${photo.image}">`));
  return [
    `<h3>Story ${escape(id)}</h3>`,
    `<div class="frames${photos.every(({ image }) => image === null) ? ' said' : ''}" style="--frames:${photos.length}">${pictures.join('')}</div>`,
    ...tellings.map((telling) => tellingRow(telling, photos.length, names)),
  ].join('\n');
}

/** @param {ShownStory['tellings'][number]} telling @param {number} frames @param {readonly string[]} names */
function tellingRow({ name, sentences, whole = false }, frames, names) {
  const text = (/** @type {string} */ tokens) => escape(readable(tokens, names));
  const told = whole
    ? `<p class="whole">${text(sentences.filter((sentence) => sentence !== '').join(' '))}</p>`
    : `<div class="frames said" style="--frames:${frames}">${sentences.map((sentence) => `<p>${text(sentence)}</p>`).join('')}</div>`;
  return `<div class="row"><p class="who">${escape(name)}</p>${told}</div>`;
}

/** Tokens as people write them, each sentence with its capital. @param {string} tokens @param {readonly string[]} names */
function readable(tokens, names) {
  return tokens.split(/(?<= [.!?]) /).map((sentence) => untokenise(sentence, names)).join(' ').replace(/ (n't|'s|'m|'d|'ll|'re|'ve)\b/g, '$1');
}
