/** Numbers, money, dates and delays by Intl, in one locale, one company time zone and currency. */

export interface Formats {
  locale: string;
  zone: string;
  currency: string;
  /** Exact: 1,234.50 with its currency. */
  money(amount: string): string;
  /** Short: 1.2M with its currency. */
  moneyShort(amount: string | number): string;
  /** A change of money, with its sign. */
  moneyChange(amount: string): string;
  /** Units, at most two decimals. */
  quantity(amount: string | number): string;
  /** A change of units, with its sign. */
  quantityChange(amount: string): string;
  count(value: number): string;
  /** A share of 1 as per cent. */
  percent(share: string | number, decimals?: number): string;
  /** A change as per cent, with its sign. */
  percentChange(share: string | number): string;
  /** A calendar date, YYYY-MM-DD. */
  date(day: string): string;
  /** A calendar date in little room. */
  dateShort(day: string): string;
  /** An instant in the company's time zone. */
  instant(iso: string): string;
  /** An instant's time of day, with seconds. */
  time(iso: string): string;
  /** A delay: 4.2 ms, 37 ms, 1.4 s, 3 min. */
  delay(ms: number): string;
  days(value: number): string;
}

type Numeric = Intl.StringNumericLiteral;

export function formats(locale: string, zone: string, currency: string): Formats {
  const number = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options);
  const money = number({ style: "currency", currency });
  const moneyShort = number({
    style: "currency",
    currency,
    notation: "compact",
    minimumFractionDigits: 0,
    maximumFractionDigits: 1,
  });
  const moneyChange = number({
    style: "currency",
    currency,
    maximumFractionDigits: 0,
    signDisplay: "exceptZero",
  });
  const quantity = number({ maximumFractionDigits: 2 });
  const quantityChange = number({ maximumFractionDigits: 2, signDisplay: "exceptZero" });
  const count = number({ maximumFractionDigits: 0 });
  const units = (unit: string, digits: number) =>
    number({
      style: "unit",
      unit,
      unitDisplay: "short",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  const [ms1, ms0] = [units("millisecond", 1), units("millisecond", 0)];
  const [s1, s0, min, hours] = [
    units("second", 1),
    units("second", 0),
    units("minute", 0),
    units("hour", 0),
  ];
  const days = number({ style: "unit", unit: "day", unitDisplay: "short" });
  const percents = [0, 1, 2].map((digits) =>
    number({ style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
  const percentChange = number({
    style: "percent",
    maximumFractionDigits: 1,
    signDisplay: "exceptZero",
  });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
  const dateShort = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  const instant = new Intl.DateTimeFormat(locale, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: zone,
  });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium", timeZone: zone });
  return {
    locale,
    zone,
    currency,
    money: (amount) => money.format(amount as Numeric),
    moneyShort: (amount) => moneyShort.format(amount as Numeric),
    moneyChange: (amount) => moneyChange.format(amount as Numeric),
    quantity: (amount) => quantity.format(amount as Numeric),
    quantityChange: (amount) => quantityChange.format(amount as Numeric),
    count: (value) => count.format(value),
    percent: (share, decimals = 0) =>
      (percents[decimals] ?? percents[0])?.format(Number(share)) ?? "",
    percentChange: (share) => percentChange.format(Number(share)),
    date: (day) => date.format(new Date(`${day}T00:00:00Z`)),
    dateShort: (day) => dateShort.format(new Date(`${day}T00:00:00Z`)),
    instant: (iso) => instant.format(new Date(iso)),
    time: (iso) => time.format(new Date(iso)),
    delay: (ms) => {
      if (ms < 9.95) return ms1.format(ms);
      if (ms < 999.5) return ms0.format(ms);
      const seconds = ms / 1000;
      if (seconds < 9.95) return s1.format(seconds);
      if (seconds < 119.5) return s0.format(seconds);
      return seconds < 7200 ? min.format(seconds / 60) : hours.format(seconds / 3600);
    },
    days: (value) => days.format(value),
  };
}
