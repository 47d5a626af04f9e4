import { nearestName, UserError } from '../core/errors.ts';

/** What a key of a run holds. */
export type FieldValue = string | number | boolean | null | readonly unknown[];
/** Every key of one run with its value; a key that is not there counts as null. */
export type Fields = ReadonlyMap<string, FieldValue>;

/** A condition on the keys of a run. */
export interface Condition {
  /** The keys it names, each with its place in the text, from 1. */
  readonly keys: readonly { readonly name: string; readonly place: number }[];
  holds(fields: Fields): boolean;
}

interface Token {
  readonly kind: 'word' | 'text' | 'sign' | 'end';
  readonly value: string;
  /** Column, from 1. */
  readonly place: number;
}

/** What a value of a condition stands for. */
type Wanted = string | number | boolean | null;

const COMPARE: Readonly<Record<string, (order: number) => boolean>> = { '<': (o) => o < 0, '<=': (o) => o <= 0, '>': (o) => o > 0, '>=': (o) => o >= 0 };
const SIGNS = ['=', '==', '!=', '~', ...Object.keys(COMPARE)];

/**
 * Parses conditions such as `val_loss < 4 and (model.name = attention or not seed = 1)`.
 *
 * Comparisons: = (or ==), !=, <, <=, >, >=, and ~ for "contains", of any case. Values: numbers, true, false, null (not
 * there), words, and texts in quotes; = and != take a number for a text where the key holds one. A key with other characters stands in backquotes. "and" binds more than "or", "not" most.
 * @throws UserError naming the place in the text
 */
export function parseWhere(text: string): Condition {
  return new Parser(text).parse();
}

/** @throws UserError naming place and nearest key when a condition names one that no run has */
export function checkKeys(text: string, { keys }: Condition, known: readonly string[]): void {
  for (const { name, place } of keys) {
    if (known.includes(name)) continue;
    throw fault(text, place, `no run has a key ${name}${keyHint(name, known)}`);
  }
}

/** Keys that somebody who wrote another may have meant: `learning_rate` for `optimizer.learning_rate`, or the nearest. */
export function keyHint(name: string, known: readonly string[]): string {
  const inner = known.filter((key) => key.endsWith(`.${name}`) && !/^config\.|^scores\..*\.json\./.test(key));
  const near = inner.length > 0 ? inner.slice(0, 3).join(' or ') : nearestName(name, known);
  return near === undefined ? '' : `: did you mean ${near}?`;
}

/** A mistake at a place of the text, from 1. */
export function fault(text: string, place: number, what: string): UserError {
  return new UserError(`--where ${JSON.stringify(text)}, character ${place}: ${what}`);
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #keys: { name: string; place: number }[] = [];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokens(text);
  }

  parse(): Condition {
    const holds = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end') throw fault(this.#text, rest.place, `found ${rest.value} where "and", "or" or the end is expected`);
    return { keys: this.#keys, holds };
  }

  #or(): Condition['holds'] {
    const parts = [this.#and()];
    while (this.#accept('or')) parts.push(this.#and());
    return (fields) => parts.some((holds) => holds(fields));
  }

  #and(): Condition['holds'] {
    const parts = [this.#not()];
    while (this.#accept('and')) parts.push(this.#not());
    return (fields) => parts.every((holds) => holds(fields));
  }

  #not(): Condition['holds'] {
    if (this.#accept('not')) {
      const inner = this.#not();
      return (fields) => !inner(fields);
    }
    if (!this.#accept('(')) return this.#comparison();
    const inner = this.#or();
    const { place } = this.#peek();
    if (!this.#accept(')')) throw fault(this.#text, place, 'a closing bracket is missing');
    return inner;
  }

  #comparison(): Condition['holds'] {
    const key = this.#take();
    if (key.kind !== 'word' || isOperator(key.value)) throw fault(this.#text, key.place, `${key.kind === 'end' ? 'it ends' : `found ${key.value}`} where a key is expected, such as val_loss`);
    const sign = this.#take();
    if (sign.kind !== 'sign' || !SIGNS.includes(sign.value)) throw fault(this.#text, sign.place, `one of ${SIGNS.join(' ')} is expected after ${key.value}`);
    const value = this.#take();
    if (value.kind === 'sign' || value.kind === 'end' || (value.kind === 'word' && isOperator(value.value))) throw fault(this.#text, value.place, `a value is expected after ${sign.value}`);
    this.#keys.push({ name: key.value, place: key.place });
    const wanted = value.kind === 'text' ? value.value : literal(value.value);
    if (sign.value in COMPARE && typeof wanted !== 'number' && typeof wanted !== 'string') throw fault(this.#text, value.place, `${sign.value} compares numbers or texts, not ${value.value}`);
    return (fields) => this.#compare(fields.get(key.value) ?? null, sign, wanted, value.value, key);
  }

  #compare(found: FieldValue, sign: Token, wanted: Wanted, written: string, key: Token): boolean {
    if (sign.value === '=' || sign.value === '==') return equals(found, wanted, written);
    if (sign.value === '!=') return !equals(found, wanted, written);
    if (found === null) return false;
    if (sign.value === '~') return (typeof found === 'string' ? found : JSON.stringify(found)).toLowerCase().includes(written.toLowerCase());
    if (typeof found !== typeof wanted) {
      throw fault(this.#text, key.place, `${key.value} is ${JSON.stringify(found)} in one of the runs, which does not compare with ${JSON.stringify(wanted)}`);
    }
    return COMPARE[sign.value]!(found === wanted ? 0 : (found as string) < (wanted as string) ? -1 : 1);
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  #accept(value: string): boolean {
    const token = this.#peek();
    if ((token.kind !== 'word' && token.kind !== 'sign') || token.value.toLowerCase() !== value) return false;
    this.#next++;
    return true;
  }
}

function isOperator(word: string): boolean {
  return ['and', 'or', 'not'].includes(word.toLowerCase());
}

/** Of a list, one of its values is enough. A run may be called 2026, or 007. */
function equals(found: FieldValue, wanted: Wanted, written: string): boolean {
  const same = (value: unknown): boolean => value === wanted || (wanted !== null && value === written);
  return Array.isArray(found) ? found.some(same) : same(found);
}

function literal(word: string): Wanted {
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'null') return null;
  const value = Number(word);
  return Number.isNaN(value) ? word : value;
}

const TOKEN = /\s*(?:(?<word>[^\s()<>=!~'"`]+)|`(?<key>[^`]+)`|'(?<single>[^']*)'|"(?<double>[^"]*)"|(?<sign><=|>=|!=|==|[<>=~()]))/y;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const from = TOKEN.lastIndex;
    const place = from + text.slice(from).search(/\S/) + 1;
    const match = TOKEN.exec(text);
    if (match === null) throw fault(text, place, /['"`]/.test(text[place - 1]!) ? 'a quotation mark is not closed' : `${text[place - 1]} is not understood`);
    const { word, key, single, double, sign } = match.groups!;
    if (sign !== undefined) found.push({ kind: 'sign', value: sign, place });
    else if (single !== undefined || double !== undefined) found.push({ kind: 'text', value: (single ?? double)!, place });
    else found.push({ kind: 'word', value: (word ?? key)!, place });
  }
  return [...found, { kind: 'end', value: 'the end', place: text.length + 1 }];
}
