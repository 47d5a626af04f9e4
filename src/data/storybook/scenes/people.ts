import type { Random } from '../../../core/random.ts';
import type { Person } from '../world.ts';
import type { Figure } from './figure.ts';
import type { Palette } from './palette.ts';
import { circle, ellipse, line, path, polygon, rect, repeat } from './svg.ts';

const SKIN: readonly (readonly [number, number, number])[] = [[26, 70, 80], [26, 55, 70], [24, 45, 54], [22, 42, 42]];
const HAIR: readonly (readonly [number, number, number])[] = [[42, 75, 56], [22, 55, 26], [16, 65, 38], [250, 12, 15]];

/** People in a box from y = -100 (crown of the head) to y = 0 (feet), facing the viewer. */
export const DRAW_PERSON: Record<Person, (random: Random, palette: Palette, armsUp: boolean) => Figure> = {
  girl(random, palette, armsUp) {
    const skin = palette.figure(...random.pick(SKIN));
    const hair = palette.figure(...random.pick(HAIR));
    const dress = palette.figure(336, 75, 62);
    const tails =
      ellipse(-25, -70, 8, 15, hair, 'transform="rotate(14 -25 -70)"')
      + ellipse(25, -70, 8, 15, hair, 'transform="rotate(-14 25 -70)"');
    const bows = circle(-21, -85, 4.5, '#ffdf5e') + circle(21, -85, 4.5, '#ffdf5e');
    const fringe = path('M-21 -77A21 22 0 0 1 21 -77Q10 -92 -4 -88Q-14 -86 -21 -77Z', hair);
    const skirt = polygon([[-9, -58], [9, -58], [24, -16], [-24, -16]], dress) + rect(-23, -20, 46, 4, '#fff0f6', 2);
    const body = legs(skin, palette.figure(350, 60, 40)) + arms(armsUp, skin) + skirt;
    return {
      back: tails + circle(0, -78, 22, hair) + body,
      head: face(skin) + fringe + bows,
      neck: { y: -57, width: 24 },
    };
  },
  boy(random, palette, armsUp) {
    const skin = palette.figure(...random.pick(SKIN));
    const hair = palette.figure(...random.pick(HAIR));
    const shirt = palette.figure(208, 78, 50);
    const stripes = repeat(3, (i) => rect(-14, -52 + i * 8, 28, 3.6, '#f4fbff'));
    const trousers =
      rect(-14, -30, 28, 12, palette.figure(35, 45, 34)) + rect(-13, -22, 11, 10, palette.figure(35, 45, 34))
      + rect(2, -22, 11, 10, palette.figure(35, 45, 34));
    const cap =
      path('M-21 -81A21 20 0 0 1 21 -81Z', palette.figure(130, 60, 38))
      + rect(2, -84, 29, 5.5, palette.figure(130, 60, 30), 2.5);
    const body =
      legs(skin, palette.figure(0, 0, 25)) + arms(armsUp, shirt, skin) + rect(-15, -60, 30, 34, shirt, 7) + stripes + trousers;
    return {
      back: body + circle(0, -77, 21, hair),
      head: face(skin) + cap,
      neck: { y: -57, width: 26 },
    };
  },
  'old man'(random, palette, armsUp) {
    const skin = palette.figure(...random.pick(SKIN));
    const coat = palette.figure(30, 38, 34);
    const beard = path('M-20 -76Q-22 -50 0 -40Q22 -50 20 -76Q12 -66 0 -67Q-12 -66 -20 -76Z', '#fbfaf6');
    const brows = line('M-12 -86l8 -2M12 -86l-8 -2', '#fbfaf6', 3) + ellipse(0, -68, 8, 3, '#ffffff');
    const hat =
      rect(-27, -94, 54, 5, palette.figure(215, 22, 24), 2) + rect(-16, -112, 32, 20, palette.figure(215, 22, 28), 4)
      + rect(-16, -98, 32, 4, palette.figure(0, 55, 42));
    const cane = armsUp ? '' : line('M28 0V-40q0 -8 -7 -8', palette.figure(24, 55, 24), 4);
    const body =
      legs(palette.figure(220, 15, 25), '#2a2522') + arms(armsUp, coat, skin) + path('M-15 -60H15L20 -10H-20Z', coat)
      + line('M0 -45V-12', '#e9d9a8', 1.6);
    return {
      back: cane + body,
      head: face(skin) + beard + brows + hat,
      neck: { y: -45, width: 32 },
    };
  },
  'old woman'(random, palette, armsUp) {
    const skin = palette.figure(...random.pick(SKIN));
    const hair = palette.figure(220, 8, 78);
    const gown = palette.figure(268, 45, 42);
    const bun = circle(0, -104, 11, hair) + circle(0, -80, 23, hair);
    const fringe = path('M-21 -78A21 21 0 0 1 21 -78Q8 -88 0 -95Q-8 -88 -21 -78Z', hair);
    const rim = 'stroke="#46352e" stroke-width="2.2"';
    const glasses =
      circle(-8.5, -77, 7, '#ffffff88', rim) + circle(8.5, -77, 7, '#ffffff88', rim) + circle(-8, -77, 2, '#2b2230')
      + circle(8, -77, 2, '#2b2230');
    const apron = path('M-9 -36H9L13 -4H-13Z', '#fbf4e4');
    const shawl = polygon([[-17, -60], [17, -60], [22, -40], [0, -30], [-22, -40]], palette.figure(174, 45, 50));
    const body = arms(armsUp, gown, skin) + polygon([[-11, -60], [11, -60], [25, 0], [-25, 0]], gown) + apron + shawl;
    return {
      back: bun + body,
      head: face(skin) + fringe + glasses,
      neck: { y: -57, width: 26 },
    };
  },
};

function face(skin: string): string {
  const eyes = circle(-7.5, -77, 2.5, '#2b2230') + circle(7.5, -77, 2.5, '#2b2230');
  const cheeks = circle(-12, -70, 3.6, '#f0837f', 'opacity=".5"') + circle(12, -70, 3.6, '#f0837f', 'opacity=".5"');
  return circle(0, -77, 20, skin) + eyes + cheeks + line('M-5 -68q5 5 10 0', '#8c3b3b', 2);
}

function legs(colour: string, shoe: string): string {
  return rect(-11, -22, 8, 20, colour, 3) + rect(3, -22, 8, 20, colour, 3) + ellipse(-8, -2, 8, 4, shoe) + ellipse(8, -2, 8, 4, shoe);
}

/** Two arms, up as if holding something over the head or hanging; `hand` in its own colour. */
function arms(up: boolean, sleeve: string, hand = sleeve): string {
  const d = up ? 'M-12 -53Q-30 -66 -25 -96M12 -53Q30 -66 25 -96' : 'M-12 -53Q-24 -46 -26 -31M12 -53Q24 -46 26 -31';
  const y = up ? -98 : -29;
  return line(d, sleeve, 8.5) + circle(-26, y, 5, hand) + circle(26, y, 5, hand);
}
