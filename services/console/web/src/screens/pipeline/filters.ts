/** What of the board is shown and in which order; all of it lives in the address. */

export const SORTS = ["value", "age", "close", "probability"] as const;
export type Sort = (typeof SORTS)[number];

export const AGES = ["over", "stalled", "30", "90"] as const;
export type Age = (typeof AGES)[number];

export interface Filters {
  stage?: string[];
  owner?: string[];
  team?: string[];
  region?: string[];
  product?: string[];
  age?: Age;
  text?: string;
  sort?: Sort;
}

const LISTS = ["stage", "owner", "team", "region", "product"] as const;
export type ListFilter = (typeof LISTS)[number];
/** Of a text or a code in the address. */
export const LONGEST = 200;

/** The filters of an address; what cannot be read is left out. */
export function readFilters(search: Record<string, unknown>): Filters {
  const filters: Filters = {};
  for (const name of LISTS) {
    const given = search[name];
    const values = (Array.isArray(given) ? given : [given]).flatMap((value) =>
      typeof value === "string" || typeof value === "number" ? [String(value)] : [],
    );
    const known = [...new Set(values)].filter((value) => value !== "" && value.length <= LONGEST);
    if (known.length > 0) filters[name] = known;
  }
  const age = AGES.find((one) => one === String(search.age));
  if (age) filters.age = age;
  const sort = SORTS.find((one) => one === search.sort);
  if (sort) filters.sort = sort;
  if (search.text !== undefined && search.text !== "") {
    filters.text = String(search.text).slice(0, LONGEST);
  }
  return filters;
}

interface Placed {
  code: string;
  parent?: string | null;
}

/** Codes with all that lies below them, as the services take them: who asks for EMEA asks for DACH too. */
export function withBelow(codes: readonly string[], rows: readonly Placed[]): string[] {
  const found = new Set(codes);
  // A set is walked with what is added to it meanwhile; each code once, so that a circle ends too.
  for (const code of found) {
    for (const row of rows) if (row.parent === code) found.add(row.code);
  }
  return [...found];
}

/** The filters as they are applied: teams and regions with what lies below them. */
export function widened(
  filters: Filters,
  teams: readonly Placed[],
  regions: readonly Placed[],
): Filters {
  return {
    ...filters,
    ...(filters.team ? { team: withBelow(filters.team, teams) } : {}),
    ...(filters.region ? { region: withBelow(filters.region, regions) } : {}),
  };
}
