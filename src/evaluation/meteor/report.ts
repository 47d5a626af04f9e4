import type { MeteorLanguage } from './lexicon.ts';
import type { MeteorOptions } from './meteor.ts';
import type { MeteorScore, ModuleMatches } from './statistics.ts';
import { METEOR_TASKS, MODULES } from './tasks.ts';
import type { MeteorTask, Module } from './tasks.ts';

/** The part of METEOR's output under "System level statistics", to the character but for the last digits of numbers. */
export function meteorTable(score: MeteorScore, task: MeteorTask): string {
  const unit = task.characters ? 'char' : 'word';
  const stages = score.matches.filter(({ module }) => task.weights[module] !== undefined);
  const total = stages.reduce(add, { module: 'exact', testContent: 0, testFunction: 0, referenceContent: 0, referenceFunction: 0 });
  return [
    '           Test Matches                  Reference Matches',
    'Stage      Content  Function    Total    Content  Function    Total',
    ...stages.map((stage, i) => row(String(i + 1), stage)),
    row('Total', total),
    '',
    `Test ${unit}s:             ${score.testLength}`,
    `Reference ${unit}s:        ${score.referenceLength}`,
    `Chunks:                 ${score.chunks}`,
    `Precision:              ${javaNumber(score.precision)}`,
    `Recall:                 ${javaNumber(score.recall)}`,
    `f1:                     ${javaNumber(score.f1)}`,
    `fMean:                  ${javaNumber(score.fMean)}`,
    `Fragmentation penalty:  ${javaNumber(score.fragmentationPenalty)}`,
    '',
    `Final score:            ${javaNumber(score.score)}`,
  ].join('\n');
}

const SHORT: Readonly<Record<Module, string>> = { exact: 'ex', stem: 'st', synonym: 'sy', paraphrase: 'pa' };
const NORMALISATIONS = { none: 'no_norm', lower: 'lc_only', norm: 'norm', 'norm-nopunct': 'norm_nopunct' } as const;

/** The "Eval ID" that METEOR prints, everything that makes its score; without its paraphrases it begins `meteor-lite`. */
export function meteorId({ task: name, normalisation }: Pick<MeteorOptions, 'task' | 'normalisation'>, { paraphrases }: Pick<MeteorLanguage, 'paraphrases'>): string {
  const task: MeteorTask = METEOR_TASKS[name];
  const modules = MODULES.filter((module) => task.weights[module] !== undefined && (module !== 'paraphrase' || paraphrases !== undefined));
  const numbers = (values: readonly number[]): string => values.map(javaNumber).join('_');
  const { alpha, beta, gamma, delta } = task;
  return [
    paraphrases === undefined ? 'meteor-lite' : 'meteor-1.5', task.characters ? 'ch' : 'wo', 'en', NORMALISATIONS[normalisation], numbers([alpha, beta, gamma, delta]),
    modules.map((module) => SHORT[module]).join('_'), numbers(modules.map((module) => task.weights[module]!)),
  ].join('-');
}

function row(name: string, { testContent, testFunction, referenceContent, referenceFunction }: ModuleMatches): string {
  const cells = (content: number, functions: number): string => `${pad(content)}   ${pad(functions)}  ${pad(content + functions)}`;
  return `${name.padEnd(11)}${cells(testContent, testFunction)}    ${cells(referenceContent, referenceFunction)}`;
}

function pad(count: number): string {
  return String(count).padStart(7);
}

function add(sum: ModuleMatches, other: ModuleMatches): ModuleMatches {
  return {
    module: sum.module,
    testContent: sum.testContent + other.testContent, testFunction: sum.testFunction + other.testFunction,
    referenceContent: sum.referenceContent + other.referenceContent, referenceFunction: sum.referenceFunction + other.referenceFunction,
  };
}

/** As Java writes a double: a whole number has its ".0", one below a thousandth its exponent. */
function javaNumber(value: number): string {
  if (value > 0 && value < 1e-3) {
    const [digits, exponent] = value.toExponential().split('e');
    return `${javaNumber(Number(digits))}E${exponent}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
