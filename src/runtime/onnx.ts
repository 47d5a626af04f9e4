import type { DType, HostData } from '../core/hosttensor.ts';
import type { Attribute, Graph, GraphNode, Value } from './graph.ts';
import { ProtobufWriter } from './protobuf.ts';

/** Field numbers below are those of onnx.proto3 (ONNX 1.16). */
const IR_VERSION = 9;
export const OPSET = 18;

const DATA_TYPE: Record<DType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 };

export interface ModelOptions {
  /** Tensors some of whose axes may have any length: a name in place of the number. */
  readonly dims?: ReadonlyMap<Value, readonly (number | string)[]>;
  /** Texts kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Name of a further output, before all others, of a type that JavaScript has no array for: see `Session.run`. */
  readonly unreadable?: string;
}

/** The graph as the bytes of an `.onnx` file (opset 18, no external data, no custom operators). */
export function modelBytes(graph: Graph, options: ModelOptions = {}): Uint8Array {
  const writer = new ProtobufWriter()
    .varint(1, IR_VERSION)
    .text(2, 'fabula')
    .message(7, (w) => writeGraph(w, graph, options))
    .message(8, (w) => w.text(1, '').varint(2, OPSET));
  for (const [key, value] of Object.entries(options.metadata ?? {})) writer.message(14, (w) => w.text(1, key).text(2, value));
  return writer.finish();
}

/**
 * Bytes that, appended to a model file, make an inner tensor one of its outputs: concatenated protobuf messages
 * merge, and repeated fields grow.
 */
export function extraOutputBytes(name: string): Uint8Array {
  return new ProtobufWriter().message(7, (graph) => graph.message(12, (info) => info.text(1, name))).finish();
}

function writeGraph(w: ProtobufWriter, graph: Graph, { dims, unreadable }: ModelOptions): void {
  const { names, copies } = outputNames(graph);
  const nameOf = (value: Value): string => names.get(value) ?? value.name;
  for (const node of graph.nodes) w.message(1, (m) => writeNode(m, node, nameOf));
  for (const { name, value } of copies) w.message(1, (m) => m.text(1, nameOf(value)).text(2, name).text(4, 'Identity'));
  w.text(2, 'fabula');
  for (const [value, data] of graph.constants) w.message(5, (m) => writeTensor(m, value, data));
  for (const value of graph.inputs) w.message(11, (m) => writeValueInfo(m, value.name, value, dims));
  // What is between them too: from equal names ONNX Runtime learns which results can share memory.
  const ends = new Set<Value>(graph.outputs.map(({ value }) => value));
  for (const node of graph.nodes) {
    for (const value of node.outputs) if (dims?.has(value) && !ends.has(value)) w.message(13, (m) => writeValueInfo(m, value.name, value, dims));
  }
  if (unreadable !== undefined) writeUnreadable(w, unreadable);
  for (const { name, value } of graph.outputs) w.message(12, (m) => writeValueInfo(m, name, value, dims));
}

/**
 * A computed value takes the name of the output it is, so that ONNX Runtime writes it straight into the caller's
 * memory; a value that is an input, a constant or an output twice needs a copy.
 */
function outputNames(graph: Graph): { names: Map<Value, string>; copies: Graph['outputs'] } {
  const computed = new Set(graph.nodes.flatMap((node) => node.outputs));
  const names = new Map<Value, string>();
  const copies = graph.outputs.filter(({ name, value }) => {
    const direct = computed.has(value) && !names.has(value);
    if (direct) names.set(value, name);
    return !direct;
  });
  return { names, copies };
}

function writeNode(w: ProtobufWriter, node: GraphNode, nameOf: (value: Value) => string): void {
  for (const input of node.inputs) w.text(1, input ? nameOf(input) : '');
  for (const output of node.outputs) w.text(2, nameOf(output));
  w.text(3, `${node.phase ?? 'forward'}/${node.op}:${node.outputs[0]!.name}`).text(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) w.message(5, (m) => writeAttribute(m, name, value));
}

function writeAttribute(w: ProtobufWriter, name: string, value: Attribute): void {
  w.text(1, name);
  if (typeof value === 'string') w.text(4, value).varint(20, ATTRIBUTE_TYPE.string);
  else if (typeof value === 'number') w.varint(3, value).varint(20, ATTRIBUTE_TYPE.int);
  else if ('float' in value) w.float(2, value.float).varint(20, ATTRIBUTE_TYPE.float);
  else w.packedVarints(8, value).varint(20, ATTRIBUTE_TYPE.ints);
}

function writeTensor(w: ProtobufWriter, value: Value, data: HostData): void {
  w.packedVarints(1, value.shape).varint(2, DATA_TYPE[value.dtype]).text(8, value.name);
  w.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** An empty sequence of tensors as an output. */
function writeUnreadable(w: ProtobufWriter, name: string): void {
  const float = (type: ProtobufWriter): unknown => type.message(1, (tensor) => tensor.varint(1, DATA_TYPE.float32));
  w.message(1, (m) => m.text(2, name).text(4, 'SequenceEmpty'));
  w.message(12, (info) => info.text(1, name).message(2, (type) => type.message(4, (sequence) => sequence.message(1, float))));
}

function writeValueInfo(w: ProtobufWriter, name: string, value: Value, dims: ModelOptions['dims']): void {
  w.text(1, name).message(2, (type) =>
    type.message(1, (tensor) =>
      tensor.varint(1, DATA_TYPE[value.dtype]).message(2, (shape) => {
        for (const size of dims?.get(value) ?? value.shape) {
          shape.message(1, (dim) => (typeof size === 'string' ? dim.text(2, size) : dim.varint(1, size)));
        }
      })));
}
