import type { Random } from '../../../core/random.ts';
import type { Animal } from '../world.ts';
import type { Figure } from './figure.ts';
import type { Palette } from './palette.ts';
import { circle, ellipse, line, path, polygon, rect, repeat } from './svg.ts';

const DARK = '#2a2126';

/** Animals in a box from about y = -100 (top of the head) to y = 0 (feet), upright and facing the viewer. */
export const DRAW_ANIMAL: Record<Animal, (random: Random, palette: Palette, armsUp: boolean) => Figure> = {
  dog(_random, palette, armsUp) {
    const [coat, patch] = [palette.figure(40, 55, 88), palette.figure(24, 55, 38)];
    const tail = line('M20 -14Q38 -22 36 -38', patch, 8);
    const ears =
      ellipse(-26, -70, 9, 22, patch, 'transform="rotate(12 -26 -70)"')
      + ellipse(26, -70, 9, 22, patch, 'transform="rotate(-12 26 -70)"');
    const mark = ellipse(11, -80, 10, 12, patch);
    const muzzle =
      ellipse(0, -62, 13, 10, '#fffaf0') + ellipse(0, -67, 6, 4.5, DARK) + path('M-4 -57h8v7a4 4 0 0 1 -8 0Z', '#ee6f7e');
    const body = tail + torso(coat, '#fffaf0', armsUp);
    return {
      back: body,
      head: circle(0, -72, 26, coat) + mark + ears + eyes(10, -77) + muzzle,
      neck: { y: -46, width: 36 },
    };
  },
  cat(_random, palette, armsUp) {
    const [coat, stripe] = [palette.figure(225, 10, 48), palette.figure(225, 14, 28)];
    const tail = line('M18 -10Q46 -8 40 -40Q37 -54 46 -60', coat, 7.5) + line('M42 -50Q40 -56 46 -60', stripe, 7.5);
    const ears =
      polygon([[-27, -74], [-24, -108], [-4, -93]], coat) + polygon([[27, -74], [24, -108], [4, -93]], coat)
      + polygon([[-22, -82], [-21, -99], [-11, -91]], '#f3a6b4') + polygon([[22, -82], [21, -99], [11, -91]], '#f3a6b4');
    const stripes = line('M0 -97v11M-8 -95l2 8M8 -95l-2 8M-20 -24h9M20 -24h-9M-21 -15h8M21 -15h-8', stripe, 3.4);
    const whiskers = line('M-9 -63l-24 -4M-9 -60l-23 4M9 -63l24 -4M9 -60l23 4', '#f6f6f8', 1.6);
    const gaze =
      ellipse(-10, -76, 5.5, 6.5, '#c9ea5a') + ellipse(10, -76, 5.5, 6.5, '#c9ea5a') + ellipse(-10, -76, 1.8, 6, DARK)
      + ellipse(10, -76, 1.8, 6, DARK);
    const muzzle = ellipse(0, -61, 9, 6, '#eef0f4') + polygon([[-4, -67], [4, -67], [0, -62]], '#ee7f92');
    return {
      back: tail + torso(coat, '#eef0f4', armsUp),
      head: ears + circle(0, -73, 26, coat) + stripes + gaze + muzzle + whiskers,
      neck: { y: -46, width: 34 },
    };
  },
  rabbit(_random, palette, armsUp) {
    const [coat, pink] = [palette.figure(330, 22, 93), palette.figure(345, 75, 78)];
    const ears =
      ellipse(-12, -102, 8, 28, coat, 'transform="rotate(-10 -12 -102)"')
      + ellipse(12, -102, 8, 28, coat, 'transform="rotate(10 12 -102)"')
      + ellipse(-12, -101, 4, 20, pink, 'transform="rotate(-10 -12 -101)"')
      + ellipse(12, -101, 4, 20, pink, 'transform="rotate(10 12 -101)"');
    const teeth = rect(-4, -53, 8, 8, '#ffffff', 1, 'stroke="#cbbcc4" stroke-width="1"');
    const muzzle = ellipse(-6, -57, 7, 5.5, '#ffffff') + ellipse(6, -57, 7, 5.5, '#ffffff') + ellipse(0, -61, 4, 3, pink);
    return {
      back: circle(22, -12, 9, '#ffffff') + torso(coat, '#ffffff', armsUp),
      head: ears + circle(0, -66, 23, coat) + eyes(9, -69) + teeth + muzzle,
      neck: { y: -43, width: 32 },
    };
  },
  bear(_random, palette, armsUp) {
    const [coat, tan] = [palette.figure(22, 52, 27), palette.figure(32, 55, 66)];
    const ears = circle(-23, -94, 11, coat) + circle(23, -94, 11, coat) + circle(-23, -94, 6, tan) + circle(23, -94, 6, tan);
    const muzzle = ellipse(0, -64, 14, 11, tan) + ellipse(0, -69, 6.5, 4.5, DARK) + line('M0 -66v5M-5 -59q5 4 10 0', DARK, 1.8);
    return {
      back: torso(coat, tan, armsUp, 1.28),
      head: ears + circle(0, -74, 29, coat) + eyes(11, -81) + muzzle,
      neck: { y: -46, width: 44 },
    };
  },
  duck(_random, palette, armsUp) {
    const [coat, bill] = [palette.figure(50, 95, 58), palette.figure(24, 95, 52)];
    const feet = ellipse(-11, -3, 12, 4, bill) + ellipse(13, -3, 12, 4, bill);
    const body = path('M-34 -34Q-46 -40 -44 -54Q-30 -46 -12 -48Q30 -52 31 -24Q28 -5 0 -5Q-28 -5 -34 -34Z', coat);
    const wing = armsUp ? ellipse(-10, -46, 9, 20, palette.figure(44, 92, 48), 'transform="rotate(-24 -10 -46)"') : ellipse(-6, -27, 17, 10, palette.figure(44, 92, 48));
    const tuft = line('M5 -98q-4 -8 3 -10M9 -98q2 -7 8 -7', coat, 3);
    const head =
      tuft + circle(9, -76, 22, coat) + path('M24 -80Q48 -80 50 -72Q40 -64 24 -66Z', bill)
      + line('M26 -72h20', palette.figure(18, 85, 40), 1.6) + circle(13, -82, 3.6, DARK) + circle(14, -83, 1.2, '#ffffff');
    return { back: feet + body + wing, head, neck: { x: 8, y: -55, width: 32 } };
  },
  fox(_random, palette, armsUp) {
    const coat = palette.figure(18, 88, 50);
    const tail =
      path('M16 -8Q34 0 44 -20Q54 -40 42 -62Q34 -46 28 -36Q20 -26 16 -8Z', coat)
      + path('M42 -62Q34 -48 35 -42Q44 -38 49 -43Q50 -52 42 -62Z', '#ffffff');
    const ears =
      polygon([[-29, -74], [-27, -112], [-5, -90]], coat) + polygon([[29, -74], [27, -112], [5, -90]], coat)
      + polygon([[-26, -97], [-27, -112], [-16, -101]], DARK) + polygon([[26, -97], [27, -112], [16, -101]], DARK);
    const skull = path('M-29 -80Q0 -108 29 -80Q24 -58 0 -46Q-24 -58 -29 -80Z', coat);
    const cheeks =
      path('M-28 -74Q-14 -72 0 -48Q-20 -56 -28 -74Z', '#ffffff') + path('M28 -74Q14 -72 0 -48Q20 -56 28 -74Z', '#ffffff');
    return {
      back: tail + torso(coat, '#fff6ea', armsUp, 0.95, DARK),
      head: ears + skull + cheeks + eyes(10, -78) + circle(0, -50, 4.6, DARK),
      neck: { y: -44, width: 30 },
    };
  },
  elephant(_random, palette, armsUp) {
    const [coat, inner] = [palette.figure(205, 24, 62), palette.figure(340, 40, 78)];
    const ears =
      ellipse(-35, -74, 20, 25, coat) + ellipse(35, -74, 20, 25, coat) + ellipse(-36, -73, 13, 18, inner)
      + ellipse(36, -73, 13, 18, inner);
    const trunk = armsUp ? line('M0 -68Q0 -44 22 -48Q36 -52 34 -74', coat, 12) : line('M0 -68Q2 -40 -4 -28Q-8 -18 -18 -22', coat, 12);
    const folds = line('M-5 -54h10M-5 -47h10', palette.figure(205, 22, 50), 1.8);
    const tusks = path('M-12 -56q-8 6 -9 14q8 -2 13 -10Z', '#fffbe8') + path('M12 -56q8 6 9 14q-8 -2 -13 -10Z', '#fffbe8');
    return {
      back: torso(coat, palette.figure(205, 22, 70), armsUp, 1.35),
      head: ears + circle(0, -74, 25, coat) + eyes(11, -79) + tusks + trunk + folds,
      neck: { y: -44, width: 42 },
      under: true,
    };
  },
  penguin(_random, palette, armsUp) {
    const [coat, bill] = [palette.figure(225, 22, 16), palette.figure(36, 95, 54)];
    const feet = ellipse(-11, -3, 11, 4.5, bill) + ellipse(11, -3, 11, 4.5, bill);
    const body = ellipse(0, -42, 28, 40, coat) + ellipse(0, -36, 20, 31, '#fbfbf7');
    const wing = armsUp ? 'M-22 -58Q-48 -70 -40 -92M22 -58Q48 -70 40 -92' : 'M-25 -56Q-40 -40 -35 -24M25 -56Q40 -40 35 -24';
    const mask = ellipse(-8, -78, 9.5, 11, '#fbfbf7') + ellipse(8, -78, 9.5, 11, '#fbfbf7');
    return {
      back: feet + line(wing, coat, 10) + body,
      head: circle(0, -80, 22, coat) + mask + eyes(8, -79) + polygon([[-7, -74], [7, -74], [0, -63]], bill),
      neck: { y: -60, width: 40 },
    };
  },
};

function eyes(apart: number, y: number): string {
  return repeat(2, (i) => circle(i ? apart : -apart, y, 3.8, DARK) + circle((i ? apart : -apart) + 1.2, y - 1.3, 1.3, '#ffffff'));
}

/** Belly, feet and arms of an upright animal, `stout` times as wide as a dog. */
function torso(coat: string, belly: string, armsUp: boolean, stout = 1, paws = coat): string {
  const arm = armsUp ? 'M-14 -40Q-40 -56 -34 -92M14 -40Q40 -56 34 -92' : 'M-15 -42Q-30 -34 -27 -20M15 -42Q30 -34 27 -20';
  const feet = ellipse(-12 * stout, -4, 11, 5.5, paws) + ellipse(12 * stout, -4, 11, 5.5, paws);
  const hands = repeat(2, (i) => circle((armsUp ? 34 : 27) * (i ? 1 : -1), armsUp ? -92 : -19, 5.5, paws));
  return line(arm, coat, 10 * Math.sqrt(stout)) + hands + feet + ellipse(0, -26, 23 * stout, 26, coat)
    + ellipse(0, -22, 14 * stout, 19, belly);
}
