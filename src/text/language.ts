/** Languages that are told apart, by their ISO 639-1 codes. */
export const LANGUAGES = ['en', 'fr', 'de', 'es', 'it', 'pt', 'nl', 'sv', 'da', 'fi', 'pl', 'la'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Their commonest words. Words that several languages share count for each. */
const COMMON: Readonly<Record<Language, ReadonlySet<string>>> = {
  en: words(`the of and to a in that it is was i he his for with as had you not be her on at by which have or from this him but all she they were my are me
    one their so an said them we who would been will no when there if more out up into what do could than some very its your our has now only then did how`),
  fr: words(`de la le et les des en un une du que qui dans il est pour ce pas ne se sur au plus par je son avec elle sa mais ou si était vous nous
    lui leur on cette tout comme été sont ses aux avait même être moi bien mon fait où ces sans deux ma dit c'est qu'il d'un l'on j'ai n'est`),
  de: words(`der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an er hat aus bei wie war ich sie daß dass noch
    einen einer nach um am haben ihr ihre wir so aber mir mich was man nur sein wenn doch da mein hatte wurde wird durch schon dann ihm ihn`),
  es: words(`de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este sí porque esta son entre cuando muy sin
    sobre ser también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros había era yo él ella tan mi qué`),
  it: words(`di che e la il un a per in una è non sono si da le i con del al come più ma lo ha della nel gli su anche io mi se era questo dei alla
    ci ed o suo sua quando così degli delle dal tutto ne cosa lui lei aveva sua perché loro essere poi ancora quella quel molto`),
  pt: words(`de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já
    está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem nas me esse eles estão você tinha minha`),
  nl: words(`de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou of wat mijn men dit zo door over ze
    zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben deze u want nog zal me zij nu ge geen omdat iets worden`),
  sv: words(`och det att i en jag hon som han på den med var sig för så till är men ett om hade de av icke mig du henne då sin nu har inte hans honom
    skulle hennes där min man ej vid kunde något från ut när efter upp vi dem vara vad över än dig kan sina här ha mot`),
  da: words(`og i jeg det at en den til er som på de med han af for ikke der var mig sig men et har om vi min havde ham hun nu over da fra du ud sin dem
    os op man hans hvor eller hvad skal selv her alle vil blev kunne ind når være dog noget ville jo deres efter ned skulle`),
  fi: words(`ja on ei että se hän oli en mutta joka niin kuin olen minä sen ovat hänen ole kun minun sitä myös tai jos mitä vain sinä nyt ne mikä vielä
    olisi me te he tämä siitä oli ollut jo sitten kaikki hänet jonka siellä mukaan ennen kanssa voi`),
  pl: words(`i w nie się na z do to że a jest o jak ale po co tak za od go już jego ja był przez czy tym jej ich dla przy tylko być była sobie może
    mnie ze kiedy gdy bo było więc pan jeszcze tego który która które pod mu nim`),
  la: words(`et in est non ad ut cum quae quod qui si sed atque ex ac ab esse hoc nec aut enim de per se etiam quam sunt a autem eius me neque te quo
    ille haec tamen nihil quidem id erat sic omnia vel ne mihi tibi ipse`),
};

/** Letters that only some of them write: they settle short texts. */
const LETTERS: readonly (readonly [RegExp, readonly Language[]])[] = [
  [/ß/gu, ['de']], [/[äö]/gu, ['de', 'sv', 'fi']], [/å/gu, ['sv', 'da']], [/[øæ]/gu, ['da']], [/ñ|¿|¡/gu, ['es']], [/[ãõ]/gu, ['pt']],
  [/[ąęłńśźż]/gu, ['pl']], [/[êèùœ]/gu, ['fr']], [/ç/gu, ['fr', 'pt']], [/[òì]/gu, ['it']],
];

/** The language that a text is most likely in. */
export interface LanguageGuess {
  /** `other`: a script or a language that is not among `LANGUAGES`; `unknown`: too little text. */
  readonly language: Language | 'other' | 'unknown';
  /** Share of words that are common ones of it, in [0, 1]: about 0.5 for prose, below 0.15 for lists of names. */
  readonly share: number;
}

const FEWEST_WORDS = 8;
const LEAST_SHARE = 0.15;

/**
 * The language of a text: the one of which the most words are common words. A few hundred words are decided surely; under
 * eight words it says `unknown`.
 */
export function guessLanguage(text: string): LanguageGuess {
  const lower = text.normalize('NFC').toLowerCase().replaceAll('’', "'");
  const found = lower.match(/\p{L}+(?:'\p{L}+)*/gu) ?? [];
  if (count(lower, /[^\P{L}\p{Script=Latin}]/gu) > count(lower, /\p{Script=Latin}/gu)) return { language: 'other', share: 0 };
  if (found.length < FEWEST_WORDS) return { language: 'unknown', share: 0 };
  let best: { language: Language; share: number; score: number } | undefined;
  for (const language of LANGUAGES) {
    const share = found.reduce((sum, word) => sum + (COMMON[language].has(word) ? 1 : 0), 0) / found.length;
    // Foreign names have foreign letters, so that they move the choice a little only.
    const letters = LETTERS.reduce((sum, [pattern, users]) => sum + (users.includes(language) ? 1 : -1) * Math.min(count(lower, pattern), found.length / 4), 0);
    const score = share + (0.2 * letters) / found.length;
    if (best === undefined || score > best.score) best = { language, share, score };
  }
  return best!.share < LEAST_SHARE ? { language: 'other', share: best!.share } : { language: best!.language, share: best!.share };
}

/** Share of the words of a text that a list has, in [0, 1]; words that begin with an apostrophe or have figures are left out. 1 for a text without words. */
export function knownShare(text: string, known: ReadonlySet<string>): number {
  const found = text.normalize('NFC').toLowerCase().replaceAll('’', "'").match(/(?<![\p{L}\p{N}'])\p{L}+(?:'\p{L}+)*(?![\p{L}\p{N}])/gu) ?? [];
  if (found.length === 0) return 1;
  // `dog's` and `didn't` are known where `dog` and `did` are.
  const has = (word: string): boolean => known.has(word) || known.has(word.replace(/(?:n't|'\p{L}+)$/u, ''));
  return found.filter(has).length / found.length;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
