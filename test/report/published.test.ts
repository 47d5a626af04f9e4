import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPublished } from '../../src/report/publishedfile.ts';
import { temporaryFolder } from './runfolders.ts';

const HEAD = 'num_samples,duration,num_epochs,loss,val_loss,num_layers,cell_type,activation,hidden_dimension,learning_rate,gradient_clipping_value,optimizer,loss_history_filename,model_filename,reverse_sequence,notes';

test('model_results.csv of VIST-seq2seq, with its unquoted commas and its ways to say that nothing was measured', async () => {
  const path = join(await temporaryFolder(), 'model_results.csv');
  await writeFile(path, [
    HEAD,
    '200775,13:00:00h,50,1.844,-1,2,gru,tanh,1024,0.0001,5.0,adam,./loss_logs/2018-02-07_13:55:01.csv,./m.h5,False, dropout of 0.5, sending last 3 images',
    '200775,0:36:05h,5,4.19,4.14,1,lstm,tanh,512,0.0001,5.0,adam,./loss_logs/2018-06-20_11-06-43.csv,./m.h5,False,',
    '',
  ].join('\n'));
  const [first, second] = await readPublished(path);
  expect(first).toMatchObject({ source: 'model_results.csv', epochs: 50, seconds: 13 * 3600, trainLoss: 1.844, model: 'GRU 2 x 1024, dropout of 0.5, sending last 3 images', scores: {} });
  expect(first).not.toHaveProperty('validationLoss');
  expect(second).toMatchObject({ seconds: 36 * 60 + 5, validationLoss: 4.14, model: 'LSTM 1 x 512' });
});

test('names that come with Fabula, and what is neither', async () => {
  expect(await readPublished('vist')).toHaveLength(19);
  const folder = await temporaryFolder();
  await expect(readPublished(join(folder, 'vistt'))).rejects.toThrow(/vistt: no such figures, and no such file; --published takes vist-seq2seq, vist, or a CSV file/);
  const other = join(folder, 'other.csv');
  await writeFile(other, 'a,b\n1,2\n');
  await expect(readPublished(other)).rejects.toThrow(/other\.csv: line 1: not VIST-seq2seq's model_results\.csv/);
});
