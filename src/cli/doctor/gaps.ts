import type { PhotoFormat } from './samples.ts';
import type { Finding, Survey } from './survey.ts';

/** Something that is not there or does not work. */
export interface Gap {
  readonly name: string;
  /** Whether it hinders Fabula in its work; the others would only add to it. */
  readonly hinders: boolean;
  readonly reason: string;
  /** What to do, a command where there is one. */
  readonly remedy: string;
}

/** Photos that Fabula promises to read. */
export const REQUIRED_FORMATS: readonly PhotoFormat[] = ['JPEG', 'PNG', 'WebP'];
const REINSTALL = 'npm ci && npm run build';

/** `20.20.2` against `>=20`. */
export function nodeSupported({ version, needed }: Survey['node']): boolean {
  return Number.parseInt(version, 10) >= Number(/\d+/.exec(needed)?.[0] ?? 0);
}

/** All that is missing or broken, what hinders first. */
export function gaps(survey: Survey): Gap[] {
  return [...neededGaps(survey), ...optionalGaps(survey)];
}

function neededGaps(survey: Survey): Gap[] {
  const { node, libraries, backends, photos, machine } = survey;
  const found: Gap[] = [];
  const add = (name: string, reason: string, remedy: string): void => void found.push({ name, hinders: true, reason, remedy });
  if (!nodeSupported(node)) add('Node', `${node.version} is too old`, `install Node ${node.needed.replace('>=', '')} or later from https://nodejs.org`);
  // libvips may be the system's own; whether photos are read says more.
  const absent = libraries.filter(({ name, version }) => version === null && name !== 'libvips').map(({ name }) => name);
  for (const name of absent) add(name, 'not installed', REINSTALL);
  if (!backends.onnx.works && !absent.includes('onnxruntime-node')) add('onnx', backends.onnx.reason, backends.onnx.remedy || REINSTALL);
  if (!backends.cpu.works) add('cpu', backends.cpu.reason, backends.cpu.remedy || REINSTALL);
  if (!photos.works && !absent.includes('sharp')) add('sharp', photos.reason, 'npm install --include=optional sharp');
  if (photos.works && REQUIRED_FORMATS.some((format) => !photos.value[format])) add('sharp', `it does not read all of ${REQUIRED_FORMATS.join(', ')}`, 'npm install --include=optional sharp');
  if (!machine.disk.writable) add('disk', `${machine.disk.path} cannot be written to`, 'change to a folder of your own, or give --runs one');
  const { limit, threads } = machine.processor;
  if (limit !== null && limit < threads) {
    const fitting = Math.max(1, Math.floor(limit));
    add('threads', `${threads} threads for ${limit} processors`, `give --threads ${fitting} to every command: more than the container may use only get in each other's way`);
  }
  return found;
}

function optionalGaps({ node, machine, backends, devices, photos }: Survey): Gap[] {
  const found: Gap[] = [];
  const add = (name: string, finding: Finding, remedy: string): void => {
    if (!finding.works) found.push({ name, hinders: false, reason: finding.reason, remedy: isSlow(finding) ? 'fabula doctor --wait 60' : remedy });
  };
  add('tensorflow', backends.tensorflow, tensorflowRemedy(backends.tensorflow, node.version));
  // Without ONNX Runtime nothing is known of its devices.
  if (backends.onnx.works) {
    add('webgpu', devices.webgpu, remedyOf(devices.webgpu) || "update the GPU's driver");
    add('cuda', devices.cuda, cudaRemedy(devices.cuda, machine));
  }
  if (photos.works) {
    const unread = Object.entries(photos.value).filter(([format, read]) => !read && !REQUIRED_FORMATS.includes(format as PhotoFormat)).map(([format]) => format);
    if (unread.length > 0) found.push({ name: unread.join(', '), hinders: false, reason: 'not read', remedy: 'save these photos as JPEG first, for example: magick photo.heic photo.jpg' });
  }
  return found;
}

/** What was killed for taking too long may yet work. */
export function isSlow(finding: Finding): boolean {
  return !finding.works && finding.reason.startsWith('it did not answer');
}

function remedyOf(finding: Finding): string {
  return finding.works ? '' : finding.remedy;
}

function cudaRemedy(finding: Finding, { platform, arch }: Survey['machine']): string {
  if (platform !== 'linux' || arch !== 'x64') return 'only on Linux with an x64 processor and an NVIDIA GPU';
  return remedyOf(finding) || "update the GPU's driver; nvidia-smi shows whether it runs";
}

function tensorflowRemedy(finding: Finding, node: string): string {
  // A checkout's .npmrc turns install scripts off, and this one fetches the library itself.
  const install = 'npm install @tensorflow/tfjs-node --ignore-scripts=false (or @tensorflow/tfjs-node-gpu)';
  const fitting = ['20', '22'].includes(node.split('.')[0]!) ? '' : 'with Node 20 or 22: ';
  return fitting + (finding.works || finding.reason === 'not installed' ? install : finding.remedy || install);
}
