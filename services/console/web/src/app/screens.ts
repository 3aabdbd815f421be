/** The screens, each fetched when it is first needed. */

import { lazyRouteComponent } from "@tanstack/react-router";

export const Beat = lazyRouteComponent(() => import("../screens/beat/beat"), "Beat");
export const TracePage = lazyRouteComponent(() => import("../screens/beat/trace"), "TracePage");
export const Pipeline = lazyRouteComponent(
  () => import("../screens/pipeline/pipeline"),
  "Pipeline",
);
export const Forecast = lazyRouteComponent(
  () => import("../screens/forecast/forecast"),
  "Forecast",
);
export const Deal = lazyRouteComponent(() => import("../screens/deal/deal"), "Deal");

/** Fetch them before one goes there: while the door is away, that would come too late. */
export function fetchScreens(): void {
  for (const screen of [Beat, TracePage, Pipeline, Forecast, Deal]) void screen.preload?.();
}
