// The greatest speed of a single-precision matrix product through ONNX Runtime, as peers/sgemm_peak.py measures it
// through PyTorch: one JSON line.
import { matMul } from '@tensorflow/tfjs-core';
import { floats } from '../dist/core/hosttensor.js';
import { openRuntime } from '../dist/runtime/jit.js';
import { loadAverage, median, minimum, options, report, round } from './lib/measure.mjs';

const { threads, n, reps } = options({ threads: 2, n: 1024, reps: 60 });
const runtime = await openRuntime({ threads });
const product = runtime.jit((x, y) => matMul(x, y));
const noise = () => floats(Float32Array.from({ length: n * n }, () => Math.random() - 0.5), [n, n]);
const [x, y, into] = [noise(), noise(), noise()];
const times = [];
for (let i = -5; i < reps; i++) {
  const begun = performance.now();
  await product.call([x, y], { into });
  if (i >= 0) times.push(performance.now() - begun);
}
const gflops = (ms) => round((2 * n ** 3) / ms / 1e6, 1);
report({ what: 'sgemm', n, threads, gflops_best: gflops(minimum(times)), gflops_median: gflops(median(times)), onnxruntime: true, loadavg: loadAverage() });
await runtime.dispose();
