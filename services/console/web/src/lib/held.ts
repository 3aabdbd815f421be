/** What stands still for a while, however what it is made from goes on. */

import { useEffect, useRef } from "react";

/** The value; while it is held, the one that was there when that began. */
export function useHeld<T>(value: T, held: boolean): T {
  const kept = useRef(value);
  useEffect(() => {
    if (!held) kept.current = value;
  });
  return held ? kept.current : value;
}
