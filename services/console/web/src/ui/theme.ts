/** Light, dark, or as the system says. */

import { useCallback, useState } from "react";
import { keep, kept } from "../lib/kept";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export function applyTheme(theme: Theme = chosenTheme()): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function chosenTheme(): Theme {
  return THEMES.find((theme) => theme === kept("theme")) ?? "system";
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, choose] = useState(chosenTheme);
  const change = useCallback((next: Theme) => {
    keep("theme", next === "system" ? null : next);
    applyTheme(next);
    choose(next);
  }, []);
  return [theme, change];
}
