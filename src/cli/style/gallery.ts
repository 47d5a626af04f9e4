import { readFile, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { messageOf, UserError } from '../../core/errors.ts';
import { exists, sha256, systemReason, writeFileAtomic } from '../../core/files.ts';
import { progressBar } from '../../core/progress.ts';
import type { StyleGalleryItem } from '../../report/stylegallery.ts';
import type { PassageRecord } from '../../style/passagefile.ts';
import { requireWhole, writeOutput } from '../options.ts';

interface GalleryArguments {
  passages: string[];
  out: string;
  photos: string[];
  title: string;
  captions: number;
  size: number;
  json: boolean;
}

export const command: CommandModule<object, GalleryArguments> = {
  command: 'gallery <passages..>',
  describe: 'Make a page to keep, reject and order passages on',
  builder: (yargs) => yargs
    .positional('passages', { type: 'string', array: true, demandOption: true, describe: 'files of passages that fabula style tell has written, or a choice that a gallery has exported' })
    .options({
      out: { type: 'string', alias: 'o', demandOption: true, requiresArg: true, describe: 'folder for the page and its photos; a name that ends in .html makes one file with the photos inside' },
      photos: { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'folder to look for the photos in, where their paths do not lead to them; repeat for several' },
      title: { type: 'string', default: 'Passages', requiresArg: true, describe: 'of the page' },
      captions: { type: 'number', default: 5, describe: 'captions shown below a passage' },
      size: { type: 'number', default: 320, describe: 'pixels of the longer side of a photo' },
      json: { type: 'boolean', default: false, describe: 'print what was made as JSON' },
    })
    .example('$0 style gallery passages.jsonl --out gallery/', 'then open gallery/index.html')
    .example('$0 style gallery romance.jsonl lyrics.jsonl --out best.html --size 200', 'two styles in one file')
    .epilogue('Made again in the same place, it keeps what was decided in the browser. The exported choice goes to fabula style choose.') as never,
  handler: async (args) => {
    requireWhole('captions', args.captions, 0);
    requireWhole('size', args.size, 16);
    const made = await makeStyleGallery(args);
    if (args.json) return console.log(JSON.stringify(made));
    const lost = made.missing.length;
    console.log([
      `${made.page}: ${made.passages} ${made.passages === 1 ? 'passage' : 'passages'}${made.untold === 0 ? '' : `, ${made.untold} ${made.untold === 1 ? 'photo' : 'photos'} without one`}`,
      ...(lost === 0 ? [] : [`${lost} ${lost === 1 ? 'photo is' : 'photos are'} not shown; the first: ${made.missing[0]!}`]),
    ].join('\n'));
  },
};

export interface StyleGalleryJob {
  readonly passages: readonly string[];
  readonly out: string;
  readonly photos?: readonly string[];
  readonly title?: string;
  /** Captions shown below a passage. */
  readonly captions?: number;
  /** Pixels of the longer side of a photo. */
  readonly size?: number;
}

export interface StyleGalleryMade {
  /** Path of the page. */
  readonly page: string;
  readonly passages: number;
  /** Photos for which none could be generated. */
  readonly untold: number;
  /** Why a photo is not shown. */
  readonly missing: readonly string[];
}

/** Writes the page and its thumbnails; those that are there already are not made again. @throws UserError */
export async function makeStyleGallery({ passages, out, photos = [], title = 'Passages', captions = 5, size = 320 }: StyleGalleryJob): Promise<StyleGalleryMade> {
  const { styleGalleryPage } = await import('../../report/stylegallery.ts');
  const single = /\.html?$/i.test(out);
  const page = single ? out : join(out, 'index.html');
  await checkPage(page);
  const records = await readAll(passages);
  const missing: string[] = [];
  const thumbnails = await makeThumbnails(records, photos, { size, folder: single ? null : out, onMissing: (why) => missing.push(why) });
  const items = records.map(({ record }, i): StyleGalleryItem => ({ ...record, captions: record.captions.slice(0, captions), thumbnail: thumbnails[i]! }));
  await writeOutput(page, styleGalleryPage({ title, items, key: sha256(resolve(page)).slice(0, 12) }));
  const untold = items.filter(({ passage }) => passage === null).length;
  return { page, passages: items.length - untold, untold, missing };
}

/** A page of somebody else is not overwritten. */
async function checkPage(page: string): Promise<void> {
  const before = await readFile(page, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new UserError(`${page}: cannot be written: ${systemReason(error)}`);
  });
  if (before !== null && !before.includes('data-key="fabula-gallery-')) throw new UserError(`${page}: is there already and is no gallery: name another place with --out`);
}

