/** Takt's mark, as /icon.svg has it. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--brand)" />
      <g fill="#fff">
        <rect x="7" y="13" width="4" height="12" rx="2" />
        <rect x="14" y="7" width="4" height="18" rx="2" />
        <rect x="21" y="16" width="4" height="9" rx="2" />
      </g>
    </svg>
  );
}
