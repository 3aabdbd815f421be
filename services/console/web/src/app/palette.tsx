/** The command palette: go anywhere, find a deal, change a preference, by typing. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Autocomplete, Input, Menu, SearchField, useFilter } from "react-aria-components";
import { productsQuery } from "../api/queries";
import { LANGUAGES, type Language, useI18n } from "../i18n/i18n";
import { usePipelineCards } from "../screens/pipeline/cards";
import { DropdownItem } from "../ui/controls";
import { Dialog } from "../ui/overlay";
import { THEMES, useTheme } from "../ui/theme";
import ui from "../ui/ui.module.css";
import styles from "./app.module.css";
import { useMay } from "./session";
import { useSignOut } from "./sign-out";

const SHOWN_DEALS = 30;
const SHOWN_PRODUCTS = 10;

export default function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog title={t("palette.title")} open onClose={onClose} atTop>
      <Commands onDone={onClose} />
    </Dialog>
  );
}

interface Command {
  id: string;
  name: string;
  hint?: string;
  run: () => void;
}

function Commands({ onDone }: { onDone: () => void }) {
  const { t, setLanguage } = useI18n();
  const [, setTheme] = useTheme();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const [typed, setTyped] = useState("");
  const { contains } = useFilter({ sensitivity: "base" });
  const { cards } = usePipelineCards("default");
  const products = useQuery({ ...productsQuery, enabled: useMay("deals:read") });
  const fixed: Command[] = [
    { id: "beat", name: t("nav.beat"), run: () => void navigate({ to: "/" }) },
    { id: "pipeline", name: t("nav.pipeline"), run: () => void navigate({ to: "/pipeline" }) },
    { id: "forecast", name: t("nav.forecast"), run: () => void navigate({ to: "/forecast" }) },
    { id: "status", name: t("nav.status"), run: () => location.assign("/status") },
    ...THEMES.map((theme) => ({
      id: `theme-${theme}`,
      name: t(`theme.${theme}`),
      hint: t("preferences.theme"),
      run: () => setTheme(theme),
    })),
    ...Object.entries(LANGUAGES).map(([id, name]) => ({
      id: `language-${id}`,
      name,
      hint: t("preferences.language"),
      run: () => setLanguage(id as Language),
    })),
    { id: "sign-out", name: t("session.sign-out"), run: () => void signOut() },
  ];
  const deals: Command[] = cards
    .filter((card) => typed && (contains(card.name, typed) || contains(card.account ?? "", typed)))
    .slice(0, SHOWN_DEALS)
    .map((card) => ({
      id: card.id,
      name: card.name,
      hint: t("nav.deal"),
      run: () => void navigate({ to: "/deals/$id", params: { id: card.id } }),
    }));
  const forecasts: Command[] = (products.data ?? [])
    .filter(({ code, name }) => typed && (contains(name, typed) || contains(code, typed)))
    .slice(0, SHOWN_PRODUCTS)
    .map(({ code, name }) => ({
      id: `forecast-${code}`,
      name,
      hint: t("nav.forecast"),
      run: () => void navigate({ to: "/forecast", search: { product: code } }),
    }));
  const found = [
    ...fixed.filter((command) => contains(command.name, typed)),
    ...deals,
    ...forecasts,
  ];
  return (
    <div className={styles.palette}>
      <Autocomplete inputValue={typed} onInputChange={setTyped}>
        <SearchField aria-label={t("palette.title")} autoFocus>
          <Input className={ui.input ?? ""} placeholder={t("palette.placeholder")} />
        </SearchField>
        <Menu
          className={styles.paletteList ?? ""}
          aria-label={t("palette.title")}
          items={found}
          renderEmptyState={() => <p className={ui.empty}>{t("palette.nothing")}</p>}
          onAction={(key) => {
            onDone();
            found.find((command) => command.id === key)?.run();
          }}
        >
          {(command) => (
            <DropdownItem id={command.id} textValue={command.name} hint={command.hint}>
              <bdi dir="auto">{command.name}</bdi>
            </DropdownItem>
          )}
        </Menu>
      </Autocomplete>
    </div>
  );
}
