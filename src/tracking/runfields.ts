import { UserError } from '../core/errors.ts';
import { isGroup, leaves } from '../core/groups.ts';
import type { Group } from '../core/groups.ts';
import type { RunRecord } from './runrecord.ts';
import type { Fields, FieldValue } from './where.ts';
import { checkKeys, fault, keyHint, parseWhere } from './where.ts';

/** Keys of a record that conditions and orders may name. */
const OWN = [
  'name', 'kind', 'status', 'model', 'epochs', 'best_epoch', 'loss', 'val_loss', 'perplexity', 'parameters', 'steps', 'seconds', 'started', 'from', 'parent', 'source',
] as const satisfies readonly (keyof RunRecord)[];

/**
 * Every key of each run: its columns, configuration (`model.name`, also `config.name`), `environment.*`, and scores as
 * `scores.FILE.COLUMN` and `scores.PROTOCOL.COLUMN`; a column alone where all runs were scored under one protocol.
 */
export function runFields(records: readonly RunRecord[]): Fields[] {
  const protocols = protocolsOf(records);
  return records.map((record) => {
    const fields = new Map<string, FieldValue>();
    for (const [key, value] of fieldsOf(record.environment ?? {}, 'environment.')) fields.set(key, value);
    for (const [key, value] of fieldsOf(record.config ?? {}, '')) {
      fields.set(key, value);
      fields.set(`config.${key}`, value);
    }
    for (const { file, protocol, scores } of record.scores) {
      for (const [column, { value }] of Object.entries(scores)) {
        fields.set(`scores.${file}.${column}`, value);
        fields.set(`scores.${protocol}.${column}`, value);
        if (protocols.get(column)!.size === 1) fields.set(column, value);
      }
    }
    for (const key of OWN) fields.set(key, record[key]);
    return fields;
  });
}

/** The protocols under which each column was scored. */
function protocolsOf(records: readonly RunRecord[]): Map<string, Set<string>> {
  const protocols = new Map<string, Set<string>>();
  for (const { protocol, scores } of records.flatMap((record) => record.scores)) {
    for (const column of Object.keys(scores)) protocols.set(column, (protocols.get(column) ?? new Set()).add(protocol));
  }
  return protocols;
}

/** Keys that mean scores of several files of one run, which differ; each with what to say of it. */
function ambiguousKeys(records: readonly RunRecord[]): Map<string, string> {
  const protocols = protocolsOf(records);
  const said = new Map<string, string>();
  for (const { name, scores: files } of records) {
    for (const { protocol, scores } of files) {
      for (const column of Object.keys(scores)) {
        const several = files.filter((other) => other.protocol === protocol && column in other.scores);
        if (new Set(several.map((other) => other.scores[column]!.value)).size < 2) continue;
        const text = `${name} has it in ${several.map(({ file }) => file).join(' and ')}: name one, such as scores.${several.at(-1)!.file}.${column}`;
        const alone = protocols.get(column)!.size === 1 && !(OWN as readonly string[]).includes(column);
        for (const key of [`scores.${protocol}.${column}`, ...(alone ? [column] : [])]) if (!said.has(key)) said.set(key, text);
      }
    }
  }
  return said;
}

/** The runs for which a condition holds. @throws UserError naming the place of a mistake, and the nearest key */
export function selectRuns(records: readonly RunRecord[], where: string): RunRecord[] {
  const fields = runFields(records);
  const condition = parseWhere(where);
  if (records.length > 0) checkKeys(where, condition, keysOf(fields));
  const ambiguous = ambiguousKeys(records);
  for (const { name, place } of condition.keys) {
    if (ambiguous.has(name)) throw fault(where, place, `${name} could mean several scores: ${ambiguous.get(name)}`);
  }
  return records.filter((_, i) => condition.holds(fields[i]!));
}

/** Runs in the order of a key, those without it last. @throws UserError with the nearest key */
export function sortRuns(records: readonly RunRecord[], key: string, reverse = false): RunRecord[] {
  const fields = runFields(records);
  const known = keysOf(fields);
  if (records.length > 0 && !known.includes(key)) {
    throw new UserError(`--sort ${key}: no run has such a key${keyHint(key, known)}`);
  }
  const ambiguous = ambiguousKeys(records).get(key);
  if (ambiguous !== undefined) throw new UserError(`--sort ${key}: it could mean several scores: ${ambiguous}`);
  const rows = records.map((record, i) => ({ record, value: fields[i]!.get(key) ?? null }));
  return rows.sort((a, b) => compare(a.value, b.value, reverse)).map(({ record }) => record);
}

function compare(a: FieldValue, b: FieldValue, reverse: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });
  return reverse ? -order : order;
}

function keysOf(fields: readonly Fields[]): string[] {
  return [...new Set(fields.flatMap((one) => [...one.keys()]))];
}

/** Settings as fields; an empty group says nothing. */
function fieldsOf(group: Readonly<Group>, prefix: string): [string, FieldValue][] {
  return leaves(group, prefix).filter(([, value]) => !isGroup(value)) as [string, FieldValue][];
}
