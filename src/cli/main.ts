#!/usr/bin/env node
import type { CommandModule } from 'yargs';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { messageOf, UserError } from '../core/errors.ts';

/** The commands, each in a file that is loaded only when it is called: `--help` must not wait for ONNX Runtime. */
const COMMANDS: Readonly<Record<string, { describe: string; load(): Promise<{ command: unknown }> }>> = {
  demo: { describe: 'Make Storybook, train three models on it, compare their stories', load: () => import('./demo.ts') },
  prepare: { describe: 'Turn VIST annotations into vocabulary and stories', load: () => import('./prepare.ts') },
  storybook: { describe: 'Draw the built-in dataset: scenes and stories', load: () => import('./storybook.ts') },
  cnn: { describe: 'Train a small CNN on labelled photos', load: () => import('./cnn.ts') },
  extract: { describe: 'Turn photos into CNN features', load: () => import('./extract.ts') },
  train: { describe: 'Train a story model', load: () => import('./train.ts') },
  tell: { describe: 'Tell a story of five photos', load: () => import('./tell.ts') },
  generate: { describe: 'Tell the stories of a whole split', load: () => import('./generate.ts') },
  evaluate: { describe: 'Score stories against human ones', load: () => import('./evaluate.ts') },
};

async function main(words: readonly string[]): Promise<void> {
  const name = words.find((word) => !word.startsWith('-'));
  const known = name === undefined ? undefined : COMMANDS[name];
  const cli = yargs([...words]).scriptName('fabula').strict().recommendCommands()
    .usage('$0 <command>\n\nPhotos in sequence go in, a story comes out.')
    .demandCommand(1, 'Say what to do: fabula --help lists the commands.')
    .epilogue('fabula <command> --help shows its options and an example.')
    .version(await version()).alias('help', 'h').wrap(110).fail(false).exitProcess(false);
  for (const [command, { describe, load }] of Object.entries(COMMANDS)) {
    if (command === name && known) cli.command((await load()).command as CommandModule);
    else cli.command(command, describe);
  }
  await cli.parseAsync();
}

async function version(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return (JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}

/** 2: the user asked for something wrong; 1: it failed. One line either way; FABULA_DEBUG=1 shows where. */
function report(error: unknown): void {
  const asked = error instanceof UserError || (error instanceof Error && error.name === 'YError') || isUsage(error);
  process.stderr.write(`fabula: ${messageOf(error)}\n`);
  if (process.env['FABULA_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = asked ? 2 : 1;
}

/** yargs throws plain errors for unknown options and missing values. */
function isUsage(error: unknown): boolean {
  return error instanceof Error && error.constructor === Error
    && /^(Unknown|Missing|Not enough|Too many|Invalid|Did you mean|Say what|Arguments|Argument|--)/.test(error.message);
}

await main(hideBin(process.argv)).catch(report);
