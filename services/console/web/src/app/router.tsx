/** Every address of the console; the door's table `PAGES` names the same (a test compares them). */

import { createRootRoute, createRoute, createRouter, Link, redirect } from "@tanstack/react-router";
import { useI18n } from "../i18n/i18n";
import { readBeat, readTrace } from "../screens/beat/search";
import { readForecast } from "../screens/forecast/search";
import { readFilters } from "../screens/pipeline/filters";
import { Empty, Failure } from "../ui/pieces";
import { Beat, Deal, Forecast, Pipeline, TracePage } from "./screens";
import { Shell } from "./shell";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
});

const beat = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: readBeat,
  component: Beat,
});

const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipeline",
  validateSearch: readFilters,
  component: Pipeline,
});

const forecast = createRoute({
  getParentRoute: () => root,
  path: "/forecast",
  validateSearch: readForecast,
  component: Forecast,
});

const deal = createRoute({
  getParentRoute: () => root,
  path: "/deals/$id",
  component: Deal,
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/traces/$id",
  validateSearch: readTrace,
  component: TracePage,
});

/** Who is signed in already has nothing to do at the sign-in. */
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  beforeLoad: () => {
    throw redirect({ to: "/", replace: true });
  },
});

export const router = createRouter({
  routeTree: root.addChildren([beat, pipeline, forecast, deal, trace, signIn]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  const { t } = useI18n();
  return <Empty action={<Link to="/">{t("nav.beat")}</Link>}>{t("state.not-found")}</Empty>;
}
