import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseNpy, readLayerWeights, readNpy } from '../../src/features/npy.ts';

// {'conv1': [0..5 / 4 as [1, 1, 2, 3], [1, -2, .5]], 'fc6': [0..5 as [2, 3], [7, 8, 9]]} as NumPy writes it.

/** As Python 2 pickles it (protocol 2, byte strings), the form of bvlc_alexnet.npy; NumPy reads it with encoding='latin1'. */
const PYTHON_2 =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgIC' +
  'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqAAmNudW1weS5jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0' +
  'CmNudW1weQpuZGFycmF5CksAhVUBYodSKEsBKWNudW1weQpkdHlwZQpVAk84SwBLAYdSKEsDVQF8Tk5OSv////9K/////0s/dGKJXX0oVQVjb2' +
  '52MV0oY251bXB5LmNvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKY251bXB5Cm5kYXJyYXkKSwCFVQFih1IoSwEoigEBigEBigECigEDdGNu' +
  'dW1weQpkdHlwZQpVAmY0SwBLAYdSKEsDVQE8Tk5OSv////9K/////0sAdGKJVRgAAAAAAACAPgAAAD8AAEA/AACAPwAAoD90YmNudW1weS5jb3' +
  'JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CmNudW1weQpuZGFycmF5CksAhVUBYodSKEsBKIoBA3RjbnVtcHkKZHR5cGUKVQJmNEsASwGHUihL' +
  'A1UBPE5OTkr/////Sv////9LAHRiiVUMAACAPwAAAMAAAAA/dGJlVQNmYzZdKGNudW1weS5jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0Cm' +
  'NudW1weQpuZGFycmF5CksAhVUBYodSKEsBKIoBAooBA3RjbnVtcHkKZHR5cGUKVQJmNEsASwGHUihLA1UBPE5OTkr/////Sv////9LAHRiiVUY' +
  'AAAAAAAAgD8AAABAAABAQAAAgEAAAKBAdGJjbnVtcHkuY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApjbnVtcHkKbmRhcnJheQpLAIVVAW' +
  'KHUihLASiKAQN0Y251bXB5CmR0eXBlClUCZjRLAEsBh1IoSwNVATxOTk5K/////0r/////SwB0YolVDAAA4EAAAABBAAAQQXRiZXVhdGIu';

/** NumPy 2.4, protocol 2: bytes through _codecs.encode; fc6 is column-major, its biases are big-endian float64. */
const PROTOCOL_2 =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgIC' +
  'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqAAmNudW1weS5fY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVj' +
  'dApxAGNudW1weQpuZGFycmF5CnEBSwCFcQJjX2NvZGVjcwplbmNvZGUKcQNYAQAAAGJxBFgGAAAAbGF0aW4xcQWGcQZScQeHcQhScQkoSwEpY2' +
  '51bXB5CmR0eXBlCnEKWAIAAABPOHELiYiHcQxScQ0oSwNYAQAAAHxxDk5OTkr/////Sv////9LP3RxD2KJXXEQfXERKFgFAAAAY29udjFxEl1x' +
  'EyhoAGgBSwCFcRRoB4dxFVJxFihLAShLAUsBSwJLA3RxF2gKWAIAAABmNHEYiYiHcRlScRooSwNYAQAAADxxG05OTkr/////Sv////9LAHRxHG' +
  'KJaANYGwAAAAAAAAAAAMKAPgAAAD8AAEA/AADCgD8AAMKgP3EdaAWGcR5ScR90cSBiaABoAUsAhXEhaAeHcSJScSMoSwFLA4VxJGgaiWgDWA4A' +
  'AAAAAMKAPwAAAMOAAAAAP3ElaAWGcSZScSd0cShiZVgDAAAAZmM2cSldcSooaABoAUsAhXEraAeHcSxScS0oSwFLAksDhnEuaBqIaANYGwAAAA' +
  'AAAAAAAEBAAADCgD8AAMKAQAAAAEAAAMKgQHEvaAWGcTBScTF0cTJiaABoAUsAhXEzaAeHcTRScTUoSwFLA4VxNmgKWAIAAABmOHE3iYiHcThS' +
  'cTkoSwNYAQAAAD5xOk5OTkr/////Sv////9LAHRxO2KJaANYGAAAAEAcAAAAAAAAQCAAAAAAAABAIgAAAAAAAHE8aAWGcT1ScT50cT9iZXVhdH' +
  'FAYi4=';

