/** A short glow on what has just changed, and none when it first appears. */

import { useEffect, useRef, useState } from "react";
import styles from "./ui.module.css";

const GLOW_MS = 1_600;

/** The class name of something that shows this value: it glows for a moment when the value changes. */
export function useGlow(value: string | null | undefined): string | undefined {
  const before = useRef(value);
  const [glowing, setGlowing] = useState(false);
  useEffect(() => {
    const changed =
      before.current !== undefined && before.current !== null && before.current !== value;
    before.current = value;
    if (!changed) return;
    setGlowing(true);
    const timer = setTimeout(() => setGlowing(false), GLOW_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return glowing ? styles.glow : undefined;
}
