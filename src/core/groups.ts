/** Keys with values, as JSON and YAML have them. */
export type Group = Record<string, unknown>;

export function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value where it is a group, an empty one otherwise: for files of which nobody knows what is in them. */
export function groupOf(value: unknown): Readonly<Group> {
  return isGroup(value) ? value : {};
}

/**
 * `{a: {b: 1}}` as `a.b`, 1. Lists stay whole; so do empty groups, and those that lie deeper than `depth` names.
 * @param prefix put before every key
 */
export function leaves(group: Readonly<Group>, prefix = '', depth = Infinity): [key: string, value: unknown][] {
  return Object.entries(group).flatMap(([name, inner]): [string, unknown][] => {
    const nested = depth > 1 && isGroup(inner) && Object.keys(inner).length > 0;
    return nested ? leaves(inner, `${prefix}${name}.`, depth - 1) : [[`${prefix}${name}`, inner]];
  });
}
