// Times `fabula evaluate` beside METEOR's jar and pycocoevalcap, and measures its memory: the part `scores` of the bench
// by itself. Use: node bench/scores.mjs [--rounds 3] [--python PYTHON] [--metrics FOLDER] [--work DIR] [--json]
import { join } from 'node:path';
import { options } from './lib/measure.mjs';
import { contendersFor, lookAround } from './lib/peers.mjs';
import { scoresSection } from './lib/scoressection.mjs';

const bench = import.meta.dirname;
const given = options({
  rounds: 3, threads: 2, python: process.env.FABULA_PYTHON ?? 'python3', peers: join(bench, 'peers'), work: join(bench, 'work'),
  metrics: join(bench, '..', '..', 'shared', 'data', 'metrics'), json: false,
});
const settings = { ...given, say: (line) => process.stderr.write(`${line}\n`) };
const { data, print } = await scoresSection({ ...settings, ...(await lookAround(settings)), contenders: contendersFor(settings) });
console.log(settings.json ? JSON.stringify(data) : print());
