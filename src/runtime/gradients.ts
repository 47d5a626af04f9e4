import * as tf from '@tensorflow/tfjs-core';

/**
 * Gradients of the kernels that models use. The Node build of tfjs-core registers none, and its per-gradient modules
 * cannot be imported there, so they stand here, as a table: kernel, what to save, dy -> gradient of each input.
 */
interface Rule {
  readonly save?: readonly string[];
  readonly saveOutput?: true;
  readonly gradient: (dy: tf.Tensor, saved: tf.Tensor[], attributes: Record<string, unknown>) => Record<string, () => tf.Tensor>;
}

type T = tf.Tensor;

/** Sums a gradient over the axes along which its tensor was broadcast. */
function unbroadcast(dy: T, shape: readonly number[], from: readonly number[]): T {
  const axes = tf.broadcast_util.getReductionAxes([...shape], [...from]);
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, [...shape]);
}

/** Rule of a kernel over `a` and `b` with broadcasting. */
function binary(da: (dy: T, a: T, b: T) => T, db: (dy: T, a: T, b: T) => T): Rule {
  return {
    save: ['a', 'b'],
    gradient: (dy, [a, b]) => ({
      a: () => unbroadcast(da(dy, a!, b!), a!.shape, dy.shape),
      b: () => unbroadcast(db(dy, a!, b!), b!.shape, dy.shape),
    }),
  };
}

/** Rule of a kernel over `x`, from its input. */
function ofInput(dx: (dy: T, x: T, attributes: Record<string, unknown>) => T): Rule {
  return { save: ['x'], gradient: (dy, [x], attributes) => ({ x: () => dx(dy, x!, attributes) }) };
}

/** Rule of a kernel over `x`, from its output. */
function ofOutput(dx: (dy: T, y: T) => T): Rule {
  return { saveOutput: true, gradient: (dy, [y]) => ({ x: () => dx(dy, y!) }) };
}

const mask = (condition: T): T => tf.cast(condition, 'float32');

const elementwise: Record<string, Rule> = {
  Add: binary((dy) => dy, (dy) => dy),
  Sub: binary((dy) => dy, (dy) => tf.neg(dy)),
  Multiply: binary((dy, _, b) => tf.mul(dy, b), (dy, a) => tf.mul(dy, a)),
  RealDiv: binary((dy, _, b) => tf.div(dy, b), (dy, a, b) => tf.neg(tf.mul(dy, tf.div(a, tf.square(b))))),
  Maximum: binary((dy, a, b) => tf.mul(dy, mask(tf.greaterEqual(a, b))), (dy, a, b) => tf.mul(dy, mask(tf.less(a, b)))),
  Minimum: binary((dy, a, b) => tf.mul(dy, mask(tf.lessEqual(a, b))), (dy, a, b) => tf.mul(dy, mask(tf.greater(a, b)))),
  SquaredDifference: binary((dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(a, b))), (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(b, a)))),
  Pow: binary((dy, a, b) => tf.mul(dy, tf.mul(b, tf.pow(a, tf.sub(b, 1)))), (dy, a, b) => tf.mul(dy, tf.mul(tf.pow(a, b), tf.log(a)))),
  Neg: ofOutput((dy) => tf.neg(dy)),
  Abs: ofInput((dy, x) => tf.mul(dy, tf.sign(x))),
  Square: ofInput((dy, x) => tf.mul(dy, tf.mul(2, x))),
  Sqrt: ofOutput((dy, y) => tf.div(dy, tf.mul(2, y))),
  Rsqrt: ofOutput((dy, y) => tf.mul(dy, tf.mul(-0.5, tf.mul(y, tf.square(y))))),
  Reciprocal: ofOutput((dy, y) => tf.neg(tf.mul(dy, tf.square(y)))),
  Exp: ofOutput((dy, y) => tf.mul(dy, y)),
  Log: ofInput((dy, x) => tf.div(dy, x)),
  Sigmoid: ofOutput((dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y)))),
  Tanh: ofOutput((dy, y) => tf.mul(dy, tf.sub(1, tf.square(y)))),
  Relu: ofOutput((dy, y) => tf.mul(dy, mask(tf.greater(y, 0)))),
  Elu: ofOutput((dy, y) => tf.mul(dy, tf.add(1, tf.minimum(y, 0)))),
  Softplus: ofInput((dy, x) => tf.mul(dy, tf.sigmoid(x))),
  Sin: ofInput((dy, x) => tf.mul(dy, tf.cos(x))),
  Cos: ofInput((dy, x) => tf.neg(tf.mul(dy, tf.sin(x)))),
  Step: ofOutput((dy) => tf.zerosLike(dy)),
  Sign: ofOutput((dy) => tf.zerosLike(dy)),
  ZerosLike: ofOutput((dy) => tf.zerosLike(dy)),
  OnesLike: ofOutput((dy) => tf.zerosLike(dy)),
  Identity: ofOutput((dy) => dy),
  LeakyRelu: ofInput((dy, x, { alpha }) => tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha as number))),
  ClipByValue: ofInput((dy, x, { clipValueMin, clipValueMax }) =>
    tf.mul(dy, mask(tf.logicalAnd(tf.greaterEqual(x, clipValueMin as number), tf.lessEqual(x, clipValueMax as number))))),
  Cast: ofOutput((dy) => tf.cast(dy, 'float32')),
  Select: {
    save: ['condition'],
    gradient: (dy, [condition]) => {
      const chosen = mask(condition!);
      return { condition: () => tf.zerosLike(chosen), t: () => tf.mul(dy, chosen), e: () => tf.mul(dy, tf.sub(1, chosen)) };
    },
  },
};

