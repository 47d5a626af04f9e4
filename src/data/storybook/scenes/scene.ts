import type { Random } from '../../../core/random.ts';
import type { PhotoFacts } from '../world.ts';
import type { Palette } from './palette.ts';
import { makePalette } from './palette.ts';
import { DRAW_PLACE } from './places.ts';
import { drawSubject } from './subjects.ts';
import { ellipse, group, placed, rect, short } from './svg.ts';
import { DRAW_THING } from './things.ts';
import { drawFall, drawSky } from './weather.ts';

/** Picture units of a scene, also its size in pixels unless asked otherwise. */
export const SCENE_WIDTH = 256;
export const SCENE_HEIGHT = 192;

/** Draws one photo as SVG. The main character stands left, what it finds or meets right; the rest varies with `random`. */
export function drawScene(random: Random, facts: PhotoFacts): string {
  const palette = makePalette(random, facts.weather);
  const camera = `translate(${short(random.between(-5, 5))} ${short(random.between(-3, 3))}) rotate(${short(random.between(-1.8, 1.8))} 128 96)`;
  const scene = group(
    camera,
    facts.weather === 'indoors' ? '' : drawSky(random, facts.weather),
    DRAW_PLACE[facts.place](random, palette),
    drawFigures(random, palette, facts),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SCENE_WIDTH}" height="${SCENE_HEIGHT}" viewBox="0 0 ${SCENE_WIDTH} ${SCENE_HEIGHT}">`,
    '<defs><radialGradient id="glow"><stop offset=".35" stop-color="#fffdf2" stop-opacity=".62"/><stop offset="1" stop-color="#fffdf2" stop-opacity="0"/></radialGradient></defs>',
    scene,
    drawFall(random, facts.weather),
    lighting(random),
    '</svg>',
  ].join('');
}

function drawFigures(random: Random, palette: Palette, facts: PhotoFacts): string {
  const { action, companion } = facts;
  const scale = random.between(0.92, 1.04);
  const x = action === 'carry' ? random.between(96, 136) : action === 'meet' ? random.between(56, 70) : random.between(70, 94);
  const y = random.between(172, 182);
  const flip = facts.subject !== 'duck' && random.uniform() < 0.5;
  const hero = drawSubject(random, palette, facts.subject, { armsUp: action === 'carry', scarf: true });
  const figures = [shadow(x, y, 34), placed(x, y, scale, hero, flip, random.between(-2, 2))];
  if (companion !== 'none') {
    const [at, size] = [random.between(196, 208), random.between(0.78, 0.86)];
    const friend = drawSubject(random, palette, companion, { armsUp: false, scarf: false });
    figures.push(shadow(at, y - 8, 28), placed(at, y - 8, size, friend, true, random.between(-2, 2)));
  }
  const thing = DRAW_THING[facts.thing](palette);
  if (action === 'carry') figures.push(overhead(random, thing, x, y - 110 * scale));
  else figures.push(action === 'meet' ? standing(random, thing, 134, y, 1.16) : standing(random, thing, 182, y, 1.3));
  return figures.join('');
}

function overhead(random: Random, thing: string, x: number, top: number): string {
  return glow(x, top - 24, 48) + placed(x, top - 24, random.between(1.18, 1.28), thing, false, random.between(-6, 6));
}

function standing(random: Random, thing: string, x: number, y: number, size: number): string {
  const [at, scale] = [x + random.between(-5, 5), size * random.between(0.95, 1.05)];
  const middle = y - 24 * scale;
  return glow(at, middle, 48) + shadow(at, y, 28) + placed(at, middle, scale, thing, false, random.between(-5, 5));
}

/** A pale halo that lifts a thing from whatever is behind it. */
function glow(x: number, y: number, radius: number): string {
  return ellipse(x, y, radius, radius, 'url(#glow)');
}

function shadow(x: number, y: number, width: number): string {
  return ellipse(x, y, width, 5, '#20203a', 'opacity=".22"');
}

/** The light of the day and a darker rim, a little different each time. */
function lighting(random: Random): string {
  const [hue, strength] = [random.pick([35, 48, 210, 280]), random.between(0, 0.07)];
  return rect(0, 0, SCENE_WIDTH, SCENE_HEIGHT, `hsl(${hue},80%,60%)`, 0, `opacity="${strength.toFixed(3)}"`);
}
