import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';
import { Random } from '../core/random.ts';
import { parseCsv } from '../io/csv.ts';

/** A pair of sentences with its score. */
export interface RatedPair {
  readonly sentences: readonly [string, string];
  readonly score: number;
}

/** Pairs for training, for choosing, for the figure. */
export interface RelatednessData {
  readonly train: readonly RatedPair[];
  readonly development: readonly RatedPair[];
  readonly test: readonly RatedPair[];
  /** Where the parts come from. */
  readonly split: 'files' | 'column' | 'drawn' | 'development drawn';
}

/** Sentences, or pairs of them, with a class each. */
export interface Labelled<T> {
  readonly items: readonly T[];
  readonly labels: readonly string[];
}

/** Files of rated pairs. */
export interface RelatednessFiles {
  readonly train: string;
  readonly development?: string;
  readonly test?: string;
}

/** SICK's own shares for a file without parts: 4,500, 500 and 4,927 pairs. */
const SHARES = { train: 0.45, development: 0.05 };
/** Of a training file without a development set. */
const DEVELOPMENT_SHARE = 0.1;

/** One line of a table with its number, from 1. */
interface Row {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Names that columns have, in lower case. */
const FIRST = ['sentence_a', 'sentence1', 'sentence_1', '#1 string'];
const SECOND = ['sentence_b', 'sentence2', 'sentence_2', '#2 string'];
const SCORE = ['relatedness_score', 'score', 'similarity'];
const LABEL = ['quality', 'label'];
const PART = ['semeval_set', 'split'];

/**
 * Reads rated pairs: SICK (`pair_ID sentence_A sentence_B relatedness_score ...`, one file with its `SemEval_set` or one
 * a part), or `score sentence1 sentence2` with or without a first line of names; separated by tabs, or a `.csv` with names.
 * Without parts of its own a file is shared out as SICK is, by the seed.
 * @throws UserError naming file and line
 */
export async function readRelatedness({ train, development, test }: RelatednessFiles, seed = 1234): Promise<RelatednessData> {
  const all = await readRated(train);
  const dev = development === undefined ? undefined : (await readRated(development)).map(({ pair }) => pair);
  if (test !== undefined) {
    const tested = (await readRated(test)).map(({ pair }) => pair);
    const pairs = all.map(({ pair }) => pair);
    if (dev !== undefined) return { train: pairs, development: dev, test: tested, split: 'files' };
    const drawn = new Random(seed).shuffle(pairs);
    const count = Math.ceil(pairs.length * DEVELOPMENT_SHARE);
    return { train: drawn.slice(count), development: drawn.slice(0, count), test: tested, split: 'development drawn' };
  }
  if (dev !== undefined) throw new UserError(`${train}: a development file is given and no test file; name both, or neither`);
  if (all.some(({ part }) => part !== undefined)) return byPart(all, train);
  const drawn = new Random(seed).shuffle(all.map(({ pair }) => pair));
  const [a, b] = [Math.round(drawn.length * SHARES.train), Math.round(drawn.length * (SHARES.train + SHARES.development))];
  return { train: drawn.slice(0, a), development: drawn.slice(a, b), test: drawn.slice(b), split: 'drawn' };
}

/**
 * Reads labelled pairs: MSRP (`Quality #1 ID #2 ID #1 String #2 String`), or columns `label sentence1 sentence2`, separated by
 * tabs, or a `.csv`; the first line names the columns.
 * @throws UserError naming file and line
 */
export async function readLabelledPairs(path: string): Promise<Labelled<readonly [string, string]>> {
  const { header, rows } = await readTable(path, 'sentence pairs');
  const [label, first, second] = [LABEL, FIRST, SECOND].map((names) => header.findIndex((name) => names.includes(name))) as [number, number, number];
  if (Math.min(label, first, second) < 0) throw new UserError(`${path}: line 1: expected the columns of MSRP (Quality, #1 ID, #2 ID, #1 String, #2 String) or label, sentence1, sentence2; it has ${header.join(', ')}`);
  return {
    labels: rows.map((row) => field(row, label, path, 'label')),
    items: rows.map((row) => [field(row, first, path, 'first sentence'), field(row, second, path, 'second sentence')]),
  };
}

/**
 * Reads labelled sentences: a `.csv` with the columns `label` and `text`; TREC's `LABEL:fine question`; `label`, a tab and the text;
 * or several files, each a class of its own name with a sentence a line (MR, CR, SUBJ, MPQA).
 * @param fine TREC: keep the fine class, `LABEL:fine`
 * @throws UserError naming file and line
 */
export async function readLabelledSentences(paths: readonly string[], fine = false): Promise<Labelled<string>> {
  if (paths.length === 0) throw new UserError('classification: no file is given; name at least one');
  if (paths.length > 1) {
    const names = paths.map((path) => basename(path));
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new UserError(`${twice}: two files of this name; each is a class, so give them different names`);
    const files = await Promise.all(paths.map(async (path) => readLines(path, 'sentences')));
    return { items: files.flatMap((lines) => lines.map(({ text }) => text)), labels: files.flatMap((lines, i) => lines.map(() => names[i]!)) };
  }
  const path = paths[0]!;
  if (extname(path).toLowerCase() === '.csv') return csvSentences(path);
  const lines = await readLines(path, 'labelled sentences');
  const split = lines.map(({ text, line }) => {
    const [, coarse, rest, sentence] = /^([^\s:]+)(:\S+)?\s+(.*\S)$/u.exec(text) ?? [];
    // TREC's labels have a colon; others end at a tab.
    const labelled = rest !== undefined || /^\S+\t/u.test(text);
    if (coarse === undefined || sentence === undefined || !labelled) throw new UserError(`${path}: line ${line}: expected LABEL:fine and a question, or a label, a tab and a text`);
    return { label: fine ? `${coarse}${rest ?? ''}` : coarse, sentence };
  });
  return { items: split.map(({ sentence }) => sentence), labels: split.map(({ label }) => label) };
}

async function csvSentences(path: string): Promise<Labelled<string>> {
  const rows = parseCsv(await readAnyText(path, 'labelled sentences'), path, ['label', 'text']);
  rows.forEach((row, i) => {
    for (const name of ['label', 'text']) if (row[name]!.trim() === '') throw new UserError(`${path}: row ${i + 1}: its ${name} is empty; fill it in, or take the row out`);
  });
  if (rows.length === 0) throw new UserError(`${path}: no rows below the names of the columns`);
  return { items: rows.map((row) => row['text']!), labels: rows.map((row) => row['label']!.trim()) };
}

interface RatedRow {
  readonly pair: RatedPair;
  readonly part: string | undefined;
  readonly line: number;
}

async function readRated(path: string): Promise<RatedRow[]> {
  const table = await readTable(path, 'rated pairs');
  const named = [FIRST, SECOND, SCORE, PART].map((names) => table.header.findIndex((name) => names.includes(name))) as [number, number, number, number];
  const bare = Math.min(...named.slice(0, 3)) < 0;
  if (bare && !(table.header.length === 3 && isNumber(table.first.fields[0]!))) {
    throw new UserError(`${path}: line 1: expected the columns sentence_A, sentence_B and relatedness_score, or score, sentence1, sentence2; it has ${table.header.join(', ')}`);
  }
  const [first, second, score, part] = bare ? [1, 2, 0, -1] : named;
  const rows = bare ? [table.first, ...table.rows] : table.rows;
  return rows.map((row) => {
    const text = field(row, score, path, 'score');
    if (!isNumber(text)) throw new UserError(`${path}: line ${row.line}: the score ${JSON.stringify(text)} is not a number`);
    const sentences = [field(row, first, path, 'first sentence'), field(row, second, path, 'second sentence')] as const;
    return { pair: { sentences, score: Number(text) }, part: part < 0 ? undefined : field(row, part, path, 'part'), line: row.line };
  });
}

const PARTS: Readonly<Record<string, 'train' | 'development' | 'test'>> = { train: 'train', trial: 'development', dev: 'development', development: 'development', validation: 'development', test: 'test' };

function byPart(rows: readonly RatedRow[], path: string): RelatednessData {
  const parts: Record<'train' | 'development' | 'test', RatedPair[]> = { train: [], development: [], test: [] };
  for (const { pair, part, line } of rows) {
    const name = PARTS[part!.toLowerCase()];
    if (name === undefined) throw new UserError(`${path}: line ${line}: part ${JSON.stringify(part)}; expected TRAIN, TRIAL or TEST`);
    parts[name].push(pair);
  }
  return { ...parts, split: 'column' };
}

interface Table {
  /** The first line's fields, in lower case. */
  readonly header: readonly string[];
  readonly first: Row;
  readonly rows: readonly Row[];
}

/** Rows of a table: a `.csv` as RFC 4180 has it; else fields stand between tabs, and quotation marks mean nothing. */
async function readTable(path: string, what: string): Promise<Table> {
  let rows: Row[];
  if (extname(path).toLowerCase() === '.csv') {
    const records = parseCsv(await readAnyText(path, what), path);
    // Lines of a CSV cannot be counted where a field holds some; rows are close enough to find one.
    rows = records.map((record, i) => ({ line: i + 2, fields: Object.values(record) }));
    if (records[0] !== undefined) rows.unshift({ line: 1, fields: Object.keys(records[0]) });
  } else {
    rows = (await readLines(path, what)).map(({ text, line }) => ({ line, fields: text.split('\t') }));
  }
  const [first, ...rest] = rows;
  if (first === undefined) throw new UserError(`${path}: no rows; expected ${what}`);
  return { header: first.fields.map((name) => name.trim().toLowerCase()), first, rows: rest };
}

function field({ fields, line }: Row, column: number, path: string, what: string): string {
  const text = fields[column]?.trim() ?? '';
  if (text === '') throw new UserError(`${path}: line ${line}: no ${what} in column ${column + 1}; the line has ${fields.length}`);
  return text;
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

/** Lines that are not blank, with their numbers. */
async function readLines(path: string, what: string): Promise<{ readonly line: number; readonly text: string }[]> {
  const text = await readAnyText(path, what);
  const lines = text.split(/\r?\n/).map((content, i) => ({ line: i + 1, text: content })).filter((entry) => entry.text.trim() !== '');
  if (lines.length === 0) throw new UserError(`${path}: the file is empty; expected ${what}`);
  return lines;
}

/** A text in UTF-8, or in Latin-1 where it is not: MR, SUBJ and TREC were published so. */
async function readAnyText(path: string, what: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read ${what}: ${systemReason(error)}`);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
