import { UserError } from '../core/errors.ts';
import type { FeatureTable } from '../data/features.ts';
import type { StoryOutput } from '../data/storyoutput.ts';
import { attentionWeights } from '../decoding/attentionweights.ts';
import { PHOTOS } from '../models/options.ts';
import type { RuntimeOptions } from '../runtime/jit.ts';
import { openRuntime } from '../runtime/jit.ts';
import { splitWords } from '../text/tokenizer.ts';
import { loadCheckpoint } from '../training/checkpoint.ts';
import { checkFits } from '../training/fitting.ts';

/** Where the decoder looked while it told one sentence. */
export interface AttentionMap {
  /** [T] the words told, `<END>` last. */
  readonly told: readonly string[];
  /** [M] the words of the sentence before, `<START>` first and `<END>` last; `<START>` alone before the first sentence. */
  readonly read: readonly string[];
  /** [T][M] shares, each row adding up to 1. */
  readonly weights: readonly (readonly number[])[];
}

/**
 * Attention over the previous sentence, of stories as a model told them, or as people wrote them: each story is told
 * once more, word for word (Luong, Pham and Manning 2015, section 3.1).
 * @param run run folder or checkpoint folder of an attention model
 * @param features of the stories' photos, from the CNN of the run
 * @param stories five sentences each, tokens apart; words outside the vocabulary are read as `<UNK>`
 * @returns [stories][5]
 * @throws UserError when the model has no attention, or features or stories do not fit it
 */
export async function attentionMaps(run: string, features: FeatureTable, stories: readonly Pick<StoryOutput, 'id' | 'imageIds' | 'sentences'>[], options: Partial<RuntimeOptions> = {}): Promise<AttentionMap[][]> {
  const checkpoint = await loadCheckpoint(run);
  const { head: { model, sizes }, vocabulary, weights: parameters } = checkpoint;
  if (model.name !== 'attention') throw new UserError(`${run}: a model "${model.name}" has no attention; name a run of a model "attention"`);
  checkFits(checkpoint, undefined, features);
  for (const { id, imageIds, sentences } of stories) checkStory(id, imageIds, sentences, features);
  const runtime = await openRuntime(options);
  try {
    const photos = features.rows(stories.flatMap(({ imageIds }) => imageIds));
    const ids = stories.map(({ sentences }) => sentences.map((sentence) => vocabulary.encode(splitWords(sentence))));
    const read = await attentionWeights({ runtime, options: model, sizes, parameters }, photos, ids);
    return read.map((story) => story.map(({ told, read, weights }) => ({
      told: told.map((id) => vocabulary.word(id)),
      read: read.map((id) => vocabulary.word(id)),
      weights: told.map((_, t) => [...weights.subarray(t * read.length, (t + 1) * read.length)]),
    })));
  } finally {
    await runtime.dispose();
  }
}

function checkStory(id: string, imageIds: readonly string[], sentences: readonly string[], features: FeatureTable): void {
  if (sentences.length !== PHOTOS || imageIds.length !== PHOTOS) {
    throw new UserError(`story ${id}: ${imageIds.length} photos and ${sentences.length} sentences; attention is shown for ${PHOTOS} of each`);
  }
  const missing = imageIds.find((photo) => !features.has(photo));
  if (missing !== undefined) throw new UserError(`${features.path}: no features for photo ${missing}`);
}
