import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatConfig } from '../../src/core/config.ts';
import type { Outcome } from '../cli/fabula.ts';
import { fabula } from '../cli/fabula.ts';
import { tinyCnn, TINY_PREPROCESSING } from '../features/tinyonnx.ts';

const VIST = fileURLToPath(new URL('../../experiments/vist/vist.yaml', import.meta.url));

/** The settings of the VIST experiment, made small: a second instead of a day. */
const SMALL = [
  'model.photos.units=12', 'model.previous.units=12', 'model.embedding.size=8', 'model.embedding.trainable=true',
  'optimizer.learning_rate=0.01', 'training.epochs=6', 'training.stories_per_batch=4', 'runtime.threads=1', 'name=tiny',
];

export interface TinyBook {
  readonly folder: string;
  /** Path of something in it. */
  at(...names: string[]): string;
  /** The run folder. */
  readonly run: string;
  /** What each command did. */
  readonly done: Readonly<Record<'storybook' | 'prepare' | 'extract' | 'train', Outcome>>;
}

/** From nothing to a trained model by commands alone: Storybook scenes of 48 x 36 pixels and a CNN of one layer. */
export async function tinyBook(): Promise<TinyBook> {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-book-'));
  const at = (...names: string[]): string => join(folder, ...names);
  const annotations = (split: string): string => at('book', `${split}.story-in-sequence.json`);
  const storybook = await fabula('storybook', at('book'), '--seed', '2', '--train', '12', '--val', '4', '--test', '0', '--width', '48', '--height', '36');
  const prepare = await fabula('prepare', '--train', annotations('train'), '--val', annotations('val'), '--output', at('data'), '--json');
  await writeFile(at('tiny.onnx'), tinyCnn());
  await writeFile(at('tiny.yaml'), formatConfig(TINY_PREPROCESSING));
  const extract = await fabula('extract', at('book', 'photos'), '--cnn', at('tiny.onnx'), '--layer', 'vector', '--preprocess', at('tiny.yaml'),
    '-o', at('features.h5'), '--threads', '1', '--json');
  const paths = [`data.train=${at('data', 'train.h5')}`, `data.validation=${at('data', 'val.h5')}`, `data.features=${at('features.h5')}`, `data.cnn=${at('tiny.onnx')}`];
  const train = await fabula('train', VIST, ...[...paths, ...SMALL].flatMap((set) => ['--set', set]), '--runs', at('runs'));
  const [name] = await readdir(at('runs')).catch(() => ['never']);
  return { folder, at, run: at('runs', name!), done: { storybook, prepare, extract, train } };
}
