import type { Random } from '../../../core/random.ts';
import type { Weather } from '../world.ts';
import { hsl } from './palette.ts';
import { circle, ellipse, gradient, group, line, rect, repeat, short } from './svg.ts';

type Colour = readonly [hue: number, saturation: number, lightness: number];

const SKY: Record<Weather, readonly [top: Colour, bottom: Colour]> = {
  sunny: [[205, 85, 64], [195, 80, 86]],
  cloudy: [[212, 16, 66], [210, 18, 84]],
  rainy: [[215, 22, 45], [210, 20, 66]],
  snowy: [[212, 30, 74], [210, 35, 92]],
  night: [[232, 55, 14], [228, 45, 30]],
  rainbow: [[208, 60, 76], [190, 55, 92]],
  indoors: [[40, 40, 80], [40, 40, 80]],
};

/** What is behind the place: the sky, with sun, moon and stars, rainbow or clouds. */
export function drawSky(random: Random, weather: Weather): string {
  const [top, bottom] = SKY[weather];
  const shift = random.between(-4, 4);
  const colours = [top, bottom].map(([h, s, l]) => hsl(h + shift, s, l + random.between(-2, 2)));
  const back = gradient('sky', colours[0]!, colours[1]!) + rect(-20, -20, 296, 232, 'url(#sky)');
  return back + IN_THE_SKY[weather](random);
}

const IN_THE_SKY: Record<Weather, (random: Random) => string> = {
  sunny: (random) => sun(random) + clouds(random, 1, '#ffffff', 0.6),
  cloudy: (random) => clouds(random, 6, hsl(212, 12, random.between(54, 60)), 1.25) + clouds(random, 3, '#dfe3ea', 1),
  rainy: (random) => clouds(random, 6, hsl(218, 18, random.between(30, 36)), 1.15),
  snowy: (random) => clouds(random, 4, '#f6f9ff', 1.1),
  night: (random) => stars(random) + moon(random),
  rainbow: (random) => rainbow(random) + clouds(random, 2, '#ffffff', 0.7),
  indoors: () => '',
};

/** What falls in front of everything. */
export function drawFall(random: Random, weather: Weather): string {
  if (weather === 'rainy') {
    const slant = random.between(3, 7);
    return repeat(70, () => {
      const [x, y, length] = [random.between(-5, 265), random.between(-10, 190), random.between(7, 13)];
      return line(`M${short(x)} ${short(y)}l${short(-slant * length * 0.08)} ${short(length)}`, '#cfe4ff', 1.5, 'opacity=".75"');
    });
  }
  if (weather === 'snowy') {
    return repeat(75, () => circle(random.between(0, 256), random.between(0, 192), random.between(1.1, 2.9), '#ffffff', 'opacity=".95"'));
  }
  return '';
}

function sun(random: Random): string {
  const rays = repeat(12, (i) => {
    const angle = (i * Math.PI) / 6;
    const at = (r: number): string => `${short(Math.cos(angle) * r)} ${short(Math.sin(angle) * r)}`;
    return line(`M${at(23)}L${at(29)}`, '#ffd84a', 3.4);
  });
  const disc = circle(0, 0, 38, '#fff3b0', 'opacity=".45"') + circle(0, 0, 19, '#ffd23c');
  const side = besideTheMiddle(random);
  return group(`translate(${short(side)} ${short(random.between(28, 36))}) rotate(${short(random.between(0, 30))})`, disc, rays);
}

/** Where no peak, roof or tree top hides the sun or the moon. */
function besideTheMiddle(random: Random): number {
  return random.uniform() < 0.5 ? random.between(64, 86) : random.between(170, 192);
}

function moon(random: Random): string {
  const [x, y] = [besideTheMiddle(random), random.between(26, 36)];
  return circle(x, y, 26, '#fff6cf', 'opacity=".16"') + circle(x, y, 17, '#fff4c2') + circle(x - 5, y - 4, 3.4, '#ecdfa4')
    + circle(x + 6, y + 5, 2.4, '#ecdfa4');
}

function stars(random: Random): string {
  return repeat(38, () => circle(random.between(0, 256), random.between(0, 100), random.between(0.7, 1.9), '#fffbe0'));
}

function rainbow(random: Random): string {
  const [x, y, radius] = [random.between(105, 155), random.between(112, 124), random.between(92, 104)];
  const bands = ['#f0525a', '#f79a3e', '#fbe04c', '#5cc46a', '#4a93e6', '#8d62cf'];
  return bands.map((colour, i) => ellipse(x, y, radius - i * 5, radius - i * 5, 'none', `stroke="${colour}" stroke-width="5.4"`)).join('');
}

/** Clouds spread over the width, each four puffs on a flat base. */
function clouds(random: Random, count: number, colour: string, size: number): string {
  return repeat(count, (i) => {
    const x = ((i + random.between(0.2, 0.8)) * 256) / count;
    const y = random.between(14, 44);
    const scale = size * random.between(0.8, 1.15);
    const puffs =
      circle(-14, 0, 10, colour) + circle(0, -6, 13, colour) + circle(14, -1, 10, colour) + rect(-24, -1, 48, 11, colour, 5.5);
    return group(`translate(${short(x)} ${short(y)}) scale(${scale.toFixed(2)})`, puffs);
  });
}
