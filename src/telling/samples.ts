import { decodingSchema } from '../decoding/options.ts';
import { Teller } from '../decoding/teller.ts';
import { previousForm } from '../training/network.ts';
import type { OpenTraining } from '../training/run.ts';

/** A validation story as the model under training tells it: words apart, as in other outputs. */
export interface SampleStory {
  readonly id: string;
  readonly image_ids: readonly string[];
  readonly sentences: readonly string[];
}

/**
 * What tells the first validation stories of a training (training.samples of them) as its model stands, greedily, and
 * keeps them in samples.jsonl of the run. Call it after an epoch.
 * @returns a function of the epoch, from 1
 */
export function sampleTeller({ config, data, folder, runtime, trainer }: OpenTraining): (epoch: number) => Promise<SampleStory[]> {
  const { validation } = data;
  const count = Math.min(config.training.samples, validation.length);
  if (count === 0) return () => Promise.resolve([]);
  const { options, sizes, arena } = trainer.network;
  const teller = new Teller({ runtime, options, sizes, parameters: arena.values, previous: previousForm(options) });
  const decoding = decodingSchema.parse({ strategy: 'greedy' });
  return async (epoch) => {
    const photos = data.features.rows(validation.imageIds.slice(0, count).flat());
    const told = await teller.tell(photos, count, decoding);
    const stories = told.map(({ sentences }, i) => ({
      id: validation.ids[i]!, image_ids: validation.imageIds[i]!,
      sentences: sentences.map(({ ids }) => validation.vocabulary.decode(ids).join(' ')),
    }));
    await folder.samples({ epoch, stories });
    return stories;
  };
}
