// AlexNet features from JPEG files, decoding included.
import { alternate, disturbance, ratios, spread } from './compare.mjs';
import { median, round } from './measure.mjs';
import { table } from './table.mjs';
import { makeAlexNet, makePhotos } from './work.mjs';

export async function featuresSection(settings) {
  const numpy = await settings.has('numpy');
  const weights = numpy ? await makeAlexNet(settings) : 'random:1';
  const photos = await makePhotos(settings, settings.photos);
  const contenders = await settings.present(settings.contenders.features({ photos: photos.folder, count: settings.count, weights }));
  const { runs, failures, others } = await alternate(contenders, { ...settings, label: 'features', figure: ([{ images_per_s: speed }]) => `${speed} images/s` });
  if (!runs.fabula) throw new Error(`features: Fabula's program failed: ${failures.fabula}`);
  const speeds = (key) => runs[key].map(([line]) => line.images_per_s);
  const results = contenders.filter(({ key }) => runs[key]).map(({ key, title }) => ({
    key, title, images_per_s: round(median(speeds(key))), images_per_s_best: Math.max(...speeds(key)),
    peak_rss_mb: Math.max(...runs[key].map(([line]) => line.peak_rss_mb)), version: runs[key][0][0].version,
    ...(key !== 'fabula' && { ratio: ratios(speeds('fabula'), speeds(key)) }),
  }));
  const data = { photos: photos.source, count: settings.count, results, failures, others };
  return { data, print: () => printFeatures(data) };
}

function printFeatures({ photos, count, results, others }) {
  const header = ['who', 'images/s', 'best', 'Fabula / it (spread)', 'peak MB'];
  const rows = results.map(({ title, images_per_s: speed, images_per_s_best: best, ratio, peak_rss_mb: memory }) =>
    [title, speed.toFixed(1), best.toFixed(1), ratio ? spread(ratio) : '', memory.toFixed(0)]);
  return `${count} ${photos === 'photos' ? 'JPEG photos' : 'drawings of 640 x 480 as JPEG files'} read, decoded whole and run through AlexNet to fc7, features file written.\n\n${table(header, rows)}\n\n${disturbance([others])}`;
}
