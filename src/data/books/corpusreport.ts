import { z } from 'zod';
import { LANGUAGES } from '../../text/language.ts';
import type { TextFileFacts } from './encoding.ts';
import { LAYOUTS } from './layout.ts';
import { PASSAGE_DEFAULTS, VERSE_UNITS } from './passages.ts';

const whole = z.int().min(0);

/** How a corpus is made of books; all of it is kept in `corpus.json`. */
export const corpusSchema = z.strictObject({
  language: z.enum([...LANGUAGES, 'any']).default('en').describe('files in another language are left out; any keeps all'),
  keep: z.enum(['all', 'prose', 'verse']).default('all').describe('which paragraphs are taken'),
  layout: z.enum(LAYOUTS).default('auto').describe('hard-wrapped prose, verse, or each paragraph as it looks'),
  verse: z.enum(VERSE_UNITS).default(PASSAGE_DEFAULTS.verse).describe('what a passage of verse is'),
  drop_lines: whole.default(0).describe('lines of the files with so many characters or fewer are left out (Pix2Story: 50)'),
  longer_than: whole.default(PASSAGE_DEFAULTS.longerThan).describe('prose passages have more characters (neural-storyteller: 100)'),
  min_words: whole.default(PASSAGE_DEFAULTS.minWords).describe('fewest tokens of a passage'),
  max_words: whole.default(PASSAGE_DEFAULTS.maxWords).describe('most tokens of a passage: longer paragraphs are cut at sentences; 0 cuts none'),
  join: z.boolean().default(PASSAGE_DEFAULTS.join).describe('put neighbouring short paragraphs together'),
  sentence_words: whole.default(30).describe('sentences have fewer tokens (skip-thoughts: 30); 0 keeps all'),
  double_quotes: z.boolean().default(true).describe('speech in single quotes gets double ones'),
  min_known: z.number().min(0).max(1).default(0.5).describe('with a word list: least share of its words in a paragraph'),
});

/** How a corpus is made, defaults filled in. */
export type CorpusOptions = z.infer<typeof corpusSchema>;

/** What was made of what: `corpus.json`. */
export interface CorpusReport {
  readonly format: 'fabula-corpus';
  readonly version: 1;
  readonly sources: readonly CorpusSource[];
  readonly skipped: readonly SkippedSource[];
  readonly word_list: { readonly path: string; readonly sha256: string; readonly words: number } | null;
  readonly options: CorpusOptions;
  readonly counts: Readonly<Record<'files' | 'characters' | 'paragraphs' | 'blocks' | 'sentences' | 'sentence_words' | 'passages' | 'passage_words', number>>;
  /** What was left out, by reason. */
  readonly dropped: Readonly<Record<'files' | 'lines' | 'paragraphs' | 'sentences' | 'passages', Readonly<Record<string, number>>>>;
  readonly files: Readonly<Record<'sentences.txt' | 'passages.txt', { readonly lines: number; readonly sha256: string }>>;
}

export interface CorpusSource extends TextFileFacts {
  readonly language: string;
  /** Whether a header or licence of Project Gutenberg was cut. */
  readonly gutenberg: boolean;
  readonly sentences: number;
  readonly passages: number;
}

/** A file that was left out, and why. */
export interface SkippedSource {
  readonly path: string;
  readonly kind: 'unreadable' | 'duplicate' | 'language';
  readonly reason: string;
}
