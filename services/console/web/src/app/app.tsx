/** The console: a session, the company it is about, the stream of events, and the screens. */

import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { NoAnswer, onSessionEnd, Problem } from "../api/client";
import { type Session, sessionEnded, sessionQuery } from "../api/queries";
import { LanguageProvider, useI18n } from "../i18n/i18n";
import { LiveProvider } from "../live/live";
import { BeatProvider } from "../screens/beat/use-beat";
import { Empty, Failure } from "../ui/pieces";
import { Toasts } from "../ui/toasts";
import styles from "./app.module.css";
import { Boundary } from "./boundary";
import { router } from "./router";
import { SessionContext } from "./session";
import { SignIn } from "./sign-in";
import { useTicket } from "./ticket";

const RETRIES = 3;
const GATEWAY_TIMEOUT = 504;

/** Only what may go well the next time is asked again by itself; what was waited for in vain, only once. */
export function worthRetrying(failures: number, error: Error): boolean {
  if (error instanceof NoAnswer) return failures < 1;
  if (!(error instanceof Problem) || error.status < 502) return false;
  return failures < (error.status === GATEWAY_TIMEOUT ? 1 : RETRIES);
}

function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        retry: worthRetrying,
        refetchOnWindowFocus: false,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}

export function App() {
  const [queries] = useState(makeQueries);
  return (
    <QueryClientProvider client={queries}>
      <Entrance />
    </QueryClientProvider>
  );
}

const LOOK_MS = 2_000;

function Entrance() {
  const queries = useQueryClient();
  useEffect(() => onSessionEnd(() => sessionEnded(queries)), [queries]);
  const [ticket, used] = useTicket();
  const session = useQuery({
    ...sessionQuery,
    // Until the door knows whose Takt it is.
    refetchInterval: ({ state: { data } }) => (data && !data.company ? LOOK_MS : false),
  });
  const { data } = session;
  return (
    <LanguageProvider zone={data?.company?.time_zone} currency={data?.company?.currency}>
      <Boundary>
        {session.error && !data ? (
          <Centred>
            <Failure error={session.error} retry={() => void session.refetch()} />
          </Centred>
        ) : data === undefined ? (
          <Waiting />
        ) : data === null || ticket ? (
          <SignIn ticket={ticket} onTried={used} />
        ) : data.company ? (
          <Console session={data} />
        ) : (
          <NoCompany />
        )}
      </Boundary>
      <Toasts />
    </LanguageProvider>
  );
}

function Console({ session }: { session: Session }) {
  return (
    <SessionContext value={session}>
      <LiveProvider>
        <BeatProvider>
          <RouterProvider router={router} />
        </BeatProvider>
      </LiveProvider>
    </SessionContext>
  );
}

/** Without a company there is no currency and no day to say anything in. */
function NoCompany() {
  const { t } = useI18n();
  return (
    <Centred>
      <Empty>{t("state.no-company")}</Empty>
    </Centred>
  );
}

function Centred({ children }: { children: ReactNode }) {
  return <main className={styles.entrance}>{children}</main>;
}

const PATIENCE_MS = 400;

/** Nothing for a moment, so that a quick answer does not flicker; then a sign of life. */
function Waiting() {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Centred>{long && <div className={styles.pulse} role="status" aria-label="Takt" />}</Centred>
  );
}
