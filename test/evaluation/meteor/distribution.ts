import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';

// A METEOR 1.5 distribution in small, with data of our own in METEOR's formats. The figures in the tests are the real
// jar's on these files: java -jar meteor-1.5.jar HYPOTHESES REFERENCES -s english.words -d FOLDER -a paraphrase-en.gz.

export const FUNCTION_WORDS = ['the', 'a', 'of', 'to', 'and', 'was', 'we', 'it', 'in', 'they', '.', ','];

/** Word, and its sets. */
const SYNSETS: readonly (readonly [string, string])[] = [
  ['dog', '1 2'], ['hound', '2'], ['child', '3'], ['kid', '3 4'], ['beach', '5'], ['shore', '5 6'], ['run', '7 8'], ['sprint', '8'],
  ['big', '9'], ['large', '9 10'], ['go', '11'], ['travel', '11'], ['picture', '12'], ['photo', '12'], ['pass', '13'],
];

/** Base form, and its irregular forms. */
const EXCEPTIONS: readonly (readonly [string, string])[] = [['child', 'children'], ['go', 'went gone'], ['run', 'ran running']];

const PARAPHRASES: readonly (readonly [string, string])[] = [
  ['a lot of', 'many'], ['many', 'a lot of'], ['had fun', 'enjoyed themselves'], ['had fun', 'had a good time'], ['enjoyed themselves', 'had fun'],
  ['the whole family', 'everyone'], ['everyone', 'all of us'], ['in the end', 'finally'], ['finally', 'at last'], ['the', 'a'], ['a', 'the'],
  ['it was', 'there was'], ['good time', 'great time'], ['went home', 'left'], ['left', 'went'], ['of', 'in'], ['lot', 'many'],
];

export const FILES = {
  'function/english.words': FUNCTION_WORDS.map((word) => `${word}\n`).join(''),
  'nonbreaking/english.prefixes': '#a comment\n\nMr\nDr\nNo #NUMERIC_ONLY#\n',
  'synonym/english.synsets': pairs(SYNSETS),
  'synonym/english.exceptions': pairs(EXCEPTIONS),
} as const;

export const TABLE = PARAPHRASES.map(([phrase, paraphrase]) => `0.5\n${phrase}\n${paraphrase}\n`).join('');

function pairs(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([first, second]) => `${first}\n${second}\n`).join('');
}

/** Writes the distribution into a folder. */
export async function writeDistribution(folder: string, files: Readonly<Record<string, string>> = FILES, table: Uint8Array = gzipSync(TABLE)): Promise<string> {
  await mkdir(join(folder, 'data'), { recursive: true });
  const entries = Object.entries(files).map(([name, text]): [string, Uint8Array] => [name, new TextEncoder().encode(text)]);
  await writeFile(join(folder, 'meteor-1.5.jar'), zipSync(Object.fromEntries(entries)));
  await writeFile(join(folder, 'data', 'paraphrase-en.gz'), table);
  return folder;
}

/** Hypotheses, each with two references. */
export const SEGMENTS: readonly (readonly [string, string, string])[] = [
  ['The dog ran to the beach.', 'A hound was running on the shore.', 'The dog went to the beach.'],
  ['the children had fun .', 'the kids enjoyed themselves .', 'Everyone had a good time !'],
  ['We took many pictures, and they were good.', 'We took a lot of photos.', "It wasn't a bad picture..."],
  ['In the end, the whole family went home.', 'Finally everyone left .', 'At last all of us travelled home'],
  ['the the the a a of of in in many lot', 'a a a the the in in of of lot many a lot of', 'many of the many lot in a lot of the'],
  ['It was a large dog - a well-known one.', 'There was the big, well known hound (of Mr. Smith).', 'it was a large dog - a well-known one.'],
  ['Dr. Brown paid $3,500 for No. 5 in the U.S. ...', 'dr. brown paid 3,500 for no. 5 in the US', "we don't know what Dr. Brown paid"],
  ['sprinting passes running passed run', 'run passing sprint ran pass', 'runner passes'],
  ['nothing', 'in common', 'at all'],
  ['', 'an empty hypothesis', 'again'],
  ['same words in the same order', 'same words in the same order', 'order same the in words same'],
  ['“Where are we going?” – ‘home’, they said', "\"where are we going?\" - 'home' they said", 'WHERE ARE WE GOING'],
];
