/** Small pieces that show: cards, chips, tables' frames, and the states empty, loading and failed. */

import { type ReactNode, useEffect, useState } from "react";
import { NoAnswer, Problem } from "../api/client";
import { type Translate, useI18n } from "../i18n/i18n";
import { Button } from "./controls";
import { Icon, type IconName } from "./icon";
import styles from "./ui.module.css";

/** Class names joined, but for those that do not hold. */
export function classes(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}

export function Card({
  title,
  tools,
  label,
  children,
}: {
  title?: ReactNode;
  tools?: ReactNode;
  label?: string;
  children: ReactNode;
}) {
  return (
    <section className={styles.card} aria-label={label}>
      {(title || tools) && (
        <header className={styles.cardHead}>
          <h2>{title}</h2>
          {tools}
        </header>
      )}
      <div className={styles.cardBody}>{children}</div>
    </section>
  );
}

export type Tone = "good" | "warn" | "bad" | "accent";

export function Chip({
  tone,
  icon,
  children,
}: {
  tone?: Tone;
  icon?: IconName;
  children: ReactNode;
}) {
  return (
    <span className={classes(styles.chip, tone && styles[tone])}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className={styles.kbd}>{children}</kbd>;
}

/** Text that somebody typed: in whatever script, it keeps to itself. */
export function Given({ children }: { children: ReactNode }) {
  return <bdi dir="auto">{children}</bdi>;
}

/** Something that is not there yet, in the size that it will have. */
export function Skeleton({ height, width = "100%" }: { height: number; width?: number | string }) {
  return <div className={styles.skeleton} style={{ height, width }} aria-hidden="true" />;
}

const LONG_MS = 5_000;

/** Says to those who hear the page that it is loading, around skeletons; and to all, when that takes long. */
export function Loading({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-busy="true">
      {long ? (
        <p className={styles.waiting}>{t("state.waiting")}</p>
      ) : (
        <span className="visually-hidden">{t("state.loading")}</span>
      )}
      {children}
    </div>
  );
}

/** Nothing is here, why, and what to do next. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p>{children}</p>
      {action}
    </div>
  );
}

/** What went wrong, in the service's own words, with its remedy and the id that finds it. */
export function Failure({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const { t } = useI18n();
  const words = wordsOf(error, t);
  return (
    <div role="alert" className={styles.problem}>
      <strong>{words.title}</strong>
      {words.detail && <span>{words.detail}</span>}
      {words.remedy && <span>{words.remedy}</span>}
      {words.correlation && <small>{t("problem.correlation", { id: words.correlation })}</small>}
      {retry && (
        <span>
          <Button size="small" onPress={retry}>
            {t("action.retry")}
          </Button>
        </span>
      )}
    </div>
  );
}

export interface Words {
  title: string;
  detail?: string | undefined;
  remedy?: string | undefined;
  correlation?: string | undefined;
}

/** How to say an error to a person. */
export function wordsOf(error: unknown, t: Translate): Words {
  if (error instanceof Problem) {
    const { message, detail, remedy, correlation } = error;
    const forbidden = error.status === 403 && error.slug === "forbidden";
    return {
      title: forbidden ? t("problem.forbidden") : message,
      detail: detail === message ? undefined : detail,
      remedy,
      correlation,
    };
  }
  if (error instanceof NoAnswer) {
    return { title: t("problem.no-answer"), remedy: t("problem.no-answer.remedy") };
  }
  return { title: t("problem.unexpected"), detail: String(error) };
}
