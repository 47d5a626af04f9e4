import { RUN_COLOURS } from './charts.ts';
import { escapeHtml } from './html.ts';

/** Where a decoder looked in the sentence before while it told one; as `attentionMaps` of telling/ gives it. */
export interface AttentionPicture {
  /** [T] the words told, `<END>` last. */
  readonly told: readonly string[];
  /** [M] the words read. */
  readonly read: readonly string[];
  /** [T][M] shares, each row adding up to 1. */
  readonly weights: readonly (readonly number[])[];
}

const CELL = 17;
/** Of a letter at 11 pixels, about. */
const LETTER = 6.2;
/** Shades that are told apart. */
const SHADES = 12;

/**
 * A map: a row for each word told, a column for each word read, the darker the more it looked there. A script shows the
 * share below a pointer.
 * @param run place of the run, whose colour it has
 * @param label what it is, such as `Sentence 2 over sentence 1`
 */
export function attentionMap(picture: AttentionPicture, run: number, label: string): string {
  const { told, read, weights } = withoutPadding(picture);
  const left = Math.ceil(8 + LETTER * Math.max(...told.map((word) => word.length)));
  // Words of columns lean to the right by 55 degrees.
  const longest = Math.max(...read.map((word) => word.length));
  const top = Math.ceil(10 + LETTER * longest * Math.sin((55 * Math.PI) / 180));
  const width = left + read.length * CELL + Math.ceil(LETTER * read.at(-1)!.length * Math.cos((55 * Math.PI) / 180)) + 6;
  const height = top + told.length * CELL + 2;
  const values = { left, top, cell: CELL, told, read, shares: weights.map((row) => row.map((share) => Math.round(100 * share))) };
  return `<figure class="attention" data-map="${escapeHtml(JSON.stringify(values))}">
<figcaption>${escapeHtml(label)}</figcaption>
<svg viewBox="0 0 ${width} ${height}" style="max-width:${width}px" role="img" aria-label="${escapeHtml(`${label}: ${inWords(told, read, weights)}`)}">
<rect x="${left}" y="${top}" width="${read.length * CELL}" height="${told.length * CELL}" class="field"/>
<g fill="var(--run-${run % RUN_COLOURS})">${shades(weights, left, top)}</g>
<g class="words">${told.map((word, t) => `<text x="${left - 5}" y="${top + t * CELL + 12}" text-anchor="end">${escapeHtml(word)}</text>`).join('')}
${read.map((word, m) => `<text transform="translate(${left + m * CELL + 11} ${top - 5}) rotate(-55)">${escapeHtml(word)}</text>`).join('')}</g>
</svg>
<div class="tip" role="status" hidden></div>
</figure>`;
}

/** The padding that a model without a mask reads, as one word. */
function withoutPadding({ told, read, weights }: AttentionPicture): AttentionPicture {
  const end = read.indexOf('<NULL>');
  if (end < 0) return { told, read, weights };
  const sum = (row: readonly number[]): number => row.slice(end).reduce((total, share) => total + share, 0);
  return { told, read: [...read.slice(0, end), '(padding)'], weights: weights.map((row) => [...row.slice(0, end), sum(row)]) };
}

/** Cells of one shade are one path: a page has tens of thousands of cells. */
function shades(weights: readonly (readonly number[])[], left: number, top: number): string {
  const paths = Array.from({ length: SHADES + 1 }, () => '');
  weights.forEach((row, t) => row.forEach((share, m) => {
    paths[Math.round(Math.min(1, Math.max(0, share)) * SHADES)] += `M${left + m * CELL} ${top + t * CELL}h${CELL}v${CELL}h-${CELL}z`;
  }));
  return paths.flatMap((path, shade) => (shade === 0 || path === '' ? [] : [`<path opacity="${(shade / SHADES).toFixed(2)}" d="${path}"/>`])).join('');
}

/** For who cannot see it: the word that each word looked at most. */
function inWords(told: readonly string[], read: readonly string[], weights: readonly (readonly number[])[]): string {
  return told.map((word, t) => {
    const row = weights[t]!;
    const most = row.indexOf(Math.max(...row));
    return `${word} looks at ${read[most]} (${Math.round(100 * row[most]!)} %)`;
  }).join(', ');
}
