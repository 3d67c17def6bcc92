/** The page: one node's community, from top to bottom. */
import { useEffect, useMemo, useState } from "react";
import { Refused } from "./api";
import { intervalEnd, nodeTime } from "./clock";
import { clockTime, decimal, type Language, localDate } from "./format";
import { BadAnswer } from "./guards";
import { CommunityNow } from "./panels/CommunityNow";
import { Footer } from "./panels/Footer";
import { Header } from "./panels/Header";
import { HomeDay } from "./panels/HomeDay";
import { LastDay } from "./panels/LastDay";
import { PriceNow } from "./panels/PriceNow";
import { Statements } from "./panels/Statements";
import { staleSince } from "./stale";
import { remember, SpeechContext, startLanguage, TEXTS, useSpeech } from "./text/language";
import { type NodeState, useNode } from "./useNode";
import { useTick } from "./useTick";

export function App() {
  const [language, setLanguage] = useState<Language>(startLanguage);
  const speech = useMemo(() => ({ language, t: TEXTS[language] }), [language]);
  useEffect(() => {
    document.documentElement.lang = language;
    remember(language);
  }, [language]);
  return (
    <SpeechContext value={speech}>
      <Page onLanguage={setLanguage} />
    </SpeechContext>
  );
}

function Page({ onLanguage }: { onLanguage: (language: Language) => void }) {
  const { t } = useSpeech();
  const node = useNode();
  const { status, now, series, statements, homes, anchor, connection } = node;
  const community = status?.community;
  useEffect(() => {
    document.title = community === undefined ? t.title : `${community} · ${t.title}`;
  }, [community, t]);

  const at_ms = useTick(1000);
  const utc_ms = anchor === null ? null : nodeTime(anchor, Math.max(at_ms, anchor.heard_ms));
  const since_s = status === null ? null : staleSince(status);
  const stale =
    status !== null && status.last_reading_age_s === null
      ? t.noReadings
      : since_s === null || connection === "lost"
        ? null
        : t.stale(clockTime(since_s));
  const waiting = useWaiting(node, utc_ms);
  const ready = status !== null && now !== null && statements !== null && homes !== null;
  return (
    <>
      <a className="skip" href="#main">
        {t.skip}
      </a>
      <Header
        status={status}
        simulated={status?.simulated === true || now?.simulated === true}
        anchor={anchor}
        connection={connection}
        stale={stale}
        onLanguage={onLanguage}
      />
      <main id="main" tabIndex={-1} data-ready={ready}>
        <Problem problem={node.problem} />
        <CommunityNow now={now} />
        <PriceNow price={now?.price ?? null} waiting={waiting} />
        <LastDay
          series={series}
          interval_seconds={status?.interval_seconds ?? 900}
          waiting={waiting}
        />
        <Statements statements={statements} status={status} />
        <HomeDay
          homes={homes}
          today={utc_ms === null ? null : localDate(utc_ms / 1000)}
          version={series?.at(-1)?.start_s ?? 0}
        />
      </main>
      <Footer status={status} />
    </>
  );
}

/** What to say where nothing has been settled yet. */
function useWaiting({ status, series }: NodeState, utc_ms: number | null): string {
  const { language, t } = useSpeech();
  if (status === null || series === null || utc_ms === null) return t.loading;
  if (series.length > 0) return t.empty.soon;
  const { end_s, real_seconds } = intervalEnd(utc_ms, status.interval_seconds, status.clock.speed);
  return t.empty.first(decimal(Math.ceil(real_seconds), 0, language), clockTime(end_s));
}

function Problem({ problem }: Pick<NodeState, "problem">) {
  const { t } = useSpeech();
  if (problem === null) return <div role="alert" className="no-problem" />;
  const { error } = problem;
  const [heading, detail] =
    error instanceof BadAnswer
      ? [t.problem.heading, error.message]
      : error instanceof Refused
        ? [t.problem.refused, [error.message, error.remedy].filter(Boolean).join(". ")]
        : [t.problem.unreachable, t.problem.unreachableDetail];
  return (
    <div role="alert" className="problem">
      <strong>{heading}</strong> <span>{detail}</span>
    </div>
  );
}
