import type { CommandModule } from 'yargs';
import { requireWhole } from './options.ts';

interface DoctorArguments {
  runs: string;
  quick: boolean;
  wait: number;
  json: boolean;
}

export const command: CommandModule<object, DoctorArguments> = {
  command: 'doctor',
  describe: 'Show what this machine offers and what is missing',
  builder: (yargs) => yargs
    .options({
      quick: { type: 'boolean', default: false, describe: 'leave out the measurement of speed' },
      wait: { type: 'number', default: 4, requiresArg: true, describe: 'seconds a GPU or TensorFlow may take to answer' },
      runs: { type: 'string', default: 'runs', requiresArg: true, describe: 'where runs go: its disk is looked at' },
      json: { type: 'boolean', default: false, describe: 'print everything as one JSON object' },
    })
    .example('$0 doctor', 'takes a few seconds')
    .epilogue('Exit code 1 when the default backend does not work here.') as never,
  handler: async ({ runs, quick, wait, json }) => {
    requireWhole('wait', wait, 1);
    const [{ survey }, { gaps }, { formatReport }] = await Promise.all([import('./doctor/survey.ts'), import('./doctor/gaps.ts'), import('./doctor/report.ts')]);
    const found = await survey({ runs, quick, wait });
    if (json) console.log(JSON.stringify({ works: found.backends.onnx.works, ...found, missing: gaps(found) }));
    else console.log(formatReport(found, process.stdout.isTTY && process.stdout.hasColors()));
    if (!found.backends.onnx.works) process.exitCode = 1;
  },
};
