/** The last 96 closed intervals: production, use, what was shared, and the price. */
import { useMemo } from "react";
import type { SeriesInterval } from "../api";
import { TableTwin } from "../charts/TableTwin";
import { type ChartLine, TimeChart } from "../charts/TimeChart";
import { seriesTotals, steps } from "../energy";
import { cents, clockTime, decimal, kilowattHours } from "../format";
import { useSpeech } from "../text/language";
import { Panel } from "./Panel";

interface Props {
  series: readonly SeriesInterval[] | null;
  interval_seconds: number;
  /** Said when nothing has been settled yet. */
  waiting: string;
}

export function LastDay({ series, interval_seconds, waiting }: Props) {
  const { t } = useSpeech();
  return (
    <Panel id="last-day" heading={t.lastDay.heading} layer="market">
      {series === null || series.length === 0 ? (
        <p className="empty">{waiting}</p>
      ) : (
        <Charts series={series} interval_seconds={interval_seconds} />
      )}
    </Panel>
  );
}

type Field = "produced_wh" | "consumed_wh" | "local_wh";

function Charts({
  series,
  interval_seconds,
}: Omit<Props, "waiting"> & { series: readonly SeriesInterval[] }) {
  const { language, t } = useSpeech();
  const drawn = useMemo(() => {
    const filled = steps(series, interval_seconds);
    const x = filled.map(({ start_s }) => start_s);
    const energy = (field: Field, tone: ChartLine["tone"], kind: ChartLine["kind"]): ChartLine => ({
      label: {
        produced_wh: t.lastDay.produced,
        consumed_wh: t.lastDay.consumed,
        local_wh: t.lastDay.shared,
      }[field],
      tone,
      kind,
      plot: filled.map(({ interval }) => kilo(interval?.[field] ?? null)),
      show: (index) => {
        const value = filled[index]?.interval?.[field] ?? null;
        return value === null ? null : kilowattHours(value, language);
      },
    });
    const price: ChartLine = {
      label: t.lastDay.price,
      tone: "price",
      kind: "area",
      plot: filled.map(({ interval }) => centsOf(interval?.price_ud_per_kwh ?? null)),
      show: (index) => {
        const value = filled[index]?.interval?.price_ud_per_kwh ?? null;
        return value === null ? null : cents(value, language);
      },
    };
    return {
      x,
      range_s: [x[0] ?? 0, x.at(-1) ?? 0] as const,
      energy: [
        energy("produced_wh", "sun", "area"),
        energy("local_wh", "share", "area"),
        energy("consumed_wh", "use", "line"),
      ],
      price: [price],
    };
  }, [series, interval_seconds, language, t]);

  const totals = seriesTotals(series);
  const kwh = (value_wh: number) => kilowattHours(value_wh, language);
  const about = (value_wh: number) => `${decimal(value_wh / 1000, 1, language)}\u202fkWh`;
  const summary = t.lastDay.summary(
    about(totals.produced),
    about(totals.consumed),
    about(totals.shared),
  );
  return (
    <>
      <p className="note">
        {t.lastDay.sub}. {summary}
      </p>
      <TimeChart
        label={`${t.lastDay.chart}. ${summary}`}
        x={drawn.x}
        lines={drawn.energy}
        range_s={drawn.range_s}
        height={210}
        unit={t.lastDay.unit}
        digits={1}
        group="last-day"
        timeAxis={false}
      />
      <TimeChart
        label={t.lastDay.priceChart}
        x={drawn.x}
        lines={drawn.price}
        range_s={drawn.range_s}
        height={112}
        unit={t.lastDay.priceUnit}
        digits={1}
        group="last-day"
      />
      <TableTwin
        caption={t.lastDay.sub}
        columns={[
          t.table.time,
          t.lastDay.produced,
          t.lastDay.consumed,
          t.lastDay.shared,
          t.lastDay.price,
        ]}
        rows={() =>
          [...series]
            .reverse()
            .map((interval) => [
              clockTime(interval.start_s),
              interval.produced_wh === null ? t.table.none : kwh(interval.produced_wh),
              interval.consumed_wh === null ? t.table.none : kwh(interval.consumed_wh),
              kwh(interval.local_wh),
              interval.price_ud_per_kwh === null
                ? t.table.none
                : cents(interval.price_ud_per_kwh, language),
            ])
        }
      />
    </>
  );
}

const kilo = (value_wh: number | null) => (value_wh === null ? null : value_wh / 1000);
const centsOf = (value_ud: number | null) => (value_ud === null ? null : value_ud / 10_000);
