import type { Random } from '../../../core/random.ts';
import type { Place } from '../world.ts';
import type { Palette } from './palette.ts';
import { circle, ellipse, line, path, placed, polygon, rect, repeat, short } from './svg.ts';

type DrawPlace = (random: Random, palette: Palette) => string;

/** Everything between the sky and the figures; the ground reaches below the lower edge. */
export const DRAW_PLACE: Record<Place, DrawPlace> = {
  beach, forest, city, farm, mountains, lake, castle, desert, market, kitchen,
};

/** Where the ground begins, in picture units from the top. */
const HORIZON = 112;

function floor(colour: string, y = HORIZON): string {
  return rect(-20, y, 296, 240 - y, colour);
}

/** A soft line of hills whose tops are near `y`. */
function hills(random: Random, colour: string, y: number): string {
  const tops = Array.from({ length: 3 }, () => y + random.between(-7, 7));
  return path(`M-20 220V${short(y + 14)}Q30 ${short(tops[0]! - 10)} 80 ${short(y + 4)}T170 ${short(tops[1]! + 4)}T276 ${short(tops[2]!)}V220Z`, colour);
}

function beach(random: Random, palette: Palette): string {
  const sea = rect(-20, 88, 296, 60, palette.paint(193, 75, 52));
  const waves = repeat(7, () => {
    const [x, y] = [random.between(0, 240), random.between(93, 116)];
    return line(`M${short(x)} ${short(y)}q5 -4 10 0t10 0`, palette.paint(190, 60, 84), 1.6);
  });
  const sand = path(`M-20 128Q60 ${short(random.between(110, 118))} 140 126T276 ${short(random.between(118, 128))}V220H-20Z`, palette.ground(44, 78, 75));
  const x = random.pick([random.between(8, 26), random.between(232, 248)]);
  const trunk = line(`M${short(x)} 140q${x < 128 ? 9 : -9} -40 2 -82`, palette.paint(30, 45, 40), 7);
  const leaves = repeat(6, (i) => placed(x + 2, 58, 1, path('M0 0Q16 -16 34 6Q16 -4 0 0Z', palette.paint(135, 55, 36)), i % 2 === 1, (i < 3 ? -1 : 1) * (i % 3) * 26));
  const shells = repeat(5, () => ellipse(random.between(10, 246), random.between(150, 188), 3, 2, palette.paint(15, 60, 85)));
  return sea + waves + sand + trunk + leaves + shells;
}

function forest(random: Random, palette: Palette): string {
  const far = repeat(12, (i) => pine(i * 23 + random.between(-6, 6), 122, random.between(0.72, 1), palette.paint(150, 38, 33)));
  const trees = repeat(4, (i) => {
    const x = [-6, 38, 220, 262][i]! + random.between(-7, 7);
    const trunk = rect(x - 7, 20, 14, 112, palette.paint(24, 45, 26));
    const crown =
      circle(x - 17, 26, 20, palette.paint(128, 50, 28)) + circle(x + 17, 22, 22, palette.paint(124, 50, 31))
      + circle(x, 6, 24, palette.paint(130, 48, 29));
    return trunk + crown;
  });
  const fungi = repeat(3, () => {
    const [x, y] = [random.between(8, 248), random.between(140, 156)];
    return rect(x - 2, y, 4, 7, '#f3ead8') + path(`M${short(x - 7)} ${short(y)}a7 7 0 0 1 14 0Z`, palette.paint(2, 70, 50));
  });
  return far + floor(palette.ground(115, 36, 30)) + trees + fungi;
}

function pine(x: number, base: number, scale: number, colour: string): string {
  const tiers =
    polygon([[0, -78], [15, -46], [-15, -46]], colour) + polygon([[0, -60], [19, -24], [-19, -24]], colour)
    + polygon([[0, -40], [23, 0], [-23, 0]], colour);
  return placed(x, base, scale, tiers);
}

function city(random: Random, palette: Palette): string {
  const hues = [214, 12, 265, 36, 190, 340];
  const houses = repeat(6, (i) => {
    const [x, width, height] = [-12 + i * 46, 43, random.between(46, 82)];
    const wall = rect(x, HORIZON + 6 - height, width, height + 6, palette.paint(hues[(i + random.int(2)) % 6]!, 26, 58));
    const windows = repeat(Math.floor(height / 17) * 3, (k) =>
      rect(x + 5 + (k % 3) * 12.5, HORIZON + 12 - height + Math.floor(k / 3) * 16, 7.5, 9, random.uniform() < 0.75 ? '#ffe793' : palette.paint(210, 30, 34)));
    return wall + windows;
  });
  const pavement = floor(palette.ground(30, 8, 70), HORIZON + 4);
  const road =
    rect(-20, 134, 296, 80, palette.ground(225, 8, 38)) + repeat(7, (i) => rect(-10 + i * 42, 158, 24, 4.5, '#f5f0dc'));
  const lamp = random.pick([random.between(6, 18), random.between(238, 250)]);
  return houses + pavement + road + rect(lamp - 2, 62, 4, 74, palette.paint(220, 12, 22)) + circle(lamp, 59, 7, '#ffedad');
}

