import { decodingSchema } from '../../decoding/options.ts';
import { PassageTeller } from '../../decoding/passages.ts';
import type { PassageBatch, PassageDecoderOptions } from '../../models/passagedecoder.ts';
import type { Runtime } from '../../runtime/jit.ts';
import type { Vocabulary } from '../../text/vocabulary.ts';
import type { RunFolder } from '../../tracking/runfolder.ts';
import type { NetworkLearner } from '../../training/networklearner.ts';
import type { PassageSet } from './passagetask.ts';

/** Some validation passages, each with what the decoder tells from its vector, after each epoch. */
export function passageSamples(
  runtime: Runtime, learner: NetworkLearner<PassageBatch, PassageDecoderOptions>, { passages, vectors, size }: PassageSet, held: readonly number[], count: number, maxWords: number, vocabulary: Vocabulary,
): (folder: RunFolder, epoch: number) => Promise<string[]> {
  const chosen = Array.from({ length: Math.min(count, held.length) }, (_, i) => held[Math.floor((i * held.length) / count)]!);
  const teller = new PassageTeller({ runtime, options: learner.head.model, vocabulary: vocabulary.size, parameters: learner.arena.values, frozen: false });
  const decoding = decodingSchema.parse({ strategy: 'greedy' });
  const rows = new Float32Array(chosen.length * size);
  chosen.forEach((number, row) => rows.set(vectors.subarray(number * size, (number + 1) * size), row * size));
  return async (folder, epoch) => {
    if (chosen.length === 0) return [];
    const told = await teller.tell(rows, size, decoding, maxWords);
    const sentences = told.map(([best]) => vocabulary.decode(best!.ids).join(' '));
    await folder.samples({ epoch, stories: sentences.map((sentence, i) => ({ id: `passage ${chosen[i]! + 1}`, image_ids: [], sentences: [sentence] })) });
    return sentences.map((sentence, i) => `${passages[chosen[i]!]!.join(' ')}  =>  ${sentence}`);
  };
}
