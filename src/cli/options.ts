import type { Options } from 'yargs';
import { checkConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { systemReason, writeFileAtomic } from '../core/files.ts';
import type { DecodingOptions } from '../decoding/options.ts';
import { decodingSchema } from '../decoding/options.ts';
import type { Backend, Device } from '../runtime/choices.ts';
import { BACKENDS, DEVICES } from '../runtime/choices.ts';
import type { RuntimeOptions } from '../runtime/jit.ts';

/** Options that several commands share. */
export const RUNTIME_FLAGS = {
  backend: { choices: BACKENDS, default: 'onnx' as Backend, describe: 'what computes: ONNX Runtime, or a tfjs backend' },
  device: { choices: DEVICES, default: 'cpu' as Device, describe: 'where compiled models run' },
  threads: { type: 'number', default: 0, describe: 'threads; 0 = all cores' },
} as const satisfies Record<string, Options>;

export interface RuntimeArguments {
  backend: Backend;
  device: Device;
  threads: number;
}

export function runtimeOptions({ backend, device, threads }: RuntimeArguments): Partial<RuntimeOptions> {
  requireWhole('threads', threads, 0);
  return { backend, device, threads };
}

/** @throws UserError when a number given on the command line is not whole, or less than `from` */
export function requireWhole(option: string, value: number, from: number): void {
  if (!Number.isInteger(value) || value < from) throw new UserError(`--${option} ${value}: give a whole number, ${from} or more`);
}

/** Writes a file that the command line names. @throws UserError with its path when that cannot be done */
export async function writeOutput(path: string, content: string): Promise<void> {
  await writeFileAtomic(path, content).catch((error: unknown) => {
    throw new UserError(`${path}: cannot be written: ${systemReason(error)}`);
  });
}

/** Columns that a table may take: the terminal's, within reason. */
export function terminalWidth(): number {
  return Math.max(60, Math.min(process.stdout.columns ?? 100, 160));
}

const DEFAULTS = decodingSchema.parse({});

export const DECODING_FLAGS = {
  strategy: { choices: ['greedy', 'beam', 'sample'] as const, default: DEFAULTS.strategy, describe: 'how words are chosen' },
  beam: { type: 'number', default: DEFAULTS.beam, describe: 'beam: hypotheses kept' },
  'length-penalty': { type: 'number', default: DEFAULTS.length_penalty, describe: 'beam: cost is divided by length to this power' },
  'block-ngram': { type: 'number', default: DEFAULTS.block_ngram, describe: 'no sequence of so many words comes twice in a story; 0 allows all' },
  'min-words': { type: 'number', default: DEFAULTS.min_words, describe: 'words before a sentence may end' },
  'max-words': { type: 'number', describe: 'words after which it must (default: as in training)' },
  temperature: { type: 'number', default: DEFAULTS.temperature, describe: 'sample: below 1 safer, above 1 wilder' },
  'top-k': { type: 'number', default: DEFAULTS.top_k, describe: 'sample: among the k most probable words; 0 = all' },
  'top-p': { type: 'number', default: DEFAULTS.top_p, describe: 'sample: among words that together reach this probability' },
  unknown: { choices: ['bar', 'allow'] as const, default: DEFAULTS.unknown, describe: 'whether <UNK> may be said' },
  seed: { type: 'number', default: DEFAULTS.seed, describe: 'sample: of the draws' },
} as const satisfies Record<string, Options>;

export interface DecodingArguments {
  strategy: DecodingOptions['strategy'];
  beam: number;
  lengthPenalty: number;
  blockNgram: number;
  minWords: number;
  maxWords: number | undefined;
  temperature: number;
  topK: number;
  topP: number;
  unknown: DecodingOptions['unknown'];
  seed: number;
}

export function decodingOptions(args: DecodingArguments): DecodingOptions {
  return checkConfig(decodingSchema, {
    strategy: args.strategy, beam: args.beam, length_penalty: args.lengthPenalty, block_ngram: args.blockNgram,
    min_words: args.minWords, max_words: args.maxWords ?? null, temperature: args.temperature, top_k: args.topK, top_p: args.topP,
    unknown: args.unknown, seed: args.seed,
  }, 'the decoding options');
}
