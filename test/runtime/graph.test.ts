import { expect, test } from 'vitest';
import { constantBytes, elements, GraphBuilder, prune } from '../../src/runtime/graph.ts';

test('the same node asked for twice is made once', () => {
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', [2, 3]);
  const y = builder.op('Exp', [x], x);
  expect(builder.op('Exp', [x], x)).toBe(y);
  expect(builder.op('Log', [x], x)).not.toBe(y);
  expect(builder.op('Add', [x, y], x)).not.toBe(builder.op('Add', [y, x], x));
  const rows = builder.op('ReduceSum', [x, builder.sizes([0])], { dtype: 'float32', shape: [3] }, { keepdims: 0 });
  expect(builder.op('ReduceSum', [x, builder.sizes([0])], { dtype: 'float32', shape: [3] }, { keepdims: 0 })).toBe(rows);
  expect(builder.op('ReduceSum', [x, builder.sizes([0])], { dtype: 'float32', shape: [1, 3] }, { keepdims: 1 })).not.toBe(rows);
});

test('small equal constants are one; shape, type and the sign of zero tell them apart', () => {
  const builder = new GraphBuilder();
  expect(builder.scalar(0.5)).toBe(builder.scalar(0.5));
  expect(builder.sizes([2, 3])).toBe(builder.sizes([2, 3]));
  const all = [
    builder.scalar(0), builder.scalar(-0), builder.scalar(NaN), builder.constant(Float32Array.of(0), [1]), builder.constant(Int32Array.of(0), []),
    builder.constant(Uint8Array.of(0), []), builder.constant(BigInt64Array.of(0n), []), builder.constant(Float32Array.of(0), [], 'named'),
  ];
  expect(new Set(all).size).toBe(all.length);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(all.map(({ dtype }) => dtype)).toEqual(['float32', 'float32', 'float32', 'float32', 'int32', 'bool', 'int64', 'float32']);
  const large = (): Float32Array => new Float32Array(65);
  expect(builder.constant(large(), [65])).not.toBe(builder.constant(large(), [65]));
});

test('what no output needs is dropped, inputs stay', () => {
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', [4]);
  builder.input('idle', 'float32', [1000]);
  const y = builder.op('Exp', [x], x);
  const unused = builder.op('Mul', [y, builder.scalar(3)], x);
  builder.op('Log', [unused], x);
  const z = builder.op('Add', [y, builder.scalar(2)], x);
  builder.output(z, 'z');
  const graph = builder.finish();
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Exp', 'Add']);
  expect([...graph.constants.values()]).toEqual([Float32Array.of(2)]);
  expect(graph.inputs.map(({ name }) => name)).toEqual(['x', 'idle']);
  expect(graph.outputs).toEqual([{ name: 'z', value: z }]);
});

test('a node with several outputs is kept when one of them is needed', () => {
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', [4]);
  const half = { dtype: 'float32' as const, shape: [2] };
  const [, right] = builder.node('Split', [x], { axis: 0 }, [half, half]);
  builder.output(right!, 'right');
  expect(builder.finish().nodes).toHaveLength(1);
  expect(builder.producerOf(right!)?.op).toBe('Split');
  expect(builder.producerOf(x)).toBeUndefined();
});

test('outputs may be inputs or constants; pruning twice changes nothing', () => {
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', [4]);
  const c = builder.constant(Float32Array.of(1, 2, 3, 4), [4]);
  builder.output(x, 'x again');
  builder.output(c, 'c');
  const graph = builder.finish();
  expect([graph.nodes, graph.constants.size]).toEqual([[], 1]);
  expect(prune(graph)).toEqual(graph);
  expect(constantBytes(graph)).toBe(16);
  expect(elements(c)).toBe(4);
});
