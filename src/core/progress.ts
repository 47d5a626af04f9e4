/** Tells how far a job is. */
export interface Progress {
  /** @param done units finished so far; @param note a short remark such as the loss. */
  update(done: number, note?: string): void;
  /** Ends the line. */
  finish(note?: string): void;
}

const SILENT: Progress = { update() {}, finish() {} };

/**
 * A progress bar on standard error: name, bar, percentage, time left, remark. It appears after half a second and
 * only on a terminal, so that logs and pipes stay clean.
 * @param from units that were done before: they took no time of this one
 */
export function progressBar(name: string, total: number, stream: NodeJS.WriteStream = process.stderr, from = 0): Progress {
  if (!stream.isTTY || total <= 0) return SILENT;
  const start = performance.now();
  let shown = 0;
  const draw = (done: number, note: string): void => {
    const share = Math.min(1, done / total);
    const seconds = (performance.now() - start) / 1000;
    const left = done > from ? formatSeconds((seconds * Math.max(0, total - done)) / (done - from)) : '?';
    const filled = Math.round(share * 24);
    const bar = '━'.repeat(filled) + '─'.repeat(24 - filled);
    const line = `${name} ${bar} ${Math.round(share * 100)}% ${done}/${total} left ${left} ${note}`;
    stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}`);
  };
  return {
    update(done, note = '') {
      const now = performance.now();
      if (now - start < 500 || now - shown < 100) return;
      shown = now;
      draw(done, note);
    },
    finish(note = '') {
      if (shown === 0) return;
      stream.write(`\r\x1b[K${note ? `${note}\n` : ''}`);
    },
  };
}

/** `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  // Rounded first: 59.7 s are a minute.
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
