/** The console's icons: 16 × 16 strokes of one weight. They only accompany words. */

import styles from "./ui.module.css";

const PATHS = {
  beat: "M1.5 8h3l2-5 3 10 2-5h3",
  board: "M2.5 2.5h3v11h-3zM6.5 2.5h3v7h-3zM10.5 2.5h3v9h-3z",
  forecast: "M1.5 11.5 5 7.5l3 2.5 6.5-7M8 10l6.5-1.5M8 10l6.5 2.5",
  deal: "M3 2.5h10v11H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3",
  status: "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM8 5v3.5M8 11v.1",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  close: "m4 4 8 8M12 4l-8 8",
  check: "m3 8.5 3.2 3.2L13 5",
  down: "m4 6 4 4 4-4",
  right: "m6 4 4 4-4 4",
  left: "m10 4-4 4 4 4",
  arrow: "M2.5 8h11M9.5 4l4 4-4 4",
  undo: "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M3 6.5 6 3.5M3 6.5l3 3",
  download: "M8 2v8M5 7l3 3 3-3M3 13.5h10",
  filter: "M2 3.5h12l-4.5 5v4l-3 1.5v-5.5z",
  key: "M10 9a3.5 3.5 0 1 0-3.2-2L2 11.8V14h2.5v-2H6v-1.5L7.4 9a3.5 3.5 0 0 0 2.6 0ZM10.7 5.3v.1",
  language:
    "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM2 8h12M8 2c2 1.8 2.6 3.8 2.6 6S10 12.2 8 14c-2-1.8-2.6-3.8-2.6-6S6 3.8 8 2Z",
  light:
    "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7",
  dark: "M13.5 9.5A6 6 0 1 1 6.5 2.5a5 5 0 0 0 7 7Z",
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  table: "M2.5 3h11v10h-11zM2.5 6.5h11M2.5 10h11M7 3v10",
  chart: "M2.5 13.5h11M4.5 11V7M8 11V3.5M11.5 11V6",
  edit: "m10.5 3 2.5 2.5L6 12.5 3 13l.5-3z",
  exit: "M6 2.5H3v11h3M10.5 5 13.5 8l-3 3M13.5 8H6",
  warning: "M8 2 14.5 13.5h-13zM8 6.5v3M8 11.6v.1",
  link: "M6.5 9.5 9.5 6.5M5 7.5 3.5 9a2.5 2.5 0 0 0 3.5 3.5L8.5 11M7.5 5 9 3.5A2.5 2.5 0 0 1 12.5 7L11 8.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className={styles.icon} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
