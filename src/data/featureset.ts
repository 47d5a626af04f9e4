import { stat } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import type { RowStore } from './featurerows.ts';
import type { FeatureTable } from './features.ts';
import { MAX_LOADED_BYTES, openFeatures } from './features.ts';

/**
 * Opens several features files as one table, loaded into memory when they fit there together.
 * @throws UserError when they were not made by the same CNN
 */
export async function openFeatureFiles(paths: readonly string[], options: { maxBytes?: number } = {}): Promise<FeatureTable> {
  const { maxBytes = MAX_LOADED_BYTES } = options;
  // A file that is not there is for `openFeatures` to report.
  const sizes = await Promise.all(paths.map((path) => stat(path).then(({ size }) => size, () => 0)));
  const fits = sizes.reduce((a, b) => a + b, 0) <= maxBytes;
  const tables: FeatureTable[] = [];
  for (const path of paths) tables.push(await openFeatures(path, { maxBytes: fits ? maxBytes : 0 }));
  const [first, ...others] = tables as [FeatureTable, ...FeatureTable[]];
  for (const other of others) {
    if (other.size !== first.size || other.fingerprint !== first.fingerprint) {
      throw new UserError(`${other.path}: its features were not made as those in ${first.path}; extract both with the same CNN and preprocessing`);
    }
  }
  return others.length === 0 ? first : new JoinedFeatures(tables);
}

class JoinedFeatures implements FeatureTable {
  readonly path: string;
  readonly ids: readonly string[];
  readonly rowShape: readonly number[];
  readonly size: number;
  readonly fingerprint: string;
  readonly info: FeatureTable['info'];
  readonly store: RowStore;
  readonly #tables: readonly FeatureTable[];
  readonly #owner = new Map<string, number>();

  constructor(tables: readonly FeatureTable[]) {
    const first = tables[0]!;
    this.#tables = tables;
    this.path = tables.map((table) => table.path).join(', ');
    this.rowShape = first.rowShape;
    this.size = first.size;
    this.fingerprint = first.fingerprint;
    this.info = first.info;
    for (const [number, table] of tables.entries()) for (const id of table.ids) if (!this.#owner.has(id)) this.#owner.set(id, number);
    this.ids = [...this.#owner.keys()];
    this.store = joinStores(tables, (id) => this.#ownerOf(id));
  }

  has(id: string): boolean {
    return this.#owner.has(id);
  }

  row(id: string): Float32Array {
    return this.#tables[this.#ownerOf(id)]!.row(id);
  }

  rows(ids: readonly string[], out: Float32Array = new Float32Array(ids.length * this.size)): Float32Array {
    const { size } = this;
    for (const [number, table] of this.#tables.entries()) {
      const places = [...ids.keys()].filter((i) => this.#ownerOf(ids[i]!) === number);
      if (places.length === 0) continue;
      const found = table.rows(places.map((i) => ids[i]!));
      places.forEach((i, row) => out.set(found.subarray(row * size, (row + 1) * size), i * size));
    }
    return out;
  }

  close(): void {
    for (const table of this.#tables) table.close();
  }

  /** Whose photo it is; the first table says that nobody has it. */
  #ownerOf(id: string): number {
    return this.#owner.get(id) ?? 0;
  }
}

function joinStores(tables: readonly FeatureTable[], ownerOf: (id: string) => number): RowStore {
  const stores = tables.map((table) => table.store!);
  return {
    inMemory: stores.every(({ inMemory }) => inMemory),
    files: stores.flatMap(({ files }) => files),
    locate: (id) => {
      const owner = ownerOf(id);
      return { file: owner, place: stores[owner]!.locate(id).place };
    },
  };
}
