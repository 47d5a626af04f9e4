// The parts of the bench by name. Each takes the settings and gives its data and a function that prints them.
import { decodeSection } from './decodesection.mjs';
import { featuresSection } from './featuressection.mjs';
import { memorySection } from './memorysection.mjs';
import { outsideSection, profileSection, startSection } from './oursections.mjs';
import { scoresSection } from './scoressection.mjs';
import { trainSection } from './trainsection.mjs';

export const SECTIONS = {
  train: trainSection,
  decode: decodeSection,
  features: featuresSection,
  start: startSection,
  memory: memorySection,
  outside: outsideSection,
  profile: profileSection,
  scores: scoresSection,
};
