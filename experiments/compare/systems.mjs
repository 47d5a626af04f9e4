// Systems of a comparison: sequence models and a storyteller in its styles, scored in one table and shown on one page.
// @ts-check
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluate, evaluationTable, formatSeconds, learnStoryteller, recordEvaluation, writeStoryOutputs } from 'fabula';
import { round, table } from '../shared/compare.mjs';
import { withColumns } from './page.mjs';
import { MODES, NO_STYLE, sequenceSpeed, storiesOf } from './stories.mjs';

/** @typedef {import('./stories.mjs').Mode} Mode */
/** @typedef {import('./stories.mjs').ToldPhoto} ToldPhoto */

/**
 * What sentences name rightly, where that is known.
 * @typedef {{ share: number, naming: number, sentences: number }} Named
 */

/**
 * @typedef {object} System
 * @property {string} name @property {string} file its stories
 * @property {readonly { sentences: readonly string[] }[]} told in the order of the stories
 * @property {string | null} style of the storyteller; null for a sequence model
 * @property {Mode | null} mode
 * @property {number | null} validation_loss over stories
 * @property {number} stories_per_second @property {Named | null} named
 */

/**
 * A sequence model that `trainAndTell` has trained.
 * @param {{ title: string, checkpoint: string, validation_loss: number }} row @param {readonly any[]} told
 * @param {{ features: string, stories: import('fabula').StorySet, named?: Named | null }} setup
 * @returns {Promise<System>}
 */
export async function sequenceSystem({ title, checkpoint, validation_loss }, told, { features, stories, named = null }) {
  return {
    name: title, file: join(checkpoint, 'stories.jsonl'), told, style: null, mode: null, validation_loss, named,
    stories_per_second: await sequenceSpeed({ checkpoint, features, stories }),
  };
}

/**
 * A storyteller in each style, told in both ways; its stories are written into `folder`.
 * @param {object} setup
 * @param {string} setup.folder @param {import('fabula').StorySet} setup.stories @param {readonly string[]} setup.styles
 * @param {Readonly<Record<string, { told: ReadonlyMap<string, ToldPhoto>, photosPerSecond: number }>>} setup.byStyle
 * @param {(told: ReadonlyMap<string, ToldPhoto>, mode: Mode) => Named | null} [setup.named]
 */
export async function storytellerSystems({ folder, stories, styles, byStyle, named = () => null }) {
  await mkdir(folder, { recursive: true });
  /** @type {System[]} */
  const systems = [];
  for (const mode of /** @type {Mode[]} */ (Object.keys(MODES))) {
    for (const style of styles) {
      const { told, photosPerSecond } = /** @type {NonNullable<typeof byStyle[string]>} */ (byStyle[style]);
      const file = join(folder, `${style}-${mode}.jsonl`);
      const outputs = storiesOf(stories, told, mode);
      await writeStoryOutputs(file, outputs);
      const photos = mode === 'one' ? 1 : stories.imageIds[0]?.length ?? 1;
      systems.push({ name: `Storyteller, ${style}, ${MODES[mode]}`, file, told: outputs, style, mode, validation_loss: null, named: named(told, mode), stories_per_second: photosPerSecond / photos });
    }
  }
  return systems;
}

/**
 * Learns a storyteller and tells how each training goes.
 * @param {import('fabula').LearnSettings} config @param {string} out @param {(line: string) => void} log
 */
export function learn(config, out, log) {
  return learnStoryteller({
    config, out,
    onStep: (step, before) => log(`storyteller, ${step}${before ? ': done before' : ''}`),
    onTraining: () => ({ onEpoch: ({ epoch, loss, val_loss, seconds }) => log(`  epoch ${epoch + 1}  loss ${loss.toFixed(4)}  val_loss ${val_loss.toFixed(4)}  ${formatSeconds(seconds)}`) }),
  });
}

const LOWER = /** @type {const} */ ('lower');

/** @type {[string, string][]} */
const NOTES = [
  ['one photo', 'the passage of the first photo is the story: the storyteller sees none of the other four'],
  ['each of the five', 'a passage a photo, in order, each told without a look at the others'],
  ['loss', 'nats a word on held-out text: stories for the sequence models, passages of books for the storyteller\'s decoder; other text, so the two do not compare'],
  ['in its style', 'passages that a classifier of words, trained on texts that the decoder has not read, takes for the style they are told in'],
  ['stories/s', 'from features that are extracted already, models loaded'],
];

/**
 * All systems in one table: scores with intervals, diversity, and what only this experiment knows.
 * @param {object} setup
 * @param {string} setup.output folder of the evaluation
 * @param {import('fabula').ProtocolName} setup.protocol @param {string[]} setup.references @param {string[]} setup.training
 * @param {readonly System[]} setup.systems @param {number | null} setup.decoderLoss
 * @param {Readonly<Record<string, Readonly<Record<string, number>>>>} setup.shift as `styleShift` gives it
 * @param {readonly [string, string][]} setup.notes of this data
 */
