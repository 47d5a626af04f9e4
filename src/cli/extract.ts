import { availableParallelism } from 'node:os';
import type { CommandModule } from 'yargs';
import { UserError } from '../core/errors.ts';
import { exists } from '../core/files.ts';
import { formatSeconds } from '../core/progress.ts';
import { readPreprocessing } from '../features/cnnspec.ts';
import type { CnnSpec } from '../features/cnnspec.ts';
import type { ExtractReport } from '../features/extract.ts';
import { listPhotos } from '../features/photolist.ts';
import { PREPROCESSINGS } from '../features/preprocess.ts';
import type { Device } from '../runtime/choices.ts';
import { DEVICES } from '../runtime/choices.ts';
import { requireWhole } from './options.ts';
import type { SlurmArguments } from './slurm.ts';
import { checkSlurmArguments, SLURM_FLAGS } from './slurm.ts';

export interface ExtractArguments extends SlurmArguments {
  photos: string[] | undefined;
  cnn: string | undefined;
  weights: string | undefined;
  layer: string | undefined;
  preprocess: string | undefined;
  padding: 'valid' | 'same';
  pool: 'none' | 'mean';
  spatial: boolean;
  output: string;
  batch: number;
  threads: number;
  device: Device;
  bad: 'fail' | 'skip';
  force: boolean;
  shard: string | undefined;
  shards: number | undefined;
  parallel: number | undefined;
  gather: boolean;
  json: boolean;
}

const names = Object.keys(PREPROCESSINGS).join(', ');

export const command: CommandModule<object, ExtractArguments> = {
  command: 'extract [photos..]',
  describe: 'Turn photos into CNN features',
  builder: (yargs) => yargs
    .positional('photos', { type: 'string', array: true, describe: 'folders (with their subfolders), photos, or .txt lists of photos' })
    .options({
      cnn: { type: 'string', describe: 'alexnet, vgg19, or an .onnx file' },
      weights: { type: 'string', describe: 'bvlc_alexnet.npy or vgg19.npy; random:SEED for an untrained CNN' },
      layer: { type: 'string', describe: 'layer or output whose values are the features (alexnet, vgg19: fc7)' },
      preprocess: { type: 'string', describe: `${names}, or a .yaml file (alexnet, vgg19: their own)` },
      padding: { choices: ['valid', 'same'] as const, default: 'valid' as const, describe: 'of AlexNet\'s conv1: valid as published, same as VIST-seq2seq has it' },
      pool: { choices: ['none', 'mean'] as const, default: 'none' as const, describe: 'mean: average a layer that keeps places' },
      spatial: { type: 'boolean', default: false, describe: 'keep a row for each place: [photos, places, values]' },
      output: { type: 'string', alias: 'o', demandOption: true, describe: 'features file to write, NAME.h5' },
      batch: { type: 'number', default: 32, describe: 'photos run at once' },
      threads: { type: 'number', default: 0, describe: `threads of the CNN; 0 = all (${availableParallelism()})` },
      device: { choices: DEVICES, default: 'cpu' as Device, describe: 'where the CNN runs' },
      bad: { choices: ['fail', 'skip'] as const, default: 'fail' as const, describe: 'what to do about a photo that cannot be read' },
      force: { type: 'boolean', default: false, describe: 'replace an existing output' },
      shard: { type: 'string', requiresArg: true, describe: 'only one part of the photos, such as 3/8, into NAME.shard-3-of-8.h5' },
      gather: { type: 'boolean', default: false, describe: 'join the shards of --output, once all are there' },
      shards: { type: 'number', requiresArg: true, describe: '--slurm: parts, one a task' },
      slurm: { type: 'boolean', default: false, describe: 'as Slurm job arrays, one shard a task' },
      parallel: { type: 'number', requiresArg: true, describe: '--slurm: tasks at once (as many as Slurm allows)' },
      ...SLURM_FLAGS,
      json: { type: 'boolean', default: false, describe: 'print the report as JSON' },
    })
    .example('$0 extract photos/ --cnn alexnet --weights bvlc_alexnet.npy -o features.h5', 'fc7 of AlexNet, as VIST-seq2seq')
    .example('$0 extract photos/ --cnn net.onnx --layer pooled --preprocess imagenet -o features.h5', 'any ONNX file')
    .example('$0 extract photos/ --cnn net.onnx --layer pooled --preprocess imagenet -o features.h5 --shards 16 --slurm', 'on a cluster')
    .example('$0 extract --gather -o features.h5', 'join what it has made') as never,
  handler: async (args) => {
    checkSlurmArguments(args);
    if (args.gather) return print(args, await (await import('./extract/shards.ts')).gatherShards(args));
    const photoPlaces = args.photos?.map(String) ?? [];
    if (photoPlaces.length === 0) throw new UserError('no photos given: name folders, photos, or .txt lists of photos; fabula extract --help shows how it is used');
    const spec = await specOf(args);
    requireWhole('batch', args.batch, 1);
    requireWhole('threads', args.threads, 0);
    const photos = await listPhotos(photoPlaces);
    const { submitShards, shardOf } = await import('./extract/shards.ts');
    const shard = shardOf(args);
    if (args.slurm) return submitShards(args, photos);
    const { output, bad, force, device, threads } = args;
    const [{ openExtractor }, { extractFeatures }, { extractShard }] = await Promise.all([
      import('../features/extractor.ts'), import('../features/extract.ts'), import('../features/shards.ts'),
    ]);
    const extractor = await openExtractor(spec, { device, threads, batch: Math.min(args.batch, photos.length) });
    try {
      const options = { output, bad, force };
      print(args, await (shard ? extractShard(photos, shard, extractor, options) : extractFeatures(photos, extractor, options)));
    } finally {
      await extractor.dispose();
    }
  },
};

