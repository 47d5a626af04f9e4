import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DType } from '../../../src/core/hosttensor.ts';
import { GraphBuilder } from '../../../src/runtime/graph.ts';
import type { Value } from '../../../src/runtime/graph.ts';
import { modelBytes } from '../../../src/runtime/onnx.ts';

/** Word pieces of the tiny tokenizer, in the order of their numbers. */
export const PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'dog', 'cat', 'ran', '##s', 'sea', 'un'];

/** Vectors of the pieces; filling has large ones, so that a mean over it shows. */
export const VECTORS = PIECES.map((_, id) => (id === 0 ? [1000, 1000] : [id, (id * id) % 7]));

export interface TinyModel {
  readonly inputs?: readonly string[];
  readonly dtype?: DType;
  /** Names of outputs and what they are: a vector for each token, or for each sentence. */
  readonly outputs?: Readonly<Record<string, 'tokens' | 'sentence' | 'ids'>>;
  /** Sizes that are built in. */
  readonly fixed?: readonly [rows: number, steps: number];
  readonly vectors?: readonly (readonly number[])[];
}

/** A text encoder that looks the pieces' vectors up, plus 100 for the second segment; its vector of a sentence is the first piece's. */
export function tinyModel({ inputs = ['input_ids', 'attention_mask', 'token_type_ids'], dtype = 'int64', outputs = { last_hidden_state: 'tokens' }, fixed, vectors = VECTORS }: TinyModel = {}): Uint8Array {
  const builder = new GraphBuilder();
  const dims = new Map<Value, readonly (number | string)[]>();
  const free = <V extends Value>(value: V, shape: readonly (number | string)[]): V => {
    dims.set(value, fixed === undefined ? shape : shape.map((n) => (n === 'batch' ? fixed[0] : n === 'tokens' ? fixed[1] : n)));
    return value;
  };
  const feeds = new Map(inputs.map((name) => [name, free(builder.input(name, dtype, [1, 1]), ['batch', 'tokens'])]));
  const ids = [...feeds.values()][0]!;
  const table = builder.constant(Float32Array.from(vectors.flat()), [vectors.length, 2]);
  let tokens = builder.op('Gather', [table, ids], { dtype: 'float32', shape: [1, 1, 2] });
  const types = feeds.get('token_type_ids');
  if (types !== undefined) {
    const segments = builder.constant(Float32Array.of(0, 0, 100, 100), [2, 2]);
    tokens = builder.op('Add', [tokens, builder.op('Gather', [segments, types], { dtype: 'float32', shape: [1, 1, 2] })], { dtype: 'float32', shape: [1, 1, 2] });
  }
  const first = builder.op('Gather', [tokens, builder.constant(BigInt64Array.of(0n), [])], { dtype: 'float32', shape: [1, 2] }, { axis: 1 });
  for (const [name, kind] of Object.entries(outputs)) {
    const value = kind === 'tokens' ? tokens : kind === 'sentence' ? first : builder.op('Neg', [ids], { dtype, shape: [1, 1] });
    free(value, kind === 'tokens' ? ['batch', 'tokens', 2] : kind === 'sentence' ? ['batch', 2] : ['batch', 'tokens']);
    builder.output(value, name);
  }
  return modelBytes(builder.finish(), { dims });
}

/** A `tokenizer.json` of BERT's kind. */
export function tinyTokenizer(changes: object = {}): string {
  const end = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: PIECES.slice(0, 5).map((content, id) => ({ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [end('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, end('[SEP]')],
      pair: [],
      special_tokens: Object.fromEntries(['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [PIECES.indexOf(id)], tokens: [id] }])),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: Object.fromEntries(PIECES.map((piece, id) => [piece, id])) },
    ...changes,
  });
}

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'fabula-encoder-'));

/** Writes files into a fresh folder; objects become JSON. @returns the folder */
export async function encoderFolder(files: Readonly<Record<string, string | Uint8Array | object>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
  }
  return folder;
}
