/**
 * Takt's time. Ages and dates are counted from it: this device's clock may be wrong, or Takt's may be set.
 */

import { useEffect, useState } from "react";

let ahead = 0;

/** Takt has just said what time it is. */
export function setClock(iso: string): void {
  ahead = Date.parse(iso) - Date.now();
}

/** What time it is for Takt, in milliseconds; this device's own until Takt has said so. */
export const now = (): number => Date.now() + ahead;

const TICK_MS = 60_000;

/** Takt's time for what is drawn from it, by the minute. */
export function useNow(): number {
  const [time, setTime] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setTime(now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return time;
}

/** A date in a time zone, YYYY-MM-DD. */
export const dateIn = (zone: string, at: number): string =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(at);
