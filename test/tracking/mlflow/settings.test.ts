import { expect, test } from 'vitest';
import { mlflowSettings } from '../../../src/tracking/mlflow/settings.ts';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

test('nothing is mirrored without an address', () => {
  expect(mlflowSettings({})).toBeUndefined();
  expect(mlflowSettings({ MLFLOW_TRACKING_URI: ' ', MLFLOW_EXPERIMENT_NAME: 'x' })).toBeUndefined();
});

test('address, experiment and run as MLflow\'s clients read them', () => {
  expect(mlflowSettings({ MLFLOW_TRACKING_URI: 'https://mlflow.example.org/tracking/', MLFLOW_EXPERIMENT_NAME: 'vist', MLFLOW_EXPERIMENT_ID: '3', MLFLOW_RUN_ID: 'ab' }))
    .toEqual({ uri: 'https://mlflow.example.org/tracking', experimentName: 'vist', experimentId: '3', runId: 'ab' });
});

test.each([
  [{ MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 'päss' }, basic('me:päss')],
  [{ MLFLOW_TRACKING_TOKEN: 't' }, 'Bearer t'],
  [{ MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 'p', MLFLOW_TRACKING_TOKEN: 't' }, basic('me:p')],
  [{ MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_TOKEN: 't' }, 'Bearer t'],
  [{ MLFLOW_TRACKING_USERNAME: 'me' }, undefined],
])('credentials %j', (environment, authorization) => {
  expect(mlflowSettings({ MLFLOW_TRACKING_URI: 'http://h:5000', ...environment })!.authorization).toBe(authorization);
});

test('credentials in the address are used, and never kept in it', () => {
  expect(mlflowSettings({ MLFLOW_TRACKING_URI: 'http://me:p%40ss@h:5000/' })).toEqual({ uri: 'http://h:5000', authorization: basic('me:p@ss') });
});

test.each(['sqlite:///mlflow.db', './mlruns', 'databricks', 'postgresql://me:secret@db/mlflow', 'localhost:5000'])('%s is no server', (uri) => {
  expect(() => mlflowSettings({ MLFLOW_TRACKING_URI: uri })).toThrow(/^MLFLOW_TRACKING_URI=.*: runs are mirrored to MLflow servers only: give an address that begins with http:\/\/ or https:\/\/ \(mlflow server starts one\)$/);
  expect(() => mlflowSettings({ MLFLOW_TRACKING_URI: uri })).not.toThrow('secret');
});
