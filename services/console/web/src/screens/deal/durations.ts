/** A whole and its parts in one unit, rounded so that the parts as shown still sum to the whole as shown. */

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

const TENTHS = 10;

export interface Durations {
  unit: (typeof UNITS)[number][0];
  whole: number;
  parts: number[];
}

/**
 * The largest unit of which the whole has at least one, in tenths.
 *
 * Each part is rounded down; the tenths that then lack go to the parts that lost most (largest remainder).
 */
export function durations(seconds: number, parts: readonly number[]): Durations {
  const [unit, size] = UNITS.find(([, one]) => seconds >= one) ?? (["second", 1] as const);
  const tenths = parts.map((part) => (part * TENTHS) / size);
  const whole = Math.round((seconds * TENTHS) / size);
  const down = tenths.map(Math.floor);
  const lacking = whole - down.reduce((sum, part) => sum + part, 0);
  const lost = tenths.map((part, place) => ({ place, rest: part - Math.floor(part) }));
  for (const { place } of lost.sort((a, b) => b.rest - a.rest).slice(0, Math.max(0, lacking))) {
    down[place] = (down[place] ?? 0) + 1;
  }
  return { unit, whole: whole / TENTHS, parts: down.map((part) => part / TENTHS) };
}
