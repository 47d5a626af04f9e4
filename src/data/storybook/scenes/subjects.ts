import type { Random } from '../../../core/random.ts';
import type { Subject } from '../world.ts';
import { DRAW_ANIMAL } from './animals.ts';
import type { Palette } from './palette.ts';
import { DRAW_PERSON } from './people.ts';
import { polygon, rect } from './svg.ts';

const DRAW_SUBJECT = { ...DRAW_PERSON, ...DRAW_ANIMAL };

/** How tall a subject is beside the others. */
const STATURE: Partial<Record<Subject, number>> = { elephant: 1.08, bear: 1.06, duck: 0.92, rabbit: 0.9, girl: 0.98, 'old man': 0.94, 'old woman': 0.94 };

/** A subject about 100 units tall. The main character of a story wears a red scarf. */
export function drawSubject(random: Random, palette: Palette, subject: Subject, pose: { armsUp: boolean; scarf: boolean }): string {
  const { back, head, neck, under } = DRAW_SUBJECT[subject](random, palette, pose.armsUp);
  const worn = pose.scarf ? scarf(neck.x ?? 0, neck.y, neck.width, palette.figure(356, 84, 48), palette.figure(356, 80, 38)) : '';
  const stature = STATURE[subject] ?? 1;
  return `<g transform="scale(${stature})">${under ? back + worn + head : back + head + worn}</g>`;
}

function scarf(x: number, y: number, width: number, colour: string, shade: string): string {
  const end = polygon([[x + 4, y + 4], [x + 13, y + 4], [x + 17, y + 23], [x + 7, y + 24]], shade);
  return end + rect(x - width / 2, y - 4, width, 9, colour, 4.5);
}
