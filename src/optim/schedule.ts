import { z } from 'zod';

/** How the learning rate changes with the step. */
export const scheduleSchema = z.strictObject({
  kind: z.enum(['constant', 'linear', 'cosine', 'exponential']).default('constant').describe('shape of the decay after warm-up'),
  warmup: z.int().min(0).default(0).describe('steps over which the rate rises linearly from 0'),
  steps: z.int().min(1).default(10_000).describe('steps until linear and cosine decay reach `final`; steps per decay of exponential'),
  final: z.number().min(0).default(0).describe('share of the rate that linear and cosine decay end at'),
  decay: z.number().min(0).max(1).default(0.97).describe('factor of exponential decay'),
});
export type Schedule = z.infer<typeof scheduleSchema>;

/** The factor on the learning rate at a step counted from 1. */
export function scheduleFactor(schedule: Schedule, step: number): number {
  if (step <= schedule.warmup) return step / schedule.warmup;
  const share = Math.min(1, (step - schedule.warmup) / schedule.steps);
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - share * (1 - schedule.final);
    case 'cosine':
      return schedule.final + (1 - schedule.final) * 0.5 * (1 + Math.cos(Math.PI * share));
    case 'exponential':
      return schedule.decay ** Math.floor((step - schedule.warmup) / schedule.steps);
  }
}
