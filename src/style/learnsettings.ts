import { checkConfig } from '../core/config.ts';
import type { RunConfig, TrainingKind } from '../training/task.ts';
import type { LearnConfig } from './learnoptions.ts';
import { imageSentenceTraining } from './training/imagesentencetask.ts';
import { passageTraining } from './training/passagetask.ts';
import { skipThoughtsTraining } from './training/skipthoughtstask.ts';

/** Keys of a training that `learn` sets itself. */
const SET = ['task', 'name', 'runtime'];

/**
 * The settings of the three trainings, defaults filled in, as far as they can be chosen.
 * @throws UserError naming the key that is wrong, with the group it stands in
 */
export function trainingSettings({ encoder, embedding, decoder }: LearnConfig): Record<'encoder' | 'embedding' | 'decoder', object> {
  return {
    encoder: settingsOf(skipThoughtsTraining, 'encoder.settings', encoder.settings, {}, ['sentences', 'captions'], ['direction']),
    embedding: settingsOf(imageSentenceTraining, 'embedding.settings', embedding.settings, { captions: '', features: '' }, ['cnn'], []),
    decoder: settingsOf(passageTraining, 'decoder.settings', decoder.settings, { passages: '', encoder: '' }, [], []),
  };
}

/** @param missing keys of the data that have no default @param data further ones that are set @param model those of the model */
function settingsOf<C extends RunConfig>({ task, schema }: TrainingKind<C>, where: string, settings: Readonly<Record<string, unknown>>, missing: object, data: readonly string[], model: readonly string[]): object {
  const given = settings as { data?: object };
  const config = checkConfig(schema, { name: 'learn', ...settings, task, data: { ...given.data, ...missing } }, where) as unknown as { data: object; model: object };
  return without({ ...config, data: without(config.data, [...Object.keys(missing), ...data]), model: without(config.model, model) }, SET);
}

function without(group: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(group).filter(([key]) => !keys.includes(key)));
}

/** The configuration with the settings of its trainings filled in, for people to read. */
export function resolvedLearnConfig(config: LearnConfig): object {
  const settings = trainingSettings(config);
  return {
    ...config, encoder: { ...config.encoder, settings: settings.encoder }, embedding: { settings: settings.embedding }, decoder: { ...config.decoder, settings: settings.decoder },
  };
}
