import { UserError, messageOf } from '../core/errors.ts';
import { groupOf } from '../core/groups.ts';
import { exists } from '../core/files.ts';
import { readPublishedRuns } from '../tracking/modelresults.ts';
import type { RunRecord } from '../tracking/runrecord.ts';
import { PUBLISHED, PUBLISHED_NAMES } from './published.ts';
import type { PublishedRow } from './published.ts';

/**
 * Published figures: those that come with Fabula, by name, or a file with the columns of VIST-seq2seq's
 * model_results.csv.
 * @throws UserError when it is neither, naming the line
 */
export async function readPublished(nameOrFile: string): Promise<readonly PublishedRow[]> {
  const known = PUBLISHED_NAMES.find((name) => name === nameOrFile);
  if (known !== undefined) return PUBLISHED[known];
  const takes = `--published takes ${PUBLISHED_NAMES.join(', ')}, or a CSV file as VIST-seq2seq's model_results.csv`;
  if (!(await exists(nameOrFile))) throw new UserError(`${nameOrFile}: no such figures, and no such file; ${takes}`);
  try {
    return (await readPublishedRuns(nameOrFile)).map(publishedRow);
  } catch (error) {
    throw new UserError(`${messageOf(error)}; ${takes}`);
  }
}

function publishedRow({ name, config, source, epochs, seconds, loss, val_loss }: RunRecord): PublishedRow {
  const model = groupOf(config?.['model']);
  const [cell, photos] = [groupOf(model['cell'])['type'], groupOf(model['photos'])];
  const notes = String(config?.['notes'] ?? '').trim();
  const size = [photos['layers'], photos['units']].filter((value) => value != null).join(' x ');
  return {
    name, epochs, scores: {}, source: (source ?? '').replace(/, row \d+$/, ''),
    model: [`${String(cell ?? '').toUpperCase()} ${size}`.trim(), notes].filter((part) => part !== '').join(', '),
    ...(seconds !== null && { seconds }),
    ...(loss !== null && { trainLoss: loss }),
    ...(val_loss !== null && { validationLoss: val_loss }),
  };
}
