import { CAPITAL_ABBREVIATIONS, CLOSING_ABBREVIATIONS, LEADING_ABBREVIATIONS, NUMBER_ABBREVIATIONS } from './abbreviations.ts';

/** Marks that may end a sentence, the quotes and brackets that close after them, and the space or end behind. */
const STOP = /(\.(?: ?\.){1,4}[?!]*|…[?!.]*|[.?!]+)([)\]"'”’»_]*)(?=\s|$)/gu;

/** What may stand before the first letter of a sentence. */
const OPENING = /^[(["'“‘«_]+/u;

/** Words that begin sentences far more often than they follow an abbreviation in one. */
const STARTERS = new Set(
  `the a an this that these those he she it we you they i his her its my our your their there here then when where while what who why how
  but and so yet or nor if as at in on after before for from with not no yes now once all some one every each many most perhaps`.split(/\s+/),
);

const SPEECH = 'said|says|say|asked|cried|exclaimed|replied|answered|returned|continued|repeated|observed|remarked|added|whispered|murmured|muttered|shouted|called|screamed|inquired|enquired|demanded|interrupted|went on|responded|thought|gasped|sobbed|growled|roared|ejaculated|echoed|pleaded|urged|suggested|sighed|laughed|yelled|groaned|retorted|resumed|persisted';
/** `I said`, `Mr. Heathcliff exclaimed`, `Her mother quietly asked`: who spoke, after a closing quote. */
const ATTRIBUTION = new RegExp(
  `^(?!(?:And|But|Then|Here|There|So|Now|When|As|That|This)\\b)(?:(?:I|He|She|We|You|They|It)|(?:(?:The|My|His|Her|Our|Their|A|An) )?(?:[\\p{L}'’-]+ )?(?:(?:Mr|Mrs|Miss|Dr|Sir|Lady|Lord|Captain|Capt|Col|Colonel)\\.? )?\\p{L}[\\p{L}'’-]*(?: \\p{Lu}[\\p{L}'’-]*)?) (?:(?:had |only |then |just |\\p{L}+ly ))?(?:(?:${SPEECH})\\b(?! that\\b)|began(?:[,.:;]| to (?:cry|say|speak|sob|scream)\\b))`,
  'u',
);

/** `II.`, `3.`, `a.`: the number of a list or a part, which belongs to what follows. */
const ENUMERATION = /^[(["'“‘]*(?:[IVXLC]+|\d{1,3}|\p{L})\.[)\]]?$/u;

/**
 * Sentences of English prose: one paragraph without line breaks. Speech with its attribution is one sentence
 * (`"Oh!" said he.`), speech of several sentences is several. Nothing but the white space between sentences is lost.
 */
export function splitSentences(text: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const match of text.matchAll(STOP)) {
    const end = match.index + match[0].length;
    const rest = text.slice(end).trimStart();
    if (rest === '' || !endsSentence(text.slice(start, match.index), match[1]!, match[2]!, rest.slice(0, 120))) continue;
    sentences.push(text.slice(start, end).trim());
    start = end;
  }
  const last = text.slice(start).trim();
  if (last !== '') sentences.push(last);
  return sentences;
}

/**
 * @param before the sentence so far, without the mark
 * @param mark such as `.`, `?!` or `. . .`; @param closing quotes and brackets after it
 * @param rest what follows, not empty
 */
function endsSentence(before: string, mark: string, closing: string, rest: string): boolean {
  const opening = OPENING.exec(rest)?.[0] ?? '';
  const next = rest.slice(opening.length);
  // Lower case goes on; so does what begins with a dash, a comma or a mark of its own.
  if (/^(?:\p{Ll}|[-–—,;:.?!&…)\]])/u.test(next) && !/^[-–—]+["'“‘]?\p{Lu}/u.test(next)) return false;
  const quoted = /["'”’»]/u.test(closing);
  if (quoted && opening === '' && mark !== '.' && ATTRIBUTION.test(next)) return false;
  if (mark.startsWith('.') && mark.length > 1 || mark.startsWith('…')) return !/^I\b/.test(next) || quoted;
  // `Oh! Mary,` calls somebody.
  if (mark === '!' && closing === '' && /(?:^|[\s"'“‘(—-])(?:Oh|Ah|O|Alas)$/u.test(before.slice(-6)) && /^\p{Lu}[\p{L}.]*(?: \p{Lu}[\p{L}.]*)*[,!]/u.test(next)) return false;
  if (mark !== '.' || closing !== '') return true;
  return !keepsStop(before, next);
}

/** Characters before a full stop that can decide about it. */
const LONGEST_ABBREVIATION = 30;

/** Whether the full stop after `before` belongs to an abbreviation, an initial or a number. */
function keepsStop(before: string, next: string): boolean {
  const word = /\S+$/u.exec(before.slice(-LONGEST_ABBREVIATION))?.[0].replace(/^.*(?:--|[—(["'“‘«_/])/u, '') ?? '';
  const stopped = `${word.toLowerCase()}.`;
  if (before.length <= LONGEST_ABBREVIATION && ENUMERATION.test(`${before.trim()}.`)) return true;
  if (LEADING_ABBREVIATIONS.has(stopped)) return true;
  if (NUMBER_ABBREVIATIONS.has(stopped) && /^\d|^[IVXLC]+(?=[.,;:)])/u.test(next)) return true;
  const nextWord = /^[\p{L}'’]+/u.exec(next)?.[0] ?? '';
  const startsAnew = STARTERS.has(nextWord.toLowerCase());
  // `than I.` ends a sentence, `J. R. Green` does not.
  if (/^\p{Lu}$/u.test(word)) return word === 'I' ? /^\p{Lu}\./u.test(next) : !startsAnew || /^\p{Lu}\./u.test(next);
  if (/^(?:etc|&c)\.$/.test(stopped)) return false;
  const abbreviated = CLOSING_ABBREVIATIONS.has(stopped) || CAPITAL_ABBREVIATIONS.has(`${word}.`) || /^\p{L}(?:\.\p{L})+$/u.test(word);
  return abbreviated && !startsAnew;
}
