import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../core/errors.ts';
import { guessLanguage, knownShare } from '../../text/language.ts';
import type { CorpusOptions, CorpusReport, CorpusSource, SkippedSource } from './corpusreport.ts';
import type { TextFileFacts } from './encoding.ts';
import { inspectTextFile } from './encoding.ts';
import { PassageMaker, tokeniseParagraph } from './passages.ts';
import type { Paragraph, ReadingCounts } from './reader.ts';
import { readParagraphs } from './reader.ts';

/** Characters of a file that its language is told by. */
const SAMPLE = 20_000;

/** Lines to a file in pieces of a megabyte, with their count and SHA-256. */
class LineWriter {
  lines = 0;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #text = '';

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Empty lines are not counted. */
  put(line: string): void {
    this.#text += `${line}\n`;
    if (line !== '') this.lines++;
  }

  async flush(least = 0): Promise<void> {
    if (this.#text.length <= least) return;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    this.#hash.update(bytes);
    await this.#file.writeFile(bytes);
  }

  /** Once, at the end. */
  facts(): { lines: number; sha256: string } {
    return { lines: this.lines, sha256: this.#hash.digest('hex') };
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file.sync();
    await this.#file.close();
  }
}

const PIECE = 2 ** 20;

/** Adds one file after the other to an open corpus. */
export class CorpusWriter {
  readonly #folder: string;
  readonly #options: CorpusOptions;
  readonly #known: ReadonlySet<string> | undefined;
  readonly #sources: CorpusSource[] = [];
  readonly #skipped: SkippedSource[] = [];
  readonly #seen = new Map<string, string>();
  readonly #passages: PassageMaker;
  readonly #reading: ReadingCounts = { gutenbergLines: 0, shortLines: 0, gutenbergBooks: 0 };
  readonly #kinds: Record<string, number> = {};
  readonly #counts = { characters: 0, paragraphs: 0, blocks: 0, sentences: 0, sentence_words: 0, passages: 0, passage_words: 0 };
  #longSentences = 0;
  #out: { sentences: LineWriter; passages: LineWriter } | undefined;
  /** Whether a block of sentences is open: an empty line must end it. */
  #inBlock = false;
  #block = -1;

  constructor(folder: string, options: CorpusOptions, known: ReadonlySet<string> | undefined) {
    this.#folder = folder;
    this.#options = options;
    this.#known = known;
    this.#passages = new PassageMaker({ longerThan: options.longer_than, minWords: options.min_words, maxWords: options.max_words, join: options.join, verse: options.verse });
  }

  async open(): Promise<void> {
    const [sentences, passages] = [await open(join(this.#folder, 'sentences.txt'), 'w'), await open(join(this.#folder, 'passages.txt'), 'w')];
    this.#out = { sentences: new LineWriter(sentences), passages: new LineWriter(passages) };
  }

  async close(): Promise<void> {
    await this.#out?.sentences.close();
    await this.#out?.passages.close();
  }

  /** Reads a file and writes what it gives, or notes why it is left out. */
  async add(path: string, onShare: (share: number) => void): Promise<void> {
    let facts: TextFileFacts;
    try {
      facts = await inspectTextFile(path);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#skipped.push({ path, kind: 'unreadable', reason: messageOf(error) });
      return;
    }
    const twin = this.#seen.get(facts.sha256);
    if (twin !== undefined) {
      this.#skipped.push({ path, kind: 'duplicate', reason: `${path}: the same as ${twin}` });
      return;
    }
    this.#seen.set(facts.sha256, path);
    await this.#read(facts, onShare);
  }

  async #read(facts: TextFileFacts, onShare: (share: number) => void): Promise<void> {
    const { language: wanted, drop_lines, layout, double_quotes } = this.#options;
    const counts: ReadingCounts = { gutenbergLines: 0, shortLines: 0, gutenbergBooks: 0 };
    let read = 0;
    const onBytes = (bytes: number): void => onShare(Math.min(1, (read += bytes) / facts.bytes));
    const before = { ...this.#counts };
    // Held until the language is known.
    let held: Paragraph[] | undefined = [];
    let sample = '';
    let language = 'unknown';
    const decide = async (): Promise<boolean> => {
      language = guessLanguage(sample).language;
      const fits = wanted === 'any' || language === wanted || language === 'unknown';
      for (const paragraph of fits ? held! : []) await this.#take(paragraph);
      held = undefined;
      return fits;
    };
    let fits = true;
    for await (const paragraph of readParagraphs(facts, { layout, dropLines: drop_lines, doubleQuotes: double_quotes, onBytes }, counts)) {
      if (held === undefined) {
        await this.#take(paragraph);
        continue;
      }
      held.push(paragraph);
      if (paragraph.kind === 'prose' || paragraph.kind === 'verse') sample += `${paragraph.text}\n`;
      if (sample.length >= SAMPLE && !(fits = await decide())) break;
    }
    if (held !== undefined) fits = await decide();
    if (!fits) {
      this.#skipped.push({ path: facts.path, kind: 'language', reason: `${facts.path}: its language is ${language}, not ${wanted}; --language any keeps it` });
      return;
    }
    await this.#endFile();
    for (const key of ['gutenbergLines', 'shortLines', 'gutenbergBooks'] as const) this.#reading[key] += counts[key];
    const { sentences, passages } = this.#counts;
    this.#sources.push({ ...facts, language, gutenberg: counts.gutenbergLines > 0, sentences: sentences - before.sentences, passages: passages - before.passages });
  }

  async #take(paragraph: Paragraph): Promise<void> {
    const reason = this.#refusal(paragraph);
    if (reason !== undefined) {
      this.#kinds[reason] = (this.#kinds[reason] ?? 0) + 1;
      // What follows a paragraph that is left out is not what came before it; a picture or a signature parts nothing.
      if (reason === 'prose' || reason === 'verse' || reason === 'unknown words') this.#endBlock();
      return;
    }
    const sentences = tokeniseParagraph(paragraph);
    this.#counts.paragraphs++;
    this.#counts.characters += paragraph.text.length;
    if (paragraph.block !== this.#block) this.#endBlock();
    this.#block = paragraph.block;
    for (const { tokens, words } of sentences) this.#sentence(tokens, words);
    for (const passage of this.#passages.push(paragraph, sentences)) this.#passage(passage);
    await this.#out!.sentences.flush(PIECE);
    await this.#out!.passages.flush(PIECE);
  }

  #refusal({ kind, text }: Paragraph): string | undefined {
    if (kind === 'heading') return 'headings';
    if (kind === 'contents') return 'tables of contents';
    if (kind === 'note') return 'notes and pictures';
    if (kind === 'fragment') return 'fragments';
    if (this.#options.keep !== 'all' && this.#options.keep !== kind) return kind;
    return this.#known !== undefined && knownShare(text, this.#known) < this.#options.min_known ? 'unknown words' : undefined;
  }

  #sentence(tokens: string, words: number): void {
    const limit = this.#options.sentence_words;
    if (limit > 0 && words >= limit) {
      this.#longSentences++;
      // Its neighbours are not neighbours of each other.
      this.#endBlock();
      return;
    }
    if (!this.#inBlock) this.#counts.blocks++;
    this.#inBlock = true;
    this.#counts.sentences++;
    this.#counts.sentence_words += words;
    this.#out!.sentences.put(tokens);
  }

  #endBlock(): void {
    if (this.#inBlock) this.#out!.sentences.put('');
    this.#inBlock = false;
  }

  async #endFile(): Promise<void> {
    for (const passage of this.#passages.end()) this.#passage(passage);
    this.#endBlock();
    this.#block = -1;
  }

  #passage(passage: string): void {
    this.#counts.passages++;
    this.#counts.passage_words += countTokens(passage);
    this.#out!.passages.put(passage);
  }

  report(): Omit<CorpusReport, 'word_list'> {
    const { tooShort, tooFewWords, tooLongSentence } = this.#passages.dropped;
    const skipped = (kind: SkippedSource['kind']): number => this.#skipped.filter((source) => source.kind === kind).length;
    return {
      format: 'fabula-corpus', version: 1, sources: this.#sources, skipped: this.#skipped, options: this.#options,
      counts: { files: this.#sources.length, ...this.#counts },
      dropped: {
        files: { unreadable: skipped('unreadable'), duplicate: skipped('duplicate'), 'another language': skipped('language') },
        lines: { 'Gutenberg header and licence': this.#reading.gutenbergLines, short: this.#reading.shortLines },
        paragraphs: this.#kinds,
        sentences: { 'too long': this.#longSentences },
        passages: { 'too short': tooShort, 'too few words': tooFewWords, 'a sentence too long': tooLongSentence },
      },
      files: { 'sentences.txt': this.#out!.sentences.facts(), 'passages.txt': this.#out!.passages.facts() },
    };
  }
}

/** Tokens with single spaces between. */
function countTokens(passage: string): number {
  let count = 1;
  for (let at = passage.indexOf(' '); at >= 0; at = passage.indexOf(' ', at + 1)) count++;
  return count;
}
