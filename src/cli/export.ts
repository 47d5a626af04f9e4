import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandModule } from 'yargs';
import { UserError } from '../core/errors.ts';
import { exists, readJson, sha256File, systemReason, writeFolderAtomic } from '../core/files.ts';
import type { ExportedFile, ExportedPart, ExportedTensor } from '../decoding/exported.ts';
import { PHOTOS } from '../models/options.ts';
import { END_ID, NULL_ID, START_ID, UNKNOWN_ID } from '../text/vocabulary.ts';
import type { Checkpoint } from '../training/checkpoint.ts';

const FILES = ['encoder.onnx', 'start.onnx', 'decoder.onnx', 'cnn.onnx', 'vocabulary.json', 'model.json'];

interface ExportArguments {
  run: string;
  output: string;
  which: 'best' | 'last';
  cnn: string | undefined;
  force: boolean;
  json: boolean;
}

export const command: CommandModule<object, ExportArguments> = {
  command: 'export <run>',
  describe: 'Write a model as ONNX files',
  builder: (yargs) => yargs
    .positional('run', { type: 'string', demandOption: true, describe: 'run folder or checkpoint folder' })
    .options({
      output: { type: 'string', alias: 'o', demandOption: true, requiresArg: true, describe: 'folder to write' },
      which: { choices: ['best', 'last'] as const, default: 'best' as const, describe: 'of the checkpoints of a run' },
      cnn: { type: 'string', requiresArg: true, describe: 'ONNX file of the CNN the model was trained with (default: the one kept in the run folder)' },
      force: { type: 'boolean', default: false, describe: 'replace an earlier export' },
      json: { type: 'boolean', default: false, describe: 'print what was written as JSON' },
    })
    .example('$0 export runs/vist -o exported', 'encoder.onnx, start.onnx, decoder.onnx, vocabulary.json, model.json')
    .epilogue('How to run the files in Python and in the browser: docs/export.md.') as never,
  handler: async ({ run, output, which, cnn: given, force, json }) => {
    await requireFree(output, force);
    const [{ loadCheckpoint }, { exportStoryModel }] = await Promise.all([import('../training/checkpoint.ts'), import('../decoding/exported.ts')]);
    const checkpoint = await loadCheckpoint(run, which);
    const cnn = await chooseCnn(checkpoint, given);
    const { model, sizes } = checkpoint.head;
    const fabula = await version();
    const parts = exportStoryModel(model, sizes, checkpoint.weights, { fabula, model: model.name });
    const about = describe(checkpoint, parts, cnn, fabula);
    await writeFolderAtomic(resolve(output), async (folder) => {
      for (const [part, { bytes }] of Object.entries(parts)) await writeFile(join(folder, `${part}.onnx`), bytes);
      if (cnn.bytes) await writeFile(join(folder, 'cnn.onnx'), cnn.bytes);
      await checkpoint.vocabulary.save(join(folder, 'vocabulary.json'));
      await writeFile(join(folder, 'model.json'), `${JSON.stringify(about, null, 2)}\n`);
    });
    const names = FILES.filter((name) => name !== 'cnn.onnx' || cnn.bytes);
    const files = await Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(output, name))).size })));
    if (json) console.log(JSON.stringify({ output, files, note: cnn.note ?? null, checkpoint: about.checkpoint }));
    else console.log(summary(output, files, about, cnn.note));
  },
};

/** @throws UserError when writing would remove something that is not an export, or an export without --force */
async function requireFree(output: string, force: boolean): Promise<void> {
  if (!(await exists(output))) return;
  const there = await readdir(output).catch((error: unknown) => {
    throw new UserError(`--output ${output}: ${(error as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'it is a file' : systemReason(error)}: give a folder`);
  });
  const other = there.find((name) => !FILES.includes(name));
  if (other !== undefined) throw new UserError(`--output ${output}: ${other} is in it, which is not of an export and would be lost: choose a new folder`);
  if (there.length > 0 && !force) throw new UserError(`--output ${output}: an export is there already: replace it with --force`);
}

