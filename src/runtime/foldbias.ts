import type { Graph, GraphNode, Value } from './graph.ts';
import { prune } from './graph.ts';

/** Turns a product and the bias added to its rows into one node: the product starts from the bias in place of zeros. */
export function foldBias(graph: Graph): Graph {
  const producer = new Map<Value, GraphNode>(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const uses = new Map<Value, number>();
  for (const value of [...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.map(({ value }) => value)]) {
    if (value) uses.set(value, (uses.get(value) ?? 0) + 1);
  }
  const folded = (node: GraphNode): GraphNode => {
    const [a, bias] = node.inputs as [Value, Value];
    if (node.op !== 'Add' || bias.shape.length !== 1 || a.shape.length !== 2 || bias.shape[0] !== a.shape[1]) return node;
    const product = producer.get(a);
    if (product?.op !== 'Gemm' || product.inputs.length !== 2 || uses.get(a) !== 1) return node;
    return { ...product, inputs: [...product.inputs, bias], outputs: node.outputs };
  };
  return prune({ ...graph, nodes: graph.nodes.map(folded) });
}
