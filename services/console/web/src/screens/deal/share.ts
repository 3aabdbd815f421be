/** A share of one from what a person writes as per cent: "62.5" is "0.625"; null for what is none. */
export function shareOf(percent: string): string | null {
  const match = /^(\d{1,3})(?:[.,](\d{1,4}))?\s*%?$/.exec(percent.trim());
  if (!match) return null;
  const [, whole = "0", fraction = ""] = match;
  const digits = `${whole.padStart(3, "0")}${fraction}`;
  const share = `${digits.slice(0, -2 - fraction.length)}.${digits.slice(-2 - fraction.length)}`;
  return Number(share) <= 1 ? share.replace(/^0+(?=\d)/, "").replace(/\.?0+$/, "") || "0" : null;
}