interface ChosenCnn {
  readonly bytes?: Uint8Array;
  readonly about: { readonly file: string; readonly layer: string; readonly pool: string } | null;
  /** Why there is none. */
  readonly note?: string;
}

/** The model's CNN where it is an ONNX file. @throws UserError when the file asked for is not the one it was trained with */
async function chooseCnn({ folder, head }: Checkpoint, given: string | undefined): Promise<ChosenCnn> {
  const [{ keptCnn }, { specFromInfo }] = await Promise.all([import('../training/checkpoint.ts'), import('../features/extractor.ts')]);
  const { info } = head.features;
  const file = given ?? (await keptCnn(folder));
  const without = (reason: string, hint = ''): ChosenCnn => {
    if (given !== undefined) throw new UserError(`--cnn ${given}: ${reason}: leave --cnn out`);
    return { about: null, note: `no cnn.onnx: ${reason}${hint}` };
  };
  if (info === null) return without('the checkpoint does not say which CNN made its features');
  if (!info.cnn.startsWith('onnx')) return without(`its features come from ${info.cnn}, ${info.layer}, which is not an ONNX file`);
  if (file === undefined) return without('none is kept with the run', '; give it with --cnn');
  if (!(await exists(file))) throw new UserError(`--cnn ${file}: no such file`);
  if ((await sha256File(file)) !== info.weightsSha256) {
    throw new UserError(`${file}: not the CNN the model was trained with (SHA-256 ${info.weightsSha256.slice(0, 12)}...): give that one with --cnn`);
  }
  const { layer, pool } = specFromInfo(info, file);
  return { bytes: await withOutput(file, layer!), about: { file: 'cnn.onnx', layer: layer!, pool: pool! } };
}

/** The file, with the layer among its outputs. */
async function withOutput(file: string, layer: string): Promise<Uint8Array> {
  const [{ openSession }, { extraOutputBytes }] = await Promise.all([import('../runtime/session.ts'), import('../runtime/onnx.ts')]);
  const session = await openSession(file, { device: 'cpu', threads: 1 });
  const there = session.outputs.some(({ name }) => name === layer);
  await session.dispose();
  const bytes = await readFile(file);
  return there ? bytes : Buffer.concat([bytes, extraOutputBytes(layer)]);
}

/** What model.json says. */
function describe({ head, state }: Checkpoint, parts: Readonly<Record<ExportedPart, ExportedFile>>, cnn: ChosenCnn, fabula: string) {
  return {
    format: 'fabula export',
    version: 1,
    fabula,
    model: head.model,
    sizes: { photos: PHOTOS, ...head.sizes },
    ids: { NULL: NULL_ID, START: START_ID, END: END_ID, UNK: UNKNOWN_ID },
    files: Object.fromEntries(Object.entries(parts).map(([part, { inputs, outputs }]) => [`${part}.onnx`, { inputs, outputs }])),
    features: head.features,
    cnn: cnn.about,
    checkpoint: { epoch: state.epoch, step: state.step },
  };
}

function summary(output: string, files: readonly { name: string; bytes: number }[], { model, checkpoint, files: parts }: ReturnType<typeof describe>, note: string | undefined): string {
  const tensors = (list: readonly ExportedTensor[]): string => list.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  const lines = files.flatMap(({ name, bytes }) => {
    const part = parts[name];
    const line = `  ${name.padEnd(16)} ${megabytes(bytes)}`;
    return part ? [line, `    in:  ${tensors(part.inputs)}`, `    out: ${tensors(part.outputs)}`] : [line];
  });
  return [
    `${output}: ${model.name} after ${checkpoint.step} steps`,
    ...lines,
    ...(note === undefined ? [] : [note]),
    `Python: onnxruntime.InferenceSession("${join(output, 'encoder.onnx')}"); in the browser: onnxruntime-web. docs/export.md has a program for each.`,
  ].join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`;
}

async function version(): Promise<string> {
  const path = fileURLToPath(new URL('../../package.json', import.meta.url));
  return ((await readJson(path, 'the version')) as { version: string }).version;
}
