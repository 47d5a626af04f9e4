import { messageOf, nearestName, UserError } from '../../core/errors.ts';
import type { HostTensor } from '../../core/hosttensor.ts';
import type { Session } from '../../runtime/session.ts';
import type { Subwords } from './subwords.ts';

/** What a batch gives: a vector for each token, or one for each sentence. */
export interface Encoded {
  readonly data: Float32Array;
  /** Tokens of each row with their filling; undefined where there is one vector a sentence. */
  readonly steps: number | undefined;
  readonly size: number;
}

/** A text encoder as an ONNX graph: which of its inputs and outputs are used, and the sizes that are built in. */
export interface EncoderGraph {
  readonly output: string;
  /** One vector a sentence. */
  readonly pooled: boolean;
  /** Numbers of a vector. */
  readonly size: number;
  /** Sentences that it always takes; undefined = any number. */
  readonly rows: number | undefined;
  /** Tokens that it always takes; undefined = any number. */
  readonly steps: number | undefined;
  /** @param batch at most `rows` sentences of 1 to `steps` tokens each */
  run(batch: readonly Subwords[]): Promise<Encoded>;
}

const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'] as const;
type Input = (typeof INPUTS)[number];

/** Outputs by what exporters call them, the better one first. */
const OUTPUTS = ['sentence_embedding', 'last_hidden_state', 'token_embeddings', 'pooler_output'];

/**
 * Finds out what a model takes and gives, with a run of one sentence: metadata may have names in place of sizes.
 * @param sample a sentence
 * @param wanted name of the output, where the user chose one
 * @throws UserError when its inputs or outputs are not those of a text encoder
 */
export async function understandGraph(session: Session, path: string, sample: Subwords, padId: number, wanted?: string): Promise<EncoderGraph> {
  const inputs = requireInputs(session, path);
  const output = chooseOutput(session, path, wanted);
  const [rows, steps] = session.inputs.find(({ name }) => name === 'input_ids')!.shape.map((n) => (typeof n === 'number' && n > 0 ? n : undefined));
  const run = async (batch: readonly Subwords[]): Promise<HostTensor> => {
    const tensors = feeds(batch, inputs, session, padId, rows ?? batch.length, steps);
    const results = await session.run(tensors).catch((error: unknown) => {
      throw new UserError(`${path}: the model does not run on tokens [${tensors['input_ids']!.shape.join(', ')}]: ${messageOf(error).split('\n')[0]}`);
    });
    return results[output]!;
  };
  const cut = { ids: sample.ids.slice(0, steps), types: sample.types.slice(0, steps) };
  const { shape } = await run([cut]);
  const expected = [rows ?? 1, steps ?? cut.ids.length];
  const pooled = shape.length === 2;
  if (!(pooled || (shape.length === 3 && shape[1] === expected[1])) || shape[0] !== expected[0]) {
    throw new UserError(`${path}: output ${output} is [${shape.join(', ')}] for tokens [${expected.join(', ')}]: expected [${expected[0]}, size] or [${expected.join(', ')}, size]; choose another output`);
  }
  return {
    output, pooled, rows, steps,
    size: shape.at(-1)!,
    async run(batch) {
      const result = await run(batch);
      return { data: result.data as Float32Array, steps: pooled ? undefined : result.shape[1]!, size: result.shape.at(-1)! };
    },
  };
}

function requireInputs(session: Session, path: string): Input[] {
  const names = session.inputs.map(({ name }) => name);
  const strange = names.filter((name) => !(INPUTS as readonly string[]).includes(name));
  if (strange.length > 0 || !names.includes('input_ids')) {
    throw new UserError(`${path}: it takes ${names.join(', ') || 'nothing'}; a text encoder takes input_ids and, where it wants them, attention_mask and token_type_ids`);
  }
  for (const name of names) {
    const type = session.typeOf(name);
    if (type !== 'int64' && type !== 'int32') throw new UserError(`${path}: its input ${name} is ${type}: a text encoder takes int64 or int32`);
  }
  return names as Input[];
}

function chooseOutput(session: Session, path: string, wanted: string | undefined): string {
  const names = session.outputs.map(({ name }) => name);
  if (wanted !== undefined && !names.includes(wanted)) {
    const near = nearestName(wanted, names);
    throw new UserError(`${path}: it has no output ${JSON.stringify(wanted)}${near === undefined ? '' : ` (did you mean ${near}?)`}: choose ${names.join(', ')}`);
  }
  const floats = names.filter((name) => session.typeOf(name) === 'float32');
  const found = wanted ?? OUTPUTS.find((name) => names.includes(name)) ?? (floats.length === 1 ? floats[0] : undefined);
  if (found === undefined) {
    throw new UserError(`${path}: which of its outputs is the vector of a sentence is not known: choose one of ${names.map((name) => `${name} (${session.typeOf(name)})`).join(', ')}`);
  }
  if (!floats.includes(found)) throw new UserError(`${path}: its output ${found} is ${session.typeOf(found)}: export it with float32 outputs`);
  return found;
}

/** Tokens as tensors [rows, steps], filled up at the end. */
function feeds(batch: readonly Subwords[], inputs: readonly Input[], session: Session, padId: number, rows: number, fixed: number | undefined): Record<string, HostTensor> {
  const steps = fixed ?? Math.max(...batch.map(({ ids }) => ids.length));
  const filled = (fill: number, numbers: (text: Subwords) => readonly number[]): Int32Array => {
    const data = new Int32Array(rows * steps).fill(fill);
    for (const [row, text] of batch.entries()) data.set(numbers(text), row * steps);
    return data;
  };
  const make: Record<Input, () => Int32Array> = {
    input_ids: () => filled(padId, ({ ids }) => ids),
    attention_mask: () => filled(0, ({ ids }) => ids.map(() => 1)),
    token_type_ids: () => filled(0, ({ types }) => types),
  };
  return Object.fromEntries(inputs.map((name) => [name, tensor(make[name](), [rows, steps], session.typeOf(name) === 'int64')]));
}

function tensor(data: Int32Array, shape: readonly number[], long: boolean): HostTensor {
  return long ? { dtype: 'int64', shape, data: BigInt64Array.from(data, BigInt) } : { dtype: 'int32', shape, data };
}
