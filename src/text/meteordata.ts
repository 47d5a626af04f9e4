import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { messageOf, UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';
import { readParaphrases } from './paraphrasefile.ts';
import type { ParaphraseOptions } from './paraphrasefile.ts';
import type { Paraphrases } from './paraphrases.ts';
import { Synonyms } from './synonyms.ts';

/** The English data of a METEOR 1.5 distribution. */
export interface MeteorData {
  readonly description: string;
  readonly functionWords: ReadonlySet<string>;
  readonly prefixes: ReadonlyMap<string, 'any' | 'number'>;
  readonly synonyms: Synonyms;
  readonly paraphrases: Paraphrases;
}

/** Which of METEOR's data to read. */
export interface MeteorDataOptions {
  /**
   * Names the words of the texts that will be scored; only paraphrases made of them are kept, as no others can match.
   * Default: all are kept, in about 0.3 GB.
   */
  readonly vocabulary?: (prefixes: MeteorData['prefixes']) => Iterable<string>;
  /** Called with the bytes of the paraphrase table read so far and all of them. */
  readonly onProgress?: ParaphraseOptions['onProgress'];
}

const JAR = 'meteor-1.5.jar';
const TABLE = join('data', 'paraphrase-en.gz');
/** Where the jar lies below a folder that a user may give: a distribution, pycocoevalcap, or the folder it is in. */
const PLACES = ['.', 'meteor', join('pycocoevalcap', 'meteor')];

const ENTRIES = {
  functionWords: 'function/english.words',
  prefixes: 'nonbreaking/english.prefixes',
  synsets: 'synonym/english.synsets',
  exceptions: 'synonym/english.exceptions',
} as const;

/**
 * Reads function words, abbreviations and WordNet from the jar of METEOR 1.5, and the paraphrase table beside it.
 * @param path the folder of a distribution, of the Python package pycocoevalcap, or the jar itself
 * @throws UserError when something is missing or damaged
 */
export async function readMeteorData(path: string, { vocabulary, onProgress }: MeteorDataOptions = {}): Promise<MeteorData> {
  const jar = await findJar(path);
  const files = await readJar(jar);
  const prefixes = parsePrefixes(linesOf(files.prefixes));
  const options = { ...(vocabulary && { vocabulary: vocabulary(prefixes) }), ...(onProgress && { onProgress }) };
  // Before the synonyms are there: the garbage collector, which the table keeps busy, would look at them again and again.
  const paraphrases = await readParaphrases(join(dirname(jar), TABLE), options);
  return {
    description: 'METEOR 1.5 data',
    functionWords: new Set(linesOf(files.functionWords)),
    prefixes,
    synonyms: parseSynonyms(linesOf(files.synsets), linesOf(files.exceptions), jar),
    paraphrases,
  };
}

async function findJar(path: string): Promise<string> {
  const info = await stat(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read METEOR's data: ${systemReason(error)}`);
  });
  if (info.isFile()) return path;
  for (const place of PLACES) {
    const jar = join(path, place, JAR);
    if (await stat(jar).then((found) => found.isFile(), () => false)) return jar;
  }
  throw new UserError(`${path}: there is no ${JAR} in it; give the folder of a METEOR 1.5 distribution, or of the Python package pycocoevalcap`);
}

async function readJar(path: string): Promise<Record<keyof typeof ENTRIES, string>> {
  const bytes = await readFile(path);
  const wanted = new Set<string>(Object.values(ENTRIES));
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, { filter: ({ name }) => wanted.has(name) });
  } catch (error) {
    throw new UserError(`${path}: not a whole jar file: ${messageOf(error)}; fetch it anew`);
  }
  const entry = (name: string): string => {
    if (files[name] === undefined) throw new UserError(`${path}: holds no ${name}; give the jar of METEOR 1.5`);
    return strFromU8(files[name]);
  };
  return { functionWords: entry(ENTRIES.functionWords), prefixes: entry(ENTRIES.prefixes), synsets: entry(ENTRIES.synsets), exceptions: entry(ENTRIES.exceptions) };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function wordsOf(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== '');
}

function parsePrefixes(lines: readonly string[]): Map<string, 'any' | 'number'> {
  const entries = lines.map(wordsOf).filter(([prefix]) => prefix !== undefined && !prefix.startsWith('#'));
  return new Map(entries.map(([prefix, kind]) => [prefix!, kind === '#NUMERIC_ONLY#' ? 'number' : 'any']));
}

/** Both files are pairs of lines: a word and its sets; a base form and the irregular forms of it. */
function parseSynonyms(synsets: readonly string[], exceptions: readonly string[], path: string): Synonyms {
  if (synsets.length % 2 !== 0 || exceptions.length % 2 !== 0) throw new UserError(`${path}: its synonym files end within an entry; fetch it anew`);
  const sets = new Map<string, number[]>();
  for (let i = 0; i < synsets.length; i += 2) sets.set(synsets[i]!, wordsOf(synsets[i + 1]!).map(Number));
  const bases = new Map<string, string[]>();
  for (let i = 0; i < exceptions.length; i += 2) {
    for (const form of wordsOf(exceptions[i + 1]!)) bases.set(form, [...(bases.get(form) ?? []), exceptions[i]!]);
  }
  return new Synonyms(sets, bases);
}
