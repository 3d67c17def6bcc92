/** The panels as the words they put on the page. */
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import type { Language } from "../src/format";
import { CommunityNow } from "../src/panels/CommunityNow";
import { Footer } from "../src/panels/Footer";
import { Header } from "../src/panels/Header";
import { LastDay } from "../src/panels/LastDay";
import { Money } from "../src/panels/Money";
import { PriceNow } from "../src/panels/PriceNow";
import { Statements } from "../src/panels/Statements";
import { SpeechContext, TEXTS } from "../src/text/language";
import { live, statement, status } from "./fixtures";

function words(element: ReactElement, language: Language = "en"): string {
  const speech = { language, t: TEXTS[language] };
  const markup = renderToStaticMarkup(<SpeechContext value={speech}>{element}</SpeechContext>);
  return markup
    .replace(/<[^>]+>/g, " ")
    .replace(/&#x27;/g, "'")
    .replace(/\s+/g, " ");
}

const header = (stale: string | null) => (
  <Header
    status={status}
    simulated
    anchor={null}
    connection="streaming"
    stale={stale}
    onLanguage={() => undefined}
  />
);

describe("where there is nothing yet, the page says so", () => {
  test("no statement", () => {
    expect(words(<Statements statements={[]} status={null} />)).toContain(
      "No statement has been posted yet",
    );
  });

  test("no interval and no price", () => {
    const waiting = "The first interval closes in 7 s";
    expect(words(<LastDay series={[]} interval_seconds={900} waiting={waiting} />)).toContain(
      waiting,
    );
    expect(words(<PriceNow price={null} waiting={waiting} />)).toContain(waiting);
  });

  test("no local price: and why", () => {
    const price = live.price && { ...live.price, local_ud_per_kwh: null };
    expect(words(<PriceNow price={price} waiting="" />)).toContain("Nothing was shared");
  });
});

describe("what is not real or not fresh is labelled", () => {
  test("simulated, with the mode in plain words", () => {
    expect(words(header(null))).toContain("Simulated Simulation: no real meters, no real money");
  });

  test("stale readings take the place of the live sign", () => {
    const said = words(header("No new readings since 14:05"));
    expect(said).toContain("No new readings since 14:05");
    expect(said).not.toContain(" Live ");
  });

  test("each part under its state; one of an unknown state is not hidden", () => {
    const said = words(<Footer status={status} />);
    expect(said).toContain("Live Settlement Simulated Homes 24 devices");
    expect(said).toContain("Not permitted in this mode Payouts Not working now Reports (resting)");
  });

  test("what follows from the mode and the clock, where the node's parts do not say it", () => {
    const said = words(<Footer status={{ ...status, parts: [] }} />);
    expect(said).toContain("Simulated Homes and meters");
    expect(said).toContain("runs 90 times faster than life");
    expect(said).toContain("Not permitted in this mode Real trade");
  });
});

test("the community now: figures, homes reporting and the layer's two names", () => {
  const said = words(<CommunityNow now={live} />);
  for (const part of ["40.0 kW", "30.0 kW", "8.0 kW", "1.0 kW", "11.0 kW"])
    expect(said).toContain(part);
  expect(said).toContain("22 of 24 homes reporting");
  expect(said).toContain("Community · Foundation Block");
});

test("the price: what each side pays, and why", () => {
  const said = words(<PriceNow price={live.price} waiting="" />);
  expect(said).toContain("11.85 ¢ per kWh On-peak");
  expect(said).toContain("Half-way between what the grid pays for solar (3.9 ¢)");
  expect(said).toContain("less a fee of 0.4 ¢");
  expect(said).toContain(
    "On each kWh a buyer on the tariff shown saves 7.95 ¢ and a seller gains 7.95 ¢",
  );
});

test("the price on mixed tariffs is not called half-way", () => {
  const price = live.price && { ...live.price, local_ud_per_kwh: 96_625 };
  const said = words(<PriceNow price={price} waiting="" />);
  expect(said).toContain("on the cheapest tariff among the buyers, less a fee of 0.4 ¢.");
});

test("a statement: period, money to the last digit, state and hash", () => {
  const said = words(<Statements statements={[statement]} status={status} />);
  expect(said).toContain("09:00 – 10:00");
  expect(said).toContain("$12.34 5678");
  expect(said).toContain("Pending Withdrawable from 10:30, chain time");
  expect(said).toContain("4,123");
  expect(said).toContain("0x59d1…7bf3");
});

test("money splits its digits without losing one, in both languages", () => {
  expect(words(<Money ud={12_345_678} />).replace(/\s/g, "")).toBe("$12.345678");
  expect(words(<Money ud={12_345_678} />, "fr").replace(/\s/g, "")).toBe("12,345678$");
  expect(words(<Money ud={3_000_000} />).trim()).toBe("$3.00");
});

test("French says the same", () => {
  expect(words(<CommunityNow now={live} />, "fr")).toContain("22 foyers sur 24 transmettent");
});
