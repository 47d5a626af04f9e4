// A headless Chromium, spoken to through a pipe (Chrome DevTools Protocol): no package and no open port is needed.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The browser's command: $CHROMIUM, or what is installed; undefined when there is none. */
export function findChromium() {
  const names = [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].filter(Boolean);
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** A page to look at: `send` gives a command, `on` hears events, `evaluate` runs an expression in it. */
export async function openPage(command) {
  const profile = mkdtempSync(join(tmpdir(), 'fabula-chromium-'));
  // Root, as in most containers, may not use the sandbox.
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-extensions', '--disable-background-networking', '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'];
  const browser = spawn(command, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const waiting = new Map();
  const listeners = [];
  let id = 0;
  let buffer = '';
  browser.stdio[4].setEncoding('utf8').on('data', (text) => {
    const parts = (buffer + text).split('\0');
    buffer = parts.pop();
    for (const part of parts) {
      const message = JSON.parse(part);
      if (message.id === undefined) for (const [method, listen] of listeners) method === message.method && listen(message.params);
      else {
        const { resolve, reject, method } = waiting.get(message.id);
        waiting.delete(message.id);
        message.error ? reject(new Error(`${method}: ${message.error.message}`)) : resolve(message.result);
      }
    }
  });
  browser.on('exit', (code) => waiting.forEach(({ reject, method }) => reject(new Error(`${method}: the browser ended (${code})`))));
  const command_ = (method, params, sessionId) => new Promise((resolve, reject) => {
    waiting.set(++id, { resolve, reject, method });
    browser.stdio[3].write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
  });
  const { targetId } = await command_('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await command_('Target.attachToTarget', { targetId, flatten: true });
  const send = (method, params = {}) => command_(method, params, sessionId);
  const on = (method, listen) => listeners.push([method, listen]);
  for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await send(`${domain}.enable`);
  return {
    send, on,
    async open(url) {
      const loaded = new Promise((resolve) => listeners.push(['Page.loadEventFired', resolve]));
      await send('Page.navigate', { url });
      await loaded;
    },
    async evaluate(expression) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    },
    async key(key) {
      for (const type of ['keyDown', 'keyUp']) await send('Input.dispatchKeyEvent', { type, key, code: key });
    },
    async close() {
      browser.kill();
      await new Promise((resolve) => (browser.exitCode === null && browser.signalCode === null ? browser.on('exit', resolve) : resolve()));
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
