// Starts a program of the bench in a process of its own and reads the JSON lines it prints.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** For the programs whose libraries take the number of threads from here. */
const threadVariables = (threads) => Object.fromEntries(['OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'].map((name) => [name, String(threads)]));

/**
 * @param contender `{ command, args, read }`; `read` makes objects of what a program printed that is not JSON lines
 * @returns `{ lines, others }` with the cores that others used meanwhile, or `{ error }` with what it complained about
 * last. Each line has `process_s` and `process_cpu_s`, seconds of the whole process and of its threads.
 */
export async function runProgram({ command, args, read = jsonLines }, threads) {
  const busy = busyMeter();
  const begun = performance.now();
  const { code, signal, out, complaint } = await spawned(command, args, { PYTHONDONTWRITEBYTECODE: '1', TF_CPP_MIN_LOG_LEVEL: '3', ...threadVariables(threads) });
  const seconds = (performance.now() - begun) / 1000;
  const { others, own } = busy();
  const lines = code === 0 ? read(out).map((line) => ({ ...line, process_s: seconds, process_cpu_s: own })) : jsonLines(out);
  const failed = lines.find((line) => line.error !== undefined);
  if (failed) return { error: lastLine(failed.error) };
  if (code !== 0) return { error: lastLine(complaint) || `it ended with ${signal ?? `code ${code}`}` };
  return { lines, others };
}

function jsonLines(out) {
  return out.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

/** Whether it ran and ended well. */
export async function succeeds(command, args) {
  return (await spawned(command, args, {}).catch(() => ({ code: 1 }))).code === 0;
}

/** What a program prints. */
export async function printed(command, args) {
  return (await spawned(command, args, {})).out;
}

function spawned(command, args, variables) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...process.env, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, complaint] = [[], []];
    child.stdout.on('data', (data) => out.push(data));
    child.stderr.on('data', (data) => complaint.push(data));
    child.on('error', (error) => resolve({ code: 1, signal: null, out: '', complaint: error.message }));
    child.on('close', (code, signal) => resolve({ code, signal, out: Buffer.concat(out).toString(), complaint: Buffer.concat(complaint).toString() }));
  });
}

/** The line of an error report that says what went wrong: the last that names an error, else the last. */
function lastLine(text) {
  const lines = text.trim().split('\n').map((line) => line.trim()).filter(Boolean);
  return (lines.findLast((line) => /(Error|Exception|error):/.test(line)) ?? lines.at(-1) ?? '').slice(0, 300);
}

/** Ticks of the kernel's clock, a hundredth of a second each wherever Linux runs. */
const TICKS = 100;

/**
 * From now until the function returned is called: `others`, cores that programs other than ours and their children
 * use, what makes a measurement worthless; `own`, seconds of ours and of children that have ended. null where the
 * kernel does not say.
 */
function busyMeter() {
  const read = () => {
    try {
      const [user, nice, system] = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
      // Behind the program's name, which may hold anything: utime, stime and those of children that have ended.
      const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ').slice(11, 15).map(Number);
      return { all: user + nice + system, ours: fields.reduce((a, b) => a + b, 0), at: performance.now() };
    } catch {
      return null;
    }
  };
  const before = read();
  return () => {
    const now = read();
    if (!before || !now) return { others: null, own: null };
    const own = (now.ours - before.ours) / TICKS;
    const cores = ((now.all - before.all) / TICKS - own) / ((now.at - before.at) / 1000);
    return { others: Math.min(availableParallelism(), Math.max(0, Number(cores.toFixed(2)))), own };
  };
}
