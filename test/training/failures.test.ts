import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exists } from '../../src/core/files.ts';
import { writeStories } from '../../src/data/stories.ts';
import { writeHdf5 } from '../../src/io/hdf5.ts';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { SPECIALS, Vocabulary } from '../../src/text/vocabulary.ts';
import { loadCheckpoint } from '../../src/training/checkpoint.ts';
import { train } from '../../src/training/run.ts';
import { expectRefusal, fabula } from '../cli/fabula.ts';
import { randomStories, STEPS } from '../models/storybatch.ts';
import type { TinyRun } from './tinyrun.ts';
import { copyRun, hashes, TINY_INFO, tinyRun, writeTinyFeatures } from './tinyrun.ts';

let tiny: TinyRun;
/** A run stopped within its second epoch. */
let stopped: string;
const at = (name: string): string => join(tiny.folder, name);

beforeAll(async () => {
  tiny = await tinyRun();
  const controller = new AbortController();
  const onStep = ({ epoch, batch }: { epoch: number; batch: number }): void => { if (epoch === 2 && batch === 3) controller.abort(); };
  stopped = (await train({ config: tiny.config, runs: at('runs'), signal: controller.signal, events: () => ({ onStep }) })).folder;
});

/** Stories like the run's, with other words. */
async function writeOtherStories(path: string): Promise<void> {
  const set = randomStories(40, 'train');
  await writeStories(path, { ...set, vocabulary: new Vocabulary([...SPECIALS, ...set.vocabulary.words.slice(4).map((word) => `${word}x`)]) });
}

describe('a new run is refused before anything is written', () => {
  const refused = async (says: readonly (string | RegExp)[], ...sets: string[]): Promise<void> => {
    const runs = at('refused');
    await expectRefusal(['train', tiny.file, '--runs', runs, ...sets.flatMap((set) => ['--set', set])], says);
    expect(await exists(runs)).toBe(false);
  };

  test('configuration: unknown keys name the nearest, wrong values name the key', async () => {
    await refused(['tiny.yaml: optimizer.learning_rat: there is no such key: did you mean optimizer.learning_rate?'], 'optimizer.learning_rat=1');
    await refused(['optimiser: there is no such key: did you mean optimizer?'], 'optimiser.learning_rate=1');
    await refused(['tiny.yaml: training.epochs: expected a number, found "many"'], 'training.epochs=many');
    await refused([/tiny\.yaml: model\.dropout\.words: .*0\.95, found 1\.5/], 'model.dropout.words=1.5');
    await refused([/tiny\.yaml: model\.name: .*"encoder-decoder"\|"previous-sentence"\|"attention", found "transformer"/], 'model.name=transformer');
    await refused(['tiny.yaml: data: expected a group of keys, found 3'], 'data=3');
    await refused(['--set epochs: write it as key=value'], 'epochs');
    await writeFile(at('broken.yaml'), 'model: [1\n');
    await expectRefusal(['train', at('broken.yaml')], [/broken\.yaml: not valid YAML: .* line \d/]);
    await writeFile(at('empty.yaml'), '');
    await expectRefusal(['train', at('empty.yaml')], ['empty.yaml: data: missing; a group of keys is needed']);
  });

  test('sizes that must agree', async () => {
    await refused([/model\.previous\.units: attention compares states, so it must equal model\.photos\.units \(6\), not 5/], 'model.name=attention');
    await refused([/model\.previous\.encoder: attention needs the states of an rnn/], 'model.name=attention', 'model.previous.encoder=cnn');
  });

  test('files missing, cut short, or of another kind', async () => {
    await refused([/no\.h5: cannot read HDF5 file: no such file/], `data.train=${at('no.h5')}`);
    for (const name of ['train', 'features']) {
      await cp(at(`${name}.h5`), at('cut.h5'));
      await truncate(at('cut.h5'), Math.floor((await readFile(at('cut.h5'))).length / 2));
      await refused([/cut\.h5: the HDF5 file is truncated or damaged \(\d+ of \d+ bytes\)/], `data.${name}=${at('cut.h5')}`);
    }
    await refused([/tiny\.yaml: not an HDF5 file/], `data.features=${tiny.file}`);
    await refused([/features\.h5: .*(vocabulary|story_sentences)/], `data.train=${at('features.h5')}`);
    await refused([/train\.h5: .*embeddings/], `data.features=${at('train.h5')}`);
    await refused([/data\.cnn: .*none\.onnx: no such file/], `data.cnn=${at('none.onnx')}`);
    await refused([/data\.cnn: .*tiny\.yaml is not the CNN that made .*features\.h5/], `data.cnn=${tiny.file}`);
  });

  test('features with NaN, of some photos only, of two CNNs', async () => {
    const ids = randomStories(40, 'train').imageIds.flat();
    const values = new Float32Array(ids.length * 7).fill(1);
    values[7 * 12 + 4] = NaN;
    await writeHdf5(at('nan.h5'), (file) => {
      file.strings('image_ids', ids);
      file.numbers('embeddings', values, [ids.length, 7]);
    });
    await refused([/nan\.h5: the features of photo 2\.2 hold NaN at place 4/], `data.features=${at('nan.h5')}`);
    await writeHdf5(at('few.h5'), (file) => {
      file.strings('image_ids', ids.slice(0, 10));
      file.numbers('embeddings', values.slice(0, 70), [10, 7]);
    });
    await refused([/few\.h5: no features for photo 2\.0 of story 2 \(38 of 40 stories lack some\)/], `data.features=${at('few.h5')}`);
    await writeTinyFeatures(at('other.h5'), { ...TINY_INFO, weightsSha256: 'cd' });
    await refused([/other\.h5: its features were not made as those in .*features\.h5/], `data.features=[${at('features.h5')}, ${at('other.h5')}]`);
  });

  test('validation prepared with another vocabulary', async () => {
    await writeOtherStories(at('foreign.h5'));
    await refused([/data\.validation: .*foreign\.h5 was prepared with another vocabulary or sentence length than .*train\.h5; prepare both together/], `data.validation=${at('foreign.h5')}`);
  });
});

