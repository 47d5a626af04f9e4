import type { AttentionPicture } from './attentionmap.ts';
import { attentionMap } from './attentionmap.ts';
import { runColour } from './charts.ts';
import { escapeHtml } from './html.ts';

/** One writer's story of a photo sequence. */
export interface Telling {
  readonly name: string;
  /** Place of the run; null for a human story. */
  readonly run: number | null;
  /** One a photo, or what there is. */
  readonly sentences: readonly string[];
  /** Of a model with attention: a map a sentence, in their order. */
  readonly attention?: readonly AttentionPicture[];
}

/** A photo sequence with everything that was told of it. */
export interface GalleryStory {
  readonly id: string;
  /** `image` is a data: URL, null where the photo is not at hand. */
  readonly photos: readonly { readonly id: string; readonly image: string | null }[];
  readonly tellings: readonly Telling[];
}

/**
 * Stories with their photos, those of all models and the human ones side by side. All are there; a script shows one at
 * a time.
 */
export function gallery(stories: readonly GalleryStory[]): string {
  return [
    '<div class="gallery">',
    '<div class="pager" hidden>',
    '<button type="button" data-by="-1" aria-label="Previous story">←</button>',
    `<label>Story <select>${stories.map(({ id }, i) => `<option value="${i}">${i + 1}: ${escapeHtml(id)}</option>`).join('')}</select> of ${stories.length}</label>`,
    '<button type="button" data-by="1" aria-label="Next story">→</button>',
    '<small>or the arrow keys</small>',
    '</div>',
    ...stories.map(storyArticle),
    '</div>',
  ].join('\n');
}

function storyArticle({ id, photos, tellings }: GalleryStory, i: number): string {
  const frames = Math.max(photos.length, ...tellings.map(({ sentences }) => sentences.length));
  return [
    `<article class="story" aria-labelledby="story-${i + 1}" style="--frames:${frames}">`,
    `<h3 id="story-${i + 1}" tabindex="-1">Story ${i + 1} <small>${escapeHtml(id)}</small></h3>`,
    '<div class="told" role="table" aria-label="Photos and sentences">',
    `<div role="row" class="photos"><span role="columnheader" class="who">Photos</span>${Array.from({ length: frames }, (_, n) => photoCell(photos[n], n)).join('')}</div>`,
    ...tellings.map((telling) => tellingRow(telling, frames)),
    '</div>',
    ...tellings.flatMap(attentionPart),
    '</article>',
  ].join('\n');
}

function photoCell(photo: GalleryStory['photos'][number] | undefined, n: number): string {
  const name = photo === undefined ? '' : escapeHtml(photo.id);
  const picture = photo?.image == null ? `<span class="nophoto">${name}</span>` : `<img src="${photo.image}" alt="Photo ${n + 1}: ${name}" title="${name}">`;
  return `<span role="columnheader">${picture}</span>`;
}

function tellingRow({ name, run, sentences }: Telling, frames: number): string {
  const cells = Array.from({ length: frames }, (_, n) => `<span role="cell">${sentenceHtml(sentences[n] ?? '')}</span>`);
  // A story that nothing cuts into sentences runs below all photos.
  const whole = sentences.length === 1 && frames > 1;
  const body = whole ? `<span role="cell" class="whole">${sentenceHtml(sentences[0]!)}</span>` : cells.join('');
  return `<div role="row" class="telling${run === null ? ' human' : ''}" data-run="${run ?? ''}" style="--own:${runColour(run)}"><span role="rowheader" class="who">${escapeHtml(name)}</span>${body}</div>`;
}

/** Tokens stand apart; a mark at the beginning of a line would look lost. */
function sentenceHtml(sentence: string): string {
  return escapeHtml(sentence.replace(/ (?=[.,!?;:]+(?: |$))/g, '\u00a0'));
}

function attentionPart({ name, run, attention }: Telling): string[] {
  if (attention === undefined || run === null) return [];
  // The first sentence has none before it.
  const maps = attention.flatMap((picture, n) => (n === 0 || picture.read.length === 0 ? [] : [attentionMap(picture, run, `Sentence ${n + 1} over sentence ${n}`)]));
  return [`<section class="maps" data-run="${run}"><h4>Attention over the previous sentence, ${escapeHtml(name)}</h4>\n<div>${maps.join('\n')}</div></section>`];
}
