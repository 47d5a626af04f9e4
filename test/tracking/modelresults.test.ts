import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { formatModelResults, MODEL_RESULT_COLUMNS, readModelResults, readPublishedRuns } from '../../src/tracking/modelresults.ts';
import { RunFolder } from '../../src/tracking/runfolder.ts';
import { readRun } from '../../src/tracking/runrecord.ts';
import { trainSchema } from '../../src/training/config.ts';

const HEAD = 'num_samples,duration,num_epochs,loss,val_loss,num_layers,cell_type,activation,hidden_dimension,learning_rate,gradient_clipping_value,optimizer,loss_history_filename,model_filename,reverse_sequence,notes';
// As VIST-seq2seq's report_writer.py leaves them: commas in notes without quotes, -1 and None for what was not measured.
const ROWS = [
  '200775,47:24:15h,150,0.195949491072,7.784921676,2,gru,tanh,1024,0.0001,5.0,adam,./loss_logs/2018-01-29_00:37:26.csv,./trained_models/2018-01-29_00:37:26-2018-01-31_00:01:42.h5,True, all samples are shuflled on every epoch',
  '200775,30:00:00h,100,0.2139,None,2,gru,tanh,1024,0.0001,5.0,adam,./loss_logs/2018-02-01_16:22:39.csv,./m.h5,False, Added reccurence dropout of 0.2',
  '200775,13:00:00h,50,1.844,-1,2,lstm,tanh,1024,0.0001,5.0,adam,./loss_logs/2018-02-07_13-55-01.csv,./m,False, dropout: input image and before softmax of 0.5, sending last 3 images. Very "good" results',
  '200775,11:12:32h,30,1.01023810202,-1,2,gru,tanh,1024,0.0001,5.0,adam,./loss_logs/2018-02-15_10:48:00.csv,./m.h5,False,',
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-results-'));
});

async function file(lines: readonly string[]): Promise<string> {
  const path = join(folder, 'model_results.csv');
  await writeFile(path, lines.join('\n'));
  return path;
}

test('VIST-seq2seq\'s own file is read, commas in notes and all, and says where each row is from', async () => {
  const rows = await readModelResults(await file([HEAD, ...ROWS, '']));
  expect(rows.map(({ notes }) => notes)).toEqual(['all samples are shuflled on every epoch', 'Added reccurence dropout of 0.2', 'dropout: input image and before softmax of 0.5, sending last 3 images. Very "good" results', '']);
  const runs = await readPublishedRuns(await file([HEAD, ...ROWS]));
  expect(runs[0]).toMatchObject({
    name: '2018-01-29_00:37:26', source: 'model_results.csv, row 1', epochs: 150, loss: 0.195949491072, val_loss: 7.784921676, best_epoch: null, seconds: 170655, started: '2018-01-29T00:37:26',
    config: { model: { photos: { units: 1024, layers: 2, reverse: true }, cell: { type: 'gru' } }, optimizer: { learning_rate: 0.0001, clip_value: 5 } },
  });
  expect(runs.map(({ val_loss, perplexity }) => [val_loss, perplexity === null])).toEqual([[7.784921676, false], [null, true], [null, true], [null, true]]);
  expect(runs[2]).toMatchObject({ started: '2018-02-07T13:55:01', config: { model: { cell: { type: 'lstm' } } } });
});

test('a run written and read again', async () => {
  const config = trainSchema.parse({ data: { train: 'a', validation: 'b', features: 'c' }, model: { cell: { type: 'lstm' }, photos: { units: 64, layers: 2, reverse: true, last: 4 } } });
  const run = await RunFolder.create(folder, 'mine', config, { now: new Date('2026-01-31T12:00:00Z'), data: { 'data.train': { content: 'x', stories: 40155, photos: 5 } } });
  await run.writeHistory([{ epoch: 0, loss: 4.5, val_loss: 4.25 }, { epoch: 1, loss: 4.125, val_loss: 4.375 }]);
  await run.writeJson('result.json', { seconds: 13014.2, stopped: 'all epochs' });
  const unfinished = await RunFolder.create(folder, 'none', config, { now: new Date('2026-01-31T12:00:00Z') });
  const text = formatModelResults([await readRun(run.path), await readRun(unfinished.path)]);
  const [head, line, empty] = text.split('\n');
  expect(head).toBe(HEAD);
  // The losses of the last epoch, not of the best, as report_writer.py has them.
  expect(line).toBe('200775,3:36:54h,2,4.125,4.375,2,lstm,tanh,64,0.001,5,adam,./mine-2026-01-31T12-00-00/history.csv,./mine-2026-01-31T12-00-00/checkpoints/best/weights.safetensors,True,"previous-sentence, k = 4, best epoch 1, finished"');
  expect(empty).toMatch(/^,,0,-1,-1,2,lstm,/);
  await writeFile(join(folder, 'own.csv'), text);
  const [row, other] = await readModelResults(join(folder, 'own.csv'));
  expect(Object.keys(row!)).toEqual([...MODEL_RESULT_COLUMNS]);
  expect(row!.notes).toBe('previous-sentence, k = 4, best epoch 1, finished');
  expect((await readPublishedRuns(join(folder, 'own.csv')))[0]).toMatchObject({ name: 'mine-2026-01-31T12-00-00', started: '2026-01-31T12:00:00', seconds: 13014, source: 'own.csv, row 1' });
  expect(other!.val_loss).toBe('-1');
});

test('files of another kind and cut lines are named', async () => {
  await expect(readModelResults(await file(['a,b', '1,2']))).rejects.toThrow(/model_results\.csv: line 1: not VIST-seq2seq's model_results\.csv, whose columns are num_samples,/);
  await expect(readModelResults(await file([HEAD, ROWS[0]!, ROWS[1]!.slice(0, 60)]))).rejects.toThrow('model_results.csv: line 3: 12 fields where 16 are needed: the file is cut there, or of another kind');
  await expect(readModelResults(await file([HEAD, ROWS[0]!.replace(',150,', ',many,')]))).rejects.toThrow('line 2: num_epochs: expected a number, found "many"');
});
