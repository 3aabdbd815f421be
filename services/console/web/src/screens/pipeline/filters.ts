/** What of the board is shown; all of it lives in the address. */

export interface Filters {
  pipeline?: string;
}

export function readFilters(search: Record<string, unknown>): Filters {
  return typeof search.pipeline === "string" ? { pipeline: search.pipeline } : {};
}
