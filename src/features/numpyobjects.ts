import { sizeOf } from '../core/hosttensor.ts';
import { PickleError, isNumpyObject, latin1 } from './pickle.ts';
import type { NumpyObject, PickleGlobals, PickleValue } from './pickle.ts';

type NumberArray = Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;

/** NumPy's letter and size of an element to the array that holds such elements. */
const ELEMENTS: Readonly<Record<string, (buffer: ArrayBuffer) => NumberArray>> = {
  f4: (b) => new Float32Array(b),
  f8: (b) => new Float64Array(b),
  i1: (b) => new Int8Array(b),
  i2: (b) => new Int16Array(b),
  i4: (b) => new Int32Array(b),
  i8: (b) => Float64Array.from(new BigInt64Array(b), Number),
  u1: (b) => new Uint8Array(b),
  u2: (b) => new Uint16Array(b),
  u4: (b) => new Uint32Array(b),
  b1: (b) => new Uint8Array(b),
};

/** `<f4`, `>f8`, `|u1` and the like, in the types above. */
export function isPlainDtype(descr: string): boolean {
  return /^[<>|=]?[a-z]\d$/.test(descr) && Object.hasOwn(ELEMENTS, descr.replace(/^[<>|=]/, ''));
}

/** An array of numbers, row-major, or of Python objects. */
export class NumpyArray implements NumpyObject {
  readonly numpy = 'array';
  shape: readonly number[] = [];
  data: NumberArray = new Float32Array(0);
  objects: readonly PickleValue[] | undefined = undefined;

  /**
   * @param bytes the elements in the order and endianness that `descr` and `fortran` say; copied
   * @throws PickleError when they are too few
   */
  static fromBytes(bytes: Uint8Array, descr: string, shape: readonly number[], fortran: boolean): NumpyArray {
    const type = descr.replace(/^[<>|=]/, '');
    const width = Number(type.slice(1));
    const length = sizeOf(shape) * width;
    if (bytes.length < length) throw new PickleError(`it holds ${bytes.length} of the ${length} bytes of an array`);
    // Not slice: on Node's Buffer, which files are read into, that is a view of a shared pool.
    const copy = new Uint8Array(bytes.subarray(0, length));
    if (descr.startsWith('>')) swapBytes(copy, width);
    const array = new NumpyArray();
    array.shape = shape;
    array.data = ELEMENTS[type]!(copy.buffer);
    if (fortran && shape.length > 1) array.data = rowMajor(array.data, shape);
    return array;
  }

  /** The numbers as float32, not copied when they are. */
  floats(): Float32Array {
    return this.data instanceof Float32Array ? this.data : Float32Array.from(this.data);
  }
}

class NumpyDtype implements NumpyObject {
  readonly numpy = 'dtype';
  type: string;
  byteOrder = '<';

  constructor(type: string) {
    this.type = type;
  }
}

type NumpyFunctionName = 'ndarray' | 'dtype' | 'reconstruct' | 'frombuffer' | 'encode';

class NumpyFunction implements NumpyObject {
  readonly numpy = 'function';
  readonly name: NumpyFunctionName;

  constructor(name: NumpyFunctionName) {
    this.name = name;
  }
}

/** `numpy._core` is the name since NumPy 2; `_codecs.encode` is how Python 3 writes bytes in protocol 2. */
const ALLOWED: Readonly<Record<string, NumpyFunctionName>> = {
  'numpy ndarray': 'ndarray',
  'numpy dtype': 'dtype',
  'numpy.core.multiarray _reconstruct': 'reconstruct',
  'numpy._core.multiarray _reconstruct': 'reconstruct',
  'numpy.core.numeric _frombuffer': 'frombuffer',
  'numpy._core.numeric _frombuffer': 'frombuffer',
  '_codecs encode': 'encode',
};

/** The globals of a pickle that holds NumPy arrays. */
export class NumpyGlobals implements PickleGlobals {
  find(module: string, name: string): NumpyObject {
    const known = ALLOWED[`${module} ${name}`];
    if (!known) throw new PickleError(`it wants to use Python's ${module}.${name}, which weights have no need of`);
    return new NumpyFunction(known);
  }

  call(callee: NumpyObject, args: PickleValue[]): PickleValue {
    if (!(callee instanceof NumpyFunction)) throw new PickleError('a call of something that is no function');
    switch (callee.name) {
      case 'reconstruct':
        return new NumpyArray();
      case 'dtype':
        return new NumpyDtype(textArgument(args[0]));
      case 'encode':
        if (args[1] !== undefined && textArgument(args[1]) !== 'latin1') throw new PickleError('bytes that are not latin-1');
        return new Uint8Array(Buffer.from(textArgument(args[0]), 'latin1'));
      case 'frombuffer':
        return arrayOf(args[2], args[1], args[0], args[3] === 'F');
      case 'ndarray':
        throw new PickleError('a call of numpy.ndarray');
    }
  }

  setState(target: NumpyObject, state: PickleValue): void {
    if (!Array.isArray(state)) throw new PickleError('state of another form');
    if (target instanceof NumpyDtype) {
      target.byteOrder = textArgument(state[1]);
    } else if (target instanceof NumpyArray) {
      const made = arrayOf(state[1], state[2], state[4], state[3] === true);
      target.shape = made.shape;
      target.data = made.data;
      target.objects = made.objects;
    } else {
      throw new PickleError('state for a function');
    }
  }
}

function arrayOf(shape: PickleValue | undefined, dtype: PickleValue | undefined, content: PickleValue | undefined, fortran: boolean): NumpyArray {
  if (!Array.isArray(shape) || !shape.every((n) => typeof n === 'number' && n >= 0)) throw new PickleError('an array without a shape');
  if (!isNumpyObject(dtype) || !(dtype instanceof NumpyDtype)) throw new PickleError('an array without a type');
  if (dtype.type.startsWith('O')) {
    if (!Array.isArray(content)) throw new PickleError('an array of objects without them');
    const array = new NumpyArray();
    array.shape = shape as number[];
    array.objects = content;
    return array;
  }
  const descr = `${dtype.byteOrder}${dtype.type}`;
  if (!isPlainDtype(descr)) throw new PickleError(`an array of type ${descr}, which is not supported`);
  const bytes = typeof content === 'string' ? new Uint8Array(Buffer.from(content, 'latin1')) : content;
  if (!(bytes instanceof Uint8Array)) throw new PickleError('an array without numbers');
  return NumpyArray.fromBytes(bytes, descr, shape as number[], fortran);
}

function textArgument(value: PickleValue | undefined): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return latin1(value);
  throw new PickleError('an argument that should be text');
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}

/** Column-major to row-major. */
function rowMajor(data: NumberArray, shape: readonly number[]): NumberArray {
  const out = data.slice();
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  for (let i = 0; i < out.length; i++) {
    out[i] = data[index.reduce((at, n, axis) => at + n * strides[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return out;
}
