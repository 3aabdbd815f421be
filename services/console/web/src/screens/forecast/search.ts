/** What of the forecast is shown; all of it lives in the address. */

export const PASTS = [13, 26, 52, 156] as const;
export type Past = (typeof PASTS)[number];
/** Weeks of history that are shown unless the address says otherwise. */
export const USUAL_PAST: Past = 26;

export const GROUPINGS = ["lag", "class", "level"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface ForecastSearch {
  /** Without a product or family: all of them. */
  family?: string | undefined;
  product?: string | undefined;
  /** With all that lies in it; all regions where none is named. */
  region?: string | undefined;
  /** Into what the sum is taken apart: products unless it says otherwise. */
  by?: "region" | undefined;
  /** The published version that is shown; the present forecast where none is named. */
  version?: number | undefined;
  /** The version beneath it; the one before where none is named. */
  against?: number | "none" | undefined;
  past?: Past | undefined;
  errors?: Grouping | undefined;
}

const LONGEST = 200;
const LAST_VERSION = 2 ** 31 - 1;

/** The choices of an address; what cannot be read is left out. */
export function readForecast(search: Record<string, unknown>): ForecastSearch {
  const found: ForecastSearch = {};
  const [family, product, region] = [search.family, search.product, search.region].map(code);
  if (product) found.product = product;
  else if (family) found.family = family;
  if (region) found.region = region;
  if (search.by === "region") found.by = "region";
  const shown = version(search.version);
  if (shown) found.version = shown;
  const against = search.against === "none" ? "none" : version(search.against);
  if (against) found.against = against;
  const past = PASTS.find((weeks) => weeks === Number(search.past));
  if (past && past !== USUAL_PAST) found.past = past;
  const errors = GROUPINGS.find((grouping) => grouping === search.errors);
  if (errors && errors !== "lag") found.errors = errors;
  return found;
}

/** A code; one of digits alone was read as a number. */
function code(given: unknown): string | undefined {
  if (typeof given !== "string" && typeof given !== "number") return undefined;
  const text = String(given);
  return text !== "" && text.length <= LONGEST ? text : undefined;
}

function version(given: unknown): number | undefined {
  const number = Number(given);
  return Number.isInteger(number) && number > 0 && number <= LAST_VERSION ? number : undefined;
}

export interface Version {
  version: number;
  name: string;
  as_of: string;
}

/** What is drawn over what. */
export interface Drawn<V extends Version = Version> {
  /** Null is the present forecast. */
  shown: V | null;
  against: V | null;
}

/** The versions that are drawn, of those that there are, the newest first. */
export function drawnOf<V extends Version>(
  search: ForecastSearch,
  versions: readonly V[],
): Drawn<V> {
  const shown = versions.find((one) => one.version === search.version) ?? null;
  if (search.against === "none") return { shown, against: null };
  const asked = versions.find((one) => one.version === search.against);
  const before = shown ? versions.find((one) => one.version < shown.version) : versions[0];
  return { shown, against: (asked !== shown && asked) || before || null };
}

/** The two versions whose difference is explained: the present forecast is none, so its last version stands for it. */
export function explainedOf<V extends Version>(
  search: ForecastSearch,
  versions: readonly V[],
): { newer: V; older: V } | null {
  const { shown, against } = drawnOf(search, versions);
  const newer = shown ?? versions[0];
  const before = versions.find((one) => newer && one.version < newer.version);
  const older = against && against !== newer ? against : before;
  return newer && older ? { newer, older } : null;
}
