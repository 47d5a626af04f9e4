import { UserError } from '../core/errors.ts';
import type { FeatureTable } from './features.ts';
import { openFeatures } from './features.ts';

/** Opens several features files as one table. @throws UserError when they were not made by the same CNN */
export async function openFeatureFiles(paths: readonly string[]): Promise<FeatureTable> {
  const tables: FeatureTable[] = [];
  for (const path of paths) tables.push(await openFeatures(path));
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
  readonly #tables: readonly FeatureTable[];
  readonly #owner = new Map<string, FeatureTable>();

  constructor(tables: readonly FeatureTable[]) {
    const first = tables[0]!;
    this.#tables = tables;
    this.path = tables.map((table) => table.path).join(', ');
    this.rowShape = first.rowShape;
    this.size = first.size;
    this.fingerprint = first.fingerprint;
    this.info = first.info;
    for (const table of tables) for (const id of table.ids) if (!this.#owner.has(id)) this.#owner.set(id, table);
    this.ids = [...this.#owner.keys()];
  }

  has(id: string): boolean {
    return this.#owner.has(id);
  }

  row(id: string): Float32Array {
    return (this.#owner.get(id) ?? this.#tables[0]!).row(id);
  }

  rows(ids: readonly string[], out: Float32Array = new Float32Array(ids.length * this.size)): Float32Array {
    ids.forEach((id, i) => out.set(this.row(id), i * this.size));
    return out;
  }

  close(): void {
    for (const table of this.#tables) table.close();
  }
}
