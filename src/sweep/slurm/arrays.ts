/** Tasks of one job array. */
export interface TaskArray {
  /** Number of its first task among all. A task's number is this plus its place in the array. */
  readonly offset: number;
  /** Places in the array, from 0, rising. */
  readonly places: readonly number[];
}

/** Deals tasks out to arrays whose places stay below Slurm's MaxArraySize. @param tasks numbers from 0, rising */
export function splitTasks(tasks: readonly number[], maxArraySize: number): TaskArray[] {
  const arrays = new Map<number, number[]>();
  for (const task of tasks) {
    const offset = Math.floor(task / maxArraySize) * maxArraySize;
    arrays.set(offset, [...(arrays.get(offset) ?? []), task - offset]);
  }
  return [...arrays].map(([offset, places]) => ({ offset, places }));
}

/** Places as sbatch's --array takes them: `0-3,7`. */
export function formatPlaces(places: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const place of places) {
    const last = runs.at(-1);
    if (last && place === last[1] + 1) last[1] = place;
    else runs.push([place, place]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}
