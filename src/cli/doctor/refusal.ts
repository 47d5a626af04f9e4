/** Why something cannot be used, taken apart. */
export interface Refusal {
  readonly reason: string;
  /** What to do; empty when nobody knows. */
  readonly remedy: string;
  /** It is not there at all, other than there and not working. */
  readonly absent: boolean;
}

/**
 * Takes apart what the runtime says, `--device X cannot be used here: REASON; REMEDY, or use --device cpu`. The advice to
 * do without is none to someone who asks how to have it. Any other message is the reason as it stands.
 */
export function refusal(message: string): Refusal {
  const told = message
    .replace(/^--device \w+ cannot be used here: /, '')
    .replace(/^--backend \w+ needs TensorFlow: /, 'not installed; ');
  const advice = told.replace(/,? or (use --device cpu|leave out --backend)$/, '');
  const split = advice !== told || / or unset it$/.test(told) ? advice.lastIndexOf('; ') : -1;
  const reason = split < 0 ? advice : advice.slice(0, split);
  const absent = /^not installed$|no GPU adapter|libraries do not load|no @tensorflow\/tfjs-node there/.test(reason);
  return { reason, remedy: split < 0 ? '' : advice.slice(split + 2), absent };
}
