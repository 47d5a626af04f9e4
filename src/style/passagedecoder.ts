import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import { sha256, sha256File } from '../core/files.ts';
import type { DecodingOptions } from '../decoding/options.ts';
import { PassageTeller } from '../decoding/passages.ts';
import type { Chosen } from '../decoding/search.ts';
import { passageDecoderSchema, passageParameters } from '../models/passagedecoder.ts';
import type { PassageDecoderOptions } from '../models/passagedecoder.ts';
import type { RuntimeOptions } from '../runtime/jit.ts';
import { openRuntime } from '../runtime/jit.ts';
import type { Vocabulary } from '../text/vocabulary.ts';
import { readWeights } from '../training/checkpointfiles.ts';
import { readTaskCheckpoint } from '../training/networklearner.ts';
import type { EncoderId } from './stylevector.ts';
import { encoderIdSchema } from './stylevector.ts';

/** What a passage decoder's checkpoint is. */
export interface PassageDecoderHead {
  readonly folder: string;
  readonly model: PassageDecoderOptions;
  readonly vocabulary: Vocabulary;
  /** The encoder whose vectors it was trained on. */
  readonly encoder: EncoderId;
  /** Words of the longest passage it was trained on. */
  readonly maxWords: number;
}

/** @param path of a run folder or a checkpoint folder @throws UserError when it is of another task, or damaged */
export async function readPassageDecoder(path: string): Promise<PassageDecoderHead> {
  const { folder, head, vocabulary } = await readTaskCheckpoint(path, 'passages', passageDecoderSchema);
  const encoder = encoderIdSchema.safeParse(head.needs['encoder']);
  const maxWords = head.needs['max_words'];
  if (!encoder.success || typeof maxWords !== 'number') throw new UserError(`${join(folder, 'config.json')}: needs: the encoder of its vectors is not named; train the decoder again`);
  return { folder, model: head.model, vocabulary, encoder: encoder.data, maxWords };
}

/** A passage as tokens, with its log-probability in nats. */
export interface ToldPassage {
  readonly tokens: readonly string[];
  readonly logProbability: number;
}

/** A trained passage decoder, ready to tell. */
export class PassageDecoder {
  readonly head: PassageDecoderHead;
  /** Equal for decoders that tell alike. */
  readonly fingerprint: string;
  readonly #teller: PassageTeller;
  readonly #dispose: () => Promise<void>;

  private constructor(head: PassageDecoderHead, fingerprint: string, teller: PassageTeller, dispose: () => Promise<void>) {
    this.head = head;
    this.fingerprint = fingerprint;
    this.#teller = teller;
    this.#dispose = dispose;
  }

  static async open(path: string, options: Partial<RuntimeOptions> = {}): Promise<PassageDecoder> {
    const head = await readPassageDecoder(path);
    const { folder, model, vocabulary, encoder } = head;
    const parameters = await readWeights(folder, passageParameters(model, { vector: encoder.size, vocabulary: vocabulary.size }));
    const runtime = await openRuntime(options);
    const teller = new PassageTeller({ runtime, options: model, vocabulary: vocabulary.size, parameters, frozen: true });
    const fingerprint = sha256(`passages ${await sha256File(join(folder, 'weights.safetensors'))} ${vocabulary.fingerprint()}`);
    return new PassageDecoder(head, fingerprint, teller, () => runtime.dispose());
  }

  /**
   * @param vectors [n, size]
   * @returns for each the passages found, the best first; empty ones are left out
   */
  async tell(vectors: Float32Array, decoding: DecodingOptions, onPassage?: (done: number) => void): Promise<ToldPassage[][]> {
    const { vocabulary, encoder, maxWords } = this.head;
    const told = await this.#teller.tell(vectors, encoder.size, decoding, maxWords, onPassage);
    const worded = ({ ids, logProbability }: Chosen): ToldPassage => ({ tokens: vocabulary.decode(ids), logProbability });
    return told.map((passages) => passages.filter(({ ids }) => ids.length > 0).map(worded));
  }

  dispose(): Promise<void> {
    return this.#dispose();
  }
}
