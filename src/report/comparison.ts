import type { PublishedProtocol, PublishedRow } from './published.ts';
import type { RunReading } from './runreading.ts';
import type { ScoreFile } from './scorefile.ts';
import type { TableCell, TableColumn } from './scoretable.ts';
import { settingsThatDiffer } from './settings.ts';
import type { SettingDifference } from './settings.ts';

/** Columns that were made alike: those of the training, scores of one protocol over the same references, or published ones. */
export interface ComparisonGroup {
  readonly title: string;
  /** How the figures were made: name and value. */
  readonly notes: readonly (readonly [name: string, value: string])[];
  readonly columns: readonly TableColumn[];
}

/** A run, or a published system, with its figures. */
export interface ComparisonRow {
  readonly name: string;
  readonly kind: 'run' | 'published';
  readonly model: string | null;
  /** Of published figures: source, and how the scores were made. */
  readonly notes: readonly string[];
  /** A list a group, in it a cell a column; null where the row has nothing of the group. */
  readonly groups: readonly (readonly TableCell[] | null)[];
}

/** Runs beside each other, and beside what others have published. */
export interface Comparison {
  readonly groups: readonly ComparisonGroup[];
  readonly rows: readonly ComparisonRow[];
  /** Names of the runs, as the values of `settings` have them. */
  readonly runs: readonly string[];
  readonly settings: readonly SettingDifference[];
  /** What run folders lack. */
  readonly missing: readonly { readonly run: string; readonly what: readonly string[] }[];
}

/** What of a row stands in the first group. */
interface TrainingFigures {
  readonly parameters: number | null;
  readonly epochs: number | null;
  readonly trainLoss: number | null;
  readonly validationLoss: number | null;
  readonly perplexity: number | null;
  readonly secondsPerEpoch: number | null;
  readonly wordsPerSecond: number | null;
  readonly mebibytes: number | null;
}

const TRAINING: readonly (TableColumn & { value(figures: TrainingFigures): number | null })[] = [
  { head: 'parameters', direction: 'none', digits: 0, value: ({ parameters }) => parameters },
  { head: 'epochs', direction: 'none', digits: 0, value: ({ epochs }) => epochs },
  { head: 'train loss', direction: 'none', digits: 3, value: ({ trainLoss }) => trainLoss },
  { head: 'validation loss', direction: 'lower', digits: 3, value: ({ validationLoss }) => validationLoss },
  { head: 'perplexity', direction: 'lower', digits: 2, value: ({ perplexity }) => perplexity },
  { head: 's/epoch', direction: 'none', digits: 1, value: ({ secondsPerEpoch }) => secondsPerEpoch },
  { head: 'words/s', direction: 'none', digits: 0, value: ({ wordsPerSecond }) => wordsPerSecond },
  { head: 'weights MiB', direction: 'none', digits: 1, value: ({ mebibytes }) => mebibytes },
];

/**
 * Puts runs into one table: their training, then a group of columns for each protocol, so that scores that do not
 * compare never stand below each other.
 */
export function compareRuns(runs: readonly RunReading[], published: readonly PublishedRow[] = []): Comparison {
  const protocols = protocolGroups(runs, published);
  const rows = [
    ...runs.flatMap((run) => runRows(run, protocols)),
    ...published.map((row) => publishedRow(row, protocols)),
  ];
  const shown = TRAINING.filter((_, column) => rows.some(({ groups }) => groups[0]?.[column]?.value != null));
  const kept = TRAINING.map((column) => shown.includes(column));
  const tasks = tasksOf(runs, published);
  return {
    groups: [
      { title: 'training', notes: trainingNotes(shown, runs, tasks), columns: shown.map(({ value: _, ...column }) => (tasks.length > 1 ? { ...column, direction: 'none' } : column)) },
      ...protocols.map(({ title, notes, columns }) => ({ title, notes, columns })),
    ],
    rows: rows.map(({ groups: [training, ...scores], ...row }) => ({ ...row, groups: [training?.filter((_, i) => kept[i]) ?? null, ...scores] })),
    runs: runs.map(({ name }) => name),
    settings: settingsThatDiffer(runs),
    missing: runs.flatMap(({ name, missing }) => (missing.length === 0 ? [] : [{ run: name, what: missing }])),
  };
}

