// Writes cases for check_ptb.py: seeded texts, and captions and books of ../shared/data where they are, each set as
// NAME.txt, our tokens of its lines as NAME.tokens, of captions those without punctuation as NAME.captions, and
// sets.json: how many of a hundred lines must be equal.
// Use: node .ci/node/ptb_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: ptb_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { ptbLines, withoutPunctuation } = await load('evaluation/ptb.js');
const { Random } = await load('core/random.js');
const data = resolve('../shared/data');

const WORDS = (
  'the a The A dog\'s don\'t U.S. u.s. etc. Mr. St. p.m. No. no. i.e. Jr. Inc. D.C. I\'m O\'Brien o\'clock 5 10 1,000 3.5 1/2 $5 5% 1990s \'90s \'em '
  + '\'tis cannot gonna rock\'n\'roll AT&T well-known x-ray U.S.-led -- --- ... .... . , ; : ! ? ?! !! ( ) [ ] { } < > <UNK> <unk> <b> </s> " \' \'\' `` ` & @ '
  + '# $ % ^ * _ + = | \\ / ~ http://a.com/x www.a.com foo.com a@b.com @me #tag :) :-( ;) :D 555-1234 12/25/2010 10:30 He In It We She Bob é naïve café “ ” ‘ ’ '
  + '– — … £ € ½ 😀 日本 &amp; &quot; s d ll re ve t n\'t N\'T can\'t Ph.D. file.txt 5.jpg e.g. a.m. vs. Dr. Fig. fig. pp. Sept. Tues. Ill. Miss. miss. mass. '
  + 'Co. co. Ltd. y\'all d\'ye l\'été ma\'am e\'er \'n\' \'til \'cause \'12'
).split(' ');
const JOINTS = ['', ' ', ' ', ' ', ' ', '', '\'', '-', '.', ',', '" ', '\' ', ' "', ' \'', '. ', '  ', '/', '!'];
const CHARACTERS = Array.from('aAbBnNtTsSdDoOyYlLeEmMIxc\'’‘`".,-_/\\!?&@#$%:;()[]<>=+*015 29   é…—');

function synthetic(lines) {
  const random = new Random('ptb cases');
  const some = (most, make) => Array.from({ length: 1 + random.int(most) }, make);
  const kinds = [
    () => some(14, () => random.pick(WORDS)).join(' '),
    () => some(10, () => random.pick(WORDS) + random.pick(JOINTS)).join(''),
    () => some(25, () => random.pick(CHARACTERS)).join(''),
  ];
  return Array.from({ length: lines }, (_, i) => kinds[i % 3]());
}

const text = (file, encoding = 'utf8') => readFileSync(join(data, file), encoding);
const json = (file) => JSON.parse(file.endsWith('.gz') ? gunzipSync(readFileSync(join(data, file))).toString() : text(file));
const linesOf = (whole) => whole.split('\n');
const below = (place, ending) => readdirSync(join(data, place), { recursive: true }).filter((file) => file.endsWith(ending)).sort().map((file) => join(place, file));

const CAPTIONS = {
  vist: () => ['story', 'description'].flatMap((kind) => json(`vist/val.${kind}-in-${kind === 'story' ? 'sequence' : 'isolation'}.json`).annotations.flatMap(([a]) => [a.original_text ?? '', a.text ?? ''])),
  runs: () => below('metrics', '.valid.txt').flatMap((file) => linesOf(text(file))),
  coco: () => [...json('coco/captions.json').flatMap((photo) => photo.captions), ...json('coco/captions_val2017.json.gz').annotations.map((a) => a.caption)],
  flickr8k: () => linesOf(text('captions/Flickr8k.token.txt')).map((line) => line.split('\t')[1] ?? ''),
  multi30k: () => below('captions/multi30k', '.gz').flatMap((file) => linesOf(gunzipSync(readFileSync(join(data, file))).toString())),
};
const PROSE = { books: () => below('texts', '.txt').flatMap((file) => linesOf(text(file, file.includes('latin1') ? 'latin1' : 'utf8'))) };

mkdirSync(folder, { recursive: true });
const sets = [];
function write(name, lines, percent) {
  const distinct = [...new Set(lines.map((line) => line.replace(/[\n\v\f\r\u2028\u2029]/g, ' ')))];
  writeFileSync(join(folder, `${name}.txt`), distinct.map((line) => `${line}\n`).join(''));
  const begun = performance.now();
  const tokens = ptbLines(distinct);
  const seconds = (performance.now() - begun) / 1000;
  writeFileSync(join(folder, `${name}.tokens`), tokens.map((line) => `${line.join(' ')}\n`).join(''));
  if (percent === 100) writeFileSync(join(folder, `${name}.captions`), tokens.map((line) => `${withoutPunctuation(line).join(' ')}\n`).join(''));
  sets.push({ name, percent, captions: percent === 100, seconds });
}
write('synthetic', synthetic(60_000), 99.9);
if (existsSync(data)) {
  for (const [name, lines] of Object.entries(CAPTIONS)) write(name, lines(), 100);
  for (const [name, lines] of Object.entries(PROSE)) write(name, lines(), 99.9);
} else {
  console.log('ptb: ../shared/data is not here, seeded texts only');
}
writeFileSync(join(folder, 'sets.json'), JSON.stringify(sets));
