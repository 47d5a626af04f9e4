/** English words that say little about what a photo shows: articles, pronouns, prepositions, auxiliaries, and punctuation tokens. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  `a an the this that these those some any each every all both many much more most few several other another such no nor not n't
  i me my mine myself we us our ours ourselves you your yours yourself he him his himself she her hers herself it its itself
  they them their theirs themselves who whom whose which what there here where when why how
  am is are was were be been being do does did doing done have has had having will would shall should can could may might must
  's 're 've 'm 'll 'd and or but if then than so as because while though although until
  of in on at by for with from to into onto over under about above below between through during before after against up down
  out off again further once near next along across around behind beside besides inside outside upon within without toward towards
  very just too also only own same as well
  . , ; : ! ? ... -- - ( ) [ ] \` \`\` ' '' " & / # $ %`.split(/\s+/),
);