function print({ json }: ExtractArguments, report: ExtractReport): void {
  console.log(json ? JSON.stringify(report) : summary(report));
}

async function specOf(args: ExtractArguments): Promise<CnnSpec> {
  if (args.spatial && args.pool === 'mean') throw new UserError('--spatial and --pool mean exclude each other: choose one');
  if (args.cnn === undefined) throw new UserError('--cnn: missing; choose alexnet, vgg19, or give a file ending in .onnx');
  const builtIn = args.cnn === 'alexnet' || args.cnn === 'vgg19';
  if (builtIn && args.weights === undefined) {
    throw new UserError(`--cnn ${args.cnn} needs --weights: a .npy file such as ${args.cnn === 'alexnet' ? 'bvlc_alexnet.npy' : 'vgg19.npy'}, or random:SEED for an untrained one`);
  }
  if (!builtIn && !args.cnn.toLowerCase().endsWith('.onnx')) {
    throw new UserError(`--cnn ${args.cnn}: choose alexnet, vgg19, or give a file ending in .onnx`);
  }
  if (!builtIn && !(await exists(args.cnn))) throw new UserError(`--cnn ${args.cnn}: no such file`);
  if (!builtIn && args.weights !== undefined) throw new UserError('--weights is for alexnet and vgg19: an .onnx file has its own');
  return {
    kind: builtIn ? (args.cnn as 'alexnet' | 'vgg19') : 'onnx',
    weights: args.weights ?? args.cnn,
    ...(args.layer === undefined ? {} : { layer: args.layer }),
    ...(args.preprocess === undefined ? {} : { preprocessing: await readPreprocessing(args.preprocess) }),
    padding: args.padding,
    pool: args.spatial ? 'spatial' : args.pool,
  };
}

function summary({ output, shape, skipped, resumed, seconds, photosPerSecond, info }: ExtractReport): string {
  const lines = [
    `${output}: ${shape[0]} photos x ${shape.slice(1).join(' x ')}, ${info.cnn}, ${info.layer}`,
    `${formatSeconds(seconds)}, ${photosPerSecond.toFixed(1)} photos/s${resumed > 0 ? `, ${resumed} from an earlier run` : ''}`,
  ];
  if (skipped.length > 0) lines.push(`${skipped.length} skipped, listed in ${output}.report.json:`, ...skipped.map(({ reason }) => `  ${reason}`));
  return lines.join('\n');
}
