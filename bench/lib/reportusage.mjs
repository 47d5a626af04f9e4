// Imported before a command of ours: adds a JSON line with the peak of its memory to what it prints.
import { writeSync } from 'node:fs';
import { peakMemory } from './measure.mjs';

process.on('exit', () => writeSync(1, `${JSON.stringify({ peak_rss_mb: peakMemory() })}\n`));
