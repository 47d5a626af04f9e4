/** Abbreviations whose full stop belongs to them, as VIST writes them: what the tokenizer keeps whole. */
export const ABBREVIATIONS: ReadonlySet<string> = words(
  'mr. mrs. ms. dr. st. jr. sr. prof. rev. gen. col. capt. lt. sgt. mt. vs. no. dept. inc. co. corp. jan. feb. aug. sept. oct. nov. dec.',
);

/** Never the end of a sentence: a name or an explanation follows. */
export const LEADING_ABBREVIATIONS: ReadonlySet<string> = words(
  `mr. mrs. ms. messrs. mme. mdme. mlle. mm. mons. dr. drs. prof. rev. hon. rt. gen. col. capt. cpt. maj. lt. lieut. sgt. sergt. cpl. adm.
  gov. pres. sen. rep. st. ste. mt. ft. fr. br. sr. sra. vs. v. viz. cf. i.e. e.g. supt. insp.`,
);

/** They end a sentence only where a new one clearly begins. */
export const CLOSING_ABBREVIATIONS: ReadonlySet<string> = words(
  `jr. esq. inc. ltd. bros. dept. univ. ave. blvd. rd. ph.d. inst. ult. prox. lb. lbs. oz. yds. hr. hrs.`,
);

/** The same, but with a capital: in small letters they are words. */
export const CAPITAL_ABBREVIATIONS: ReadonlySet<string> = words(
  'Co. Corp. Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sept. Sep. Oct. Nov. Dec. Mon. Tues. Wed. Thurs. Fri. Sat.',
);

/** Before a figure only: `No. 5`, `p. 17`; otherwise words of their own. */
export const NUMBER_ABBREVIATIONS: ReadonlySet<string> = words(
  'no. nos. p. pp. art. sect. sec. par. op. n. c. ca. bk. pt. fig. figs. vol. vols. ch. chap. ed.',
);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
