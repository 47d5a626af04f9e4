/** What an unpickled file may hold: plain values, and what `NumpyObjects` makes of NumPy's own. */
export type PickleValue =
  | null | boolean | number | bigint | string | Uint8Array | PickleValue[] | Map<PickleValue, PickleValue> | NumpyObject;

/** An object that a pickle builds step by step: made by a call, then given its state. */
export interface NumpyObject {
  readonly numpy: 'array' | 'dtype' | 'function';
}

/** The few globals that a pickle of NumPy arrays needs. Everything else is refused, so no code can be run. */
export interface PickleGlobals {
  /** @throws PickleError for a name that is not allowed */
  find(module: string, name: string): NumpyObject;
  call(callee: NumpyObject, args: PickleValue[]): PickleValue;
  setState(target: NumpyObject, state: PickleValue): void;
}

export class PickleError extends Error {
  override readonly name = 'PickleError';
}

const MARK = Symbol('mark');
type Item = PickleValue | typeof MARK;

interface Machine {
  readonly reader: ByteReader;
  readonly stack: Item[];
  readonly memo: Map<number, PickleValue>;
  readonly globals: PickleGlobals;
}

/**
 * Reads one pickle, protocols 2 to 5, of plain containers and NumPy content; Python 2's byte strings become text
 * (latin-1), one character a byte.
 * Format: CPython's `pickletools`.
 * @throws PickleError when the bytes end early, an opcode is unknown or a global is not allowed
 */
export function unpickle(bytes: Uint8Array, globals: PickleGlobals): PickleValue {
  const machine: Machine = { reader: new ByteReader(bytes), stack: [], memo: new Map(), globals };
  for (;;) {
    const code = machine.reader.uint8();
    if (code === 0x2e) return popValue(machine); // STOP
    const operation = OPERATIONS[code];
    if (!operation) throw new PickleError(`opcode 0x${code.toString(16)} is not supported`);
    operation(machine);
  }
}

const push = (read: (reader: ByteReader) => PickleValue) => (m: Machine): void => void m.stack.push(read(m.reader));
const put = (read: (reader: ByteReader) => number) => (m: Machine): void => void m.memo.set(read(m.reader), peek(m));
const get = (read: (reader: ByteReader) => number) => (m: Machine): void => void m.stack.push(recall(m, read(m.reader)));
const tuple = (n: number) => (m: Machine): void => {
  const items = Array.from({ length: n }, () => popValue(m));
  m.stack.push(items.reverse());
};

