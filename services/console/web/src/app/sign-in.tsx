/** The way in: a one-time link opens by itself, a key is given by hand. */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { endedKey, enter, sessionQuery, signIn } from "../api/queries";
import { useI18n } from "../i18n/i18n";
import { Button, TextField } from "../ui/controls";
import { Failure } from "../ui/pieces";
import { notifyFailure } from "../ui/toasts";
import styles from "./app.module.css";
import { Mark } from "./mark";

/** Who is signed in already, and has followed a link, goes on as before where the link opens nothing. */
export function SignIn({ ticket, onTried }: { ticket: string | null; onTried: () => void }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const tried = useRef<string | null>(null);
  const ended = queries.getQueryData<boolean>(endedKey) ?? false;

  const prove = async (proof: { key: string } | { ticket: string }) => {
    setBusy(true);
    setError(null);
    try {
      enter(queries, await signIn(proof));
    } catch (problem) {
      setError(problem);
      setBusy(false);
      if (queries.getQueryData(sessionQuery.queryKey)) notifyFailure(problem, t);
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: a ticket is good for one try
  useEffect(() => {
    if (!ticket || tried.current === ticket) return;
    tried.current = ticket;
    void prove({ ticket }).then(onTried);
  }, [ticket]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = key.trim();
    if (given) void prove({ key: given });
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
