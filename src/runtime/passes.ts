import type { Graph, GraphNode, Value } from './graph.ts';
import { prune } from './graph.ts';

/**
 * Joins sums of products over time into one product. Backpropagation through T steps makes each weight gradient as
 * `A1' B1 + A2' B2 + ... + AT' BT`; with the A stacked under each other, and the B, it is one product over all rows,
 * several times faster. The same for bias gradients: a sum of column sums is the column sum of the stack.
 */
export function joinProducts(graph: Graph): Graph {
  const producer = new Map<Value, GraphNode>();
  const uses = new Map<Value, number>();
  for (const node of graph.nodes) {
    for (const value of node.outputs) producer.set(value, node);
    for (const value of node.inputs) if (value) uses.set(value, (uses.get(value) ?? 0) + 1);
  }
  for (const { value } of graph.outputs) uses.set(value, (uses.get(value) ?? 0) + 1);

  const inner = (value: Value): GraphNode | undefined => (uses.get(value) === 1 ? producer.get(value) : undefined);
  const joiner = new Joiner(graph.constants);
  const nodes: GraphNode[] = [];
  const absorbed = new Set<GraphNode>();
  for (const node of graph.nodes.toReversed()) {
    if (absorbed.has(node)) continue;
    const replacement = isSum(node) ? joiner.join(node, leavesOf(node, inner, absorbed), inner) : undefined;
    // Reversed again below, so that the stacks come before what reads them.
    nodes.push(...(replacement?.toReversed() ?? [node]));
  }
  return prune({ ...graph, nodes: sortNodes(nodes.reverse()) });
}

function isSum(node: GraphNode): boolean {
  const [a, b] = node.inputs;
  return node.op === 'Add' && !!a && !!b && a.dtype === 'float32' && sameShape(a, b);
}

function sameShape(a: Value, b: Value): boolean {
  return a.shape.length === b.shape.length && a.shape.every((n, i) => n === b.shape[i]);
}

/** The terms of a tree of additions whose inner sums nobody else uses. */
function leavesOf(root: GraphNode, inner: (value: Value) => GraphNode | undefined, absorbed: Set<GraphNode>): Value[] {
  const leaves: Value[] = [];
  const visit = (value: Value): void => {
    const node = inner(value);
    if (node && isSum(node)) {
      absorbed.add(node);
      node.inputs.forEach((term) => visit(term!));
    } else leaves.push(value);
  };
  root.inputs.forEach((term) => visit(term!));
  return leaves;
}

/** Makes the joined nodes, sharing stacks: one gate gradient goes into several weight gradients. */
class Joiner {
  readonly #constants: Graph['constants'];
  readonly #stacks = new Map<string, Value>();
  #count = 0;

  constructor(constants: Graph['constants']) {
    this.#constants = constants;
  }

  join(root: GraphNode, leaves: readonly Value[], inner: (value: Value) => GraphNode | undefined): GraphNode[] {
    const groups = new Map<string, { node: GraphNode; leaf: Value }[]>();
    const rest: Value[] = [];
    for (const leaf of leaves) {
      const node = inner(leaf);
      const kind = node && this.#kind(node);
      if (!node || !kind) rest.push(leaf);
      else groups.set(kind, [...(groups.get(kind) ?? []), { node, leaf }]);
    }
    const nodes: GraphNode[] = [];
    const terms: Value[] = [...rest];
    for (const members of groups.values()) {
      if (members.length === 1) terms.push(members[0]!.leaf);
      else terms.push(this.#joined(members.map(({ node }) => node), nodes));
    }
    return [...nodes, ...this.#sum(terms, root)];
  }

  /** A key equal for terms that can be joined; undefined when the node cannot. */
  #kind(node: GraphNode): string | undefined {
    const [x, axes] = node.inputs as [Value, Value];
    if (node.op === 'Gemm' && node.attributes['transA'] === 1 && node.attributes['transB'] === 0 && node.inputs.length === 2) return 'product';
    // The shape does not tell which axis is summed: a square matrix has the same either way.
    const sumsRows = node.op === 'ReduceSum' && x.shape.length === 2 && node.attributes['keepdims'] === 0
      && this.#constants.get(axes)?.join() === '0';
    return sumsRows ? `rows ${axes.name}` : undefined;
  }

  #joined(members: readonly GraphNode[], nodes: GraphNode[]): Value {
    const first = members[0]!;
    const output = this.#value(first.outputs[0]!.shape);
    const column = (i: number): Value => this.#stack(members.map((node) => node.inputs[i]!), nodes);
    const inputs = first.op === 'Gemm' ? [column(0), column(1)] : [column(0), first.inputs[1]!];
    nodes.push({ ...first, inputs, outputs: [output] });
    return output;
  }

  /** Rows of all parts under each other. */
  #stack(parts: readonly Value[], nodes: GraphNode[]): Value {
    const key = parts.map((part) => part.name).join();
    const known = this.#stacks.get(key);
    if (known) return known;
    const rows = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
    const stack = this.#value([rows, ...parts[0]!.shape.slice(1)]);
    nodes.push({ op: 'Concat', inputs: parts, outputs: [stack], attributes: { axis: 0 }, phase: 'backward' });
    this.#stacks.set(key, stack);
    return stack;
  }

  /** The terms added up; the last sum keeps the name that others read. */
  #sum(terms: readonly Value[], root: GraphNode): GraphNode[] {
    const target = root.outputs[0]!;
    if (terms.length === 1) return [{ op: 'Identity', inputs: [terms[0]!], outputs: [target], attributes: {}, phase: 'backward' }];
    const nodes: GraphNode[] = [];
    let sum = terms[0]!;
    terms.slice(1).forEach((term, i) => {
      const next = i === terms.length - 2 ? target : this.#value(target.shape);
      nodes.push({ op: 'Add', inputs: [sum, term], outputs: [next], attributes: {}, phase: 'backward' });
      sum = next;
    });
    return nodes;
  }

  #value(shape: readonly number[]): Value {
    return { name: `joined${this.#count++}`, dtype: 'float32', shape };
  }
}

/** Puts nodes into an order in which each comes after what it reads. */
function sortNodes(nodes: readonly GraphNode[]): GraphNode[] {
  const producer = new Map(nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const sorted: GraphNode[] = [];
  const done = new Set<GraphNode>();
  for (const start of nodes) {
    const stack = [start];
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      const waiting = done.has(node) ? [] : node.inputs.flatMap((value) => {
        const before = value && producer.get(value);
        return before && !done.has(before) ? [before] : [];
      });
      if (waiting.length > 0) {
        stack.push(...waiting);
        continue;
      }
      stack.pop();
      if (done.has(node)) continue;
      done.add(node);
      sorted.push(node);
    }
  }
  return sorted;
}
