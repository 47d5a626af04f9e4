/** Ways in which a word or phrase can match, in the order in which METEOR tries them. */
export const MODULES = ['exact', 'stem', 'synonym', 'paraphrase'] as const;

/** A stage of METEOR's matching. */
export type Module = (typeof MODULES)[number];

/** What METEOR's `-t` sets for English. */
export interface MeteorTask {
  readonly description: string;
  /** Weight of recall against precision in their harmonic mean. */
  readonly alpha: number;
  /** Exponent and weight of the penalty for chunks. */
  readonly beta: number;
  readonly gamma: number;
  /** Weight of content words against function words. */
  readonly delta: number;
  /** The modules that are tried, each with what its matches count. */
  readonly weights: Readonly<Partial<Record<Module, number>>>;
  /** Precision and recall count characters instead of words. */
  readonly characters: boolean;
}

function task(description: string, [alpha, beta, gamma, delta]: readonly [number, number, number, number], weights: MeteorTask['weights'], characters = false): MeteorTask {
  return { description, alpha, beta, gamma, delta, weights, characters };
}

/** METEOR 1.5's tasks with its English parameters (Denkowski and Lavie 2014; the jar's constants). */
export const METEOR_TASKS = {
  rank: task('Ranking', [0.85, 0.2, 0.6, 0.75], { exact: 1, stem: 0.6, synonym: 0.8, paraphrase: 0.6 }),
  hter: task('HTER', [0.4, 1.5, 0.35, 0.55], { exact: 1, stem: 0.2, synonym: 0.6, paraphrase: 0.8 }),
  adq: task('Adequacy', [0.75, 1.4, 0.45, 0.7], { exact: 1, stem: 1, synonym: 0.6, paraphrase: 0.8 }),
  util: task('Translator-Utility', [0.65, 0.1, 0.55, 0.65], { exact: 1, stem: 0, synonym: 0, paraphrase: 0.8 }, true),
  li: task('Language-Independent', [0.75, 1.4, 0.7, 0.5], { exact: 1, stem: 0.5, synonym: 0.5, paraphrase: 0.5 }),
  tune: task('Tune', [0.5, 1, 0.5, 0.5], { exact: 1, stem: 0.5, synonym: 0.5, paraphrase: 0.5 }),
  universal: task('Universal', [0.7, 1.4, 0.3, 0.7], { exact: 1, paraphrase: 0.6 }),
} as const satisfies Record<string, MeteorTask>;

export type MeteorTaskName = keyof typeof METEOR_TASKS;
