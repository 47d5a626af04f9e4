/** Vowels of the algorithm; `Y` stands for a y that is a consonant. */
const VOWEL = /[aeiouy]/;
const DOUBLE = /(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/;
/** A short syllable at the end: vowel after a consonant and before one that is not w, x or Y; or vowel and consonant that are the word. */
const SHORT_SYLLABLE = /(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy])$/;
/** Beginnings after which R1 starts whatever the vowels say. */
const R1_PREFIX = /^(?:gener|commun|arsen)/;
const REGION = /[aeiouy][^aeiouy]/;

/** Whole words with a stem of their own. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['skis', 'ski'], ['skies', 'sky'], ['dying', 'die'], ['lying', 'lie'], ['tying', 'tie'], ['idly', 'idl'], ['gently', 'gentl'],
  ['ugly', 'ugli'], ['early', 'earli'], ['only', 'onli'], ['singly', 'singl'],
  ...['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'].map((word): [string, string] => [word, word]),
]);

/** Words left as they are once plural endings are gone. */
const AFTER_PLURAL: ReadonlySet<string> = new Set(['inning', 'outing', 'canning', 'herring', 'earring', 'proceed', 'exceed', 'succeed']);

/** Endings of step 2 and what takes their place in R1. The longest that fits counts. */
const STEP_2: readonly (readonly [string, string])[] = [
  ['ational', 'ate'], ['fulness', 'ful'], ['iveness', 'ive'], ['ization', 'ize'], ['ousness', 'ous'], ['biliti', 'ble'], ['lessli', 'less'],
  ['tional', 'tion'], ['alism', 'al'], ['aliti', 'al'], ['ation', 'ate'], ['entli', 'ent'], ['fulli', 'ful'], ['iviti', 'ive'], ['ousli', 'ous'],
  ['abli', 'able'], ['alli', 'al'], ['anci', 'ance'], ['ator', 'ate'], ['enci', 'ence'], ['izer', 'ize'], ['bli', 'ble'], ['ogi', 'og'], ['li', ''],
];
const STEP_3: readonly (readonly [string, string])[] = [
  ['ational', 'ate'], ['tional', 'tion'], ['alize', 'al'], ['ative', ''], ['icate', 'ic'], ['iciti', 'ic'], ['ical', 'ic'], ['ness', ''], ['ful', ''],
];
const STEP_4: readonly string[] = ['ement', 'able', 'ance', 'ence', 'ible', 'ment', 'ant', 'ate', 'ent', 'ion', 'ism', 'iti', 'ive', 'ize', 'ous', 'al', 'er', 'ic'];

/**
 * The stem of an English word after Porter's second algorithm, as Snowball's `english` stemmer of 2001 to 2018 has it
 * (snowballstem.org/algorithms/english/stemmer.html).
 * @param word lower-case; capitals are taken for consonants, as there
 */
export function porter2(word: string): string {
  const exception = EXCEPTIONS.get(word);
  if (exception !== undefined) return exception;
  if (word.length <= 2) return word;
  return new Stem(word).run();
}

/** A word on its way through the steps. */
class Stem {
  #word: string;
  /** Where the regions R1 and R2 begin: after the first consonant that follows a vowel, and the same again. */
  readonly #r1: number;
  readonly #r2: number;

  constructor(word: string) {
    this.#word = word.replace(/^'/, '').replace(/^y/, 'Y').replace(/([aeiouy])y/g, '$1Y');
    const prefix = R1_PREFIX.exec(this.#word);
    this.#r1 = prefix === null ? this.#after(0) : prefix[0].length;
    this.#r2 = this.#after(this.#r1);
  }

  run(): string {
    this.#word = this.#word.replace(/(?:'s'|'s|')$/, '');
    this.#plural();
    if (!AFTER_PLURAL.has(this.#word)) {
      this.#pastAndParticiple();
      this.#finalY();
      this.#replaceInR1();
      this.#shortenInR1();
      this.#dropInR2();
      this.#finalLetter();
    }
    return this.#word.replaceAll('Y', 'y');
  }

  #after(start: number): number {
    const found = REGION.exec(this.#word.slice(start));
    return found === null ? this.#word.length : start + found.index + 2;
  }

  #cut(letters: number, replacement = ''): void {
    this.#word = this.#word.slice(0, this.#word.length - letters) + replacement;
  }

  /** Whether an ending of so many letters lies within the region. */
  #within(region: number, letters: number): boolean {
    return this.#word.length - letters >= region;
  }

  /** Step 1a. */
  #plural(): void {
    const word = this.#word;
    if (word.endsWith('sses')) this.#cut(2);
    else if (/ie[ds]$/.test(word)) this.#cut(word.length > 4 ? 2 : 1);
    else if (word.endsWith('s') && !/(?:us|ss)$/.test(word) && VOWEL.test(word.slice(0, -2))) this.#cut(1);
  }

  /** Step 1b. */
  #pastAndParticiple(): void {
    const ee = /(?:eed|eedly)$/.exec(this.#word);
    if (ee !== null) {
      if (this.#within(this.#r1, ee[0].length)) this.#cut(ee[0].length, 'ee');
      return;
    }
    const ending = /(?:ingly|edly|ing|ed)$/.exec(this.#word);
    if (ending === null || !VOWEL.test(this.#word.slice(0, ending.index))) return;
    this.#cut(ending[0].length);
    if (/(?:at|bl|iz)$/.test(this.#word)) this.#word += 'e';
    else if (DOUBLE.test(this.#word)) this.#cut(1);
    else if (this.#word.length <= this.#r1 && SHORT_SYLLABLE.test(this.#word)) this.#word += 'e';
  }

  /** Step 1c. */
  #finalY(): void {
    if (/.[^aeiouy][yY]$/.test(this.#word)) this.#cut(1, 'i');
  }

  /** Step 2. */
  #replaceInR1(): void {
    const found = STEP_2.find(([ending]) => this.#word.endsWith(ending));
    if (found === undefined || !this.#within(this.#r1, found[0].length)) return;
    const [ending, replacement] = found;
    if (ending === 'ogi' && !this.#word.endsWith('logi')) return;
    if (ending === 'li' && !/[cdeghkmnrt]li$/.test(this.#word)) return;
    this.#cut(ending.length, replacement);
  }

  /** Step 3. */
  #shortenInR1(): void {
    const found = STEP_3.find(([ending]) => this.#word.endsWith(ending));
    if (found === undefined || !this.#within(this.#r1, found[0].length)) return;
    const [ending, replacement] = found;
    if (ending === 'ative' && !this.#within(this.#r2, ending.length)) return;
    this.#cut(ending.length, replacement);
  }

  /** Step 4. */
  #dropInR2(): void {
    const ending = STEP_4.find((end) => this.#word.endsWith(end));
    if (ending === undefined || !this.#within(this.#r2, ending.length)) return;
    if (ending === 'ion' && !/[st]ion$/.test(this.#word)) return;
    this.#cut(ending.length);
  }

  /** Step 5. */
  #finalLetter(): void {
    const word = this.#word;
    if (word.endsWith('e')) {
      if (this.#within(this.#r2, 1) || (this.#within(this.#r1, 1) && !SHORT_SYLLABLE.test(word.slice(0, -1)))) this.#cut(1);
    } else if (word.endsWith('ll') && this.#within(this.#r2, 1)) {
      this.#cut(1);
    }
  }
}
