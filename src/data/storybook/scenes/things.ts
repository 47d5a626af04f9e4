import type { Thing } from '../world.ts';
import type { Palette } from './palette.ts';
import { circle, ellipse, group, line, path, polygon, rect, repeat } from './svg.ts';

/** Each thing in a box of 48 by 48 around (0, 0), standing on y = 24. */
export const DRAW_THING: Record<Thing, (palette: Palette) => string> = {
  ball: ({ figure }) => {
    const band = path('M-23.5 0Q0 -11 23.5 0V6Q0 -3 -23.5 6Z', '#ffffff');
    return circle(0, 1, 23, figure(0, 82, 48)) + band + circle(-8, -10, 4, '#ffffff', 'opacity=".6"');
  },
  kite: ({ figure }) => {
    const [light, dark] = [figure(205, 85, 56), figure(222, 78, 42)];
    const sail = polygon([[0, -30], [20, -6], [0, 22]], light) + polygon([[0, -30], [-20, -6], [0, 22]], figure(50, 95, 58));
    const quarters = polygon([[0, -6], [20, -6], [0, 22]], figure(50, 95, 58)) + polygon([[0, -6], [-20, -6], [0, 22]], dark);
    const tail = line('M0 22q9 5 16 2', dark, 2) + polygon([[10, 18], [18, 28], [19, 17]], figure(350, 80, 55));
    return group('rotate(14)', sail, quarters, tail);
  },
  cake: ({ figure }) => {
    const layers =
      rect(-24, 2, 48, 22, figure(28, 60, 62), 4) + rect(-24, 9, 48, 6, '#fff8ec')
      + rect(-17, -12, 34, 15, figure(338, 75, 72), 4);
    const icing = path('M-24 4q4 9 8 0q4 10 8 0q4 9 8 0q4 10 8 0q4 9 8 0q4 9 8 0V0H-24Z', figure(338, 80, 80));
    const candles = repeat(3, (i) => rect(-12 + i * 10.5, -22, 3.4, 10, figure(200, 75, 55)) + ellipse(-10.3 + i * 10.5, -25, 2.4, 4, '#ffc52e'));
    return layers + icing + candles;
  },
  boat: ({ figure }) => {
    const hull = path('M-25 8H25L16 24H-16Z', figure(18, 72, 38)) + rect(-25, 6, 50, 4, figure(40, 70, 82));
    const sails = polygon([[2, -27], [2, 3], [23, 3]], '#ffffff') + polygon([[-2, -22], [-2, 3], [-19, 3]], figure(355, 78, 56));
    return hull + rect(-1.5, -28, 3, 36, figure(25, 45, 28)) + sails;
  },
  umbrella: ({ figure }) => {
    const canopy = path('M-27 -2A27 25 0 0 1 27 -2q-4.5 -6 -9 0q-4.5 -6 -9 0q-4.5 -6 -9 0q-4.5 -6 -9 0q-4.5 -6 -9 0q-4.5 -6 -9 0Z', figure(282, 62, 46));
    const stripe = path('M-9 -2Q-8 -24 0 -27Q8 -24 9 -2q-4.5 -6 -9 0q-4.5 -6 -9 0Z', figure(300, 65, 72));
    return line('M0 -28V18q0 6 6 6t6 -6', figure(28, 50, 30), 3) + canopy + stripe;
  },
  balloon: ({ figure }) => {
    const skin = figure(322, 82, 58);
    return line('M0 6q-5 6 0 10t0 9', '#6b6470', 1.6) + ellipse(0, -12, 17, 20, skin) + polygon([[-4, 11], [4, 11], [0, 6]], skin)
      + ellipse(-6, -19, 4, 6, '#ffffff', 'opacity=".65"');
  },
  guitar: ({ figure }) => {
    const body = circle(0, 11, 15, figure(28, 82, 46)) + circle(0, -4, 11, figure(28, 82, 46));
    const neck = rect(-2.6, -32, 5.2, 34, figure(22, 50, 22)) + rect(-5, -37, 10, 9, figure(22, 50, 18), 2);
    return group('rotate(24)', body, neck, circle(0, 3, 5.5, '#3b2413'), rect(-6, 15, 12, 3, '#3b2413'), line('M0 -30V16', '#f3e6c8', 1));
  },
  book: ({ figure }) => {
    const cover = path('M-27 -14H27V22H-27Z', figure(150, 62, 30));
    const pages =
      path('M0 -11Q-12 -20 -24 -14V17Q-12 12 0 19Z', '#fdf8ea') + path('M0 -11Q12 -20 24 -14V17Q12 12 0 19Z', '#f3ead2');
    const lines = repeat(4, (i) => line(`M-19 ${-8 + i * 6}q7 -3 14 1M5 ${-7 + i * 6}q7 -4 14 -1`, '#8d8a86', 1.6));
    return cover + pages + lines;
  },
  key: ({ figure }) => {
    const gold = figure(46, 92, 50);
    const bow = `<circle cx="0" cy="-15" r="10" fill="none" stroke="${gold}" stroke-width="6.5"/>`;
    return group('rotate(20)', bow, rect(-3.2, -6, 6.4, 34, gold, 2), rect(2, 12, 11, 5.5, gold, 1), rect(2, 21, 9, 5.5, gold, 1), circle(-4, -22, 1.6, '#fff7c8'));
  },
  crown: ({ figure }) => {
    const gold = figure(46, 92, 54);
    const points = polygon([[-25, 20], [-27, -12], [-13, 4], [0, -20], [13, 4], [27, -12], [25, 20]], gold);
    const gems =
      circle(0, 11, 4.6, figure(350, 85, 48)) + circle(-14, 12, 3.6, figure(215, 85, 50))
      + circle(14, 12, 3.6, figure(145, 70, 40));
    const tips = circle(0, -21, 3.8, figure(350, 85, 55)) + circle(-27, -13, 3.2, '#fff4b8') + circle(27, -13, 3.2, '#fff4b8');
    return points + rect(-25, 17, 50, 6, figure(40, 85, 42), 2) + gems + tips;
  },
  drum: ({ figure }) => {
    const side = path('M-24 -6V14a24 9 0 0 0 48 0V-6Z', figure(222, 75, 42));
    const cords = line('M-23 -2L-14 19L-6 3L1 22L9 3L16 19L23 -2', '#ffe27a', 2.2);
    const sticks =
      line('M-18 -26L-3 -8', figure(30, 55, 40), 3) + line('M18 -26L5 -8', figure(30, 55, 40), 3)
      + circle(-19, -27, 3.6, '#fff3d8') + circle(19, -27, 3.6, '#fff3d8');
    return side + cords + ellipse(0, -6, 24, 9, '#f4b942') + ellipse(0, -6, 20, 7, '#fffaf0') + sticks;
  },
  flower: ({ figure }) => {
    const petals = repeat(8, (i) => group(`translate(0 -10) rotate(${i * 45})`, ellipse(0, -13, 5.6, 9, figure(i % 2 ? 18 : 10, 90, 62))));
    const pot = path('M-13 10H13L9 25H-9Z', figure(14, 52, 40)) + rect(-15, 7, 30, 5, figure(14, 52, 34), 2);
    const stem = line('M0 8V-8', figure(125, 55, 34), 4) + ellipse(9, 2, 8, 3.4, figure(125, 55, 38));
    return stem + pot + petals + circle(0, -10, 8, figure(48, 95, 52));
  },
};