/** The same with protocol 5. */
const PROTOCOL_5 =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgIC' +
  'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABZXRAQAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSM' +
  'DF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBKWgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE' +
  '5OTkr/////Sv////9LP3SUYoldlH2UKIwFY29udjGUXZQojBNudW1weS5fY29yZS5udW1lcmljlIwLX2Zyb21idWZmZXKUk5QolhgAAAAAAAAA' +
  'AAAAAAAAgD4AAAA/AABAPwAAgD8AAKA/lGgLjAJmNJSJiIeUUpQoSwOMATyUTk5OSv////9K/////0sAdJRiKEsBSwFLAksDdJSMAUOUdJRSlG' +
  'gXKJYMAAAAAAAAAAAAgD8AAADAAAAAP5RoG0sDhZRoH3SUUpRljANmYzaUXZQoaBcolhgAAAAAAAAAAAAAAAAAQEAAAIA/AACAQAAAAEAAAKBA' +
  'lGgbSwJLA4aUjAFGlHSUUpRoFyiWGAAAAAAAAABAHAAAAAAAAEAgAAAAAAAAQCIAAAAAAACUaAuMAmY4lImIh5RSlChLA4wBPpROTk5K/////0' +
  'r/////SwB0lGJLA4WUaB90lFKUZXVhdJRiLg==';

/** np.asfortranarray(np.arange(24, dtype='<f8').reshape(2, 3, 4)) */
const FORTRAN =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgIC' +
  'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAChAAAAAAAAAEEAAAAAAAAAwQAAAAAAA' +
  'ACBAAAAAAAAANEAAAAAAAADwPwAAAAAAACpAAAAAAAAAFEAAAAAAAAAxQAAAAAAAACJAAAAAAAAANUAAAAAAAAAAQAAAAAAAACxAAAAAAAAAGE' +
  'AAAAAAAAAyQAAAAAAAACRAAAAAAAAANkAAAAAAAAAIQAAAAAAAAC5AAAAAAAAAHEAAAAAAAAAzQAAAAAAAACZAAAAAAAAAN0A=';

/** np.arange(5, dtype='>i2') */
const BIG_ENDIAN =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPmkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDUsKSwgfSAgICAgICAgICAgICAgIC' +
  'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAABAAIAAwAE';

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

async function fileOf(content: Uint8Array): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'fabula-npy-')), 'weights.npy');
  await writeFile(path, content);
  return path;
}

test.each([['Python 2', PYTHON_2], ['protocol 2', PROTOCOL_2], ['protocol 5', PROTOCOL_5]])('reads pickled layers: %s', async (_, base64) => {
  const { layers, sha256 } = await readLayerWeights(await fileOf(bytesOf(base64)));
  expect(await sha256).toBe(createHash('sha256').update(bytesOf(base64)).digest('hex'));
  expect([...layers.keys()]).toEqual(['conv1', 'fc6']);
  const [weights, biases] = layers.get('conv1')!;
  expect(weights!.shape).toEqual([1, 1, 2, 3]);
  expect([...weights!.floats()]).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25]);
  expect([...biases!.floats()]).toEqual([1, -2, 0.5]);
  expect(layers.get('fc6')![0]!.shape).toEqual([2, 3]);
  expect([...layers.get('fc6')![0]!.floats()]).toEqual([0, 1, 2, 3, 4, 5]);
  expect([...layers.get('fc6')![1]!.floats()]).toEqual([7, 8, 9]);
});

test('reads plain arrays: column-major and big-endian too', () => {
  const fortran = parseNpy(bytesOf(FORTRAN));
  expect(fortran.shape).toEqual([2, 3, 4]);
  expect([...fortran.data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  expect([...parseNpy(bytesOf(BIG_ENDIAN)).data]).toEqual([0, 1, 2, 3, 4]);
});

test('refuses a pickle that would call anything but NumPy, by name', async () => {
  const header = bytesOf(PYTHON_2).subarray(0, 128);
  const path = await fileOf(Buffer.concat([header, Buffer.from("\x80\x02cos\nsystem\nU\x04true\x85R.", 'latin1')]));
  await expect(readNpy(path)).rejects.toThrow(`${path}: not a NumPy file that can be read: it wants to use Python's os.system`);
});

test('every truncation is one line that names the file', async () => {
  for (const base64 of [PYTHON_2, PROTOCOL_5]) {
    const bytes = bytesOf(base64);
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => parseNpy(bytes.subarray(0, length))).toThrow(/^[^\n]+$/);
    }
  }
  await expect(readNpy(await fileOf(bytesOf(PYTHON_2).subarray(0, 600)))).rejects.toThrow(/weights\.npy: not a NumPy file that can be read: it ends early/);
  await expect(readNpy('/nowhere/weights.npy')).rejects.toThrow('/nowhere/weights.npy: cannot read the NumPy file: no such file');
  await expect(readLayerWeights(await fileOf(bytesOf(FORTRAN)))).rejects.toThrow(/expected a dictionary \{layer: \[weights, biases\]\}/);
});
