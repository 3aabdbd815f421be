/** Moments of the page that are measured from outside, by the browser's own clock. */

import { useEffect } from "react";

/** Mark, once a page load, that what calls this has been drawn. */
export function useMark(name: string): void {
  useEffect(() => {
    if (performance.getEntriesByName(name).length === 0) performance.mark(name);
  }, [name]);
}
