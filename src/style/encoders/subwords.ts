import { dirname, join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { messageOf, UserError } from '../../core/errors.ts';
import { exists, readJson, readText, sha256 } from '../../core/files.ts';
import { checkShape } from '../../data/schema.ts';

/** What an encoder is given for one text: numbers of word pieces, and which segment each belongs to. */
export interface Subwords {
  readonly ids: readonly number[];
  /** As long as `ids`; all zeros for almost every model. */
  readonly types: readonly number[];
}

/**
 * The tokenizer that came with a pretrained model. Splits as Python's `tokenizers` does, with two exceptions in rare
 * writing: a Greek sigma in capitals at a word's end becomes the final form, and Chinese characters beyond the basic
 * plane are not set apart.
 */
export interface SubwordTokenizer {
  /** @param limit the most numbers, those at both ends included: what is too long loses its end, but not the end token */
  encode(text: string, limit: number): Subwords;
  /** What fills up the shorter texts of a batch. */
  readonly padId: number;
  /** The most numbers that its files allow for; undefined where they do not say. */
  readonly limit: number | undefined;
  /** The fewest that a limit may be: the numbers at both ends and one piece of a word. */
  readonly least: number;
  /** SHA-256 of all that decides the numbers. */
  readonly fingerprint: string;
}

/** `tokenizer_config.json`: names of special tokens are texts, or objects with the text as `content`. */
const SpecialToken = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const Config = z.looseObject({
  do_lower_case: z.boolean().optional(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().optional(),
  model_max_length: z.number().optional(),
  pad_token: SpecialToken.nullish(),
});
type Config = z.infer<typeof Config>;

/** What is read here of `tokenizer.json`; the library reads the rest. */
const TokenizerFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ content: z.string(), id: z.number() })).nullish(),
  model: z.looseObject({ vocab: z.union([z.record(z.string(), z.number()), z.array(z.unknown())]) }),
  padding: z.looseObject({ pad_id: z.number() }).nullish(),
  truncation: z.looseObject({ max_length: z.number() }).nullish(),
});
type TokenizerFile = z.infer<typeof TokenizerFile>;

/** Names of tokenizer files, the better one first. */
export const TOKENIZER_FILES = ['tokenizer.json', 'vocab.txt'] as const;

/** Larger limits are written by tokenizers that have none. */
const NO_LIMIT = 1e6;

/**
 * @param path a `tokenizer.json`, or BERT's list of word pieces `vocab.txt`; `tokenizer_config.json` beside it is read too
 * @throws UserError when a file is missing, of another shape, or of a kind of tokenizer that is not known
 */
export async function readSubwordTokenizer(path: string): Promise<SubwordTokenizer> {
  const configPath = join(dirname(path), 'tokenizer_config.json');
  const config = (await exists(configPath)) ? checkShape(Config, await readJson(configPath, 'the settings of a tokenizer'), configPath) : {};
  const file = path.endsWith('.txt')
    ? wordPieces((await readText(path, 'word pieces')).replace(/\r?\n$/, '').split(/\r?\n/), config, path)
    : checkShape(TokenizerFile, await readJson(path, 'a tokenizer'), path, 'give the tokenizer.json that came with the model');
  return subwordTokenizer(file, config, path);
}

/**
 * BERT's tokenizer for a `vocab.txt`, as a `tokenizer.json` would describe it. Where no settings say whether it takes
 * lower case, its pieces do: those of a model for lower case have no capitals.
 */
function wordPieces(pieces: readonly string[], config: Config, path: string): TokenizerFile {
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  const missing = ['[UNK]', '[CLS]', '[SEP]'].filter((name) => !Object.hasOwn(vocab, name));
  if (missing.length > 0) throw new UserError(`${path}: it has no line ${missing.join(', no line ')}: BERT's word pieces were expected; give a tokenizer.json in its place`);
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].filter((name) => Object.hasOwn(vocab, name));
  const capitals = pieces.some((piece) => !/^\[.*\]$/.test(piece) && /\p{Lu}/u.test(piece));
  const lowercase = config.do_lower_case ?? !capitals;
  const end = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
  return {
    added_tokens: special.map((content) => ({ id: vocab[content]!, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: config.tokenize_chinese_chars ?? true, strip_accents: config.strip_accents ?? null, lowercase },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [end('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, end('[SEP]')],
      pair: [],
      special_tokens: Object.fromEntries(['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [vocab[id]!], tokens: [id] }])),
    },
    decoder: null,
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
  };
}

function subwordTokenizer(file: TokenizerFile, config: Config, path: string): SubwordTokenizer {
  const whole = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...file, added_tokens: file.added_tokens ?? [] };
  let tokenizer: Tokenizer;
  let ends: number;
  try {
    tokenizer = new Tokenizer(whole, config);
    ends = tokenizer.encode('').ids.length;
  } catch (error) {
    throw new UserError(`${path}: a tokenizer that is not known here: ${messageOf(error).split('\n')[0]}`);
  }
  const limits = [config.model_max_length, file.truncation?.max_length].filter((limit) => limit !== undefined && limit < NO_LIMIT);
  return {
    encode: (text, limit) => encode(tokenizer, text, limit),
    padId: padId(tokenizer, file, config),
    // The file's own limit is often that of one table of scores (128 of MiniLM's 512): the settings come first.
    limit: limits[0],
    least: ends + 1,
    fingerprint: sha256(JSON.stringify([whole.added_tokens, whole.normalizer, whole.pre_tokenizer, whole.post_processor, whole.model, config])),
  };
}

function encode(tokenizer: Tokenizer, text: string, limit: number): Subwords {
  const all = known(tokenizer.encode(text, { return_token_type_ids: true }));
  if (all.ids.length <= limit) return all;
  const bare = known(tokenizer.encode(text, { add_special_tokens: false })).ids;
  const before = all.ids.findIndex((_, at) => bare.every((id, i) => all.ids[at + i] === id));
  if (before < 0) return { ids: all.ids.slice(0, limit), types: all.types.slice(0, limit) };
  const from = before + bare.length - (all.ids.length - limit);
  const cut = (numbers: readonly number[]): number[] => [...numbers.slice(0, from), ...numbers.slice(before + bare.length)];
  return { ids: cut(all.ids), types: cut(all.types) };
}

/** Leaves out characters that a tokenizer without an unknown token has no number for, as Python's does. */
function known(encoding: { readonly ids: readonly (number | undefined)[]; readonly token_type_ids?: readonly number[] }): Subwords {
  const types = encoding.token_type_ids ?? encoding.ids.map(() => 0);
  const kept = encoding.ids.flatMap((id, i) => (id === undefined ? [] : [i]));
  return { ids: kept.map((i) => encoding.ids[i]!), types: kept.map((i) => types[i] ?? 0) };
}

function padId(tokenizer: Tokenizer, file: TokenizerFile, config: Config): number {
  const named = config.pad_token === undefined || config.pad_token === null ? undefined : tokenizer.token_to_id(config.pad_token);
  return named ?? file.padding?.pad_id ?? tokenizer.token_to_id('[PAD]') ?? tokenizer.token_to_id('<pad>') ?? 0;
}
