/** The one-time ticket of a link, which is taken out of the address before anybody can see it. */

import { useCallback, useEffect, useState } from "react";

function takeTicket(): string | null {
  const ticket = new URLSearchParams(location.hash.slice(1)).get("ticket");
  if (ticket) history.replaceState(null, "", location.pathname + location.search);
  return ticket;
}

/**
 * The ticket that is to be tried, and what to call when it was.
 *
 * A link that is pasted into the open sign-in only changes the hash: that counts too.
 */
export function useTicket(): [string | null, () => void] {
  const [ticket, setTicket] = useState(takeTicket);
  useEffect(() => {
    const look = () => setTicket((before) => takeTicket() ?? before);
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  return [ticket, useCallback(() => setTicket(null), [])];
}