/** Repeats a gradient along the axes that were summed. */
function spread(dy: T, x: T, axis: unknown): T {
  return tf.mul(tf.reshape(dy, keptOnes(x.shape, axis)), tf.onesLike(x));
}

function keptOnes(shape: readonly number[], axis: unknown): number[] {
  const axes = tf.util.parseAxisParam((axis ?? shape.map((_, i) => i)) as number[], [...shape]);
  return shape.map((n, i) => (axes.includes(i) ? 1 : n));
}

const reductions: Record<string, Rule> = {
  Sum: ofInput((dy, x, { axis }) => spread(dy, x, axis)),
  Mean: ofInput((dy, x, { axis }) => tf.div(spread(dy, x, axis), x.size / keptOnes(x.shape, axis).reduce((a, b) => a * b, 1))),
  Max: ofInput((dy, x, { reductionIndices }) => {
    // Equal largest values share the gradient (as in TensorFlow); tfjs gives each the whole of it.
    const at = mask(tf.equal(x, tf.max(x, reductionIndices as number[], true)));
    const share = tf.div(at, tf.sum(at, reductionIndices as number[], true));
    return tf.mul(tf.reshape(dy, keptOnes(x.shape, reductionIndices)), share);
  }),
  Softmax: {
    saveOutput: true,
    gradient: (dy, [y], { dim }) => ({
      logits: () => {
        const weighted = tf.mul(dy, y!);
        return tf.sub(weighted, tf.mul(tf.sum(weighted, [dim as number], true), y!));
      },
    }),
  },
  LogSoftmax: {
    saveOutput: true,
    gradient: (dy, [y], { axis }) => ({ logits: () => tf.sub(dy, tf.mul(tf.sum(dy, axis as number, true), tf.exp(y!))) }),
  },
  Cumsum: {
    gradient: (dy, _, { axis, exclusive, reverse }) => ({ x: () => tf.cumsum(dy, axis as number, exclusive as boolean, !reverse) }),
  },
};

const arrangement: Record<string, Rule> = {
  Reshape: ofInput((dy, x) => tf.reshape(dy, x.shape)),
  ExpandDims: { save: ['input'], gradient: (dy, [x]) => ({ input: () => tf.reshape(dy, x!.shape) }) },
  Transpose: {
    gradient: (dy, _, { perm }) => ({ x: () => tf.transpose(dy, tf.backend_util.getUndoAxesPermutation(perm as number[])) }),
  },
  Slice: ofInput((dy, x, { begin, size }) => {
    const [from, extent] = tf.slice_util.parseSliceParams(x, begin as number[], size as number[]) as [number[], number[]];
    return tf.pad(dy, from.map((n, i) => [n, x.shape[i]! - n - extent[i]!]));
  }),
  PadV2: ofInput((dy, x, { paddings }) => tf.slice(dy, (paddings as [number, number][]).map(([before]) => before), x.shape)),
  SplitV: { gradient: (dy, _, { axis }) => ({ x: () => tf.concat(dy as unknown as T[], axis as number) }) },
  Unpack: { gradient: (dy, _, { axis }) => ({ value: () => tf.stack(dy as unknown as T[], axis as number) }) },
  GatherV2: {
    save: ['x', 'indices'],
    gradient: (dy, [x, indices], { axis }) => ({ x: () => scatterRows(dy, x!, indices!, axis as number) }),
  },
};

