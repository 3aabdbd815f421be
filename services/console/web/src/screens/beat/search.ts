/** What of the beat and of a chain is shown; all of it lives in the address. */

import { KINDS } from "./words";

export interface BeatSearch {
  /** Only chains with this part. */
  kind?: (typeof KINDS)[number];
}

export function readBeat(search: Record<string, unknown>): BeatSearch {
  const kind = KINDS.find((one) => one === search.kind);
  return kind ? { kind } : {};
}

export interface TraceSearch {
  /** As a graph unless it says otherwise. */
  as?: "list" | undefined;
  /** The step whose content is shown; the first where it names none. */
  step?: string;
}

export function readTrace(search: Record<string, unknown>): TraceSearch {
  return {
    ...(search.as === "list" && { as: "list" }),
    ...(typeof search.step === "string" && search.step !== "" && { step: search.step }),
  };
}