function farm(random: Random, palette: Palette): string {
  const field = hills(random, palette.ground(88, 50, 55), 98) + floor(palette.ground(76, 55, 52), 124);
  const rows = repeat(6, (i) => line(`M${-30 + i * 60} 200L${80 + i * 20} 124`, palette.ground(46, 78, 56), 6));
  const x = random.between(148, 176);
  const wall = rect(x, 66, 66, 56, palette.paint(4, 66, 44));
  const roof = polygon([[x - 7, 68], [x + 11, 42], [x + 33, 30], [x + 55, 42], [x + 73, 68]], palette.paint(8, 35, 27));
  const door =
    rect(x + 20, 86, 26, 36, '#f4ead8') + line(`M${short(x + 21)} 87l24 34m0 -34l-24 34`, palette.paint(4, 66, 40), 2.5)
    + rect(x + 26, 52, 14, 12, '#f4ead8');
  const silo = rect(x - 26, 52, 18, 70, palette.paint(210, 8, 70)) + ellipse(x - 17, 52, 9, 8, palette.paint(210, 10, 55));
  const rail = palette.paint(30, 30, 82);
  const fence =
    rect(-20, 121, 296, 3.5, rail) + rect(-20, 131, 296, 3.5, rail) + repeat(13, (i) => rect(-8 + i * 22, 115, 5, 26, rail, 2));
  return field + silo + wall + roof + door + rows + fence;
}

function mountains(random: Random, palette: Palette): string {
  const peak = (x: number, top: number, half: number, shade: number): string => {
    const side = half / (126 - top);
    const rock = polygon([[x - half, 126], [x, top], [x + half, 126]], palette.paint(226, 17, shade));
    const snow = polygon([[x, top], [x + 30 * side, top + 30], [x + 11 * side, top + 22], [x, top + 34], [x - 12 * side, top + 23], [x - 30 * side, top + 30]], palette.paint(205, 40, 97));
    return rock + snow;
  };
  const range =
    peak(random.between(14, 50), random.between(32, 44), 78, 56)
    + peak(random.between(196, 238), random.between(26, 40), 82, 52)
    + peak(random.between(108, 142), random.between(8, 20), 92, 45);
  const meadow = hills(random, palette.ground(128, 36, 44), 122);
  const stones = repeat(5, () => ellipse(random.between(0, 256), random.between(140, 188), random.between(4, 9), random.between(3, 5), palette.paint(225, 9, 58)));
  return range + meadow + stones;
}

function lake(random: Random, palette: Palette): string {
  const shore = hills(random, palette.ground(140, 34, 42), 90);
  const trees = repeat(7, (i) => pine((i < 4 ? i * 17 : 190 + (i - 4) * 26) + random.between(-5, 5), 100, random.between(0.45, 0.62), palette.paint(155, 38, 28)));
  const water = path('M-20 104Q128 94 276 104V152Q128 164 -20 150Z', palette.paint(214, 68, 47));
  const glints = repeat(9, () => rect(random.between(0, 230), random.between(106, 146), random.between(12, 28), 2, palette.paint(208, 75, 74), 1));
  const bank = path('M-20 150Q128 166 276 148V220H-20Z', palette.ground(92, 42, 46));
  const pier = random.between(196, 222);
  const boards =
    rect(pier, 106, 22, 46, palette.paint(30, 42, 46))
    + repeat(5, (i) => rect(pier, 110 + i * 9, 22, 1.6, palette.paint(28, 40, 30)));
  const reeds = repeat(6, () => {
    const x = random.between(2, 60);
    return line(`M${short(x)} 158v-26`, palette.paint(100, 40, 32), 2) + ellipse(x, 129, 2.6, 7, palette.paint(25, 50, 28));
  });
  return shore + trees + water + glints + boards + bank + reeds;
}

function castle(random: Random, palette: Palette): string {
  const [x, stone, dark] = [random.between(112, 142), palette.paint(272, 15, 66), palette.paint(270, 16, 52)];
  const tower = (at: number, top: number, width: number): string => {
    const cone = polygon([[at - 5, top], [at + width / 2, top - 30], [at + width + 5, top]], palette.paint(336, 52, 44));
    const flag =
      rect(at + width / 2 - 0.8, top - 43, 1.6, 15, dark)
      + polygon([[at + width / 2, top - 43], [at + width / 2 + 14, top - 38], [at + width / 2, top - 33]], palette.paint(48, 90, 55));
    return rect(at, top, width, 124 - top, stone) + cone + flag + rect(at + width / 2 - 3, top + 12, 6, 13, '#ffe08a', 3);
  };
  const battlements = repeat(9, (i) => rect(x - 62 + i * 14.6, 66, 8, 9, dark));
  const wall = rect(x - 64, 73, 132, 52, dark);
  const gate = path(`M${short(x - 14)} 125v-26a16 16 0 0 1 32 0v26Z`, palette.paint(26, 45, 24));
  const lawn =
    hills(random, palette.ground(104, 46, 52), 122)
    + path(`M${short(x - 13)} 120h30L${short(x + 60)} 220H${short(x - 70)}Z`, palette.ground(42, 38, 72));
  return battlements + wall + tower(x - 84, 62, 26) + tower(x + 62, 58, 26) + tower(x - 34, 46, 20) + tower(x + 20, 40, 20) + gate
    + lawn;
}

