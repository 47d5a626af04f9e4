import type { Gap } from './gaps.ts';
import { gaps, isSlow, nodeSupported, REQUIRED_FORMATS } from './gaps.ts';
import type { PhotoFormat } from './samples.ts';
import type { ProductSpeed } from './speed.ts';
import type { Finding, Survey } from './survey.ts';

/** `broken` is what is there and does not work; a line without a mark only tells. */
export type Mark = 'ok' | 'warning' | 'missing' | 'broken';

export interface Line {
  readonly mark: Mark | null;
  readonly name: string;
  readonly text: string;
}

export interface Group {
  readonly title: string;
  readonly lines: readonly Line[];
}

const COLOURS: Readonly<Record<Mark, number>> = { ok: 32, warning: 33, missing: 33, broken: 31 };
const MARK_WIDTH = 'warning'.length;
const GIB = 2 ** 30;
const LITTLE_MEMORY = 2 * GIB;
const LITTLE_DISK = 5 * GIB;

/** The survey judged, line by line. */
export function groupsOf(survey: Survey): Group[] {
  return [
    { title: 'Machine', lines: machineLines(survey) },
    { title: 'Libraries', lines: survey.libraries.map(({ name, version, purpose }) => ({ mark: version === null ? 'missing' : 'ok', name, text: `${version ?? 'not installed'} (${purpose})` })) },
    { title: 'Backends (--backend)', lines: backendLines(survey) },
    { title: 'Devices (--device)', lines: deviceLines(survey) },
    { title: 'Photos', lines: photoLines(survey) },
    ...(survey.speed ? [{ title: 'Speed of single-precision matrix products on the CPU', lines: speedLines(survey.speed) }] : []),
    { title: 'Environment variables', lines: environmentLines(survey) },
  ];
}