describe('a loss that is no number', () => {
  test('one line, exit code 1, and the checkpoint from before stays', async () => {
    const words = ['train', tiny.file, '--runs', at('exploded'), '--set', 'optimizer.learning_rate=3e38', '--set', 'optimizer.schedule.kind=constant', '--set', 'optimizer.schedule.warmup=0', '--json'];
    await expectRefusal(words, [/training stopped in epoch 1, step \d+: the loss is (NaN|Infinity); lower optimizer\.learning_rate or set optimizer\.clip_norm; no checkpoint was written yet/], 1);
  });

  test('in a resumed run: the line names where earlier weights are, and they are as they were', async () => {
    const run = await copyRun(stopped);
    const config = JSON.parse(await readFile(join(run, 'config.json'), 'utf8')) as { optimizer: { learning_rate: number } };
    config.optimizer.learning_rate = 3e38;
    await writeFile(join(run, 'config.json'), JSON.stringify(config));
    const before = await hashes(join(run, 'checkpoints'));
    await expectRefusal(['train', '--resume', run, '--json'], [/training stopped in epoch 2, step 1\d: the loss is NaN; .*run\/checkpoints holds earlier weights/], 1);
    expect(await hashes(join(run, 'checkpoints'))).toEqual(before);
    expect((await loadCheckpoint(run, 'last')).state.step).toBe(11);
    // The losses on the way there are kept.
    const steps = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trim().split('\n').map((line) => (JSON.parse(line) as { step: number }).step);
    expect(steps.at(-1)).toBeGreaterThan(11);
  });
});

/** Harms a copy of the stopped run, expects each command to refuse it, and nothing in it to change. */
async function refusedRun(harm: (run: string) => Promise<void>, says: readonly (string | RegExp)[], commands: readonly ('resume' | 'tell' | 'generate')[] = ['resume']): Promise<void> {
  const run = await copyRun(stopped);
  await harm(run);
  const before = await hashes(run);
  const words = {
    resume: ['train', '--resume', run],
    tell: ['tell', 'a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg', '-c', run],
    generate: ['generate', at('val.h5'), '-c', run, '--features', at('features.h5'), '-o', at('never.jsonl')],
  };
  for (const command of commands) await expectRefusal(words[command], says);
  expect(await hashes(run)).toEqual(before);
  expect(await exists(at('never.jsonl'))).toBe(false);
}

