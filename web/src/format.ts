/** Numbers and times as people read them. Money is exact: split from integers, never divided. */

export type Language = "en" | "fr";

export const LOCALE: Record<Language, string> = { en: "en-CA", fr: "fr-CA" };
export const TIME_ZONE = "America/Toronto";
const MINUS = "\u2212";
const NARROW = "\u202f"; // no-break, between a number and its unit

const decimalMark = (language: Language) => (language === "fr" ? "," : ".");

function grouped(whole: bigint, language: Language): string {
  const separator = language === "fr" ? "\u00a0" : ",";
  return whole.toString().replace(/\B(?=(\d{3})+$)/g, separator);
}

/** An integer of 10^-`scale` as digits: at least `least` decimals, more where they are not 0. */
export function exact(value: number, scale: number, least: number, language: Language): string {
  const sign = value < 0 ? MINUS : "";
  const digits = BigInt(value < 0 ? -value : value)
    .toString()
    .padStart(scale + 1, "0");
  const whole = BigInt(digits.slice(0, digits.length - scale));
  let fraction = digits.slice(digits.length - scale);
  while (fraction.length > least && fraction.endsWith("0")) fraction = fraction.slice(0, -1);
  return sign + grouped(whole, language) + (fraction ? decimalMark(language) + fraction : "");
}

/** Micro-dollars as dollars, exact to the last digit: $12.3456. */
export function dollars(value_ud: number, language: Language): string {
  const digits = exact(Math.abs(value_ud), 6, 2, language);
  const sign = value_ud < 0 ? MINUS : "";
  return language === "fr" ? `${sign}${digits}\u00a0$` : `${sign}$${digits}`;
}

/** Micro-dollars per kWh as cents, exact: 12.35 ¢. */
export function cents(value_ud_per_kwh: number, language: Language): string {
  return `${exact(value_ud_per_kwh, 4, 1, language)}${NARROW}¢`;
}

/** Watt-hours as kWh, exact: 1.25 kWh. */
export function kilowattHours(value_wh: number, language: Language): string {
  return `${exact(value_wh, 3, 1, language)}${NARROW}kWh`;
}

/** Watts as kW with one decimal; a figure for the eye, not for an account. */
export function kilowatts(value_w: number, language: Language): string {
  return `${decimal(value_w / 1000, 1, language)}${NARROW}kW`;
}

/** A number rounded to `digits` decimals, for axes and summaries. */
export function decimal(value: number, digits: number, language: Language): string {
  return value
    .toLocaleString(LOCALE[language], {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    })
    .replace("-", MINUS);
}

/** 0x1234…cdef */
export const shortHash = (hash: string) =>
  hash.length > 14 ? `${hash.slice(0, 6)}…${hash.slice(-4)}` : hash;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatted(
  utc_ms: number,
  language: Language,
  options: Intl.DateTimeFormatOptions,
  zone: string,
): string {
  const key = JSON.stringify([language, zone, options]);
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(LOCALE[language], { timeZone: zone, ...options });
    formats.set(key, format);
  }
  return format.format(utc_ms);
}

/** 14:05 */
export const clockTime = (utc_s: number, zone = TIME_ZONE) =>
  formatted(utc_s * 1000, "en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, zone);

/** Wed, Jan 14 */
export const dayName = (utc_s: number, language: Language, zone = TIME_ZONE) =>
  formatted(utc_s * 1000, language, { weekday: "short", month: "short", day: "numeric" }, zone);

/** 2026-01-14, the local date at an instant. */
export const localDate = (utc_s: number, zone = TIME_ZONE) =>
  formatted(utc_s * 1000, "en", { year: "numeric", month: "2-digit", day: "2-digit" }, zone);

/** The date `days` later (or earlier): dates are counted on the calendar, never by 24 hours. */
export function addDays(date: string, days: number): string {
  const noon = new Date(`${date}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() + days);
  return noon.toISOString().slice(0, 10);
}

/** The UTC second at which a local date begins; right on the days the clocks change too. */
export function midnight(date: string, zone = TIME_ZONE): number {
  const guess_s = Date.parse(`${date}T00:00:00Z`) / 1000;
  for (let quarter = -14 * 4; quarter <= 14 * 4; quarter += 1) {
    const at_s = guess_s + quarter * 900;
    if (localDate(at_s, zone) === date) return at_s;
  }
  return guess_s;
}
