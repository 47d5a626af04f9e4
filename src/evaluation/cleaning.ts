import { captionTokens } from './ptb.ts';

/** What a protocol does to texts before it cuts them into tokens, by name. */
export const CLEANERS = {
  none: (text: string): string => text,
  /** Python's `text.encode('ascii', 'ignore')`, as vist_eval and TAPM do: characters outside ASCII go without leaving a space, so "café" is "caf". */
  ascii: (text: string): string => text.replace(/[^\0-\x7f]+/g, ''),
  /** PTB tokens in lower case without punctuation, as coco-caption hands texts to every metric. */
  ptb: (text: string): string => captionTokens(text).join(' '),
} as const satisfies Record<string, (text: string) => string>;

export type CleanerName = keyof typeof CLEANERS;
