/** Adds up the milliseconds spent in methods. */
export class Clock {
  parts = {};
  #begun = performance.now();

  restart() {
    for (const part of Object.keys(this.parts)) this.parts[part] = 0;
    this.#begun = performance.now();
  }

  elapsed() {
    return performance.now() - this.#begun;
  }

  wrap(type, method, part) {
    const original = type.prototype[method];
    const { parts } = this;
    parts[part] = 0;
    type.prototype[method] = function timed(...args) {
      const begun = performance.now();
      const done = () => (parts[part] += performance.now() - begun);
      const result = original.apply(this, args);
      if (typeof result?.then === 'function') return result.then((value) => (done(), value));
      done();
      return result;
    };
  }
}
