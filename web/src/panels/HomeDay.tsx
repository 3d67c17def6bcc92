/** One home's day: where its energy came from and went to, and what that cost. */
import { useMemo, useState } from "react";
import { type Day, type Home, type Quality, Refused } from "../api";
import { TableTwin } from "../charts/TableTwin";
import { type ChartLine, TimeChart } from "../charts/TimeChart";
import { type HomeParts, homeParts } from "../energy";
import { addDays, cents, clockTime, dayName, kilowattHours, kilowatts, midnight } from "../format";
import { useSpeech } from "../text/language";
import { useDay } from "../useDay";
import { Money } from "./Money";
import { Panel } from "./Panel";

interface Props {
  homes: readonly Home[] | null;
  /** The community's local date now. */
  today: string | null;
  /** Changes when another interval has closed. */
  version: number;
}

export function HomeDay({ homes, today, version }: Props) {
  const { t } = useSpeech();
  const [chosen, setChosen] = useState<string | null>(null);
  const [pinned, setPinned] = useState<string | null>(null);
  // Until a reader chooses, a home with solar is the one that has most to show.
  const home =
    homes?.find(({ id }) => id === chosen) ??
    homes?.find(({ solar_w, battery_wh }) => (solar_w ?? 0) > 0 && (battery_wh ?? 0) > 0) ??
    homes?.[0];
  const date = pinned ?? today;
  const { day, error } = useDay(home?.id ?? null, date, version);
  if (homes === null || date === null || today === null || home === undefined) {
    return (
      <Panel id="home" heading={t.home.heading} layer="individual">
        <p className="empty">{homes?.length === 0 ? t.empty.homes : t.loading}</p>
      </Panel>
    );
  }
  const step = (days: number) => {
    const next = addDays(date, days);
    setPinned(next >= today ? null : next);
  };
  return (
    <Panel id="home" heading={t.home.heading} layer="individual">
      <div className="controls">
        <label>
          <span className="hidden">{t.home.choose}</span>
          <select
            value={home.id}
            onChange={(event) => {
              setChosen(event.target.value);
            }}
          >
            {homes.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <DateStep date={date} atEnd={date >= today} step={step} />
        <HomeTraits home={home} />
      </div>
      {day === null ? (
        <p className="empty">{error === null ? t.loading : refusalWords(error, t.empty.day)}</p>
      ) : day.intervals.length === 0 ? (
        <p className="empty">{t.empty.day}</p>
      ) : (
        <DayView day={day} battery={(home.battery_wh ?? 0) > 0} running={date === today} />
      )}
    </Panel>
  );
}

function refusalWords(error: Error, absent: string): string {
  if (!(error instanceof Refused)) return error.message;
  if (error.status === 404) return absent;
  return [error.message, error.remedy].filter(Boolean).join(". ");
}

interface DateStepProps {
  date: string;
  atEnd: boolean;
  step: (days: number) => void;
}

function DateStep({ date, atEnd, step }: DateStepProps) {
  const { language, t } = useSpeech();
  const arrow = (days: number, label: string, disabled: boolean, path: string) => (
    <button
      type="button"
      className="icon framed"
      aria-label={label}
      disabled={disabled}
      onClick={() => {
        step(days);
      }}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={path} />
      </svg>
    </button>
  );
  return (
    <div className="date-step" role="group" aria-label={t.home.date}>
      {arrow(-1, t.home.previous, false, "M10 3.500L5.500 8l4.500 4.500")}
      <time dateTime={date} aria-live="polite">
        {dayName(midnight(date) + 12 * 3600, language)}
      </time>
      {arrow(1, t.home.next, atEnd, "M6 3.500L10.500 8 6 12.500")}
    </div>
  );
}

function HomeTraits({ home }: { home: Home }) {
  const { language, t } = useSpeech();
  const { solar_w, battery_wh } = home;
  const traits = [
    solar_w ? t.home.solar(kilowatts(solar_w, language)) : t.home.tenant,
    battery_wh ? t.home.battery(kilowattHours(battery_wh, language)) : null,
    t.tariff[home.tariff] ?? home.tariff,
    home.simulated ? t.home.simulated : null,
  ];
  return <p className="note traits">{traits.filter((trait) => trait !== null).join(" · ")}</p>;
}

interface DayViewProps {
  day: Day;
  battery: boolean;
  running: boolean;
}

function DayView({ day, battery, running }: DayViewProps) {
  const { language, t } = useSpeech();
  const parts = useMemo(
    () => day.intervals.map((of) => (of.quality === "missing" ? null : homeParts(of))),
    [day],
  );
  const drawn = useMemo(() => {
    const own = battery ? t.home.ownBattery : t.home.own;
    const line = (
      label: string,
      tone: ChartLine["tone"],
      part: keyof HomeParts,
      stacked: (of: HomeParts) => number,
    ): ChartLine => ({
      label,
      tone,
      kind: "bar",
      plot: parts.map((of) => (of === null ? null : stacked(of) / 1000)),
      show: (index) => {
        const of = parts[index];
        return of ? kilowattHours(of[part], language) : null;
      },
    });
    return {
      x: day.intervals.map(({ start_s }) => start_s),
      range_s: [
        midnight(day.date, day.timezone),
        midnight(addDays(day.date, 1), day.timezone),
      ] as const,
      marks: day.intervals
        .filter(({ quality }) => quality !== "measured")
        .map(({ start_s }) => ({ from_s: start_s, to_s: start_s + day.interval_seconds })),
      // The tallest of each stack first, so that the parts under it are painted over it.
      lines: [
        line(t.home.fromGrid, "grid", "fromGrid", (of) => of.own + of.fromNeighbours + of.fromGrid),
        line(t.home.fromNeighbours, "share", "fromNeighbours", (of) => of.own + of.fromNeighbours),
        line(own, "sun", "own", (of) => of.own),
        line(t.home.toGrid, "export", "toGrid", (of) => -of.toNeighbours - of.toGrid),
        line(t.home.toNeighbours, "sold", "toNeighbours", (of) => -of.toNeighbours),
      ],
    };
  }, [day, parts, battery, language, t]);

  const kwh = (value_wh: number) => kilowattHours(value_wh, language);
  const cell = (of: HomeParts | null, part: keyof HomeParts) =>
    of === null ? t.table.none : kwh(of[part]);
  return (
    <div className="day">
      <div className="day-chart">
        <TimeChart
          label={t.home.chart}
          x={drawn.x}
          lines={drawn.lines}
          legend={[2, 1, 0, 4, 3]}
          range_s={drawn.range_s}
          height={250}
          unit="kWh"
          digits={1}
          marks={drawn.marks}
          zone={day.timezone}
        />
        <p className="note">
          <QualityNote day={day} />
        </p>
        <TableTwin
          caption={t.home.chart}
          columns={[
            t.table.time,
            drawn.lines[2]?.label ?? t.home.own,
            t.home.fromNeighbours,
            t.home.fromGrid,
            t.home.toNeighbours,
            t.home.toGrid,
            t.lastDay.price,
            t.home.quality,
          ]}
          rows={() =>
            day.intervals.map((interval, index) => {
              const of = parts[index] ?? null;
              return [
                clockTime(interval.start_s, day.timezone),
                cell(of, "own"),
                cell(of, "fromNeighbours"),
                cell(of, "fromGrid"),
                cell(of, "toNeighbours"),
                cell(of, "toGrid"),
                interval.price_ud_per_kwh === null
                  ? t.table.none
                  : cents(interval.price_ud_per_kwh, language),
                t.home.qualities[interval.quality],
              ];
            })
          }
        />
      </div>
      <DayTotals day={day} ownLabel={drawn.lines[2]?.label ?? t.home.own} running={running} />
    </div>
  );
}

function DayTotals({ day, ownLabel, running }: { day: Day; ownLabel: string; running: boolean }) {
  const { language, t } = useSpeech();
  const parts = homeParts(day.totals);
  const { paid_ud, earned_ud, saving_ud } = day.totals;
  const energy: readonly (readonly [string, string, number])[] =
    parts === null
      ? []
      : [
          ["sun", ownLabel, parts.own],
          ["share", t.home.fromNeighbours, parts.fromNeighbours],
          ["grid", t.home.fromGrid, parts.fromGrid],
          ["sold", t.home.toNeighbours, parts.toNeighbours],
          ["export", t.home.toGrid, parts.toGrid],
        ];
  return (
    <div className="day-totals">
      <h3>{running ? t.home.soFar : t.home.totals}</h3>
      <dl className="saving">
        <dt>{saving_ud > 0 ? t.home.saving : t.home.savingNone}</dt>
        <dd>
          <Money ud={saving_ud} />
        </dd>
      </dl>
      <dl className="rows">
        <div>
          <dt>{t.home.paid}</dt>
          <dd>
            <Money ud={paid_ud} />
          </dd>
        </div>
        <div>
          <dt>{t.home.earned}</dt>
          <dd>
            <Money ud={earned_ud} />
          </dd>
        </div>
        {energy.map(([tone, label, value_wh]) => (
          <div key={tone}>
            <dt>
              <i className={`swatch bar tone-${tone}`} />
              {label}
            </dt>
            <dd>{kilowattHours(value_wh, language)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function QualityNote({ day }: { day: Day }) {
  const { t } = useSpeech();
  const found = new Map<Quality, number>();
  for (const { quality } of day.intervals) found.set(quality, (found.get(quality) ?? 0) + 1);
  const all = day.intervals.length;
  const others = [...found].filter(([quality]) => quality !== "measured");
  if (others.length === 0) return <>{t.home.allMeasured(all)}</>;
  const words = others.map(([quality, count]) => t.home.counted(count, t.home.qualities[quality]));
  return (
    <>
      <i className="swatch warn" />
      {t.home.notMeasured(words.join(", "), all)}
      {found.has("missing") && ` ${t.home.settlesNot}`}
    </>
  );
}
