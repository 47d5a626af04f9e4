import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { ints } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import { KERNELS } from '../../src/runtime/kernels/index.ts';
import { expectSame, randomFloats, runtimes, withGradients } from '../support/compare.ts';

type T = tf.Tensor;
type Case = { fn: (...args: never[]) => T; shapes: number[][]; range?: [number, number]; gradient?: false };

const unary = (op: (x: T) => T, range?: [number, number]): Case => ({ fn: op, shapes: [[3, 4, 5]], ...(range && { range }) });
const binary = (op: (a: T, b: T) => T, range?: [number, number]): Case => ({ fn: op, shapes: [[2, 3, 4], [3, 1]], ...(range && { range }) });
const plain = (c: Case): Case => ({ ...c, gradient: false });
const asFloat = (x: T): T => tf.cast(x, 'float32');

/** Each kernel on inputs of these shapes; with its gradient unless said otherwise. */
const CASES: Record<string, Case> = {
  Abs: unary(tf.abs),
  Ceil: plain(unary(tf.ceil)),
  Cos: unary(tf.cos),
  Elu: unary(tf.elu),
  Erf: plain(unary(tf.erf)),
  Exp: unary(tf.exp),
  Floor: plain(unary(tf.floor)),
  Log: unary(tf.log, [0.1, 3]),
  LogicalNot: plain(unary((x) => asFloat(tf.logicalNot(tf.greater(x, 0))))),
  Neg: unary(tf.neg),
  Reciprocal: unary(tf.reciprocal, [0.5, 2]),
  Relu: unary(tf.relu),
  Round: plain(unary(tf.round)),
  Sigmoid: unary(tf.sigmoid),
  Sign: unary(tf.sign),
  Sin: unary(tf.sin),
  Softplus: unary(tf.softplus),
  Sqrt: unary(tf.sqrt, [0.2, 3]),
  Rsqrt: unary(tf.rsqrt, [0.2, 3]),
  Square: unary(tf.square),
  Step: unary((x) => tf.step(x)),
  Tanh: unary(tf.tanh),
  Identity: unary((x) => tf.clone(x)),
  ClipByValue: unary((x) => tf.clipByValue(x, -0.4, 0.3)),
  LeakyRelu: unary((x) => tf.leakyRelu(x, 0.1)),
  Cast: plain(unary((x) => asFloat(tf.cast(tf.mul(x, 9), 'int32')))),
  OnesLike: plain(unary(tf.onesLike)),
  ZerosLike: plain(unary(tf.zerosLike)),
  Add: binary(tf.add),
  AddN: { fn: (a: T, b: T, c: T) => tf.addN([a, b, c]), shapes: [[2, 3], [2, 3], [2, 3]] },
  Sub: binary(tf.sub),
  Multiply: binary(tf.mul),
  RealDiv: binary(tf.div, [0.5, 2]),
  Maximum: binary(tf.maximum),
  Minimum: binary(tf.minimum),
  Pow: binary(tf.pow, [0.3, 2]),
  SquaredDifference: binary(tf.squaredDifference),
  Equal: plain(binary((a, b) => asFloat(tf.equal(tf.round(a), tf.round(b))))),
  NotEqual: plain(binary((a, b) => asFloat(tf.notEqual(tf.round(a), tf.round(b))))),
  Greater: plain(binary((a, b) => asFloat(tf.greater(a, b)))),
  GreaterEqual: plain(binary((a, b) => asFloat(tf.greaterEqual(a, b)))),
  Less: plain(binary((a, b) => asFloat(tf.less(a, b)))),
  LessEqual: plain(binary((a, b) => asFloat(tf.lessEqual(a, b)))),
  LogicalAnd: plain(binary((a, b) => asFloat(tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0))))),
  LogicalOr: plain(binary((a, b) => asFloat(tf.logicalOr(tf.greater(a, 0), tf.greater(b, 0))))),
  Select: { fn: (a: T, b: T) => tf.where(tf.tensor2d([[true, false], [false, true]], [2, 2], 'bool'), a, b), shapes: [[2, 2], [2, 2]] },
  Sum: { fn: (x: T) => tf.sum(x, [0, 2]), shapes: [[3, 4, 5]] },
  Mean: { fn: (x: T) => tf.mean(x, 1, true), shapes: [[3, 4, 5]] },
  Max: { fn: (x: T) => tf.max(x, 1), shapes: [[3, 4, 5]] },
  Min: plain({ fn: (x: T) => tf.min(x, 1), shapes: [[3, 4, 5]] }),
  Prod: plain({ fn: (x: T) => tf.prod(x, 1), shapes: [[3, 4, 5]] }),
  ArgMax: plain({ fn: (x: T) => tf.argMax(x, 1), shapes: [[3, 4, 5]] }),
  ArgMin: plain({ fn: (x: T) => tf.argMin(x, -1), shapes: [[3, 4]] }),
  Softmax: { fn: (x: T) => tf.softmax(x), shapes: [[3, 4, 5]] },
  LogSoftmax: { fn: (x: T) => tf.logSoftmax(x), shapes: [[4, 9]] },
  TopK: plain({ fn: (x: T) => tf.concat([tf.topk(x, 3).values, asFloat(tf.topk(x, 3).indices)]), shapes: [[4, 9]] }),
  Cumsum: { fn: (x: T) => tf.cumsum(x, 1, true, false), shapes: [[3, 4]] },
  Reshape: { fn: (x: T) => tf.reshape(x, [4, -1]), shapes: [[3, 4, 5]] },
  ExpandDims: { fn: (x: T) => tf.expandDims(x, 1), shapes: [[3, 4]] },
  Transpose: { fn: (x: T) => tf.transpose(x, [2, 0, 1]), shapes: [[3, 4, 5]] },
  Slice: { fn: (x: T) => tf.slice(x, [1, 0, 2], [2, -1, 2]), shapes: [[3, 4, 5]] },
  Concat: { fn: (a: T, b: T) => tf.concat([a, b, a], -1), shapes: [[2, 3], [2, 4]] },
  Pack: { fn: (a: T, b: T) => tf.stack([a, b], 1), shapes: [[2, 3], [2, 3]] },
  Unpack: { fn: (x: T) => tf.sub(tf.unstack(x, 1)[0]!, tf.unstack(x, 1)[2]!), shapes: [[2, 3, 4]] },
  SplitV: { fn: (x: T) => tf.mul(tf.split(x, [1, 2, 1], 1)[1]!, 2), shapes: [[3, 4]] },
  PadV2: { fn: (x: T) => tf.pad(x, [[1, 0], [2, 3]], 0.5), shapes: [[3, 4]] },
  Tile: plain({ fn: (x: T) => tf.tile(x, [2, 1, 3]), shapes: [[2, 3, 1]] }),
  BroadcastTo: plain({ fn: (x: T) => tf.broadcastTo(x, [4, 2, 3]), shapes: [[2, 1]] }),
  Fill: plain({ fn: (x: T) => tf.add(x, tf.fill([2, 3], 7)), shapes: [[2, 3]] }),
  BatchMatMul: { fn: (a: T, b: T) => tf.matMul(a, b, true, false), shapes: [[5, 3], [5, 4]] },
  Conv2D: { fn: (x: T, w: T) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'same'), shapes: [[2, 7, 6, 3], [3, 3, 3, 4]] },
  MaxPool: { fn: (x: T) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'valid'), shapes: [[2, 7, 9, 3]] },
};

