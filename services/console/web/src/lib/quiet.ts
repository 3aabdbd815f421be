/** What is asked only when a stream of changes has paused: each question costs, and the next change undoes it. */

import { useEffect, useState } from "react";

/** Whether this value has stayed the same for so long; null never does. */
export function useQuiet(value: string | number | null, ms: number): boolean {
  const [quiet, setQuiet] = useState<typeof value>(null);
  useEffect(() => {
    if (value === null) return;
    const timer = setTimeout(() => setQuiet(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return value !== null && quiet === value;
}
