import type { GraphBuilder, Value } from '../graph.ts';
import type { KernelTable, Lowering } from './table.ts';
import { input, transpose } from './table.ts';

function swapLast(graph: GraphBuilder, x: Value): Value {
  const rank = x.shape.length;
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return transpose(graph, x, perm);
}

/** Matrices become Gemm with its transpose flags, which costs no shuffling; stacks of matrices become MatMul. */
const batchMatMul: Lowering = (graph, inputs, attributes) => {
  const [a, b] = [input(inputs, 'a'), input(inputs, 'b')];
  const [transA, transB] = [Boolean(attributes['transposeA']), Boolean(attributes['transposeB'])];
  const rows = a.shape.at(transA ? -1 : -2)!;
  const columns = b.shape.at(transB ? -2 : -1)!;
  if (a.shape.length === 2 && b.shape.length === 2) {
    return graph.op('Gemm', [a, b], { dtype: 'float32', shape: [rows, columns] }, { transA: transA ? 1 : 0, transB: transB ? 1 : 0 });
  }
  const lead = a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
  const shape = lead.map((n, i) => Math.max(n, (a.shape.length >= b.shape.length ? b : a).shape.at(i - lead.length - 2) ?? 1));
  return graph.op('MatMul', [transA ? swapLast(graph, a) : a, transB ? swapLast(graph, b) : b],
    { dtype: 'float32', shape: [...shape, rows, columns] });
};

export const product: KernelTable = { BatchMatMul: batchMatMul };
