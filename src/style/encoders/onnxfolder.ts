import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { exists, readJson, systemReason } from '../../core/files.ts';
import { checkShape } from '../../data/schema.ts';
import { POOLINGS } from './pooling.ts';
import type { Pooling } from './pooling.ts';
import { TOKENIZER_FILES } from './subwords.ts';

/** Files of a pretrained sentence encoder, as sentence-transformers and the exporters of ONNX lay them out. */
export interface EncoderFiles {
  readonly model: string;
  readonly tokenizer: string;
  /** Where the settings lie: with the tokenizer. */
  readonly folder: string;
}

/** How an encoder is used; undefined where nothing says. */
export interface EncoderSettings {
  readonly pooling?: Pooling | undefined;
  readonly normalise?: boolean | undefined;
  /** The most tokens of a sentence. */
  readonly maxLength?: number | undefined;
  /** Texts are put in lower case before they are split. */
  readonly lowerCase?: boolean | undefined;
}

/** What the files in a folder say. */
export interface FoundSettings extends EncoderSettings {
  /** Places that the model has learnt a vector for. */
  readonly places?: number | undefined;
}

/**
 * Finds model and tokenizer.
 * @param path an `.onnx` file, or a folder with one: `model.onnx`, `onnx/model.onnx`, or the only one there
 * @param tokenizer file given by the user; without it, `tokenizer.json` or `vocab.txt` beside the model, or above `onnx/`
 * @throws UserError when there is none, or several models
 */
export async function findEncoderFiles(path: string, tokenizer?: string): Promise<EncoderFiles> {
  const info = await stat(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read the sentence encoder: ${systemReason(error)}`);
  });
  const model = info.isDirectory() ? await findModel(path) : path;
  if (tokenizer !== undefined) return { model, tokenizer, folder: dirname(tokenizer) };
  const beside = dirname(model);
  const folders = basename(beside) === 'onnx' ? [beside, dirname(beside)] : [beside];
  for (const folder of folders) {
    for (const name of TOKENIZER_FILES) if (await exists(join(folder, name))) return { model, tokenizer: join(folder, name), folder };
  }
  throw new UserError(`${folders.at(-1)}: there is no ${TOKENIZER_FILES.join(' or ')}: put the one that came with ${basename(model)} beside it`);
}

async function findModel(folder: string): Promise<string> {
  const usual = [join(folder, 'model.onnx'), join(folder, 'onnx', 'model.onnx')];
  for (const path of usual) if (await exists(path)) return path;
  const inside = join(folder, 'onnx');
  const found = [...await onnxFiles(folder), ...((await exists(inside)) ? await onnxFiles(inside) : [])];
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw new UserError(`${folder}: it has ${found.length} ONNX models and none is called model.onnx: name one, such as ${found[0]}`);
  throw new UserError(`${folder}: there is no ONNX model: expected model.onnx or onnx/model.onnx; export the encoder as ONNX first`);
}

async function onnxFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.onnx')).sort().map((name) => join(folder, name));
}

const Modules = z.array(z.looseObject({ type: z.string(), path: z.string() }));
const SentenceConfig = z.looseObject({ max_seq_length: z.number().int().positive().nullish(), do_lower_case: z.boolean().nullish() });
const ModelConfig = z.looseObject({ max_position_embeddings: z.number().int().nullish() });
const PoolingConfig = z.looseObject({ pooling_mode: z.union([z.string(), z.array(z.string())]).nullish() });

/** Parts of sentence-transformers that are done here, or in the ONNX model. */
const KNOWN_PARTS = ['Transformer', 'Pooling', 'Normalize'];

/**
 * Reads what sentence-transformers writes beside a model: `modules.json`, the pooling's `config.json`,
 * `sentence_bert_config.json`, `config.json`. Any may be missing.
 * @param pooled the model gives one vector a sentence, so that its pooling and what follows lie within
 * @throws UserError when a file has another shape, or asks for what is not done here
 */
export async function readEncoderSettings(folder: string, pooled: boolean): Promise<FoundSettings> {
  const modulesPath = join(folder, 'modules.json');
  const listed = await optional(Modules, modulesPath, 'the parts of a sentence encoder');
  const modules = listed?.map(({ type, path }) => ({ kind: type.split('.').at(-1)!, path }));
  const strange = modules?.find(({ kind }) => !KNOWN_PARTS.includes(kind));
  if (strange !== undefined && !pooled) {
    throw new UserError(`${modulesPath}: its part ${strange.kind} is not in the ONNX model, which ends before it: export the whole encoder, with an output sentence_embedding`);
  }
  const poolingPath = join(folder, modules?.find(({ kind }) => kind === 'Pooling')?.path ?? '1_Pooling', 'config.json');
  const transformer = join(folder, modules?.find(({ kind }) => kind === 'Transformer')?.path ?? '');
  const sentence = await sentenceConfig(transformer);
  const model = await optional(ModelConfig, join(transformer, 'config.json'), 'the settings of a model');
  return {
    pooling: pooled ? undefined : await readPooling(poolingPath),
    normalise: modules?.some(({ kind }) => kind === 'Normalize'),
    maxLength: sentence?.max_seq_length ?? undefined,
    // Models without such a limit write -1.
    places: (model?.max_position_embeddings ?? 0) > 0 ? model!.max_position_embeddings! : undefined,
    lowerCase: sentence?.do_lower_case ?? undefined,
  };
}

/** `sentence_bert_config.json`, or the same by another model's name. */
async function sentenceConfig(folder: string): Promise<z.infer<typeof SentenceConfig> | undefined> {
  const names = (await exists(folder)) ? await readdir(folder) : [];
  const name = names.sort().find((name) => /^sentence_[\w-]+_config\.json$/.test(name));
  return name === undefined ? undefined : optional(SentenceConfig, join(folder, name), 'the settings of a sentence encoder');
}

/** Older files have a switch for each kind of pooling, newer ones the names of those that are on. */
async function readPooling(path: string): Promise<Pooling | undefined> {
  const config = await optional(PoolingConfig, path, 'the pooling of a sentence encoder');
  if (config === undefined) return undefined;
  const switches = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  const modes = [config.pooling_mode ?? switches.map((key) => key.replace(/^pooling_mode_/, '').replace(/_tokens?$/, ''))].flat();
  const pooling = POOLINGS.find((name) => name === (modes[0] ?? 'mean'));
  if (modes.length > 1 || pooling === undefined) {
    throw new UserError(`${path}: pooling ${modes.join(' + ')} is not done here, only ${POOLINGS.join(', ')}: export the encoder with its pooling, as an output sentence_embedding`);
  }
  return pooling;
}

async function optional<T>(schema: z.ZodType<T>, path: string, what: string): Promise<T | undefined> {
  return (await exists(path)) ? checkShape(schema, await readJson(path, what), path) : undefined;
}