/** The gradient of picking slices `indices` of `x` along `axis`: each slice gets the sum of what was picked from it. */
function scatterRows(dy: T, x: T, indices: T, axis: number): T {
  const rank = x.rank;
  const order = [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
  const picked = tf.reshape(dy, [...x.shape.slice(0, axis), indices.size, ...x.shape.slice(axis + 1)]);
  const rows = axis === 0 ? picked : tf.transpose(picked, order);
  const summed = tf.unsortedSegmentSum(rows, tf.reshape(indices, [indices.size]) as tf.Tensor1D, x.shape[axis]!);
  return axis === 0 ? summed : tf.transpose(summed, tf.backend_util.getUndoAxesPermutation(order));
}

const products: Record<string, Rule> = {
  BatchMatMul: {
    save: ['a', 'b'],
    gradient: (dy, [a, b], { transposeA, transposeB }) => {
      const product = (x: T, y: T, tx: boolean, ty: boolean): T => tf.matMul(x, y, tx, ty);
      const [ta, tb] = [Boolean(transposeA), Boolean(transposeB)];
      return {
        a: () => (ta ? product(b!, dy, tb, true) : product(dy, b!, false, !tb)),
        b: () => (tb ? product(dy, a!, true, ta) : product(a!, dy, !ta, false)),
      };
    },
  },
  Conv2D: {
    save: ['x', 'filter'],
    gradient: (dy, [x, filter], { strides, pad, dimRoundingMode }) => ({
      x: () => tf.conv2dTranspose(dy as tf.Tensor4D, filter as tf.Tensor4D, x!.shape as never, strides as number, pad as 'same'),
      filter: () => tf.engine().runKernel('Conv2DBackpropFilter', { x: x!, dy },
        { strides, pad, dataFormat: 'NHWC', dimRoundingMode, filterShape: filter!.shape } as never) as T,
    }),
  },
  MaxPool: {
    save: ['x'],
    saveOutput: true,
    gradient: (dy, [x, y], { filterSize, strides, pad, dimRoundingMode }) => ({
      x: () => tf.engine().runKernel('MaxPoolGrad', { dy, input: x!, output: y! }, { filterSize, strides, pad, dimRoundingMode } as never) as T,
    }),
  },
};

/** Kernels over a list of tensors: gradients by position. */
const lists: Record<string, (dy: T, inputs: T[], attributes: Record<string, unknown>) => T[]> = {
  AddN: (dy, inputs) => inputs.map(() => dy),
  Concat: (dy, inputs, { axis }) => {
    const [along] = tf.util.parseAxisParam(axis as number, inputs[0]!.shape) as [number];
    return tf.split(dy, inputs.map((x) => x.shape[along]!), along);
  },
  Pack: (dy, _, { axis }) => tf.unstack(dy, axis as number),
};

/** Tells tfjs-core the gradients above, in place of any it has. */
export function registerGradients(): void {
  for (const [kernelName, rule] of Object.entries({ ...elementwise, ...reductions, ...arrangement, ...products })) {
    tf.registerGradient({
      kernelName,
      inputsToSave: [...(rule.save ?? [])],
      outputsToSave: rule.saveOutput ? [true] : [],
      gradFunc: (dy, saved, attributes) => rule.gradient(dy as T, saved, attributes),
    });
  }
  for (const [kernelName, gradients] of Object.entries(lists)) {
    tf.registerGradient({
      kernelName,
      saveAllInputs: true,
      gradFunc: (dy, saved, attributes) => Object.fromEntries(gradients(dy as T, saved, attributes).map((g, i) => [i, () => g])),
    });
  }
}
