/** What is around every screen: where one is, what runs, how to find things. */

import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { type ComponentType, useEffect, useState } from "react";
import { RouterProvider } from "react-aria-components";
import { NoAnswer } from "../api/client";
import { LANGUAGES, type Language, type MessageKey, useI18n } from "../i18n/i18n";
import { useConnection } from "../live/live";
import { Button, Dropdown, DropdownItem } from "../ui/controls";
import { Icon, type IconName } from "../ui/icon";
import { Given, Kbd } from "../ui/pieces";
import { THEMES, type Theme, useTheme } from "../ui/theme";
import { notifyFailure } from "../ui/toasts";
import styles from "./app.module.css";
import { COMMAND_KEY, useKeys } from "./keys";
import { Mark } from "./mark";
import { fetchScreens } from "./screens";
import { useSession } from "./session";
import { useSignOut } from "./sign-out";

type Overlay = ComponentType<{ onClose: () => void }>;

// Neither is on the first screen: they are fetched once that is there, or when first asked for.
const OVERLAYS = {
  palette: () => import("./palette"),
  keys: () => import("./keys-dialog"),
} as const satisfies Record<string, () => Promise<{ default: Overlay }>>;

const SCREENS = [
  { to: "/", icon: "beat", name: "nav.beat" },
  { to: "/pipeline", icon: "board", name: "nav.pipeline" },
  { to: "/forecast", icon: "forecast", name: "nav.forecast" },
] as const satisfies readonly { to: string; icon: IconName; name: MessageKey }[];

export function Shell() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const [Open, setOpen] = useState<Overlay | null>(null);
  const show = async (name: keyof typeof OVERLAYS) => {
    try {
      const { default: overlay } = await OVERLAYS[name]();
      setOpen(() => overlay);
    } catch (error) {
      notifyFailure(new NoAnswer(error), t);
    }
  };
  useFetchedAhead();
  useKeys({
    palette: () => void show("palette"),
    keys: () => void show("keys"),
    beat: () => void navigate({ to: "/" }),
    pipeline: () => void navigate({ to: "/pipeline" }),
    forecast: () => void navigate({ to: "/forecast" }),
  });
  return (
    <RouterProvider navigate={(href) => void navigate({ to: href })}>
      <div className={styles.shell}>
        <a href="#main" className={styles.skip}>
          {t("nav.skip")}
        </a>
        <header className={styles.head}>
          <Heading />
          <div className={styles.headTools}>
            <ConnectionState />
            <Button look="quiet" size="small" onPress={() => void show("palette")}>
              <Icon name="search" />
              <span className={styles.onlyWide}>{t("palette.open")}</span>
              <span className={styles.onlyWide}>
                <Kbd>{COMMAND_KEY} K</Kbd>
              </span>
              <span className="visually-hidden">{t("palette.open")}</span>
            </Button>
            <Preferences openKeys={() => void show("keys")} />
          </div>
        </header>
        <nav className={styles.nav} aria-label={t("nav.label")}>
          <Link to="/" className={styles.brand} tabIndex={-1} aria-hidden="true">
            <Mark size={26} />
            Takt
          </Link>
          {SCREENS.map(({ to, icon, name }) => (
            <Link
              key={to}
              to={to}
              className={styles.navLink}
              activeOptions={{ exact: true, includeSearch: false }}
            >
              <Icon name={icon} />
              {t(name)}
            </Link>
          ))}
          <div className={styles.navFoot}>
            <a href="/status" className={styles.navLink}>
              <Icon name="status" />
              {t("nav.status")}
            </a>
            <Context />
          </div>
        </nav>
        <main id="main" tabIndex={-1} className={styles.main}>
          <Outlet />
          <footer className={styles.onlyNarrow}>
            <Context />
          </footer>
        </main>
      </div>
      {Open && <Open onClose={() => setOpen(null)} />}
    </RouterProvider>
  );
}

const SETTLED_MS = 3_000;

