import { expect, vi } from 'vitest';
import { runFabula } from '../../src/cli/program.ts';

/** What one command line did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, as `main.ts` does, and catches what it prints and its exit code. */
export async function fabula(...words: string[]): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []];
  const log = vi.spyOn(console, 'log').mockImplementation((...texts: unknown[]) => void out.push(texts.join(' ')));
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await runFabula(words);
    return { code: Number(process.exitCode), stdout: out.join('\n'), stderr: err.join('') };
  } finally {
    process.exitCode = before;
    log.mockRestore();
    write.mockRestore();
  }
}

/** Expects a refusal: this exit code, nothing on standard output, one line on standard error that says all of these. */
export async function expectRefusal(words: readonly string[], says: readonly (string | RegExp)[], code = 2): Promise<void> {
  const outcome = await fabula(...words);
  expect(outcome.stderr).toMatch(/^fabula: [^\n]+\n$/);
  for (const text of says) expect(outcome.stderr).toMatch(text);
  expect([outcome.code, outcome.stdout]).toEqual([code, '']);
}