/** Kernels that need integer inputs, and those that only gradients call; tested below or through their owner. */
const ELSEWHERE = ['GatherV2', 'GatherNd', 'UnsortedSegmentSum', 'OneHot', 'Conv2DBackpropInput', 'Conv2DBackpropFilter',
  'MaxPoolGrad', 'FabulaTakeAt', 'FabulaSubtractOneAt', 'FabulaLogSoftmax'];

test('every kernel of the compiler has a case', () => {
  expect([...Object.keys(CASES), ...ELSEWHERE].sort()).toEqual(Object.keys(KERNELS).sort());
});

describe('kernels and their gradients equal the CPU backend', () => {
  for (const [name, { fn, shapes, range, gradient }] of Object.entries(CASES)) {
    test(name, async () => {
      const random = new Random(name);
      const args = shapes.map((shape) => randomFloats(random, shape, ...(range ?? [-1, 1])));
      await expectSame((gradient === false ? fn : withGradients(fn as never)) as never, args);
    });
  }
});

describe('kernels in their other forms', () => {
  const random = new Random('forms');
  for (const [ta, tb] of [[false, false], [false, true], [true, false], [true, true]] as const) {
    test(`products with transposes ${ta} ${tb}`, async () => {
      const [a, b] = [ta ? [5, 3] : [3, 5], tb ? [4, 5] : [5, 4]];
      const fn = withGradients((x, y) => tf.matMul(x, y, ta, tb));
      await expectSame(fn as never, [randomFloats(random, a), randomFloats(random, b)]);
      await expectSame(fn as never, [randomFloats(random, [6, ...a]), randomFloats(random, [6, ...b])]);
    });
  }

  test('gather along both axes, with repeated rows', async () => {
    const at = ints([3, 0, 3, 1, 1, 3], [2, 3]);
    await expectSame(withGradients((x, i) => tf.gather(x, i as tf.Tensor2D)) as never, [randomFloats(random, [5, 4]), at]);
    await expectSame(withGradients((x, i) => tf.gather(x, i as tf.Tensor2D, 1)) as never, [randomFloats(random, [3, 5, 2]), at]);
  });

  test('gatherND, oneHot, segment sums', async () => {
    const at = ints([0, 1, 2, 0], [2, 2]);
    await expectSame(((x: T, i: T) => tf.gatherND(x, i)) as never, [randomFloats(random, [3, 2, 4]), at]);
    await expectSame(((i: T) => tf.oneHot(i as tf.Tensor1D, 4, 2, -1)) as never, [ints([0, 3, 1], [3])]);
    await expectSame(((x: T, i: T) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 4)) as never, [randomFloats(random, [3, 2]), ints([2, 0, 2], [3])]);
  });

  for (const [stride, pad] of [[1, 'same'], [1, 'valid'], [2, 'valid'], [3, 'same']] as const) {
    test(`convolution with stride ${stride}, ${pad}`, async () => {
      const fn = withGradients((x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad));
      await expectSame(fn as never, [randomFloats(random, [2, 9, 8, 3]), randomFloats(random, [3, 2, 3, 5])], 1e-5);
    });
  }

  test('random shapes of broadcasting', async () => {
    for (let i = 0; i < 12; i++) {
      const full = Array.from({ length: 1 + random.int(4) }, () => 1 + random.int(4));
      const part = full.slice(random.int(full.length)).map((n) => (random.uniform() < 0.4 ? 1 : n));
      await expectSame(withGradients((a, b) => tf.mul(tf.sub(a, b), b)) as never, [randomFloats(random, full), randomFloats(random, part)]);
    }
  });
});

test('an unknown kernel is named', async () => {
  const { onnx } = await runtimes();
  await expect(onnx.jit((x: T) => tf.fft(tf.complex(x, x)))(randomFloats(new Random(1), [4]) as never)).rejects.toThrow(/fabula-trace/);
});