/** Tuples and lists are both arrays. */
const OPERATIONS: Readonly<Record<number, (m: Machine) => void>> = {
  0x80: (m) => void m.reader.uint8(), // PROTO
  0x95: (m) => void m.reader.size64(), // FRAME
  0x28: (m) => void m.stack.push(MARK),
  0x30: (m) => void m.stack.pop(), // POP
  0x4e: push(() => null), // NONE
  0x88: push(() => true), // NEWTRUE
  0x89: push(() => false), // NEWFALSE
  0x4a: push((r) => r.int32()), // BININT
  0x4b: push((r) => r.uint8()), // BININT1
  0x4d: push((r) => r.uint16()), // BININT2
  0x8a: push((r) => r.long(r.uint8())), // LONG1
  0x47: push((r) => r.float64BigEndian()), // BINFLOAT
  0x55: push((r) => latin1(r.take(r.uint8()))), // SHORT_BINSTRING
  0x54: push((r) => binString(r)), // BINSTRING
  0x43: push((r) => r.take(r.uint8())), // SHORT_BINBYTES
  0x42: push((r) => r.take(r.uint32())), // BINBYTES
  0x8e: push((r) => r.take(r.size64())), // BINBYTES8
  0x96: push((r) => r.take(r.size64())), // BYTEARRAY8
  0x8c: push((r) => utf8(r.take(r.uint8()))), // SHORT_BINUNICODE
  0x58: push((r) => utf8(r.take(r.uint32()))), // BINUNICODE
  0x8d: push((r) => utf8(r.take(r.size64()))), // BINUNICODE8
  0x5d: push(() => []), // EMPTY_LIST
  0x29: push(() => []), // EMPTY_TUPLE
  0x7d: push(() => new Map()), // EMPTY_DICT
  0x85: tuple(1),
  0x86: tuple(2),
  0x87: tuple(3),
  0x74: (m) => void m.stack.push(popMarked(m)), // TUPLE
  0x6c: (m) => void m.stack.push(popMarked(m)), // LIST
  0x61: (m) => append(m, [popValue(m)]), // APPEND
  0x65: (m) => append(m, popMarked(m)), // APPENDS
  0x73: (m) => setItems(m, [popValue(m), popValue(m)].reverse()), // SETITEM
  0x75: (m) => setItems(m, popMarked(m)), // SETITEMS
  0x71: put((r) => r.uint8()), // BINPUT
  0x72: put((r) => r.uint32()), // LONG_BINPUT
  0x94: (m) => void m.memo.set(m.memo.size, peek(m)), // MEMOIZE
  0x68: get((r) => r.uint8()), // BINGET
  0x6a: get((r) => r.uint32()), // LONG_BINGET
  0x63: pushed((m) => m.globals.find(m.reader.line(), m.reader.line())), // GLOBAL
  0x93: pushed((m) => { // STACK_GLOBAL
    const [name, module] = [popValue(m), popValue(m)];
    if (typeof name !== 'string' || typeof module !== 'string') throw new PickleError('a global without a name');
    return m.globals.find(module, name);
  }),
  0x52: pushed((m) => { // REDUCE
    const [args, callee] = [popValue(m), popValue(m)];
    if (!isNumpyObject(callee) || !Array.isArray(args)) throw new PickleError('a call of something that is no function');
    return m.globals.call(callee, args);
  }),
  0x62: (m) => { // BUILD
    const state = popValue(m);
    const target = peek(m);
    if (!isNumpyObject(target)) throw new PickleError('state for something that is no NumPy object');
    m.globals.setState(target, state);
  },
};

function pushed(make: (m: Machine) => PickleValue): (m: Machine) => void {
  return (m) => void m.stack.push(make(m));
}

export function isNumpyObject(value: PickleValue | undefined): value is NumpyObject {
  return typeof value === 'object' && value !== null && 'numpy' in value;
}

function popValue(m: Machine): PickleValue {
  const value = m.stack.pop();
  if (value === undefined || value === MARK) throw new PickleError('the stack is empty');
  return value;
}

function peek(m: Machine): PickleValue {
  const value = m.stack.at(-1);
  if (value === undefined || value === MARK) throw new PickleError('the stack is empty');
  return value;
}

function popMarked(m: Machine): PickleValue[] {
  const start = m.stack.lastIndexOf(MARK);
  if (start < 0) throw new PickleError('no mark on the stack');
  return m.stack.splice(start).slice(1) as PickleValue[];
}

function recall(m: Machine, key: number): PickleValue {
  const value = m.memo.get(key);
  if (value === undefined) throw new PickleError(`nothing is remembered as ${key}`);
  return value;
}

function append(m: Machine, items: PickleValue[]): void {
  const list = peek(m);
  if (!Array.isArray(list)) throw new PickleError('items for something that is no list');
  for (const item of items) list.push(item);
}

function setItems(m: Machine, items: PickleValue[]): void {
  const map = peek(m);
  if (!(map instanceof Map)) throw new PickleError('keys for something that is no dictionary');
  for (let i = 0; i + 1 < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
}

/** Python 2 keeps array content in such strings: long ones stay bytes, which spares a character a byte. */
function binString(reader: ByteReader): PickleValue {
  const bytes = reader.take(reader.uint32());
  return bytes.length > 256 ? bytes : latin1(bytes);
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next n bytes, not copied. */
  take(n: number): Uint8Array {
    const start = this.#advance(n);
    return this.#bytes.subarray(start, start + n);
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  size64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  float64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A little-endian integer in two's complement, as Python 2 writes the sizes of an array. */
  long(length: number): number {
    const bytes = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return Number(BigInt.asIntN(8 * length, value));
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new PickleError('it ends early');
    const text = latin1(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  #advance(n: number): number {
    const start = this.#at;
    if (start + n > this.#bytes.length) throw new PickleError('it ends early');
    this.#at += n;
    return start;
  }
}