interface FoundRecord {
  readonly record: PassageRecord;
  /** The file it is from. */
  readonly file: string;
}

async function readAll(files: readonly string[]): Promise<FoundRecord[]> {
  const { readPassages } = await import('../../style/passagefile.ts');
  const records: FoundRecord[] = [];
  const seen = new Map<string, string>();
  for (const file of files) {
    for (const { record } of await readPassages(file)) {
      const key = JSON.stringify([record.id, record.style, record.passage]);
      const earlier = seen.get(key);
      if (earlier !== undefined) throw new UserError(`${file}: photo ${record.id}: the same passage stands in ${earlier} already; give one of the two`);
      seen.set(key, file);
      records.push({ record, file });
    }
  }
  return records;
}

interface ThumbnailOptions {
  readonly size: number;
  /** Where thumbs/ goes; null for data: URLs. */
  readonly folder: string | null;
  readonly onMissing: (why: string) => void;
}

/** @returns one a record; null where the photo cannot be shown */
async function makeThumbnails(records: readonly FoundRecord[], photos: readonly string[], { size, folder, onMissing }: ThumbnailOptions): Promise<(string | null)[]> {
  const made: (string | null)[] = Array.from(records, () => null);
  // A photo told in several styles is made small once.
  const known = new Map<string, Promise<string>>();
  const bar = progressBar('photos', records.length);
  let [next, done] = [0, 0];
  const worker = async (): Promise<void> => {
    for (let i = next++; i < records.length; i = next++) {
      const { record, file } = records[i]!;
      try {
        const path = await findPhoto(record.image, file, photos);
        const thumbnail = known.get(path) ?? makeThumbnail(path, size, folder);
        known.set(path, thumbnail);
        made[i] = await thumbnail;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        onMissing(messageOf(error));
      }
      bar.update(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker)).finally(() => bar.finish());
  return made;
}

/** As the path is, from the file of passages, or in the folders. */
async function findPhoto(image: string, file: string, folders: readonly string[]): Promise<string> {
  // A file may come from a system with other separators.
  const name = basename(image.replaceAll('\\', '/'));
  const places = [image, join(dirname(file), image), ...folders.flatMap((folder) => [join(folder, image), join(folder, name)])];
  for (const place of places) if (await exists(place)) return place;
  throw new UserError(`${image}: no such photo: name its folder with --photos`);
}

async function makeThumbnail(path: string, size: number, folder: string | null): Promise<string> {
  const { encodeThumbnail } = await import('../../io/images.ts');
  if (folder === null) return `data:image/jpeg;base64,${Buffer.from(await encodeThumbnail(path, size)).toString('base64')}`;
  const { mtimeMs, size: bytes } = await stat(path);
  // Named by what it is made from: a photo that has changed gets another.
  const name = `thumbs/${sha256(JSON.stringify([resolve(path), mtimeMs, bytes, size])).slice(0, 16)}.jpg`;
  const target = join(folder, name);
  if (await exists(target)) return name;
  await writeFileAtomic(target, await encodeThumbnail(path, size)).catch((error: unknown) => {
    // Not the photo's fault: no other could be written either.
    throw error instanceof UserError ? error : new Error(`${target}: cannot be written: ${systemReason(error)}`);
  });
  return name;
}
