import { tokenize } from '../../text/tokenizer.ts';
import type { CaptionedPhoto } from './photos.ts';

/**
 * Captions as contiguous blocks for sentence encoders that learn from neighbours (skip-thoughts): the captions of one
 * photo are one block, for they tell of the same thing, and no sentence has a neighbour from another photo. Streamed,
 * a photo at a time.
 * @yields tokenised captions of a photo, tokens joined by single spaces
 */
export function* captionCorpus(photos: Iterable<CaptionedPhoto>): Generator<string[]> {
  for (const { captions } of photos) {
    const block = captions.map((caption) => tokenize(caption).join(' ')).filter((sentence) => sentence !== '');
    if (block.length > 0) yield block;
  }
}

/**
 * The same as the text of a corpus's `sentences.txt`: a sentence a line, an empty line between blocks.
 * @yields a photo's lines
 */
export function* captionCorpusText(photos: Iterable<CaptionedPhoto>): Generator<string> {
  let first = true;
  for (const block of captionCorpus(photos)) {
    yield `${first ? '' : '\n'}${block.join('\n')}\n`;
    first = false;
  }
}