/** @param colour whether marks are coloured: terminals only */
export function formatReport(survey: Survey, colour: boolean): string {
  const groups = groupsOf(survey);
  const width = Math.max(...groups.flatMap(({ lines }) => lines.map(({ name }) => name.length)));
  const format = ({ mark, name, text }: Line): string => {
    const word = (mark ?? '-').padEnd(MARK_WIDTH);
    return `  ${colour && mark ? `\x1b[${COLOURS[mark]}m${word}\x1b[0m` : word}  ${name.padEnd(width)}  ${text}`;
  };
  const body = groups.map(({ title, lines }) => [title, ...lines.map(format)].join('\n'));
  return [`Fabula ${survey.fabula} on ${survey.machine.system}`, ...body, formatGaps(gaps(survey))].join('\n\n');
}

function formatGaps(found: readonly Gap[]): string {
  const list = (some: readonly Gap[], text: (gap: Gap) => string): string[] => {
    const width = Math.max(...some.map(({ name }) => name.length));
    return some.map((gap) => `  ${gap.name.padEnd(width)}  ${text(gap)}`);
  };
  const [hindering, others] = [found.filter(({ hinders }) => hinders), found.filter(({ hinders }) => !hinders)];
  return [
    ...(hindering.length > 0 ? ['To put right:', ...list(hindering, ({ reason, remedy }) => `${reason}: ${remedy}`), ''] : ['Nothing that Fabula needs is missing.']),
    ...(others.length > 0 ? ['To have what is not needed:', ...list(others, ({ remedy }) => remedy)] : []),
  ].join('\n').trimEnd();
}

function machineLines(survey: Survey): Line[] {
  const { processor, memory, disk, nvidia } = survey.machine;
  const { node } = survey;
  const crowded = processor.limit !== null && processor.limit < processor.threads;
  const limit = processor.limit === null ? '' : `; the container or service may use ${round(processor.limit)} processors`;
  const littleMemory = memory.free < LITTLE_MEMORY;
  const littleDisk = disk.free !== null && disk.free < LITTLE_DISK;
  const memoryLimit = memory.limit === null ? '' : `; the container or service may use ${gib(memory.limit)}`;
  return [
    { mark: nodeSupported(node) ? 'ok' : 'broken', name: 'Node', text: `${node.version} (${node.needed.replace('>=', '')} or later is needed)` },
    { mark: 'ok', name: 'processor', text: `${processor.model}, ${count(processor.cores, 'core')}` },
    { mark: crowded ? 'warning' : 'ok', name: 'threads', text: `${processor.threads} unless --threads says otherwise${limit}` },
    { mark: littleMemory ? 'warning' : 'ok', name: 'memory', text: `${gib(memory.free)} free of ${gib(memory.total)}${memoryLimit}${littleMemory ? '; training on the whole of VIST takes about 1.5 GB' : ''}` },
    {
      mark: disk.writable && !littleDisk ? 'ok' : 'warning',
      name: 'disk',
      text: `${disk.free === null ? 'unknown' : gib(disk.free)} free in ${disk.path}${disk.writable ? '' : ', which cannot be written to'}${littleDisk ? '; features of the whole of VIST take 3.3 GB' : ''}`,
    },
    ...(nvidia ?? []).map((text): Line => ({ mark: 'ok', name: 'GPU', text })),
  ];
}

function backendLines({ backends: { onnx, cpu, tensorflow } }: Survey): Line[] {
  const trained = 'works: trained a small model';
  return [
    findingLine('onnx', onnx, () => `${trained}; the default`),
    findingLine('cpu', cpu, () => `${trained}; slow, for checking`),
    findingLine('tensorflow', tensorflow, ({ name, version, folder }) => `${trained} with ${name} ${version} in ${folder}`),
  ];
}

function deviceLines({ devices: { cpu, webgpu, cuda }, machine }: Survey): Line[] {
  const worked = (): string => 'works: trained a small model';
  const line = findingLine('cuda', cuda, worked);
  return [
    findingLine('cpu', cpu, () => 'works; the default'),
    findingLine('webgpu', webgpu, worked),
    machine.nvidia?.length === 0 && line.mark === 'missing' ? { ...line, text: 'no NVIDIA GPU was found' } : line,
  ];
}

function findingLine<T>(name: string, finding: Finding<T>, text: (value: T) => string): Line {
  if (finding.works) return { mark: 'ok', name, text: text(finding.value) };
  return { mark: finding.absent ? 'missing' : isSlow(finding) ? 'warning' : 'broken', name, text: finding.reason };
}

/** Formats read, and those not read: a line each. */
function photoLines({ photos }: Survey): Line[] {
  if (!photos.works) return [{ mark: 'broken', name: 'sharp', text: photos.reason }];
  const formats = Object.keys(photos.value) as PhotoFormat[];
  const lines: [Mark, string, PhotoFormat[]][] = [
    ['ok', 'read', formats.filter((format) => photos.value[format])],
    ['broken', 'not read', formats.filter((format) => !photos.value[format] && REQUIRED_FORMATS.includes(format))],
    ['missing', 'not read', formats.filter((format) => !photos.value[format] && !REQUIRED_FORMATS.includes(format))],
  ];
  return lines.filter(([, , names]) => names.length > 0).map(([mark, text, names]) => ({ mark, name: names.join(', '), text }));
}

function environmentLines({ environment, backends: { tensorflow } }: Survey): Line[] {
  return environment.map(({ name, value, meaning }) => ({
    // A folder without TensorFlow is named by the backend's own line as well.
    mark: value === null ? null : name === 'FABULA_TENSORFLOW' && !tensorflow.works ? 'warning' : 'ok',
    name, text: value ?? `not set (${meaning})`,
  }));
}

function speedLines(speed: Finding<readonly ProductSpeed[]>): Line[] {
  if (!speed.works) return [{ mark: 'warning', name: 'products', text: `not measured: ${speed.reason}` }];
  const names = [...new Set(speed.value.map(shapeName))];
  return names.map((name) => {
    const [alone, all] = speed.value.filter((product) => shapeName(product) === name);
    const figures = [alone, all].filter((product) => product !== undefined).map(({ threads, gflops }) => `${count(threads, 'thread')} ${round(gflops)} GFLOPS`);
    const slower = alone !== undefined && all !== undefined && all.gflops < 0.9 * alone.gflops;
    return { mark: slower ? 'warning' : 'ok', name, text: `${figures.join(', ')}${slower ? ': more threads are slower; something else may be running, or try --threads 1' : ''}` };
  });
}

function shapeName({ shape }: ProductSpeed): string {
  return shape.join('x');
}

/** Three figures, as more would not be the same the next time. */
function round(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
