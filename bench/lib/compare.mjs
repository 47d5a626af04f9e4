// Contenders one after the other, round after round, and what the rounds say.
import { median, round } from './measure.mjs';
import { runProgram } from './programs.mjs';

/** Cores used by other programs from which on a measurement says little: programs that spin suffer most. */
const BUSY = 0.15;

/**
 * Runs every contender once a round. Each round begins with another, so that none always runs on a machine that the
 * same one has warmed up.
 * @param contenders `{ key, title, command, args }`
 * @returns runs by key: arrays of JSON lines a round; a contender that fails leaves the run with one line saying why;
 * others: cores that other programs used meanwhile
 */
export async function alternate(contenders, { rounds, threads, say, label, figure }) {
  const runs = Object.fromEntries(contenders.map(({ key }) => [key, []]));
  const failures = {};
  const busy = [];
  for (let r = 0; r < rounds; r++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + r) % contenders.length];
      if (failures[contender.key]) continue;
      const { lines, error, others } = await runProgram(contender, threads);
      if (error || lines.length === 0) {
        failures[contender.key] = error ?? 'it printed nothing';
        say(`${label}: ${contender.title} left out: ${failures[contender.key]}`);
        continue;
      }
      runs[contender.key].push(lines);
      busy.push(others ?? 0);
      say(`${label}, round ${r + 1}/${rounds}: ${contender.title}: ${figure(lines)}${others > BUSY ? `; DISTURBED: other programs used ${others} cores` : ''}`);
    }
  }
  for (const key of Object.keys(failures)) delete runs[key];
  return { runs, failures, others: { median: median(busy), max: Math.max(...busy) } };
}

/** One line about what else ran, for below a table. @param all the `others` of the comparisons in it */
export function disturbance(all) {
  const most = Math.max(...all.map(({ max }) => max));
  if (most <= BUSY) return 'Nothing else ran meanwhile.';
  return `**Disturbed**: other programs used up to ${most.toFixed(2)} cores meanwhile (typically ${median(all.map(({ median: middle }) => middle)).toFixed(2)}): run again on a quiet machine.`;
}

/** Ratio ours / theirs in each round: its median, least and greatest. */
export function ratios(ours, theirs) {
  const values = ours.slice(0, theirs.length).map((value, i) => value / theirs[i]);
  return { median: round(median(values), 3), min: round(Math.min(...values), 3), max: round(Math.max(...values), 3) };
}

export const spread = ({ median: middle, min, max }) => `${middle.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`;
