/** A share of cases with its interval. */
export interface Proportion {
  readonly correct: number;
  readonly total: number;
  /** 0 to 1; NaN of no cases, as the interval then. */
  readonly accuracy: number;
  /** Wilson's 95 % interval. */
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % point of the normal distribution. */
const Z = 1.959963984540054;

/** A share with Wilson's 95 % score interval (Wilson 1927), which holds its level also near 0 and 1 and of few cases. */
export function proportion(correct: number, total: number): Proportion {
  const share = correct / total;
  const scale = 1 + Z ** 2 / total;
  const centre = (share + Z ** 2 / (2 * total)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / total + Z ** 2 / (4 * total ** 2));
  // Exactly 0 and 1 at the ends, which rounding would miss.
  return { correct, total, accuracy: share, low: correct === 0 && total > 0 ? 0 : centre - half, high: correct === total && total > 0 ? 1 : centre + half };
}
