/** The way in: a one-time link opens by itself, a key is given by hand. */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { endedKey, sessionQuery, signIn } from "../api/queries";
import { useI18n } from "../i18n/i18n";
import { Button, TextField } from "../ui/controls";
import { Failure } from "../ui/pieces";
import styles from "./app.module.css";
import { Mark } from "./mark";

/** The one-time ticket in the address, which is taken out of it before anybody can see it. */
function takeTicket(): string | null {
  const ticket = new URLSearchParams(location.hash.slice(1)).get("ticket");
  if (ticket) history.replaceState(null, "", location.pathname + location.search);
  return ticket;
}

export function SignIn() {
  const { t } = useI18n();
  const queries = useQueryClient();
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const tried = useRef(false);
  const ended = queries.getQueryData<boolean>(endedKey) ?? false;

  const enter = async (proof: { key: string } | { ticket: string }) => {
    setBusy(true);
    setError(null);
    try {
      const session = await signIn(proof);
      queries.setQueryData(endedKey, false);
      queries.setQueryData(sessionQuery.queryKey, session);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: a ticket is good for one try
  useEffect(() => {
    if (tried.current) return;
    tried.current = true;
    const ticket = takeTicket();
    if (ticket) void enter({ ticket });
  }, []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = key.trim();
    if (given) void enter({ key: given });
  };

  return (
    <main className={styles.entrance}>
      <div className={styles.signIn}>
        <Mark size={40} />
        <h1>{t("sign-in.title")}</h1>
        <p className={styles.lead}>{t(ended ? "sign-in.ended" : "sign-in.lead")}</p>
        {error !== null && <Failure error={error} />}
        <form className={styles.form} onSubmit={submit}>
          <TextField
            label={t("sign-in.key")}
            hint={t("sign-in.key.hint")}
            type="password"
            autoComplete="current-password"
            value={key}
            onChange={setKey}
            autoFocus
          />
          <Button type="submit" look="primary" isDisabled={busy}>
            {busy ? t("sign-in.busy") : t("sign-in.submit")}
          </Button>
        </form>
        <p className={styles.aside}>{t("sign-in.link")}</p>
      </div>
    </main>
  );
}
