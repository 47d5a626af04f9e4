import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A library that Fabula stands on, as installed. */
export interface Library {
  readonly name: string;
  /** null when it is not installed. */
  readonly version: string | null;
  readonly purpose: string;
}

const LIBRARIES = {
  'onnxruntime-node': 'runs compiled models',
  '@tensorflow/tfjs-core': 'what models are written in',
  sharp: 'reads photos',
  h5wasm: 'features and stories in HDF5',
} as const satisfies Record<string, string>;

/** @param from file whose node_modules are searched, there and above */
export async function listLibraries(from = import.meta.url): Promise<Library[]> {
  const list: Library[] = [];
  for (const [name, purpose] of Object.entries(LIBRARIES)) {
    list.push({ name, version: await packageField(from, name, 'package.json', 'version'), purpose });
    if (name === 'sharp') list.push({ name: 'libvips', version: await libvipsVersion(from), purpose: "sharp's decoder" });
  }
  return list;
}

/** sharp's decoder comes in a package for each platform; on Windows it is inside sharp's own. */
async function libvipsVersion(from: string): Promise<string | null> {
  const place = `${process.platform}-${process.arch}`;
  const names = [place, place.replace('linux', 'linuxmusl')].flatMap((name) => [`@img/sharp-libvips-${name}`, `@img/sharp-${name}`]);
  for (const name of names) {
    const version = await packageField(from, name, 'versions.json', 'vips');
    if (version !== null) return version;
  }
  return null;
}

/** Looked for as a file: a package need not export its package.json. */
async function packageField(from: string, name: string, file: string, field: string): Promise<string | null> {
  const places = createRequire(from).resolve.paths(name) ?? [];
  const path = places.map((place) => join(place, name, file)).find((candidate) => existsSync(candidate));
  if (path === undefined) return null;
  const value = (JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>)[field];
  return typeof value === 'string' ? value : null;
}
