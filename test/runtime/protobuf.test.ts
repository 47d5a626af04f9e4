import { expect, test } from 'vitest';
import { GraphBuilder } from '../../src/runtime/graph.ts';
import { modelBytes } from '../../src/runtime/onnx.ts';
import { ProtobufWriter } from '../../src/runtime/protobuf.ts';

/** Written by the first version of the writer, which copied at every level. */
const BEFORE = `
  CAkSBmZhYnVsYTqjBApKCgF4CgF3EgJ0MBoPZm9yd2FyZC9Db252OnQwIgRDb252KhUKDGtlcm5lbF9zaGFwZUICAgKgAQcqEAoHc3RyaWRlc0ICAgKg
  AQcKOgoCdDASAnQxGhRmb3J3YXJkL0xlYWt5UmVsdTp0MSIJTGVha3lSZWx1Kg8KBWFscGhhFQAAgD6gAQEKPwoCdDEKAmMyEgNzdW0aFGZvcndhcmQv
  UmVkdWNlU3VtOnQzIglSZWR1Y2VTdW0qDwoIa2VlcGRpbXMYAKABAgpCCgNzdW0KA3N1bRIFdHdpY2UaEWZvcndhcmQvQ29uY2F0OnQ0IgZDb25jYXQq
  FAoEYXhpcxj+//////////8BoAECChMKAXgSBGNvcHkiCElkZW50aXR5EgZmYWJ1bGEqbQoEAgMCAhABQgF3SmAAAIC/AABgvwAAQL8AACC/AAAAvwAA
  wL4AAIC+AAAAvgAAAAAAAAA+AACAPgAAwD4AAAA/AAAgPwAAQD8AAGA/AACAPwAAkD8AAKA/AACwPwAAwD8AANA/AADgPwAA8D8qGwoBAhAHQgJjMkoQ
  //////////8CAAAAAAAAAFobCgF4EhYKFAgBEhAKAggCCgIIAwoCCAQKAggEYhUKA3N1bRIOCgwIARIICgIIAgoCCAJiHgoEY29weRIWChQIARIQCgII
  AgoCCAMKAggECgIIBGIXCgV0d2ljZRIOCgwIARIICgIIBAoCCAJCBAoAEBI=`;

test('a small model has the same bytes as before', () => {
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', [2, 3, 4, 4]);
  const w = builder.constant(Float32Array.from({ length: 24 }, (_, i) => i / 8 - 1), [2, 3, 2, 2], 'w');
  const y = builder.op('Conv', [x, w], { dtype: 'float32', shape: [2, 2, 2, 2] }, { kernel_shape: [2, 2], strides: [2, 2] });
  const leaky = builder.op('LeakyRelu', [y], y, { alpha: { float: 0.25 } });
  const sum = builder.op('ReduceSum', [leaky, builder.sizes([-1, 2])], { dtype: 'float32', shape: [2, 2] }, { keepdims: 0 });
  builder.output(sum, 'sum');
  builder.output(x, 'copy');
  builder.output(builder.op('Concat', [sum, sum], { dtype: 'float32', shape: [4, 2] }, { axis: -2 }), 'twice');
  expect(Buffer.from(modelBytes(builder.finish())).toString('base64')).toBe(BEFORE.replace(/\s/g, ''));
});

/** Tag, length and content of a field of bytes, the plain way. */
function field(number: number, content: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = content.length; ; rest = rest >> 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Uint8Array.of((number << 3) | 2, ...length), content]);
}

test('large payloads at several depths stand where they should', () => {
  const large = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i * 7);
  const written = new ProtobufWriter()
    .text(1, 'before')
    .message(2, (outer) => outer
      .bytes(3, large(5000))
      .message(4, (inner) => inner.text(5, 'a').bytes(6, large(4096)).bytes(6, large(4095)).text(5, 'b'))
      .message(7, () => {}))
    .message(8, (small) => { for (let i = 0; i < 900; i++) small.text(9, `text ${i}`); })
    .text(1, 'after')
    .finish();
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const inner = Buffer.concat([field(5, text('a')), field(6, large(4096)), field(6, large(4095)), field(5, text('b'))]);
  const outer = Buffer.concat([field(3, large(5000)), field(4, inner), field(7, new Uint8Array())]);
  const small = Buffer.concat(Array.from({ length: 900 }, (_, i) => field(9, text(`text ${i}`))));
  expect(Buffer.compare(written, Buffer.concat([field(1, text('before')), field(2, outer), field(8, small), field(1, text('after'))]))).toBe(0);
});

test('numbers: seven bits a byte, negative ones in two\'s complement', () => {
  const bytes = (value: number | bigint): number[] => [...new ProtobufWriter().varint(1, value).finish()].slice(1);
  expect(bytes(0)).toEqual([0]);
  expect(bytes(127)).toEqual([127]);
  expect(bytes(300)).toEqual([0xac, 2]);
  expect(bytes(2 ** 40)).toEqual(bytes(2n ** 40n));
  expect(bytes(-1)).toEqual([...Array<number>(9).fill(255), 1]);
});

test('100 MiB of weights are written in well under the time of copying them at each level', () => {
  const weights = new Float32Array(25 * 2 ** 20);
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', [1, 25]);
  builder.output(builder.op('MatMul', [x, builder.constant(weights, [25, 2 ** 20])], { dtype: 'float32', shape: [1, 2 ** 20] }), 'y');
  const graph = builder.finish();
  const start = performance.now();
  expect(modelBytes(graph).length).toBeGreaterThan(weights.byteLength);
  expect(performance.now() - start).toBeLessThan(2000);
});
