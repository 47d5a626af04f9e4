import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command line itself, to be run in a process of its own: under the ending of this file, .js when built. */
export const PROGRAM = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));
