import { fileURLToPath } from 'node:url';
import type { CommandModule } from 'yargs';
import yargs from 'yargs';
import { messageOf, nearestName, UserError } from '../core/errors.ts';
import { readText } from '../core/files.ts';

/** The commands, each in a file that is loaded only when it is called: `--help` must not wait for ONNX Runtime. */
const COMMANDS: Readonly<Record<string, { describe: string; load(): Promise<{ command: unknown }> }>> = {
  demo: { describe: 'Make Storybook, train three models on it, compare their stories', load: () => import('./demo.ts') },
  prepare: { describe: 'Turn VIST annotations into vocabulary and stories', load: () => import('./prepare.ts') },
  storybook: { describe: 'Draw the built-in dataset: scenes and stories', load: () => import('./storybook.ts') },
  cnn: { describe: 'Train a small CNN on labelled photos', load: () => import('./cnn.ts') },
  extract: { describe: 'Turn photos into CNN features', load: () => import('./extract.ts') },
  train: { describe: 'Train a model: story, skip-thoughts, image-sentence, passages', load: () => import('./train.ts') },
  tell: { describe: 'Tell a story of five photos', load: () => import('./tell.ts') },
  generate: { describe: 'Tell the stories of a whole split', load: () => import('./generate.ts') },
  evaluate: { describe: 'Score stories against human ones', load: () => import('./evaluate.ts') },
  retrieval: { describe: 'Score a joint space of images and sentences: recall and ranks', load: () => import('./retrieval.ts') },
  style: { describe: 'Tell passages of photos in the style of books', load: () => import('./style.ts') },
  runs: { describe: 'List, show, delete and mend runs', load: () => import('./runs.ts') },
  compare: { describe: 'Put runs beside each other, and beside published ones', load: () => import('./compare.ts') },
  report: { describe: 'Write runs, their stories and scores as one page', load: () => import('./report.ts') },
  sweep: { describe: 'Train many configurations, here or on a Slurm cluster', load: () => import('./sweep.ts') },
  export: { describe: 'Write a model as ONNX files', load: () => import('./export.ts') },
  doctor: { describe: 'Show what this machine offers and what is missing', load: () => import('./doctor.ts') },
};

/**
 * Runs one command line. Nothing is thrown: an error becomes one line on standard error and an exit code, 2 when the
 * user asked for something wrong and 1 when it failed. FABULA_DEBUG=1 shows where.
 */
export async function runFabula(words: readonly string[]): Promise<void> {
  const name = words.find((word) => !word.startsWith('-'));
  try {
    await parse(words, name);
  } catch (error) {
    const asked = error instanceof UserError || isUsage(error);
    const hint = asked && !(error instanceof UserError) ? `; fabula ${helpOf(words, name)} --help shows how it is used`.replace('  ', ' ') : '';
    process.stderr.write(`fabula: ${messageOf(error).trim().replace(/\s*\n\s*/g, ' ')}${hint}\n`);
    if (process.env['FABULA_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = asked ? 2 : 1;
  }
}

async function parse(words: readonly string[], name: string | undefined): Promise<void> {
  const known = name !== undefined && Object.hasOwn(COMMANDS, name);
  if (name !== undefined && !known) {
    const near = nearestName(name, Object.keys(COMMANDS));
    throw new UserError(`${name}: there is no such command: ${near ? `did you mean ${near}?` : 'fabula --help lists them'}`);
  }
  const cli = yargs([...words]).scriptName('fabula').strict()
    .usage('$0 <command>\n\nPhotos in sequence go in, a story comes out.')
    .demandCommand(1, 'no command given')
    .epilogue('fabula <command> --help shows its options and an example.')
    .version(await version()).alias('help', 'h').wrap(110).fail(false).exitProcess(false);
  for (const [command, { describe, load }] of Object.entries(COMMANDS)) {
    if (command === name) cli.command((await load()).command as CommandModule);
    else cli.command(command, describe);
  }
  await cli.parseAsync();
}

async function version(): Promise<string> {
  const text = await readText(fileURLToPath(new URL('../../package.json', import.meta.url)), 'the version');
  return (JSON.parse(text) as { version: string }).version;
}

/** The command whose help says more: that of a subcommand, where one is named. */
function helpOf(words: readonly string[], name = ''): string {
  const [, second] = words.filter((word) => !word.startsWith('-'));
  return name === 'style' && second !== undefined && /^[a-z]+$/.test(second) ? `style ${second}` : name;
}

/** yargs throws plain errors for unknown options and missing values. */
function isUsage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'YError' || (error.constructor === Error && /^(Unknown|Missing|Not enough|Too many|Invalid|Argument|--|no command)/.test(error.message));
}
