import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldValue } from '../../src/tracking/where.ts';
import { checkKeys, parseWhere } from '../../src/tracking/where.ts';

const run = new Map<string, FieldValue>([
  ['val_loss', 3.5], ['epochs', 12], ['model.name', 'attention'], ['model.photos.reverse', false], ['data.cnn', null], ['started', '2026-01-31T12:00:00.000Z'],
  ['data.features', ['a.h5', 'b.h5']], ['scores.vist-seq2seq.BLEU-4', 5.25], ['METEOR (lite)', 21], ['name', '2026'], ['notes', ['007', 'true']],
]);
const holds = (text: string): boolean => parseWhere(text).holds(run);

describe('conditions', () => {
  test.each([
    'val_loss < 4', 'val_loss<4', 'val_loss <= 3.5', 'val_loss >= 3.5', 'val_loss > -1e3', 'val_loss = 3.50', 'epochs == 12', 'val_loss != 4',
    'model.name = attention', 'model.name = \'attention\'', 'model.name = "attention"', 'model.name ~ TENT', 'model.photos.reverse = false',
    'data.cnn = null', 'val_loss != null', 'nothing = null', 'started > 2026-01-01', 'data.features = b.h5', 'name = 2026', 'name != 2025', 'name ~ 02', 'notes = 007', 'notes = true', 'not data.cnn ~ u', 'scores.vist-seq2seq.BLEU-4 > 5', '`METEOR (lite)` > 20',
    'val_loss < 4 and model.name = attention', 'val_loss < 1 or epochs = 12', 'not val_loss < 1', 'not (val_loss < 1 or epochs = 1)', 'NOT val_loss < 1 AND epochs = 12',
    // "and" binds more than "or".
    'epochs = 12 or epochs = 1 and val_loss < 1', '(val_loss < 4) and (epochs = 12)',
  ])('%s holds', (text) => expect(holds(text)).toBe(true));

  test.each([
    'val_loss < 3.5', 'val_loss > 3.5', 'model.name = attentio', 'model.name != attention', 'data.cnn < 3', 'nothing > 0', 'model.name = null', 'epochs = \'12\'',
    '(epochs = 12 or epochs = 1) and val_loss < 1', 'not epochs = 12', 'name != 2026', 'name = 2026.0', 'data.cnn ~ null', 'nothing ~ l', 'data.features = c.h5',
  ])('%s does not', (text) => expect(holds(text)).toBe(false));

  test('any nesting of and, or, not gives what JavaScript gives', () => {
    const leaf = fc.boolean().map((value) => ({ text: value ? 'epochs = 12' : 'epochs = 11', js: String(value) }));
    const { tree } = fc.letrec<{ tree: { text: string; js: string } }>((tie) => ({
      tree: fc.oneof({ maxDepth: 5 }, leaf,
        fc.tuple(tie('tree'), tie('tree'), fc.boolean()).map(([a, b, and]) => ({ text: `(${a.text}) ${and ? 'and' : 'or'} (${b.text})`, js: `((${a.js}) ${and ? '&&' : '||'} (${b.js}))` })),
        tie('tree').map((a) => ({ text: `not (${a.text})`, js: `(!(${a.js}))` }))),
    }));
    fc.assert(fc.property(tree, ({ text, js }) => holds(text) === new Function(`return ${js}`)()));
  });
});

describe('mistakes name their place', () => {
  test.each([
    ['', 1, 'it ends where a key is expected'],
    ['val_loss', 9, 'one of = == != ~ < <= > >= is expected after val_loss'],
    ['val_loss <', 11, 'a value is expected after <'],
    ['val_loss < and', 12, 'a value is expected after <'],
    ['val_loss < 4 epochs = 3', 14, 'found epochs where "and", "or" or the end is expected'],
    ['(val_loss < 4', 14, 'a closing bracket is missing'],
    ['val_loss < 4)', 13, 'found )'],
    ['val_loss < 4 and', 17, 'it ends where a key is expected'],
    ['= 4', 1, 'found = where a key is expected'],
    ['model.name = "attention', 14, 'a quotation mark is not closed'],
    ['val_loss ! 4', 10, '! is not understood'],
    ['val_loss < true', 12, '< compares numbers or texts, not true'],
    ['val_loss => 4', 11, 'a value is expected after ='],
  ])('%s', (text, place, what) => {
    expect(() => parseWhere(text)).toThrow(`--where ${JSON.stringify(text)}, character ${place}: `);
    expect(() => parseWhere(text)).toThrow(what);
  });

  test('a number compared with a text', () => {
    expect(() => holds('epochs = 12 and model.name < 4')).toThrow('character 17: model.name is "attention" in one of the runs, which does not compare with 4');
  });

  test('an unknown key, with the nearest', () => {
    const text = 'epochs = 3 or val_los < 4';
    expect(() => checkKeys(text, parseWhere(text), [...run.keys()])).toThrow('character 15: no run has a key val_los: did you mean val_loss?');
    expect(() => checkKeys('name = 3', parseWhere('name = 3'), [...run.keys(), 'config.model.name'].filter((key) => key !== 'name'))).toThrow('no run has a key name: did you mean model.name?');
    expect(() => checkKeys('epochs = 3', parseWhere('epochs = 3'), [...run.keys()])).not.toThrow();
  });
});
