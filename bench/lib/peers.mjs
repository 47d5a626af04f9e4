// Who is compared with whom: command lines, and what each needs to be there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { printed, succeeds } from './programs.mjs';

const bench = join(import.meta.dirname, '..');
const INSTALL = {
  torch: 'pip install torch numpy',
  tensorflow: 'pip install tensorflow-cpu keras numpy',
  onnxruntime: 'pip install onnxruntime onnx numpy',
  cv2: 'pip install opencv-python-headless',
  numpy: 'pip install numpy',
  pycocoevalcap: 'pip install pycocoevalcap',
};

/** Looks once which Python modules can be imported. */
export async function lookAround({ python, say }) {
  const known = new Map();
  const has = async (module) => {
    if (!known.has(module)) known.set(module, await succeeds(python, ['-c', `import ${module}`]));
    return known.get(module);
  };
  const compiler = await succeeds(process.env.CXX ?? 'g++', ['--version']);
  const java = await succeeds('java', ['-version']);
  const tensorflow = process.env.FABULA_TENSORFLOW;
  const told = new Set();
  /** Those of the contenders that can run; the others are named, with what they lack. */
  const present = async (contenders) => {
    const kept = [];
    for (const contender of contenders) {
      const lacking = await lack(contender.needs ?? []);
      if (lacking === undefined) kept.push(contender);
      else if (!told.has(contender.title)) {
        told.add(contender.title);
        say(`${contender.title} left out: ${lacking}`);
      }
    }
    return kept;
  };
  const lack = async (needs) => {
    for (const need of needs) {
      if (need === 'compiler' && !compiler) return 'torch.compile needs a C++ compiler (g++, or the one named by CXX)';
      if (need === 'java' && !java) return 'java is not there';
      if (need === 'tfjs-node' && !(tensorflow && existsSync(tensorflow))) return 'set FABULA_TENSORFLOW to a folder with @tensorflow/tfjs-node (npm install @tensorflow/tfjs-node)';
      if (need in INSTALL && !(await has(need))) return `${python} cannot import ${need}: ${INSTALL[need]}, and name that Python with --python or FABULA_PYTHON`;
    }
    return undefined;
  };
  return { has, present };
}

/** The folder of the Python package that carries METEOR's jar and data; undefined without it. */
export async function meteorFolder({ python, has }) {
  if (!(await has('pycocoevalcap'))) return undefined;
  return (await printed(python, ['-c', 'import pycocoevalcap; print(list(pycocoevalcap.__path__)[0])'])).trim();
}

/** Prints a JSON line with its peak memory when it ends. */
const USAGE = ['--import', join(bench, 'lib', 'reportusage.mjs')];
const fabula = (...args) => ({ command: process.execPath, args: [...USAGE, join(bench, '..', 'dist', 'cli', 'main.js'), ...args.map(String)] });

const node = (program, ...args) => ({ command: process.execPath, args: [join(bench, program), ...args.map(String)] });

function evaluate({ hypotheses, references, metrics }) {
  return ['evaluate', hypotheses, ...references.flatMap((file) => ['--references', file]), '--protocol', references.length > 1 ? 'story-multi' : 'single-reference', '--metrics', metrics, '--json', '--no-save'];
}

/** Scores in points from what `fabula evaluate --json` prints, with the peak memory. */
function scoresOf(out) {
  const [{ systems: [{ scores }] }, usage] = out.trim().split('\n').map((line) => JSON.parse(line));
  return [{ ...scores, ...usage }];
}

