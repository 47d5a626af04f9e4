import { sha256 } from '../core/files.ts';
import { escapeHtml, htmlPage } from './html.ts';
import { STYLE_GALLERY_EXPORT } from './stylegalleryexport.ts';
import { STYLE_GALLERY_MOVES } from './stylegallerymoves.ts';
import { STYLE_GALLERY_SCRIPT } from './stylegalleryscript.ts';
import { STYLE_GALLERY_STYLE } from './stylegallerystyle.ts';

/** A photo with what was told of it in one style. */
export interface StyleGalleryItem {
  readonly id: string;
  /** Path of the photo, for the export. */
  readonly image: string;
  readonly style: string;
  /** Shown below the passage, nearest first. */
  readonly captions: readonly { readonly text: string; readonly score: number | null }[];
  /** Null where none could be generated: such photos are listed at the end. */
  readonly passage: string | null;
  /** Nats; null when not known. */
  readonly nll: number | null;
  readonly words: number;
  readonly rejected: readonly { readonly reasons: readonly string[] }[];
  /** What was decided before. */
  readonly choice?: 'kept' | 'rejected';
  /** data: URL, or path beside the page with / between folders; null where the photo is not at hand. */
  readonly thumbnail: string | null;
}

export interface StyleGalleryInput {
  readonly title: string;
  readonly items: readonly StyleGalleryItem[];
  /** Names the place in the browser where the choice is kept: the same for a gallery that is made again. */
  readonly key: string;
}

/**
 * A page on which a reader keeps, rejects and orders thousands of passages, and exports the choice. It loads nothing but
 * the thumbnails beside it. 40 are shown at a time; the others are data. The browser keeps the choice under the
 * gallery's key, each decision with the passage that it was made on, so a passage told anew is undecided again.
 */
export function styleGalleryPage({ title, items, key }: StyleGalleryInput): string {
  const told = items.filter(({ passage }) => passage !== null);
  const styles = [...new Set(told.map(({ style }) => style))].sort();
  const body = [
    `<div id="gallery" data-key="fabula-gallery-${escapeHtml(key)}" data-title="${escapeHtml(title)}">`,
    `<h1>${escapeHtml(title)}</h1>`,
    '<noscript><p>This page sorts its passages with a script of its own: allow scripts to see them.</p></noscript>',
    toolbar(told.length, styles),
    '<p id="said" role="status"></p>',
    '<main aria-label="Passages"><ol id="list"></ol><p id="none" hidden>Nothing to show: choose another filter.</p></main>',
    PAGER,
    withoutPassage(items),
    '</div>',
    `<script type="application/json" id="items">${JSON.stringify(told.map(itemData)).replaceAll('<', '\\u003c')}</script>`,
  ].join('\n');
  return htmlPage({ title, body, style: STYLE_GALLERY_STYLE, script: `'use strict';\n{\n${STYLE_GALLERY_SCRIPT}${STYLE_GALLERY_MOVES}${STYLE_GALLERY_EXPORT}}\n`, photos: 'beside' });
}

/** What the page's script reads. Of candidates that were not taken it tells the reasons: their texts were not to be shown. */
function itemData({ id, image, style, captions, passage, nll, words, rejected, choice, thumbnail }: StyleGalleryItem): unknown {
  return {
    key: sha256(JSON.stringify([id, style, passage])).slice(0, 12),
    id, image, style, passage, nll, words, captions, thumbnail,
    ...(rejected.length > 0 && { rejected: countReasons(rejected) }),
    ...(choice && { choice }),
  };
}

/** `flagged by x (3)`, the most frequent first. */
function countReasons(rejected: StyleGalleryItem['rejected']): string[] {
  const counts = new Map<string, number>();
  for (const { reasons } of rejected) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([reason, count]) => (count > 1 ? `${reason} (${count})` : reason));
}

const PAGER = `<nav class="pager" aria-label="Pages">
<button type="button" id="previous">← <span>Previous</span></button>
<label>Page <input id="page" type="number" min="1" value="1"> of <span id="pages">1</span></label>
<button type="button" id="next"><span>Next</span> →</button>
</nav>`;

function toolbar(count: number, styles: readonly string[]): string {
  const filters = ['all', 'undecided', 'kept', 'rejected'].map((name, i) => `<label><input type="radio" name="show" value="${name}"${i === 0 ? ' checked' : ''}>${name[0]!.toUpperCase()}${name.slice(1)} <b data-count="${name}">${name === 'all' ? count : ''}</b></label>`);
  const options = styles.map((style) => `<option value="${escapeHtml(style)}">${escapeHtml(style === '' ? '(no style)' : style)}</option>`);
  return [
    '<div class="tools">',
    `<fieldset class="show"><legend>Show</legend>${filters.join('')}</fieldset>`,
    `<label${styles.length < 2 ? ' hidden' : ''}>Style <select id="style"><option value="*">all</option>${options.join('')}</select></label>`,
    '<label class="find">Find <input type="search" id="find" placeholder="words, captions, photo"></label>',
    '<button type="button" id="undo" disabled>Undo</button>',
    '<details class="menu"><summary>Export</summary><div>',
    '<button type="button" data-export="jsonl">The choice, as JSON lines</button>',
    '<button type="button" data-export="md">Those kept, as Markdown</button>',
    '<button type="button" data-export="html">Those kept, as a page</button>',
    '<p>Markdown and page show the photos when they lie in this gallery\'s folder.</p>',
    '<label class="button">Read a choice <input type="file" id="import" accept=".jsonl,.json"></label>',
    '</div></details>',
    `<details class="menu keys"><summary>Keys</summary><div><dl>${KEYS.map(([keys, what]) => `<dt>${keys}</dt><dd>${what}</dd>`).join('')}</dl></div></details>`,
    '</div>',
  ].join('\n');
}

const KEYS: readonly (readonly [string, string])[] = [
  ['k', 'keep, and on to the next'], ['r', 'reject, and on to the next'], ['u', 'undecided again'], ['z', 'undo'],
  ['↑ ↓', 'previous, next'], ['← →', 'pages'], ['Alt ↑ ↓', 'move up, down'], ['Alt Home, End', 'move to the front, the end'], ['/', 'find'],
];

function withoutPassage(items: readonly StyleGalleryItem[]): string {
  const none = items.filter(({ passage }) => passage === null);
  if (none.length === 0) return '';
  const lines = none.map(({ id, style, rejected }) => {
    const why = countReasons(rejected);
    return `<li>${escapeHtml(id)}${style === '' ? '' : `, ${escapeHtml(style)}`}${why.length === 0 ? '' : `: ${escapeHtml(why.join('; '))}`}</li>`;
  });
  return `<details class="untold"><summary>${none.length === 1 ? '1 photo' : `${none.length} photos`} without a passage</summary><ul>${lines.join('')}</ul></details>`;
}