/** Once the first screen has settled, fetch what the others need: each can then be opened while the door is away. */
function useFetchedAhead(): void {
  const { state } = useConnection();
  useEffect(() => {
    if (state !== "live") return;
    const timer = setTimeout(() => {
      fetchScreens();
      // One that cannot be fetched now is fetched when it is asked for.
      for (const fetch of Object.values(OVERLAYS)) fetch().catch(() => {});
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [state]);
}

/** The screen's name, which is also the page's title. */
function Heading() {
  const { t } = useI18n();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const name = t(
    path === "/"
      ? "nav.beat"
      : path.startsWith("/pipeline")
        ? "nav.pipeline"
        : path.startsWith("/forecast")
          ? "nav.forecast"
          : path.startsWith("/deals/")
            ? "nav.deal"
            : "nav.trace",
  );
  useEffect(() => {
    document.title = `${name} · Takt`;
  }, [name]);
  return <h1>{name}</h1>;
}

/** Whose data this is, and in which time zone and currency all of it is said. */
function Context() {
  const { t, format } = useI18n();
  const { company } = useSession();
  return (
    <div className={styles.context}>
      {company && (
        <strong>
          <Given>{company.name}</Given>
        </strong>
      )}
      <span>{t("context.zone", { zone: format.zone })}</span>
      <span>{t("context.currency", { currency: format.currency })}</span>
    </div>
  );
}

function ConnectionState() {
  const { t, format } = useI18n();
  const { state, seenAt } = useConnection();
  const more =
    state === "refused"
      ? t("live.refused.why")
      : state === "offline" && seenAt
        ? t("live.offline.since", { time: format.time(new Date(seenAt).toISOString()) })
        : null;
  return (
    <span className={styles.connection} data-state={state} role="status">
      <span className={styles.dot} />
      <span className={styles.connectionSays}>
        {t(`live.${state}`)}
        {more && <span className={styles.connectionMore}>{more}</span>}
      </span>
    </span>
  );
}

const THEME_ICONS: Record<Theme, IconName> = { system: "system", light: "light", dark: "dark" };

function Preferences({ openKeys }: { openKeys: () => void }) {
  const { t, language, setLanguage } = useI18n();
  const [theme, setTheme] = useTheme();
  const signOut = useSignOut();
  return (
    <>
      <Dropdown
        button={
          <Button
            look="quiet"
            size="small"
            icon="language"
            aria-label={t("preferences.language")}
          />
        }
        aria-label={t("preferences.language")}
        selectionMode="single"
        selectedKeys={[language]}
        onAction={(key) => setLanguage(key as Language)}
      >
        {Object.entries(LANGUAGES).map(([id, name]) => (
          <DropdownItem key={id} id={id}>
            <span lang={id}>{name}</span>
          </DropdownItem>
        ))}
      </Dropdown>
      <Dropdown
        button={
          <Button
            look="quiet"
            size="small"
            icon={THEME_ICONS[theme]}
            aria-label={t("preferences.theme")}
          />
        }
        aria-label={t("preferences.theme")}
        selectionMode="single"
        selectedKeys={[theme]}
        onAction={(key) => setTheme(key as Theme)}
      >
        {THEMES.map((id) => (
          <DropdownItem key={id} id={id} icon={THEME_ICONS[id]}>
            {t(`theme.${id}`)}
          </DropdownItem>
        ))}
      </Dropdown>
      <Dropdown
        button={<Button look="quiet" size="small" icon="more" aria-label={t("preferences.more")} />}
        aria-label={t("preferences.more")}
        onAction={(key) => {
          if (key === "keys") openKeys();
          else if (key === "sign-out") void signOut();
        }}
      >
        <DropdownItem id="keys" hint={<Kbd>?</Kbd>}>
          {t("keys.title")}
        </DropdownItem>
        <DropdownItem id="docs" href="/docs" target="_blank">
          {t("nav.docs")}
        </DropdownItem>
        <DropdownItem id="sign-out" icon="exit">
          {t("session.sign-out")}
        </DropdownItem>
      </Dropdown>
    </>
  );
}
