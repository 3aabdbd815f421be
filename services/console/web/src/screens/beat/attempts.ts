/**
 * Attempts to deliver webhooks: they are no events, so only a chain that is asked for whole has them.
 *
 * It is asked for when it has come to rest, and only where somebody looks: it costs a question to every service.
 */

import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { traceQuery } from "../../api/queries";
import { useQuiet } from "../../lib/quiet";
import type { Step } from "./chains";
import { kindOf } from "./words";

export interface Attempts extends Step {
  /** How many of them delivered. */
  delivered: number;
}

const QUIET_MS = 1_000;
const FRESH_MS = 5_000;

export function attemptsOf(trace: Pick<Schemas["Trace"], "steps">): Attempts | null {
  const made = trace.steps.filter((step) => kindOf(step.type) === "webhook");
  if (made.length === 0) return null;
  const times = made.map((step) => step.ms);
  return {
    count: made.length,
    first: Math.min(...times),
    last: Math.max(...times),
    delivered: made.filter((step) => Math.floor(Number(step.data?.status) / 100) === 2).length,
  };
}

/**
 * The attempts of a chain.
 *
 * @param id of the chain.
 * @param sign changes whenever the chain goes on; null while nobody looks.
 */
export function useAttempts(id: string, sign: string | number | null): Attempts | null {
  const enabled = useQuiet(sign, QUIET_MS);
  const trace = useQuery({
    ...traceQuery(id),
    enabled,
    select: attemptsOf,
    retry: false,
    staleTime: FRESH_MS,
  });
  return trace.data ?? null;
}
