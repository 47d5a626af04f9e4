import { join } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../../core/config.ts';
import { UserError } from '../../core/errors.ts';
import { exists, readJson, resolveAtomicFolder, sha256File } from '../../core/files.ts';
import { skipThoughtsSchema } from '../../models/skipthoughts.ts';
import { readTaskCheckpoint } from '../../training/networklearner.ts';
import type { Expansion } from './expandedwords.ts';
import { hasExpansion, readExpansion } from './expansionfiles.ts';

/** Folder beside a model's checkpoints that holds its vocabulary expansion. */
export const EXPANSION_FOLDER = 'expansion';
/** In it: which weights it was fitted to, and from what. */
export const SOURCE_FILE = 'source.json';
const sourceSchema = z.object({ weights: z.string() });

/**
 * The expansion of a skip-thoughts model, where it has one.
 * @param path of a run folder or a checkpoint folder
 * @throws UserError when it was made for other weights: the model was trained on since
 */
export async function openModelExpansion(path: string): Promise<Expansion | undefined> {
  const folder = await resolveAtomicFolder(join(path, EXPANSION_FOLDER));
  if (!(await hasExpansion(folder))) return undefined;
  const checkpoint = await readTaskCheckpoint(path, 'skip-thoughts', skipThoughtsSchema);
  const file = join(folder, SOURCE_FILE);
  if (await exists(file)) {
    const { weights } = checkConfig(sourceSchema, await readJson(file, 'the source of the expansion'), file);
    if (weights !== await sha256File(weightsOf(checkpoint))) {
      throw new UserError(`${folder}: it was made for other weights than those in ${checkpoint.folder}, which were trained on since; expand the vocabulary again`);
    }
  }
  return readExpansion(folder, checkpoint.head.model.embedding.size);
}

/** The file of a checkpoint's weights. */
export function weightsOf({ folder }: { readonly folder: string }): string {
  return join(folder, 'weights.safetensors');
}