/** Changes one key of a JSON file in the run. */
async function editJson(run: string, name: string, edit: (content: Record<string, object>) => unknown): Promise<void> {
  await writeFile(join(run, name), JSON.stringify(edit(JSON.parse(await readFile(join(run, name), 'utf8')) as Record<string, object>)));
}

/** Points the run at other data. */
const withData = (name: string, path: string) => (run: string): Promise<void> =>
  editJson(run, 'config.json', (config) => ({ ...config, data: { ...(config['data'] as object), [name]: path } }));

describe('a checkpoint that does not fit is refused and left as it is', () => {
  test('features of another CNN, of another width', async () => {
    await writeTinyFeatures(at('cnn2.h5'), { ...TINY_INFO, weightsSha256: 'cd' });
    await writeTinyFeatures(at('narrow.h5'), TINY_INFO, 6);
    const says = [/cnn2\.h5: features of another CNN, layer or preprocessing than those of the checkpoint .*\(onnx, vector\); extract them with the same/];
    await refusedRun(withData('features', at('cnn2.h5')), says);
    await refusedRun(withData('features', at('narrow.h5')), [/narrow\.h5: features of 6 numbers, but the checkpoint .* was trained on 7/]);
    for (const [file, text] of [['cnn2.h5', /cnn2\.h5: features of another CNN/], ['narrow.h5', /narrow\.h5: features of 6 numbers/]] as const) {
      await expectRefusal(['generate', at('val.h5'), '-c', stopped, '--features', at(file), '-o', at('never.jsonl')], [text]);
    }
    expect(await exists(at('never.jsonl'))).toBe(false);
  });

  test('stories with another vocabulary, or another sentence length', async () => {
    await writeOtherStories(at('renamed.h5'));
    const both = async (run: string): Promise<void> => {
      await withData('train', at('renamed.h5'))(run);
      await withData('validation', at('renamed.h5'))(run);
    };
    await refusedRun(both, [/the stories have another vocabulary \(12 words\) than the checkpoint \(12\); prepare them with --vocabulary .*vocabulary\.json/]);
    const set = randomStories(40, 'train');
    const longer = new Int32Array(40 * 5 * (STEPS + 2));
    for (let i = 0; i < 200; i++) longer.set(set.sentences.subarray(i * STEPS, (i + 1) * STEPS), i * (STEPS + 2));
    await writeStories(at('longer.h5'), { ...set, steps: STEPS + 2, sentences: longer });
    const longerBoth = async (run: string): Promise<void> => {
      await withData('train', at('longer.h5'))(run);
      await withData('validation', at('longer.h5'))(run);
    };
    await refusedRun(longerBoth, [/sentences of 11 ids, the checkpoint was trained on 9; prepare them with --max-words 7/]);
  });

  test('its vocabulary exchanged, cut or of another shape', async () => {
    const exchange = async (run: string): Promise<void> => {
      for (const which of ['best', 'last']) {
        await new Vocabulary([...SPECIALS, ...'abcdefgh']).save(join(run, 'checkpoints', which, 'vocabulary.json'));
      }
    };
    await refusedRun(exchange, [/vocabulary\.json: not the vocabulary this checkpoint was trained with/], ['resume', 'tell', 'generate']);
    await refusedRun((run) => truncate(join(run, 'checkpoints/last/vocabulary.json'), 50), [/last\/vocabulary\.json: vocabulary is not valid JSON/]);
    await refusedRun((run) => editJson(run, 'checkpoints/last/vocabulary.json', () => ({ words: [] })), [/vocabulary\.json: idx_to_words: expected a list of words/]);
  });

  test('weights cut, missing, or of another model', async () => {
    const weights = 'checkpoints/last/weights.safetensors';
    await refusedRun((run) => truncate(join(run, weights), 2000), [/last\/weights\.safetensors: truncated in tensor \S+: 2000 bytes, at least \d+ are needed/]);
    await refusedRun((run) => truncate(join(run, 'checkpoints/best/weights.safetensors'), 4), [/best\/weights\.safetensors: not a safetensors file/], ['tell', 'generate']);
    await refusedRun((run) => rm(join(run, weights)), [/last: no checkpoint here/]);
    const rename = async (run: string): Promise<void> => {
      const { tensors } = await readSafetensors(join(run, weights));
      await writeSafetensors(join(run, weights), new Map([...tensors].map(([name, tensor]) => [name.replace('decoder', 'other'), tensor])));
    };
    await refusedRun(rename, [/weights\.safetensors: tensor decoder\.0\.input is missing: the file belongs to another model/]);
    const wider = (run: string): Promise<void> => editJson(run, 'checkpoints/last/config.json', (head) => {
      const model = head['model'] as { photos: object };
      return { ...head, model: { ...model, photos: { ...model.photos, units: 8 } } };
    });
    await refusedRun(wider, [/weights\.safetensors: tensor photos\.0\.input has shape \[7, 18\] where \[7, 24\] is needed: the file belongs to another model/]);
  });

  test('the run\'s configuration asks for another model or optimiser than its checkpoint', async () => {
    const model = (run: string): Promise<void> => editJson(run, 'config.json', (config) => ({ ...config, model: { ...(config['model'] as object), cell: { type: 'lstm' } } }));
    await refusedRun(model, [/run\/config\.json: model\.cell\.type: another than the checkpoint was trained with/]);
    const optimizer = (run: string): Promise<void> => editJson(run, 'config.json', (config) => ({ ...config, optimizer: { name: 'adadelta' } }));
    await refusedRun(optimizer, [/run\/config\.json: optimizer\.name: adadelta, but the checkpoint holds the state of adam/]);
  });

  test('optimiser state missing or cut', async () => {
    await refusedRun((run) => rm(join(run, 'checkpoints/last/optimizer.safetensors')), [/last\/optimizer\.safetensors: cannot read .*no such file/]);
    await refusedRun((run) => truncate(join(run, 'checkpoints/last/optimizer.safetensors'), 3000), [/last\/optimizer\.safetensors: truncated in tensor/]);
  });

  test('JSON of another shape names the field', async () => {
    await refusedRun((run) => editJson(run, 'checkpoints/last/state.json', (state) => ({ ...state, step: 'eleven' })), [/last\/state\.json: step: expected a number, found "eleven"/]);
    await refusedRun((run) => editJson(run, 'checkpoints/last/state.json', (state) => ({ ...state, history: [{ epoch: 0, loss: null, val_loss: 1 }] })), [/state\.json: history\.0\.loss: expected a number, found null/]);
    await refusedRun((run) => editJson(run, 'checkpoints/last/config.json', (head) => ({ ...head, version: 2 })), [/last\/config\.json: version: /]);
    await refusedRun((run) => editJson(run, 'config.json', (config) => ({ ...config, trainin: {} })), [/run\/config\.json: trainin: there is no such key: did you mean training\?/]);
    await refusedRun((run) => truncate(join(run, 'config.json'), 40), [/run\/config\.json: the configuration of the run is not valid JSON/]);
    await refusedRun((run) => rm(join(run, 'config.json')), [/run: not a run folder: it has no config\.json/]);
  });

  test('a folder that is no run', async () => {
    await expectRefusal(['train', '--resume', at('nowhere')], [/nowhere: not a run folder/]);
    await expectRefusal(['train', tiny.file, '--resume', stopped], ['--resume continues a run with its own configuration']);
    await expectRefusal(['generate', at('val.h5'), '-c', at('nowhere'), '--features', at('features.h5'), '-o', at('never.jsonl')], [/nowhere: no checkpoint here/]);
  });
});

test('a run that was refused goes on once things are right again', async () => {
  const run = await copyRun(stopped);
  const moved = join(run, 'weights');
  await cp(join(run, 'checkpoints/last/optimizer.safetensors'), moved);
  await rm(join(run, 'checkpoints/last/optimizer.safetensors'));
  await expectRefusal(['train', '--resume', run], [/optimizer\.safetensors/]);
  await cp(moved, join(run, 'checkpoints/last/optimizer.safetensors'));
  const { code, stdout } = await fabula('train', '--resume', run, '--json');
  expect([code, (JSON.parse(stdout) as { steps: number }).steps]).toEqual([0, 24]);
});
