import type * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../core/hosttensor.ts';
import { floats } from '../core/hosttensor.ts';
import type { LabelTable, PhotoClassifierOptions } from '../models/photoclassifier.ts';
import { photoAnswers, photoClassifierParameters, photoFeatures, photoLogits, photoLoss } from '../models/photoclassifier.ts';
import { initialValues } from '../nn/parameters.ts';
import { ParameterArena } from '../runtime/arena.ts';
import { exportModel } from '../runtime/export.ts';
import type { Compiled, Runtime } from '../runtime/jit.ts';
import type { Named } from './gradients.ts';
import { lossAndGradients } from './gradients.ts';
import type { PhotoBatch } from './photoset.ts';

type Outputs = { features: tf.Tensor; logits: Named };
type Exported = { features: tf.Tensor; answers: tf.Tensor };
type LossAndGradients = { loss: tf.Tensor; gradients: Named };

/** A photo classifier with its parameters in memory, ready to be trained, measured or written to a file. */
export class PhotoNetwork {
  readonly options: PhotoClassifierOptions;
  readonly table: LabelTable;
  readonly arena: ParameterArena;
  readonly #train: Compiled<[Named, tf.Tensor, Named], LossAndGradients>;
  readonly #forward: Compiled<[Named, tf.Tensor], Outputs>;
  readonly #exported: Compiled<[Named, tf.Tensor], Exported>;

  /** @param slotCount optimiser slots per weight */
  constructor(runtime: Runtime, options: PhotoClassifierOptions, table: LabelTable, slotCount: number) {
    this.options = options;
    this.table = table;
    this.arena = new ParameterArena(photoClassifierParameters(options, table), slotCount);
    this.#train = runtime.jit((parameters: Named, photos: tf.Tensor, targets: Named) =>
      lossAndGradients((p) => photoLoss(p, options, table, photos as tf.Tensor4D, targets), parameters));
    this.#forward = runtime.jit((parameters: Named, photos: tf.Tensor): Outputs => {
      const features = photoFeatures(parameters, options, photos as tf.Tensor4D);
      return { features, logits: photoLogits(parameters, table, features) };
    });
    this.#exported = runtime.jit((parameters: Named, photos: tf.Tensor): Exported => {
      const features = photoFeatures(parameters, options, photos as tf.Tensor4D);
      return { features, answers: photoAnswers(parameters, table, features) };
    }, {
      free: {
        of: ([, photos]) => [photos.shape[0]!],
        standIn: ([parameters, photos], draw) => [parameters, { ...photos, shape: [draw(), ...photos.shape.slice(1)] }],
        axes: [{ name: 'n', input: '1', axis: 0 }],
      },
    });
  }

  /** Sets every parameter to its initial value. */
  initialise(seed: number): void {
    for (const [name, data] of initialValues(photoClassifierParameters(this.options, this.table), seed)) this.arena.values[name]!.data.set(data);
  }

  /** Mean loss per photo, in nats, summed over the questions; its gradients are left in the arena. */
  async lossAndGradients({ photos, targets }: PhotoBatch): Promise<number> {
    const { trainable, gradients } = this.arena;
    const result = await this.#train.call([trainable.tensors, photos, targets], { into: { gradients: gradients.tensors } });
    return (result.loss.data as Float32Array)[0]!;
  }

  /** @param photos [n, 3, size, size]; @returns features [n, features], logits by question [n, answers] */
  async forward(photos: HostTensor): Promise<{ features: HostTensor; logits: Record<string, HostTensor> }> {
    return this.#forward(this.arena.values, photos);
  }

  /**
   * The network as an `.onnx` file: `photos` [n, 3, size, size] in; out come `features` [n, features], the layer under
   * the questions, and `answers` [n, all answers], the probabilities of every answer, question after question.
   */
  exportOnnx(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const { size } = this.options;
    const photos = floats(new Float32Array(3 * size * size), [1, 3, size, size]);
    const { values } = this.arena;
    const constants = Object.fromEntries(Object.entries(values).map(([name, value]) => [`0.${name}`, value]));
    const outputs = { 'out.features': 'features', 'out.answers': 'answers' };
    return exportModel(this.#exported.graph(values, photos), { constants, inputs: { 1: 'photos' }, outputs, metadata });
  }
}