/** What the runs were trained for: losses of different tasks rank nothing. */
function tasksOf(runs: readonly RunReading[], published: readonly PublishedRow[]): string[] {
  const own = runs.filter(({ kind }) => kind === 'train').map(({ config: { task } }) => (typeof task === 'string' ? task : 'story'));
  return [...new Set([...own, ...(published.some(({ validationLoss }) => validationLoss !== undefined) ? ['story'] : [])])];
}

function trainingNotes(shown: readonly TableColumn[], runs: readonly RunReading[], tasks: readonly string[]): (readonly [string, string])[] {
  if (!shown.some(({ head }) => head.endsWith('loss'))) return [];
  const others = runs.filter(({ likelihood }) => !likelihood).map(({ name }) => name);
  const usual = 'mean negative log-likelihood per word in nats, of the epoch that validated best (published ones as their source has them)';
  const perplexity = shown.some(({ head }) => head === 'perplexity') ? '; perplexity is e to the validation loss' : '';
  const ranking = others.length > 0 ? `; of ${others.join(', ')} another loss, without a perplexity, which does not compare` : '';
  const apart = tasks.length > 1 ? `; they compare only within a task (${tasks.join(', ')})` : '';
  return [['losses', `${usual}${perplexity}${ranking}${apart}`]];
}

function perplexityOf(validationLoss: number | null | undefined): number | null {
  return validationLoss == null ? null : Math.exp(validationLoss);
}

interface ProtocolGroup extends ComparisonGroup {
  /** What is equal for all its scores. */
  readonly key: string;
}

/** Published scores stand apart from those of runs: of their texts and tools no more is known than what the source says. */
const publishedKey = ({ name, description, data }: PublishedProtocol): string => JSON.stringify(['published', name, description, data]);

function protocolGroups(runs: readonly RunReading[], published: readonly PublishedRow[]): ProtocolGroup[] {
  const groups = new Map<string, { label: string; notes: ComparisonGroup['notes']; heads: Set<string> }>();
  for (const file of runs.flatMap(({ scores }) => scores)) {
    const notes = [['protocol', file.description] as const, ...file.settings];
    const group = groups.get(file.key) ?? { label: file.protocol, notes, heads: new Set() };
    groups.set(file.key, group);
    for (const { column } of file.scores) group.heads.add(column);
  }
  for (const { protocol, scores } of published) {
    if (protocol === undefined) continue;
    const key = publishedKey(protocol);
    const notes = [['protocol', protocol.description], ['texts', protocol.data]] as const;
    const group = groups.get(key) ?? { label: `${protocol.name} published`, notes, heads: new Set() };
    groups.set(key, group);
    for (const column of Object.keys(scores)) group.heads.add(column);
  }
  const all = [...groups].map(([key, group]) => ({ key, ...group }));
  return all.map(({ key, label, notes, heads }, i) => {
    const namesakes = all.filter((other) => other.label === label);
    const number = 1 + all.slice(0, i).filter((other) => other.label === label).length;
    const title = namesakes.length === 1 ? label : `${label} (${number})`;
    return { key, title, notes, columns: [...heads].sort(byPlace).map((head): TableColumn => ({ head, direction: 'higher' })) };
  });
}

/** Where scores stand in tables; others follow in the order in which they are met. */
const ORDER = ['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4', 'METEOR', 'METEOR-lite', 'ROUGE-L', 'CIDEr', 'CIDEr-D'];

function byPlace(a: string, b: string): number {
  const place = (head: string): number => (ORDER.includes(head) ? ORDER.indexOf(head) : ORDER.length);
  return place(a) - place(b);
}