function desert(random: Random, palette: Palette): string {
  const dunes =
    hills(random, palette.ground(28, 72, 62), 96) + hills(random, palette.ground(24, 70, 55), 116)
    + hills(random, palette.ground(30, 76, 62), 144);
  const pyramid = random.between(150, 190);
  const stone =
    polygon([[pyramid - 44, 112], [pyramid, 58], [pyramid + 44, 112]], palette.paint(36, 50, 56))
    + polygon([[pyramid, 58], [pyramid + 44, 112], [pyramid + 12, 112]], palette.paint(30, 45, 44));
  const cacti = repeat(3, (i) => {
    const colour = palette.paint(140, 42, 36);
    const arms = line('M0 0V-56M0 -22H-15V-40M0 -30H15V-46', colour, 9);
    return placed([20, 232, 128][i]! + random.between(-10, 10), [148, 146, 122][i]!, [1, 0.9, 0.5][i]! * random.between(0.9, 1.1), arms);
  });
  return stone + dunes + cacti;
}

function market(random: Random, palette: Palette): string {
  const cobbles = repeat(26, () => ellipse(random.between(0, 256), random.between(136, 190), 8, 3.4, palette.ground(32, 14, 54)));
  const hues = random.shuffle([2, 212, 138, 44]);
  const stall = (i: number): string => {
    const [x, hue] = [-8 + i * 94 + random.between(-4, 4), hues[i]!];
    const awning = repeat(6, (k) => path(`M${short(x + k * 14)} 46h14v20a7 7 0 0 1 -14 0Z`, k % 2 ? '#fbf5e6' : palette.paint(hue, 70, 50)));
    const poles = rect(x + 3, 60, 4, 70, palette.paint(28, 40, 34)) + rect(x + 77, 60, 4, 70, palette.paint(28, 40, 34));
    const counter = rect(x, 106, 84, 24, palette.paint(28, 45, 42)) + rect(x, 106, 84, 4, palette.paint(28, 40, 30));
    const fruit = repeat(9, (k) => circle(x + 8 + k * 8.5, 101 - (k % 2) * 4, 6, palette.paint([6, 40, 95][Math.floor(k / 3)]!, 78, 50)));
    return poles + fruit + counter + awning;
  };
  const wall = rect(-20, 66, 296, 60, palette.paint(26, 28, 66));
  return wall + floor(palette.ground(34, 18, 66), 122) + cobbles + repeat(3, stall);
}

function kitchen(random: Random, palette: Palette): string {
  const wall = rect(-20, -20, 296, 170, palette.paint(46, 65, 80));
  const cupboard = palette.paint(168, 32, 48);
  const upper = repeat(3, (i) => rect(-14 + i * 44, 4, 41, 40, cupboard, 3) + circle(-6 + i * 44, 32, 2, '#fff3c9'));
  const lower =
    rect(-20, 98, 296, 36, cupboard) + repeat(6, (i) => rect(-16 + i * 47, 103, 42, 27, palette.paint(168, 30, 56), 2))
    + rect(-20, 92, 296, 7, palette.paint(28, 45, 42));
  const x = random.between(182, 198);
  const stove =
    rect(x, 92, 50, 42, palette.paint(215, 10, 34), 2) + rect(x + 7, 106, 36, 20, palette.paint(22, 85, 55), 3)
    + rect(x, 88, 50, 5, '#333945');
  const pot =
    rect(x + 12, 70, 26, 18, palette.paint(2, 65, 50), 3) + rect(x + 8, 68, 34, 4, palette.paint(2, 60, 38), 2)
    + circle(x + 25, 66, 2.6, '#333945');
  const pans = repeat(3, (i) => line(`M${short(x - 4 + i * 22)} 12v14`, '#5a5148', 2.4) + circle(x - 4 + i * 22, 33, 8, palette.paint(215, 8, 40 + i * 6)));
  const tiles = repeat(36, (i) => rect(-20 + (i % 9) * 34 + (Math.floor(i / 9) % 2) * 17, 134 + Math.floor(i / 9) * 16, 16, 15, palette.paint(16, 45, 58)));
  return wall + upper + lower + stove + pot + pans + floor(palette.paint(30, 35, 84), 134) + tiles;
}
