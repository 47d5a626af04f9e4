import type { FileHandle } from 'node:fs/promises';
import { open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import { resolveAtomicFolder, sha256, sha256File } from '../../core/files.ts';
import { readJsonLines } from '../jsonlines.ts';
import type { SampleRow } from '../runfolder.ts';
import { STATE_FILE } from './state.ts';

/** Something of a run folder that is kept beside the run on the server. */
export interface Artifact {
  /** There. */
  readonly path: string;
  /** A file here; a text; or a chart that is drawn of a file when it is sent. */
  readonly source: { readonly file: string } | { readonly text: string } | { readonly draw: DrawCharts; readonly of: string };
}

/** Draws the charts of a run folder as one HTML page. */
export type DrawCharts = (folder: string) => Promise<string>;

/** Files that stand in the folder itself: small ones, and written whole. */
const PLAIN = /\.(json|jsonl|csv|ya?ml|html|svg|png|txt)$/;
/** Sent in another form, or of this process only. */
const OTHERWISE = new Set(['metrics.jsonl', 'timeline.jsonl', 'samples.jsonl', STATE_FILE]);

/** What a folder holds for the server: description, stories, scores, charts, samples as texts, and last the best checkpoint. */
export async function listArtifacts(folder: string, draw?: DrawCharts): Promise<Artifact[]> {
  const plain = await filesIn(folder, (name) => PLAIN.test(name) && !OTHERWISE.has(name));
  const inside = await Promise.all(['charts', 'scores'].map(async (name) => (await filesIn(join(folder, name), (file) => PLAIN.test(file))).map((file) => `${name}/${file}`)));
  const best = await resolveAtomicFolder(join(folder, 'checkpoints', 'best'));
  const checkpoint = await filesIn(best, (name) => !name.endsWith('.tmp'));
  return [
    ...[...plain, ...inside.flat()].map((path): Artifact => ({ path, source: { file: join(folder, path) } })),
    ...(await sampleTexts(folder)),
    // Of what each epoch came to: it is drawn again when that has changed.
    ...(draw !== undefined && plain.includes('history.csv') ? [{ path: 'charts/losses.html', source: { draw, of: join(folder, 'history.csv') } }] : []),
    ...checkpoint.map((name): Artifact => ({ path: `checkpoints/best/${name}`, source: { file: join(best, name) } })),
  ];
}

/** Names of the plain files in a folder, in order; none where there is no folder. */
async function filesIn(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile() && wanted(entry.name)).map(({ name }) => name).sort();
}

/** samples/epoch-07.txt for each epoch of samples.jsonl. */
async function sampleTexts(folder: string): Promise<Artifact[]> {
  const { rows } = await readJsonLines<Partial<SampleRow>>(join(folder, 'samples.jsonl'));
  // A resumed run tells an epoch again: the later line holds.
  const epochs = new Map(rows.flatMap(({ epoch, stories }) => (typeof epoch === 'number' && Array.isArray(stories) ? [[epoch, stories as SampleRow['stories']] as const] : [])));
  return [...epochs].map(([epoch, stories]) => ({ path: `samples/epoch-${String(epoch).padStart(2, '0')}.txt`, source: { text: stories.map(storyText).join('\n') } }));
}

function storyText({ id, image_ids, sentences }: SampleRow['stories'][number]): string {
  return `${id}: ${(image_ids ?? []).join(' ')}\n${(sentences ?? []).map((sentence) => `${sentence}\n`).join('')}`;
}

/** An artifact as it was at one moment, also when its file is replaced meanwhile. */
export interface OpenArtifact {
  readonly path: string;
  /** Of its content, or of what it is drawn of. */
  readonly sha256: string;
  load(): Promise<Content>;
}

export interface Content {
  /** In bytes. */
  readonly size: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** SHA-256 of files that have not changed since they were read. */
export type HashMemory = Map<string, { readonly mark: string; readonly sha256: string }>;

/**
 * Opens artifacts and hands them over, one after the other. Those of one checkpoint folder are of one checkpoint: none
 * is handed over where a new one took its place meanwhile.
 */
export async function* openArtifacts(artifacts: readonly Artifact[], hashes: HashMemory): AsyncGenerator<OpenArtifact, void, undefined> {
  for (const group of grouped(artifacts)) {
    const handles: FileHandle[] = [];
    try {
      const folder = dirname(sourceFile(group[0]!));
      const before = group.length > 1 ? (await stat(folder)).ino : 0;
      const opened: OpenArtifact[] = [];
      for (const artifact of group) opened.push(await openArtifact(artifact, handles, hashes));
      if (group.length > 1 && (await stat(folder)).ino !== before) continue;
      yield* opened;
    } catch (error) {
      // Taken away meanwhile, such as a checkpoint that is just replaced: it comes the next time.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    } finally {
      for (const handle of handles) await handle.close();
    }
  }
}

/** Files of a checkpoint together, every other artifact alone. */
function grouped(artifacts: readonly Artifact[]): Artifact[][] {
  const isCheckpoint = ({ path }: Artifact): boolean => path.startsWith('checkpoints/');
  const checkpoint = artifacts.filter(isCheckpoint);
  return [...artifacts.filter((artifact) => !isCheckpoint(artifact)).map((artifact) => [artifact]), ...(checkpoint.length > 0 ? [checkpoint] : [])];
}

function sourceFile({ source }: Artifact): string {
  return 'file' in source ? source.file : '.';
}

async function openArtifact({ path, source }: Artifact, handles: FileHandle[], hashes: HashMemory): Promise<OpenArtifact> {
  if ('text' in source) return { path, sha256: sha256(source.text), load: async () => textContent(source.text) };
  if ('draw' in source) {
    return { path, sha256: sha256(`drawn of ${await sha256File(source.of)}`), load: async () => textContent(await source.draw(dirname(source.of))) };
  }
  const handle = await open(source.file);
  handles.push(handle);
  const { size, mtimeMs, ino } = await handle.stat();
  const load = async (): Promise<Content> => ({ size, pieces: readPart(handle, size) });
  const mark = `${ino} ${size} ${mtimeMs}`;
  const known = hashes.get(path);
  if (known?.mark === mark) return { path, sha256: known.sha256, load };
  const hash = createHash('sha256');
  for await (const piece of readPart(handle, size)) hash.update(piece);
  const digest = hash.digest('hex');
  hashes.set(path, { mark, sha256: digest });
  return { path, sha256: digest, load };
}

function textContent(text: string): Content {
  const bytes = Buffer.from(text);
  return { size: bytes.length, pieces: (async function* () { yield bytes; })() };
}

/** The first `size` bytes, in pieces: a file that has grown since is sent as it was. */
async function* readPart(handle: FileHandle, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < size;) {
    const piece = new Uint8Array(Math.min(2 ** 18, size - at));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) throw new Error('a file became shorter while it was read');
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