/** A row, and a further one for each further file of scores that were made alike, such as those of another search. */
function runRows(run: RunReading, protocols: readonly ProtocolGroup[]): ComparisonRow[] {
  const byGroup = protocols.map(({ key }) => run.scores.filter((file) => file.key === key));
  const count = Math.max(1, ...byGroup.map((files) => files.length));
  return Array.from({ length: count }, (_, n): ComparisonRow => {
    const files = byGroup.map((of) => of[n]);
    const names = [...new Set(files.flatMap((file) => (file === undefined ? [] : [file.name])))];
    return {
      name: n === 0 && count === 1 ? run.name : `${run.name}: ${names.join(', ')}`,
      kind: 'run', model: run.model, notes: run.kind === 'evaluate' ? ['evaluation'] : [],
      groups: [
        n === 0 ? trainingCells(figuresOf(run)) : null,
        ...protocols.map(({ columns }, i) => (files[i] === undefined ? null : columns.map(({ head }) => scoreCell(files[i]!, head)))),
      ],
    };
  });
}

function scoreCell(file: ScoreFile, head: string): TableCell {
  const score = file.scores.find(({ column }) => column === head);
  return score === undefined ? { value: null } : { value: score.value, ...(score.interval && { interval: score.interval }) };
}

function publishedRow({ name, model, source, protocol, epochs, seconds, trainLoss, validationLoss, scores }: PublishedRow, protocols: readonly ProtocolGroup[]): ComparisonRow {
  const group = protocol === undefined ? undefined : protocols.find(({ key }) => key === publishedKey(protocol));
  const figures: TrainingFigures = {
    parameters: null, epochs: epochs ?? null, trainLoss: trainLoss ?? null, validationLoss: validationLoss ?? null, perplexity: perplexityOf(validationLoss), wordsPerSecond: null, mebibytes: null,
    secondsPerEpoch: epochs === undefined || seconds === undefined ? null : seconds / epochs,
  };
  return {
    name, kind: 'published', model: model ?? null,
    notes: [`published: ${source}`, ...(protocol === undefined ? [] : [`scores: ${protocol.description}; ${protocol.data}`])],
    groups: [
      Object.values(figures).every((figure) => figure === null) ? null : trainingCells(figures),
      ...protocols.map((one) => (one === group ? one.columns.map(({ head }): TableCell => ({ value: scores[head] ?? null })) : null)),
    ],
  };
}

function trainingCells(figures: TrainingFigures): TableCell[] {
  return TRAINING.map(({ value }) => ({ value: value(figures) }));
}

function figuresOf({ parameters, likelihood, history, steps, trainedSteps, bestEpoch, seconds, weightBytes }: RunReading): TrainingFigures {
  const best = history.find(({ epoch }) => epoch + 1 === bestEpoch) ?? history.at(-1);
  const isWhole = steps.length === trainedSteps;
  const words = steps.reduce<number | null>((sum, step) => (sum === null || step.words === null ? null : sum + step.words), isWhole ? 0 : null);
  // A run that was stopped within an epoch has done a part of it.
  const perEpoch = history.length === 0 ? 0 : steps.filter(({ epoch }) => epoch === history[0]!.epoch + 1).length;
  const done = perEpoch === 0 || !isWhole ? history.length : steps.length / perEpoch;
  return {
    parameters,
    epochs: history.length === 0 ? null : history.length,
    trainLoss: best?.loss ?? null,
    validationLoss: best?.val_loss ?? null,
    perplexity: likelihood ? perplexityOf(best?.val_loss) : null,
    secondsPerEpoch: seconds === null || done === 0 ? null : seconds / done,
    wordsPerSecond: seconds === null || seconds === 0 || words === null || words === 0 ? null : words / seconds,
    mebibytes: weightBytes === null ? null : weightBytes / 2 ** 20,
  };
}
