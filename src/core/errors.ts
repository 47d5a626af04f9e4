/** Something the user can put right: printed as one line, exit code 2. Say what is wrong, where, and what to do. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}

/** Tensors that do not fit together: a mistake in code or in a checkpoint, with the shapes named. */
export class ShapeError extends Error {
  override readonly name: string = 'ShapeError';
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The candidate nearest to `word` by edit distance, or undefined when nothing is near. For "did you mean". */
export function nearestName(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `protocol "vist": did you mean vist-seq2seq? there are ...`. @param what such as `protocol` or `--baseline` */
export function unknownName(what: string, name: string, known: readonly string[]): UserError {
  const near = nearestName(name, known);
  return new UserError(`${what} ${JSON.stringify(name)}: ${near === undefined ? '' : `did you mean ${near}? `}there are ${known.join(', ')}`);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
