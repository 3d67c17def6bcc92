/** What is real here, what is simulated and what the mode forbids. */
import type { Status } from "../api";
import { decimal } from "../format";
import { type Speech, useSpeech } from "../text/language";

type Part = Status["parts"][number];

const GROUPS = { live: ["live", "up"], simulated: ["simulated"], not_permitted: ["not_permitted"] };
type Group = keyof typeof GROUPS;
const KNOWN = Object.values(GROUPS).flat();

/** What the node's parts say of a group, else what follows from its mode and clock. */
function partsOf(status: Status, group: Group, { language, t }: Speech): Part[] {
  const said = status.parts.filter(({ state }) => GROUPS[group].includes(state));
  if (said.length > 0 || group === "live") return said;
  const facts = t.footer.facts;
  const implied =
    group === "not_permitted"
      ? (t.footer.forbidden[status.mode] ?? [])
      : [
          ...(status.simulated ? [facts.homes] : []),
          ...(status.clock.speed === 1
            ? []
            : [facts.clock(decimal(status.clock.speed, 0, language))]),
          ...(status.mode === "simulation" ? [facts.money] : []),
        ];
  return implied.map(([name, detail]) => ({ name, detail, state: group }));
}

export function Footer({ status }: { status: Status | null }) {
  const speech = useSpeech();
  const { language, t } = speech;
  return (
    <footer className="bottom">
      {status !== null && (
        <>
          <h2>{t.footer.heading}</h2>
          <div className="parts">
            <Parts heading={t.footer.live} group="live" parts={partsOf(status, "live", speech)} />
            <Parts
              heading={t.footer.simulated}
              group="simulated"
              parts={partsOf(status, "simulated", speech)}
            />
            <Parts
              heading={t.footer.notPermitted}
              group="not_permitted"
              parts={partsOf(status, "not_permitted", speech)}
            />
            <Parts
              heading={t.footer.other}
              group={null}
              parts={status.parts.filter(({ state }) => !KNOWN.includes(state))}
            />
          </div>
        </>
      )}
      <p className="fineprint">
        {status !== null && (
          <>
            <span>{t.footer.version(status.version)}</span>
            <span>{t.footer.members(status.members)}</span>
            <span>{t.footer.interval(decimal(status.interval_seconds / 60, 0, language))}</span>
            {status.chain.clearing !== null && (
              <span className="long">{t.footer.contract(status.chain.clearing)}</span>
            )}
          </>
        )}
        <a href="/api/openapi.json">{t.footer.docs}</a>
      </p>
    </footer>
  );
}

interface PartsProps {
  heading: string;
  /** Null for the states this page has no heading for: they are told, and named. */
  group: Group | null;
  parts: readonly Part[];
}

function Parts({ heading, group, parts }: PartsProps) {
  const { t } = useSpeech();
  if (parts.length === 0 && group === null) return null;
  return (
    <section className={`part part-${group ?? "other"}`}>
      <h3>{heading}</h3>
      {parts.length === 0 ? (
        <p className="note">{t.footer.none}</p>
      ) : (
        <ul>
          {parts.map(({ name, state, detail }) => (
            <li key={name}>
              <b>{name}</b>
              {group === null && ` (${state})`}
              {detail !== "" && <span> {detail}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
