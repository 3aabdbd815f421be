/** Exact decimals: what comes as a string on the wire is summed as whole millionths, never as a float. */

const PLACES = 6;
const ONE = 10n ** BigInt(PLACES);

/** Whole millionths of a decimal string such as "-12.5". Throws on what is no decimal. */
export function micros(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text);
  if (!match) throw new RangeError(`not a decimal: ${text}`);
  const [, sign, whole = "0", fraction = ""] = match;
  const value = BigInt(whole) * ONE + BigInt(fraction.padEnd(PLACES, "0"));
  return sign ? -value : value;
}

/** The shortest decimal string of whole millionths. */
export function decimal(value: bigint): string {
  const size = value < 0n ? -value : value;
  const fraction = (size % ONE).toString().padStart(PLACES, "0").replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${size / ONE}${fraction && `.${fraction}`}`;
}

/** The exact sum of decimal strings. */
export function sum(values: Iterable<string>): string {
  let total = 0n;
  for (const value of values) total += micros(value);
  return decimal(total);
}

/** The exact product of two decimal strings, rounded half up to a millionth. */
export function times(a: string, b: string): string {
  const product = micros(a) * micros(b);
  const half = product < 0n ? -ONE / 2n : ONE / 2n;
  return decimal((product + half) / ONE);
}

/** The exact difference a - b. */
export function minus(a: string, b: string): string {
  return decimal(micros(a) - micros(b));
}
