#!/usr/bin/env node
import { hideBin } from 'yargs/helpers';
import { runFabula } from './program.ts';

await runFabula(hideBin(process.argv));
