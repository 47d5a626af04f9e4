// Numbers that every program of the bench reports, under the names that the peers give them.
import { readFileSync } from 'node:fs';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export const round = (value, digits = 2) => Number(value.toFixed(digits));
export const minimum = (values) => Math.min(...values);

/** Peak of resident memory of this process so far, MiB. The kernel counts in KiB. */
export const peakMemory = () => round(process.resourceUsage().maxRSS / 1024, 1);

export function loadAverage() {
  try {
    return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
  } catch {
    return null;
  }
}

/** Milliseconds of this process's threads since it began. */
export function cpuMilliseconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export const report = (result) => console.log(JSON.stringify(result));

/** `--name value` pairs over their defaults; numbers where the default is one, switches where it is false. */
export function options(defaults, given = process.argv.slice(2)) {
  const values = { ...defaults };
  for (let i = 0; i < given.length; i++) {
    const name = given[i].replace(/^--/, '').replaceAll('-', '_');
    if (!given[i].startsWith('--') || !Object.hasOwn(defaults, name)) throw new Error(`no such option: ${given[i]}; there are --${Object.keys(defaults).join(', --')}`);
    if (typeof defaults[name] === 'boolean') values[name] = true;
    else if (i + 1 === given.length) throw new Error(`${given[i]} needs a value`);
    else values[name] = typeof defaults[name] === 'number' ? numberOf(given[i], given[++i]) : given[++i];
  }
  return values;
}

function numberOf(name, text) {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new Error(`${name} ${text}: give a number`);
  return value;
}
