/** Whose community this is, what kind of truth the page shows, and how fresh it is. */
import type { Status } from "../api";
import { type Anchor, nodeTime } from "../clock";
import { clockTime, dayName, decimal, type Language, TIME_ZONE } from "../format";
import { useSpeech } from "../text/language";
import type { Connection } from "../useNode";
import { useTick } from "../useTick";

interface Props {
  status: Status | null;
  simulated: boolean;
  anchor: Anchor | null;
  connection: Connection;
  stale: string | null;
  onLanguage: (language: Language) => void;
}

export function Header({ status, simulated, anchor, connection, stale, onLanguage }: Props) {
  const { t } = useSpeech();
  return (
    <header className="top">
      <div className="brand">
        <img src="/favicon.svg" alt="" width="40" height="40" />
        <div>
          <p className="maker">{t.title}</p>
          <h1>{status?.community ?? t.header.tagline}</h1>
        </div>
      </div>
      <div className="state">
        {anchor !== null && <Clock anchor={anchor} />}
        <p className={`connection ${stale === null ? connection : "stale"}`} role="status">
          <i aria-hidden="true" />
          {stale ?? t.connection[connection]}
        </p>
        <button
          type="button"
          className="quiet"
          lang={t.language.otherCode}
          onClick={() => {
            onLanguage(t.language.otherCode as Language);
          }}
        >
          {t.language.other}
        </button>
      </div>
      {status !== null && <ModeBand mode={status.mode} simulated={simulated} />}
    </header>
  );
}

function ModeBand({ mode, simulated }: { mode: string; simulated: boolean }) {
  const { t } = useSpeech();
  const name = t.modeName[mode] ?? mode;
  const words = t.mode[mode];
  return (
    <p className="mode">
      {simulated && <strong className="badge badge-simulated">{t.header.simulated}</strong>}
      <span>{words === undefined ? name : t.header.mode(name, words)}</span>
    </p>
  );
}

function Clock({ anchor }: { anchor: Anchor }) {
  const { language, t } = useSpeech();
  const at_ms = useTick(250);
  const utc_s = nodeTime(anchor, Math.max(at_ms, anchor.heard_ms)) / 1000;
  const times = decimal(anchor.speed, Number.isInteger(anchor.speed) ? 0 : 1, language);
  return (
    <p className="clock">
      <span className="hidden">{t.header.clock(TIME_ZONE)}: </span>
      <time dateTime={new Date(utc_s * 1000).toISOString()} title={t.header.clock(TIME_ZONE)}>
        {dayName(utc_s, language)} <b>{clockTime(utc_s)}</b>
      </time>
      {anchor.speed !== 1 && (
        <span className="chip" title={t.header.speedLong(times)}>
          {t.header.speed(times)}
        </span>
      )}
    </p>
  );
}
