/** A chart over time: stepped lines, areas or bars, with a legend that follows the pointer. */
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockTime, decimal, TIME_ZONE } from "../format";
import { useSpeech } from "../text/language";
import { type Tone, tone, useScheme } from "./palette";

export interface ChartLine {
  label: string;
  tone: Tone;
  kind: "line" | "area" | "bar";
  /** What is drawn: in a stack, the sum up to and with this part. */
  plot: readonly (number | null)[];
  /** What the legend says at an index; null for "no value". */
  show: (index: number) => string | null;
}

export interface ChartMark {
  from_s: number;
  to_s: number;
}

interface Props {
  label: string;
  x: readonly number[];
  /** In drawing order: later lines lie over earlier ones. */
  lines: readonly ChartLine[];
  /** Order of the legend, by index into `lines`, where it differs from the drawing order. */
  legend?: readonly number[];
  range_s: readonly [number, number];
  height: number;
  unit: string;
  digits: number;
  /** Spans to shade: intervals whose values are not measured. */
  marks?: readonly ChartMark[];
  group?: string;
  zone?: string;
  timeAxis?: boolean;
  fromZero?: boolean;
}

const AXIS_FONT = "12px ui-sans-serif, system-ui, sans-serif";
const AXIS_WIDTH = 46;

export function TimeChart(props: Props) {
  const { label, x, lines, height, unit } = props;
  const { language, t } = useSpeech();
  const scheme = useScheme();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  const [at, setAt] = useState<number | null>(null);

  useEffect(() => {
    latest.current = props;
  });

  const shape = lines.map((line) => `${line.tone} ${line.kind}`).join();
  const { group, timeAxis = true, zone = TIME_ZONE, digits, fromZero = true } = props;

  useEffect(() => {
    const host = box.current;
    if (host === null) return;
    const options = chartOptions(latest, {
      height,
      language,
      group,
      timeAxis,
      zone,
      digits,
      fromZero,
    });
    options.width = Math.max(host.clientWidth, 200);
    options.hooks = {
      setCursor: [
        (chart) => {
          setAt(intervalUnder(chart));
        },
      ],
      drawClear: [
        (chart) => {
          shade(chart, latest.current.marks ?? []);
        },
      ],
    };
    const chart = new uPlot(options, chartData(latest.current), host);
    plot.current = chart;
    const resize = new ResizeObserver(() => {
      if (host.clientWidth > 0) chart.setSize({ width: host.clientWidth, height });
    });
    resize.observe(host);
    return () => {
      resize.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape, scheme, height, language, group, timeAxis, zone, digits, fromZero]);

  useEffect(() => {
    plot.current?.setData(chartData({ x, lines }));
  }, [x, lines]);

  const index = at !== null && at < x.length ? at : null;
  const order = props.legend ?? lines.map((_, position) => position);
  const time_s = index === null ? undefined : x[index];
  return (
    <div className="chart">
      <ul className="legend" aria-hidden="true">
        {order.map((position) => {
          const line = lines[position];
          if (line === undefined) return null;
          return (
            <li key={line.label}>
              <i className={`swatch ${line.kind} tone-${line.tone}`} />
              {line.label}
              {index !== null && <b>{line.show(index) ?? t.table.none}</b>}
            </li>
          );
        })}
        <li className="legend-end">{time_s === undefined ? unit : clockTime(time_s, zone)}</li>
      </ul>
      <div ref={box} role="img" aria-label={label} className="plot" style={{ minHeight: height }} />
    </div>
  );
}

function chartData({ x, lines }: Pick<Props, "x" | "lines">): uPlot.AlignedData {
  return [[...x], ...lines.map((line) => [...line.plot])];
}

type Fixed = Required<Pick<Props, "height" | "timeAxis" | "zone" | "digits" | "fromZero">> & {
  language: "en" | "fr";
  group: string | undefined;
};

function chartOptions(latest: { readonly current: Props }, fixed: Fixed): uPlot.Options {
  const { language, zone, digits } = fixed;
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const bars = uPlot.paths.bars?.({ size: [0.86, 40], align: 1, gap: 0 });
  const axis = {
    stroke: tone("muted"),
    font: AXIS_FONT,
    grid: { stroke: tone("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: 600,
    height: fixed.height,
    padding: [8, 20, 0, 0],
    tzDate: (at_s) => uPlot.tzDate(new Date(at_s * 1000), zone),
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
      ...(fixed.group === undefined ? {} : { sync: { key: fixed.group } }),
    },
    scales: {
      x: { time: true, range: () => [...latest.current.range_s] as [number, number] },
      y: {
        range: (_, low, high) => {
          const top = Math.max(high, fixed.fromZero ? 0 : low);
          const bottom = fixed.fromZero ? Math.min(low, 0) : low;
          const room = (top - bottom || 1) * 0.08;
          return [bottom < 0 || !fixed.fromZero ? bottom - room : 0, top + room];
        },
      },
    },
    axes: [
      {
        ...axis,
        size: fixed.timeAxis ? 28 : 6,
        space: 62,
        values: (_, splits) =>
          splits.map((at_s) => (fixed.timeAxis ? clockTime(at_s, zone) : null)),
        incrs: [0.25, 0.5, 1, 2, 3, 4, 6, 12, 24].map((hours) => hours * 3600),
      },
      {
        ...axis,
        size: AXIS_WIDTH,
        space: 34,
        values: (_, splits) =>
          splits.map((value) =>
            decimal(Math.abs(value), splits.some((s) => s % 1 !== 0) ? digits : 0, language),
          ),
      },
    ],
    series: [
      {},
      ...latest.current.lines.map((line): uPlot.Series => {
        const paths = line.kind === "bar" ? bars : stepped;
        return {
          label: line.label,
          stroke: tone(line.tone),
          width: line.kind === "bar" ? 0 : 2,
          ...(line.kind === "line"
            ? {}
            : { fill: tone(line.tone, line.kind === "bar" ? 100 : 22) }),
          ...(paths === undefined ? {} : { paths }),
          points: { show: false },
        };
      }),
    ],
  };
}

/** The interval that the pointer is in: the last to begin at or before it. */
function intervalUnder(chart: uPlot): number | null {
  const left = chart.cursor.left ?? -1;
  if (left < 0) return null;
  const at_s = chart.posToVal(left, "x");
  const index = chart.data[0].findLastIndex((start_s) => start_s <= at_s);
  return index < 0 ? null : index;
}

function shade(chart: uPlot, marks: readonly ChartMark[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.fillStyle = tone("warn", 26);
  for (const mark of marks) {
    const left = chart.valToPos(mark.from_s, "x", true);
    const right = chart.valToPos(mark.to_s, "x", true);
    ctx.fillRect(left, bbox.top, Math.max(1, right - left), bbox.height);
  }
  ctx.restore();
}
