// Fabula and its peers, one after the other in one run: `npm run bench -- --help`, and README.md beside this file.
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contendersFor, lookAround } from './lib/peers.mjs';
import { SECTIONS } from './lib/sections.mjs';

const HELP = `npm run bench -- [WHAT...] [options]

WHAT, by default train decode features start:
  train      training steps of the models against every peer
  decode     telling stories, greedy and with beams
  features   AlexNet features from JPEG files
  start      fabula --help, and fabula tell on five photos
  memory     peak memory of training steps and of a full-size VIST
  outside    share of an epoch spent outside the steps
  profile    parts of a step and the ten costliest ONNX nodes
  scores     fabula evaluate beside METEOR's jar and pycocoevalcap, and its memory

--hidden 512,1024   widths          --models a,b,c   encoder-decoder, attention, previous sentence
--rounds 3          of everything   --steps 20       timed in a round
--beams 1,3,10                      --stories 128    told in a round
--photos FOLDER     JPEG files      --count 640      photos a round
--threads 2         for everybody   --python PYTHON  with the peers' packages (or FABULA_PYTHON)
--peers DIR         the Python programs (bench/peers)
--sentences FILE --vocabulary FILE   real VIST (default: ../shared/data/vist where it is there)
--metrics FOLDER    run-a/hypotheses.story.valid.txt and references.story.valid.txt (../shared/data/metrics where it is there)
--work DIR          batches, weights, drawings (bench/work)
--json              print one JSON object instead of tables
--out FILE          write that object to a file as well, after each part`;

const bench = import.meta.dirname;
const shared = join(bench, '..', '..', 'shared', 'data');
const text = (value) => ({ type: 'string', default: value });
const DEFAULT_PARTS = ['train', 'decode', 'features', 'start'];

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error.message.split('\n')[0]}\n`);
  process.exitCode = 1;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      hidden: text('512,1024'), models: text('a,b,c'), model: { type: 'string' }, rounds: text('3'), steps: text('20'), beams: text('1,3,10'),
      stories: text('128'), photos: text(join(shared, 'coco', 'images')), count: text('640'), threads: text('2'),
      python: text(process.env.FABULA_PYTHON ?? 'python3'), peers: text(join(bench, 'peers')), work: text(join(bench, 'work')),
      metrics: text(join(shared, 'metrics')),
      sentences: text(join(shared, 'vist', 'sentences.valid.txt')), vocabulary: text(join(shared, 'vist', 'vocabulary.2017.json')),
      json: { type: 'boolean' }, out: { type: 'string' }, help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(HELP);
  const parts = positionals.length > 0 ? positionals : DEFAULT_PARTS;
  const unknown = parts.find((part) => !Object.hasOwn(SECTIONS, part));
  if (unknown) throw new Error(`there is no part ${unknown}: choose from ${Object.keys(SECTIONS).join(', ')}`);
  if (!existsSync(join(bench, '..', 'dist', 'index.js'))) throw new Error('dist/ is not there: run npm run build first');
  await measure(parts, settingsOf(values));
}

function settingsOf(values) {
  const whole = (name) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${values[name]}: give a whole number, 1 or more`);
    return value;
  };
  const settings = {
    ...values,
    hidden: values.hidden.split(',').map(Number), models: (values.model ?? values.models).split(','),
    ...Object.fromEntries(['rounds', 'steps', 'stories', 'count', 'threads'].map((name) => [name, whole(name)])),
    say: (line) => process.stderr.write(`${line}\n`),
  };
  if (settings.hidden.some((width) => !Number.isInteger(width) || width < 1)) throw new Error(`--hidden ${values.hidden}: give widths, such as 512,1024`);
  const wrong = settings.models.find((model) => !['a', 'b', 'c'].includes(model));
  if (wrong !== undefined) throw new Error(`--models ${wrong}: choose from a, b, c`);
  return settings;
}

async function measure(parts, settings) {
  const found = await lookAround(settings);
  const setting = { ...settings, ...found, contenders: contendersFor(settings) };
  const { threads, rounds, steps } = settings;
  const result = { machine: { processor: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.versions.node }, threads, rounds, steps };
  for (const part of parts) {
    const { data, print } = await SECTIONS[part](setting);
    result[part] = data;
    if (!settings.json) console.log(`\n## ${part}\n\n${print()}`);
    if (settings.out) writeFileSync(settings.out, `${JSON.stringify(result, null, 1)}\n`);
  }
  if (settings.json) console.log(JSON.stringify(result));
}
