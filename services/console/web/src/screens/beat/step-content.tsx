/** One step of a chain: what it says, who said it, and who has handled it since. */

import { useState } from "react";
import { useI18n } from "../../i18n/i18n";
import { copyText } from "../../lib/plain-http";
import { Button } from "../../ui/controls";
import { Card, Given } from "../../ui/pieces";
import { notify } from "../../ui/toasts";
import type { TraceStep } from "./graph";
import styles from "./trace.module.css";
import { shortType } from "./words";

export function StepContent({ step }: { step: TraceStep }) {
  const { t, format } = useI18n();
  const [copied, setCopied] = useState(false);
  const content = step.data ? JSON.stringify(step.data, null, 2) : null;
  const copy = async () => {
    if (await copyText(content ?? "")) setCopied(true);
    else notify({ title: t("trace.not-copied"), tone: "bad" });
  };
  return (
    <Card
      title={shortType(step.type)}
      tools={
        content && (
          <Button size="small" onPress={() => void copy()}>
            {copied ? t("trace.copied") : t("trace.copy")}
          </Button>
        )
      }
    >
      <dl className={styles.facts}>
        <dt>{t("trace.subject")}</dt>
        <dd>
          <Given>{step.subject}</Given>
        </dd>
        <dt>{t("trace.service")}</dt>
        <dd>
          {step.service}, {format.instant(step.time)}
        </dd>
        <dt>{t("trace.handled")}</dt>
        <dd>
          {step.handled
            .map((mark) =>
              t("trace.handled-at", { consumer: mark.consumer, ms: format.delay(mark.ms) }),
            )
            .join(", ") || t("trace.none-handled")}
        </dd>
      </dl>
      {content === null ? (
        <p>{t("trace.hidden")}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        <section className={styles.content} tabIndex={0} aria-label={t("trace.content")}>
          <pre>{content}</pre>
        </section>
      )}
    </Card>
  );
}
