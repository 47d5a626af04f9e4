import { UserError } from '../../core/errors.ts';
import type { ExtractReport } from '../../features/extract.ts';
import type { Photo } from '../../features/photolist.ts';
import type { Shard } from '../../features/shards.ts';
import { findShards, joinShards, parseShard, photosOfShard } from '../../features/shards.ts';
import { describeTask, taskStates } from '../../sweep/slurm/cluster.ts';
import { submittedArrays } from '../../sweep/slurm/jobs.ts';
import type { ExtractArguments } from '../extract.ts';
import { requireWhole } from '../options.ts';
import { clusterOf, submitJobs } from '../slurm.ts';

/** The shard that is asked for, if any. @throws UserError when options contradict each other */
export function shardOf({ shard, shards, slurm, parallel }: ExtractArguments): Shard | undefined {
  if (shard !== undefined && (slurm || shards !== undefined)) throw new UserError('--shard is one part of the photos: --shards and --slurm are for all of them; choose one');
  if (slurm && shards === undefined) throw new UserError('--slurm: say into how many parts with --shards');
  if (!slurm && shards !== undefined) throw new UserError(`--shards ${shards}: add --slurm to submit them, or extract each with --shard 1/${shards} and so on`);
  if (!slurm && parallel !== undefined) throw new UserError('--parallel belongs to --slurm: add it');
  if (shards !== undefined) requireWhole('shards', shards, 1);
  if (parallel !== undefined) requireWhole('parallel', parallel, 1);
  return shard === undefined ? undefined : parseShard(shard);
}

/** Submits job arrays for the shards that are not done yet. */
export async function submitShards(args: ExtractArguments, photos: readonly Photo[]): Promise<void> {
  const { output, parallel, writeOnly, json, force } = args;
  const of = args.shards!;
  const cluster = await clusterOf(args);
  photosOfShard(photos, { index: of, of }, Math.min(args.batch, photos.length));
  const found = force ? undefined : await findShards(output);
  if (found !== undefined && found.of !== of) throw new UserError(`${output}: there are shards of ${found.of}: use --shards ${found.of}, or delete them`);
  const tasks = Array.from({ length: of }, (_, task) => task).filter((task) => !found?.done.has(task + 1));
  const collect = `fabula extract --gather -o ${output}`;
  if (tasks.length === 0) throw new UserError(`${output}: all ${of} shards are there: join them with ${collect}`);
  const threads = args.threads === 0 ? cluster.threads : args.threads;
  const words = ['extract', ...wordsOf(args), '--threads', String(threads), '--shard', `{task}/${of}`];
  await submitJobs(jobsOf(output), [{ name: 'fabula-extract', file: 'array', words, tasks }], { cluster, threads, parallel, writeOnly, json, collect, about: { output, shards: of } });
}

/** Joins the shards; of those that are missing, the error has what Slurm says. */
export async function gatherShards(args: ExtractArguments): Promise<ExtractReport> {
  const { photos, cnn, slurm, shard, shards, output, force } = args;
  if ((photos ?? []).length > 0 || cnn !== undefined || slurm || shard !== undefined || shards !== undefined) {
    throw new UserError('--gather joins what is there already: give --output alone');
  }
  const arrays = await submittedArrays(jobsOf(output));
  const states = await taskStates([...new Set(arrays.map(({ job }) => job))]);
  const lacking = (index: number): string | undefined => arrays.map((array) => describeTask(array, index - 1, states)).findLast((text) => text !== undefined);
  return joinShards(output, { force, lacking });
}

/** Where scripts and logs of an output's tasks are. */
function jobsOf(output: string): string {
  return `${output}.slurm`;
}

/** The command line again, as far as it decides what is extracted. */
function wordsOf({ photos, cnn, weights, layer, preprocess, padding, pool, spatial, output, batch, device, bad, force }: ExtractArguments): string[] {
  const given = { cnn, weights, layer, preprocess, padding, pool: pool === 'none' ? undefined : pool, output, batch, device, bad };
  const words = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
  return [...photos!.map(String), ...words, ...(spatial ? ['--spatial'] : []), ...(force ? ['--force'] : [])];
}
