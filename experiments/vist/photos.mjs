// Real photos through a real CNN to a story: the three VIST sequences whose photos are in the shared data (8 human
// stories). Too few to learn from: this shows that the path works, and that `fabula tell` prepares photos as training did.
// @ts-check
import { access, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkConfig, decodingSchema, extractFeatures, listPhotos, openExtractor, prepare, readVistStories, Storyteller, train, trainSchema, UserError } from 'fabula';

const here = dirname(fileURLToPath(import.meta.url));

/** @param {string} data folder with vist/ and cnn/ @param {string} work */
export async function tellRealPhotos(data, work) {
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const cnn = join(data, 'cnn/efficientnet_lite0.onnx');
  await access(cnn).catch(() => {
    throw new UserError(`${cnn}: no such file: --data is the folder that holds vist/ and cnn/`);
  });
  const photos = join(data, 'vist/photos');
  const annotations = join(data, 'vist/photos.story-in-sequence.json');
  const features = join(work, 'efficientnet.h5');
  const extractor = await openExtractor({ kind: 'onnx', weights: cnn, layer: 'pooled', preprocessing: 'efficientnet-lite0' }, { device: 'cpu', threads: 0, batch: 10 });
  await extractFeatures(await listPhotos([photos]), extractor, { output: features, bad: 'fail' });
  await extractor.dispose();
  await prepare({ stories: { train: annotations, val: annotations }, output: work });
  const { folder, result } = await train({
    runs: join(work, 'runs'),
    config: checkConfig(trainSchema, {
      name: 'photos', seed: 1,
      data: { train: join(work, 'train.h5'), validation: join(work, 'val.h5'), features, cnn },
      model: { name: 'previous-sentence', photos: { units: 64, last: 3 }, previous: { units: 64 }, embedding: { size: 32 } },
      optimizer: { learning_rate: 0.005 },
      training: { epochs: 60, stories_per_batch: 4, patience: null, samples: 0 },
    }, 'photos.mjs'),
  });
  const sequences = new Map((await readVistStories(annotations)).map((story) => {
    const ids = story.sentences.map(({ photoId }) => photoId);
    return [ids.join(' '), ids];
  }));
  const storyteller = await Storyteller.open(folder);
  const stories = [];
  for (const ids of sequences.values()) {
    const { sentences } = await storyteller.tellPhotos(ids.map((id) => join(photos, `${id}.jpg`)), decodingSchema.parse({ strategy: 'beam', beam: 3 }));
    stories.push({ photos: ids, sentences });
  }
  await storyteller.dispose();
  return { folder, loss: result.validation_loss, stories };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { data: { type: 'string' }, work: { type: 'string', default: join(here, 'work/photos') } } });
  const run = async () => {
    if (values.data === undefined) throw new UserError('--data: give the folder that holds vist/ and cnn/');
    const { folder, loss, stories } = await tellRealPhotos(values.data, values.work);
    console.log(`trained on the stories of these very photos (loss ${loss.toFixed(3)}): ${folder}`);
    for (const { photos, sentences } of stories) console.log(`\n${photos.join(' ')}\n${sentences.map((sentence) => `  ${sentence}`).join('\n')}`);
  };
  await run().catch((error) => {
    console.error(`photos.mjs: ${error.message}`);
    process.exitCode = error instanceof UserError ? 2 : 1;
  });
}
