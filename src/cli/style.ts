import type { Argv, CommandModule } from 'yargs';

/** The subcommands, in the order of the work; their heavy parts are loaded when they run. */
const COMMANDS: readonly (() => Promise<{ command: unknown }>)[] = [
  () => import('./style/learn.ts'),
  () => import('./style/books.ts'),
  () => import('./style/expand.ts'),
  () => import('./style/assemble.ts'),
  () => import('./style/build.ts'),
  () => import('./style/blend.ts'),
  () => import('./style/list.ts'),
  () => import('./style/tell.ts'),
  () => import('./style/gallery.ts'),
  () => import('./style/choose.ts'),
  () => import('./style/evaluate.ts'),
  () => import('./style/nearest.ts'),
];

export const command: CommandModule = {
  command: 'style <command>',
  describe: 'Tell passages of photos in the style of books',
  // Yargs takes a promise here; its types do not say so.
  builder: (async (yargs: Argv) => {
    for (const load of COMMANDS) yargs.command((await load()).command as CommandModule);
    return yargs.demandCommand(1, 'no command given, or none of that name');
  }) as never,
  handler: () => {},
};
