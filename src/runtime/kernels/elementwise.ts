import type { DType } from '../../core/hosttensor.ts';
import type { Lowering, KernelTable } from './table.ts';
import { broadcastShape, cast, filled, input, scalarOf } from './table.ts';

/** One input, same shape and type. */
function unary(op: string): Lowering {
  return (graph, inputs) => {
    const x = input(inputs, 'x');
    return graph.op(op, [x], x);
  };
}

/** Two inputs with broadcasting; the result has the type of the inputs, or bool. */
function binary(op: string, result?: DType): Lowering {
  return (graph, inputs) => {
    const [a, b] = [input(inputs, 'a'), input(inputs, 'b')];
    return graph.op(op, [a, b], { dtype: result ?? a.dtype, shape: broadcastShape(a, b) });
  };
}

const rsqrt: Lowering = (graph, inputs) => {
  const x = input(inputs, 'x');
  return graph.op('Reciprocal', [graph.op('Sqrt', [x], x)], x);
};

const square: Lowering = (graph, inputs) => {
  const x = input(inputs, 'x');
  return graph.op('Mul', [x, x], x);
};

const squaredDifference: Lowering = (graph, inputs) => {
  const [a, b] = [input(inputs, 'a'), input(inputs, 'b')];
  const difference = graph.op('Sub', [a, b], { dtype: a.dtype, shape: broadcastShape(a, b) });
  return graph.op('Mul', [difference, difference], difference);
};

/** 1 where x > 0, `alpha` elsewhere; NaN stays NaN in tfjs and is not reproduced: the loss is checked instead. */
const step: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const positive = graph.op('Greater', [x, scalarOf(graph, 0, x.dtype)], { dtype: 'bool', shape: x.shape });
  const alpha = Number(attributes['alpha'] ?? 0);
  if (alpha === 0) return cast(graph, positive, x.dtype);
  return graph.op('Where', [positive, graph.scalar(1), graph.scalar(alpha)], x);
};

const clip: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const bound = (name: string) => scalarOf(graph, Number(attributes[name]), x.dtype);
  return graph.op('Clip', [x, bound('clipValueMin'), bound('clipValueMax')], x);
};

const leakyRelu: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  return graph.op('LeakyRelu', [x], x, { alpha: { float: Number(attributes['alpha']) } });
};

const select: Lowering = (graph, inputs) => {
  const [condition, t, e] = [input(inputs, 'condition'), input(inputs, 't'), input(inputs, 'e')];
  return graph.op('Where', [condition, t, e], t);
};

const addN: Lowering = (graph, inputs) => {
  const terms = Object.values(inputs);
  return terms.slice(1).reduce((sum, term) => graph.op('Add', [sum, term], sum), terms[0]!);
};

const castLowering: Lowering = (graph, inputs, attributes) => cast(graph, input(inputs, 'x'), attributes['dtype'] as DType);

const like = (value: number): Lowering => (graph, inputs) => {
  const x = input(inputs, 'x');
  return filled(graph, x.shape, value, x.dtype);
};

const notEqual: Lowering = (graph, inputs, attributes) => {
  const equal = binary('Equal', 'bool')(graph, inputs, attributes);
  if (Array.isArray(equal)) throw new Error('Equal has one output');
  return graph.op('Not', [equal], equal);
};

export const elementwise: KernelTable = {
  Abs: unary('Abs'),
  Ceil: unary('Ceil'),
  Cos: unary('Cos'),
  Elu: unary('Elu'),
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  Floor: unary('Floor'),
  Identity: (_, inputs) => input(inputs, 'x'),
  Log: unary('Log'),
  LogicalNot: unary('Not'),
  Neg: unary('Neg'),
  Reciprocal: unary('Reciprocal'),
  Relu: unary('Relu'),
  Round: unary('Round'),
  Sigmoid: unary('Sigmoid'),
  Sign: unary('Sign'),
  Sin: unary('Sin'),
  Softplus: unary('Softplus'),
  Sqrt: unary('Sqrt'),
  Tanh: unary('Tanh'),
  Rsqrt: rsqrt,
  Square: square,
  Step: step,
  ClipByValue: clip,
  LeakyRelu: leakyRelu,
  Cast: castLowering,
  OnesLike: like(1),
  ZerosLike: like(0),
  Add: binary('Add'),
  AddN: addN,
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Pow: binary('Pow'),
  SquaredDifference: squaredDifference,
  Equal: binary('Equal', 'bool'),
  NotEqual: notEqual,
  Greater: binary('Greater', 'bool'),
  GreaterEqual: binary('GreaterOrEqual', 'bool'),
  Less: binary('Less', 'bool'),
  LessEqual: binary('LessOrEqual', 'bool'),
  LogicalAnd: binary('And', 'bool'),
  LogicalOr: binary('Or', 'bool'),
  Select: select,
};