/** @param settings `{ python, peers, threads }` */
export function contendersFor(settings) {
  const python = (program, ...args) => ({ command: settings.python, args: [join(settings.peers, program), ...args.map(String)] });
  const threads = ['--threads', settings.threads];
  return {
    peak: () => [
      { key: 'fabula', title: 'ONNX Runtime', ...node('peak.mjs', ...threads) },
      { key: 'torch', title: 'PyTorch', needs: ['torch'], ...python('sgemm_peak.py', ...threads) },
    ],
    train: ({ model, hidden, steps, batches, weights }) => {
      const common = ['--model', model, '--hidden', hidden, '--steps', steps, ...threads];
      const ours = [...common, '--batches', batches, '--weights', weights];
      const theirs = [...common, '--data', `${batches}.npz`, '--no-peak', '--trace'];
      return [
        { key: 'fabula', title: 'Fabula', ...node('train.mjs', ...ours) },
        { key: 'torch_best', title: 'PyTorch at its best', needs: ['torch'], ...python('peer_torch.py', ...theirs, '--best') },
        { key: 'torch_best_compiled', title: 'PyTorch at its best, compiled', needs: ['torch', 'compiler'], ...python('peer_torch.py', ...theirs, '--best', '--compile') },
        { key: 'torch_plain', title: 'PyTorch as most people write it', needs: ['torch'], ...python('peer_torch.py', ...theirs) },
        { key: 'keras', title: 'Keras as VIST-seq2seq does it', needs: ['tensorflow'], ...python('peer_keras.py', ...theirs) },
        { key: 'tfjs_node', title: 'tfjs-node', needs: ['tfjs-node'], ...node('train.mjs', ...ours, '--backend', 'tensorflow', '--pad') },
        { key: 'tfjs_node_packed', title: 'tfjs-node on packed batches', needs: ['tfjs-node'], ...node('train.mjs', ...ours, '--backend', 'tensorflow') },
      ];
    },
    decode: ({ hidden, beams, stories, batches, weights }) => {
      const common = ['--hidden', hidden, '--beams', beams, '--stories', stories, ...threads];
      return [
        { key: 'fabula', title: 'Fabula', ...node('decode.mjs', ...common, '--batches', batches, '--weights', weights) },
        { key: 'torch', title: 'PyTorch', needs: ['torch'], ...python('peer_decode.py', ...common, '--data', `${batches}.npz`, '--compact', '--emb-table', '--end', 'free', '--no-peak') },
      ];
    },
    features: ({ photos, count, weights }) => {
      const theirs = (what) => python('peer_features.py', '--what', what, '--photos', photos, '--count', count, '--weights', weights, ...threads);
      return [
        { key: 'fabula', title: 'Fabula', ...node('features.mjs', '--photos', photos, '--count', count, '--weights', weights, ...threads) },
        { key: 'tensorflow', title: 'TensorFlow', needs: ['tensorflow'], ...theirs('tf') },
        { key: 'torch', title: 'PyTorch', needs: ['torch'], ...theirs('torch') },
        { key: 'torch_compiled', title: 'PyTorch, compiled', needs: ['torch', 'compiler'], ...theirs('torch-compile') },
        { key: 'onnxruntime', title: 'onnxruntime in Python', needs: ['onnxruntime'], ...theirs('ort') },
      ];
    },
    meteor: ({ hypotheses, references: [references], meteor }) => [
      { key: 'fabula', title: 'fabula evaluate', ...fabula(...evaluate({ hypotheses, references: [references], metrics: 'meteor' }), '--meteor-data', meteor), read: scoresOf },
      {
        key: 'jar', title: 'meteor-1.5.jar', needs: ['java'], command: 'java', read: (out) => [{ METEOR: 100 * Number(/Final score:\s+(\S+)/.exec(out)[1]) }],
        args: ['-Xmx2G', '-jar', join(meteor, 'meteor', 'meteor-1.5.jar'), hypotheses, references, '-t', 'hter', '-l', 'en', '-norm'],
      },
    ],
    ngrams: ({ hypotheses, references }) => [
      { key: 'fabula', title: 'fabula evaluate', ...fabula(...evaluate({ hypotheses, references, metrics: 'bleu,rouge-l,cider' })), read: scoresOf },
      { key: 'pycocoevalcap', title: 'pycocoevalcap', needs: ['pycocoevalcap'], ...python('peer_scores.py', hypotheses, ...references) },
    ],
    /** Only ours. @param meteor METEOR's data, or undefined for all other metrics */
    scoreMemory: ({ hypotheses, references, meteor }) => meteor === undefined
      ? { ...fabula(...evaluate({ hypotheses, references, metrics: 'bleu,rouge-l,cider' })), read: scoresOf }
      : { ...fabula(...evaluate({ hypotheses, references, metrics: 'meteor' }), '--meteor-data', meteor), read: scoresOf },
  };
}
