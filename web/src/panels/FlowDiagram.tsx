/** Sun, homes and grid with what flows between them; the figures beside it say the same in words. */
import { kilowatts } from "../format";
import { useSpeech } from "../text/language";

export interface Flows {
  produced_w: number;
  consumed_w: number;
  shared_w: number;
  fromGrid_w: number;
  toGrid_w: number;
  homes: number;
  reporting: number;
}

const CENTRE = { x: 220, y: 232 };
const RING = 116;
const INNER = 80;

const point = (turn: number, radius: number) => ({
  x: CENTRE.x + radius * Math.sin(turn * 2 * Math.PI),
  y: CENTRE.y - radius * Math.cos(turn * 2 * Math.PI),
});

/** An arc inside the ring from the home at `from` to the one at `to` [turns]. */
function exchangePath(from: number, to: number): string {
  const start = point(from, RING - 9);
  const bend = point((from + to) / 2, INNER);
  const end = point(to, RING - 9);
  return `M${start.x} ${start.y}Q${bend.x} ${bend.y} ${end.x} ${end.y}`;
}

// Both ways round, so that nobody looks like the one who gives.
const EXCHANGES = Array.from({ length: 6 }, (_, pair): [number, number] =>
  pair % 2 === 0 ? [(pair + 0.06) / 6, (pair + 0.94) / 6] : [(pair + 0.94) / 6, (pair + 0.06) / 6],
);

/** Dash speed: more power runs faster, within what the eye follows [s per dash]. */
const pace = (power_w: number) => {
  const seconds = 2.6 / (0.5 + Math.log10(1 + power_w / 400));
  return `${Math.min(4, Math.max(0.7, seconds)).toFixed(2)}s`;
};

interface FlowProps {
  path: string;
  tone: string;
  power_w: number;
  thin?: boolean;
}

function Flow({ path, tone, power_w, thin = false }: FlowProps) {
  const flowing = power_w >= 50;
  return (
    <g className={`flow tone-${tone} ${flowing ? "flowing" : "still"} ${thin ? "thin" : ""}`}>
      <path d={path} className="bed" />
      {flowing && <path d={path} className="dash" style={{ animationDuration: pace(power_w) }} />}
    </g>
  );
}

export function FlowDiagram({ flows }: { flows: Flows }) {
  const { language, t } = useSpeech();
  const kw = (power_w: number) => kilowatts(power_w, language);
  const dots = Math.max(1, flows.homes);
  return (
    <svg className="flow-diagram" viewBox="36 18 368 342" aria-hidden="true" focusable="false">
      <Flow path="M96 84C120 120 122 140 140 158" tone="sun" power_w={flows.produced_w} />
      <Flow path="M334 96C326 124 320 140 304 162" tone="grid" power_w={flows.fromGrid_w} />
      <Flow path="M322 172C342 150 350 128 360 98" tone="export" power_w={flows.toGrid_w} />

      <g className="sun" transform="translate(82 56)">
        <circle r="17" />
        {Array.from({ length: 8 }, (_, ray) => (
          <line key={ray} y1="-24" y2="-31" transform={`rotate(${ray * 45})`} />
        ))}
      </g>
      <g className="pylon" transform="translate(352 56)">
        <path d="M-16 32L-5 -28H5L16 32M-20 -12H20M-24 2H24M-8 -12L10 2M8 -12L-10 2M-10 2L14 24M10 2L-14 24" />
      </g>

      <text x="124" y="50" className="name">
        {t.now.sun}
      </text>
      <text x="124" y="74" className="value tone-sun">
        {kw(flows.produced_w)}
      </text>
      <text x="318" y="34" className="name end">
        {t.now.grid}
      </text>
      <text x="318" y="58" className="value tone-grid end">
        ↓ {kw(flows.fromGrid_w)}
      </text>
      <text x="318" y="82" className="value tone-export end">
        ↑ {kw(flows.toGrid_w)}
      </text>

      <circle className="ring" cx={CENTRE.x} cy={CENTRE.y} r={RING} />
      {EXCHANGES.map(([from, to]) => (
        <Flow key={from} path={exchangePath(from, to)} tone="share" power_w={flows.shared_w} thin />
      ))}
      {Array.from({ length: dots }, (_, home) => {
        const at = point((home + 0.5) / dots, RING);
        const dot = home < flows.reporting ? "home" : "home silent";
        return <circle key={home} className={dot} cx={at.x} cy={at.y} r={dots > 40 ? 3.5 : 6.5} />;
      })}
      <text x={CENTRE.x} y={CENTRE.y - 14} className="big middle">
        {kw(flows.consumed_w)}
      </text>
      <text x={CENTRE.x} y={CENTRE.y + 6} className="name middle">
        {t.now.use}
      </text>
      <text x={CENTRE.x} y={CENTRE.y + 34} className="value tone-share middle">
        ⇄ {kw(flows.shared_w)}
      </text>
      <text x={CENTRE.x} y={CENTRE.y + 52} className="name middle">
        {t.now.neighbours}
      </text>
    </svg>
  );
}