export async function scoreSystems({ output, protocol, references, training, systems, decoderLoss, shift, notes }) {
  /** @type {import('fabula').EvaluateOptions} */
  const options = { hypotheses: systems.map(({ file }) => file), names: systems.map(({ name }) => name), protocol, references, training };
  const evaluation = await evaluate(options);
  const scores = evaluationTable([evaluation]);
  await recordEvaluation(output, options, [evaluation], scores);
  /** @param {(system: System) => number | null} value */
  const by = (value) => (/** @type {string} */ name) => value(/** @type {System} */ (systems.find((system) => system.name === name)));
  const losses = [
    { head: 'loss, stories', direction: LOWER, digits: 3, value: by(({ validation_loss }) => validation_loss) },
    { head: 'loss, passages', direction: LOWER, digits: 3, value: by(({ style }) => (style === null ? null : decoderLoss)) },
  ];
  return withColumns(scores, losses, [
    { head: 'named rightly %', direction: 'higher', digits: 1, value: by(({ named }) => (named === null ? null : 100 * named.share)) },
    { head: 'naming sentences %', direction: 'none', digits: 1, value: by(({ named }) => (named === null ? null : (100 * named.naming) / Math.max(1, named.sentences))) },
    { head: 'in its style %', direction: 'higher', digits: 1, value: by(({ style }) => (style === null ? null : 100 * (shift[style]?.[style] ?? 0))) },
    { head: 'stories/s', direction: 'none', digits: 1, value: by(({ stories_per_second }) => stories_per_second) },
  ], [...notes, ...NOTES]);
}

/**
 * The tables below the scores.
 * @param {object} setup
 * @param {Readonly<Record<string, Readonly<Record<string, number>>>>} setup.shift @param {readonly string[]} setup.styles
 * @param {string} setup.classifier how well it does @param {Awaited<ReturnType<typeof import('./stories.mjs').learnedLosses>>} setup.losses
 */
export function ownTables({ shift, styles, classifier, losses }) {
  const figure = (/** @type {number | null} */ value, /** @type {number} */ digits) => (value === null ? '-' : value.toFixed(digits));
  return [
    {
      title: 'What passages are taken for', head: ['told in', ...styles],
      text: `Share of the passages of all photos by the style that the classifier takes them for. ${classifier} In "${NO_STYLE}" nothing is shifted: c and b are zero.`,
      rows: Object.entries(shift).map(([style, shares]) => [style, ...styles.map((genre) => `${(100 * (shares[genre] ?? 0)).toFixed(1)} %`)]),
    },
    {
      title: 'What the storyteller is made of', head: ['part', 'parameters', 'epochs', 'training loss', 'validation loss', 'seconds'],
      text: 'Losses of sentence encoders and of the decoder in nats a word, of the embedding (a ranking loss) a pair.',
      rows: losses.map((row) => [row.step, row.parameters?.toLocaleString('en') ?? '-', row.epochs, figure(row.train_loss, 3), figure(row.validation_loss, 3), figure(row.seconds, 0)]),
    },
  ];
}

/**
 * Stories for the page: the first photo sequences with what everybody told of them.
 * @param {object} setup
 * @param {import('fabula').StorySet} setup.stories @param {readonly System[]} setup.systems @param {number} setup.count @param {string} setup.human name of the human, or given, telling
 * @param {(id: string) => Promise<{ id: string, image: string | null, note?: string }>} setup.photo
 */
export async function shownStories({ stories, systems, count, human, photo }) {
  const keys = stories.imageIds.map((ids) => ids.join(' '));
  const places = [...new Set(keys)].slice(0, count).map((key) => keys.indexOf(key));
  return Promise.all(places.map(async (place) => ({
    id: stories.ids[place] ?? '',
    photos: await Promise.all((stories.imageIds[place] ?? []).map(photo)),
    tellings: [
      ...systems.map(({ name, told, mode }) => ({ name, sentences: told[place]?.sentences ?? [], whole: mode === 'one' })),
      { name: human, sentences: stories.texts[place] ?? [] },
    ],
  })));
}

/** Columns of the short table. */
const SHORT = ['loss, stories', 'loss, passages', 'BLEU-1', 'BLEU-4', 'METEOR', 'METEOR-lite', 'ROUGE-L', 'CIDEr-D', 'words a story', 'distinct-2', 'RoViST-NR', 'named rightly %', 'in its style %', 'stories/s'];

/** The most important columns as Markdown, for a README. @param {import('fabula').ScoreTable} scores */
export function shortTable({ columns, rows }) {
  const places = columns.flatMap(({ head }, i) => (SHORT.includes(head) ? [i] : []));
  return table(
    ['system', ...places.map((i) => columns[i]?.head ?? '')],
    rows.map(({ system, cells }) => [system, ...places.map((i) => cells[i]?.value?.toFixed(columns[i]?.digits ?? 2) ?? '')]),
  );
}

/**
 * Everything for results.json: scores by column with their intervals, and what the storyteller is made of.
 * @param {import('fabula').ScoreTable} scores @param {readonly System[]} systems @param {Awaited<ReturnType<typeof import('./stories.mjs').learnedLosses>>} losses
 */
export function figuresOf(scores, systems, losses) {
  const rounded = (/** @type {any} */ value) => (typeof value === 'number' ? round(value, 4) : value);
  const figures = (/** @type {object} */ row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, rounded(value)]));
  return {
    protocol: scores.protocols.map(({ name, description }) => `${name}: ${description}`).join('; '),
    systems: systems.map(({ name, style, mode, named }, i) => ({
      name, style, mode, named,
      columns: Object.fromEntries(scores.columns.map(({ head }, column) => {
        const { value, interval } = scores.rows[i]?.cells[column] ?? { value: null };
        return [head, interval === undefined ? rounded(value) : { value: rounded(value), ...figures(interval) }];
      })),
    })),
    storyteller: losses.map(figures),
  };
}
