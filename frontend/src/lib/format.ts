// Numbers and dates are written in the locale of the reader's browser.
const locale = globalThis.navigator?.languages?.[0];

const whole = new Intl.NumberFormat(locale);
const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const roundPercent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
const plainMoney = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const moneyIn = new Map<string, Intl.NumberFormat>(); // by currency
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const dayAndTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const month = new Intl.DateTimeFormat(locale, { month: "short", year: "numeric", timeZone: "UTC" });
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

/** Stands for a missing value. */
export const NONE = "–";

export const count = (n: number | null | undefined): string => (n == null ? NONE : whole.format(n));
export const compact = (n: number): string => short.format(n);
export const share = (x: number | null | undefined): string => (x == null ? NONE : percent.format(x));
/** A share in whole percent. */
export const roughShare = (x: number): string => (x > 0 && x < 0.005 ? `<${roundPercent.format(0.01)}` : roundPercent.format(x));

/** A price in a currency (ISO 4217); without one, the number alone. */
export function price(x: number | null | undefined, currency?: string | null): string {
  if (x == null) return NONE;
  if (!currency) return plainMoney.format(x);
  const money = moneyIn.get(currency) ?? new Intl.NumberFormat(locale, { style: "currency", currency });
  moneyIn.set(currency, money);
  return money.format(x);
}

export const date = (seconds: number): string => day.format(seconds * 1000);
export const dateTime = (seconds: number): string => dayAndTime.format(seconds * 1000);
export const time = (seconds: number): string => clock.format(seconds * 1000);
export const monthName = (yearMonth: string): string => month.format(new Date(`${yearMonth}-01T00:00:00Z`));

/** Format a number with a fixed number of decimals. */
export function figure(x: number | null | undefined, digits = 3): string {
  return x == null ? NONE : new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(x);
}

/** Format how long something took. */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null) return NONE;
  return seconds < 0.1 ? `< ${figure(0.1, 1)} s` : `${figure(seconds, 1)} s`;
}

/** Format how long ago a time was, in the largest unit that fits. */
export function timeAgo(seconds: number, now = Date.now() / 1000): string {
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];
  const passed = seconds - now;
  for (const [unit, size] of steps) if (Math.abs(passed) >= size) return ago.format(Math.round(passed / size), unit);
  return ago.format(Math.round(passed), "second");
}

/** Capitalise the first letter. */
export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Capitalise a name, but for one with a capital inside such as kNN. */
export const asTitle = (name: string): string => (/^[a-z]+[A-Z]/.test(name) ? name : capitalise(name));

/** Write a message of the API as a sentence, with a capital and a full stop; a name such as nDCG stays as it is. */
export const asSentence = (text: string): string => (/^[a-z]+[A-Z]/.test(text) ? text : capitalise(text)) + (/[.!?]$/.test(text) ? "" : ".");

/** Write an attribute's name as words: `age_group` becomes "age group". */
export const asWords = (name: string): string => name.replaceAll("_", " ");
