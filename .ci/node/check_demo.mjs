// Checks what the demo promises: its last line, and the figures the README gives. Use: node check_demo.mjs LOG
import { readFileSync } from 'node:fs';

const lines = readFileSync(process.argv[2], 'utf8').trimEnd().split('\n');
const { models, seconds } = JSON.parse(lines.at(-1));
const problems = [];
const expect = (holds, what) => holds || problems.push(what);
const byName = Object.fromEntries(models.map((model) => [model.name, model]));
expect(Object.keys(byName).sort().join() === 'attention,encoder-decoder,previous-sentence', 'three models');
for (const { name, parameters, train_loss, validation_loss, bleu, seconds: took, checkpoint, named_rightly } of models) {
  expect([parameters, train_loss, validation_loss, took].every(Number.isFinite) && bleu.length === 4, `${name}: figures`);
  expect(typeof checkpoint === 'string', `${name}: checkpoint`);
  expect(named_rightly >= 0.9, `${name}: ${named_rightly} of the sentences that name something name it rightly, 0.9 wanted`);
}
const gap = byName['encoder-decoder'].validation_loss - byName['previous-sentence'].validation_loss;
expect(gap > 0.1, `the previous sentence is worth ${gap.toFixed(3)} nats a word, more than 0.1 wanted`);
// Time is told, not judged: machines are noisy.
if (seconds >= 300) console.error(`demo: ${seconds} s, where under 300 is wanted on two quiet cores`);
for (const problem of problems) console.error(`demo: ${problem}`);
console.log(`demo: ${seconds} s, gap ${gap.toFixed(3)} nats`);
process.exitCode = problems.length > 0 ? 1 : 0;
