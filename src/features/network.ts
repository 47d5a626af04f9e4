import { readFile } from 'node:fs/promises';
import { messageOf, nearestName, UserError } from '../core/errors.ts';
import type { HostTensor } from '../core/hosttensor.ts';
import { floats, sizeOf } from '../core/hosttensor.ts';
import { exists } from '../core/files.ts';
import { extraOutputBytes, modelBytes } from '../runtime/onnx.ts';
import { openSession } from '../runtime/session.ts';
import type { Session, SessionOptions } from '../runtime/session.ts';
import { convNetGraph } from './convnetgraph.ts';
import type { Preprocessing } from './preprocess.ts';
import type { ConvNet, ConvNetParameters } from './convnet.ts';
import { tensorNames } from './onnxnames.ts';

/** Photos as a network takes them: normalised numbers, or bytes. */
export type Photos = Float32Array | Uint8Array;

/** A CNN cut at one layer, ready to run. */
export interface Network {
  /** What the layer gives for one photo: [D], [C, H, W], [H, W, C] or [places, D]. */
  readonly layerShape: readonly number[];
  /** It takes bytes [side, side, 3], red first, and normalises them itself. */
  readonly takesPixels: boolean;
  /** @param photos [n, ...input], n at most the batch it was opened for; @returns float32 [n, ...layerShape] */
  run(photos: Photos, n: number): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/**
 * A table CNN with its weights. The graph has the batch's size built in; a smaller batch is filled with zeros.
 * @param pixels how it normalises the bytes it is given; without it, it takes normalised numbers
 */
export async function openConvNet(
  net: ConvNet, layer: string, parameters: ConvNetParameters, batch: number, options: SessionOptions, pixels?: Preprocessing,
): Promise<Network> {
  const graph = convNetGraph(net, layer, parameters, batch, pixels);
  const session = await openSession(modelBytes(graph), options);
  const layerShape = graph.outputs[0]!.value.shape.slice(1);
  return {
    layerShape,
    takesPixels: pixels !== undefined,
    run: batchRunner(session, 'photos', 'features', graph.inputs[0]!.shape.slice(1), batch),
    dispose: () => session.dispose(),
  };
}

/**
 * Any ONNX file that maps one float32 image tensor to features.
 * @param output a graph output, or any tensor inside
 * @param input shape of one photo, [3, H, W] or [H, W, 3]
 * @throws UserError when there is no such tensor (naming those there are) or the model takes another input
 */
export async function openOnnx(
  path: string, output: string, input: readonly number[], options: SessionOptions,
): Promise<Network> {
  if (!(await exists(path))) throw new UserError(`${path}: cannot read the ONNX model: no such file`);
  const session = await openWithOutput(path, output, options);
  const feed = session.inputs[0];
  if (!feed || session.inputs.length > 1) {
    throw new UserError(`${path}: it takes ${session.inputs.length} inputs (${session.inputs.map((i) => i.name).join(', ')}); a CNN for photos takes one`);
  }
  const wanted = feed.shape.slice(1);
  if (feed.shape.length !== 4 || wanted.some((n, i) => isFixed(n) && n !== input[i])) {
    throw new UserError(`${path}: its input is [${feed.shape.join(', ')}], the preprocessing gives [n, ${input.join(', ')}]: change its crop or layout`);
  }
  const fixed = isFixed(feed.shape[0]) ? feed.shape[0] : undefined;
  const run = batchRunner(session, feed.name, output, input, fixed);
  // One empty photo shows the true shape (metadata may have names in place of sizes) and that the model runs.
  let layerShape: readonly number[];
  try {
    const probe = fixed ?? 1;
    const result = await session.run({ [feed.name]: floats(new Float32Array(probe * sizeOf(input)), [probe, ...input]) });
    layerShape = requireFloats(result[output], path, output).shape.slice(1);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: the model does not run on [1, ${input.join(', ')}] float32: ${messageOf(error).split('\n')[0]}`);
  }
  return { layerShape, takesPixels: false, run, dispose: () => session.dispose() };
}

async function openWithOutput(path: string, output: string, options: SessionOptions): Promise<Session> {
  const session = await openSession(path, options);
  if (session.outputs.some(({ name }) => name === output)) return session;
  const outputs = session.outputs.map(({ name }) => name);
  await session.dispose();
  const bytes = await readFile(path);
  const inner = tensorNames(bytes);
  if (inner.includes(output)) return openSession(Buffer.concat([bytes, extraOutputBytes(output)]), options);
  const near = nearestName(output, [...outputs, ...inner]);
  throw new UserError(
    `${path}: it has no output "${output}"${near ? ` (did you mean ${near}?)` : ''}: choose ${outputs.join(', ')}, or a tensor inside: ${shortList(inner)}`,
  );
}

/** Runs at most `fixed` photos at once; with undefined, as many as come. */
function batchRunner(
  session: Session, inputName: string, outputName: string, input: readonly number[], fixed: number | undefined,
): Network['run'] {
  const size = sizeOf(input);
  const runOnce = async (photos: Photos, n: number): Promise<Float32Array> => {
    const rows = fixed ?? n;
    const data = rows === n ? photos : filledUp(photos, rows * size);
    const shape = [rows, ...input];
    const results = await session.run({ [inputName]: data instanceof Uint8Array ? { dtype: 'uint8', shape, data } : floats(data, shape) });
    const result = results[outputName]!.data as Float32Array;
    return result.subarray(0, (result.length / rows) * n);
  };
  return async (photos, n) => {
    if (fixed === undefined || n <= fixed) return runOnce(photos, n);
    const parts: Float32Array[] = [];
    for (let start = 0; start < n; start += fixed) {
      const count = Math.min(fixed, n - start);
      parts.push(await runOnce(photos.subarray(start * size, (start + count) * size), count));
    }
    return concatenate(parts);
  };
}

function filledUp(photos: Photos, length: number): Photos {
  const data = photos instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  data.set(photos);
  return data;
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function requireFloats(tensor: HostTensor | undefined, path: string, output: string): HostTensor {
  if (tensor?.dtype !== 'float32') throw new UserError(`${path}: output ${output} is ${tensor?.dtype ?? 'missing'}, not float32`);
  return tensor;
}

/** ONNX Runtime gives a name, or -1, for a size that is free. */
function isFixed(size: number | string | undefined): size is number {
  return typeof size === 'number' && size > 0;
}

function shortList(names: readonly string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 4).join(', ')}, ... ${names.slice(-8).join(', ')}`;
}
