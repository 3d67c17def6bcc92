/** The latest statements on the chain, and from when their payouts can be withdrawn. */
import { useState } from "react";
import type { Statement, Status } from "../api";
import { clockTime, dayName, kilowattHours, localDate, shortHash } from "../format";
import { useSpeech } from "../text/language";
import { Money } from "./Money";
import { Panel } from "./Panel";

const FIRST = 6;

interface Props {
  statements: readonly Statement[] | null;
  status: Status | null;
}

export function Statements({ statements, status }: Props) {
  const { language, t } = useSpeech();
  const [all, setAll] = useState(false);
  const [said, setSaid] = useState("");
  const rows = statements ?? [];
  const chain = status?.chain ?? null;
  const fast = status !== null && status.clock.speed !== 1;
  const shown = all ? rows : rows.slice(0, FIRST);
  const columns = [
    t.statements.period,
    t.statements.shared,
    t.statements.payouts,
    t.statements.state,
    t.statements.block,
    t.statements.hash,
  ];
  return (
    <Panel id="statements" heading={t.statements.heading} layer="market">
      <p className="note">{t.statements.explain}</p>
      {rows.length === 0 ? (
        <p className="empty">{statements === null ? t.loading : t.empty.statements}</p>
      ) : (
        // Roles are spelled out because a phone lays the rows out as cards, which would take the
        // table's meaning away.
        <table className="statements" role="table">
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((column) => (
                <th key={column} role="columnheader" scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {shown.map((statement) => (
              <StatementRow key={statement.epoch} statement={statement} fast={fast} say={setSaid} />
            ))}
          </tbody>
        </table>
      )}
      <div className="panel-foot">
        {rows.length > FIRST && (
          <button
            type="button"
            className="quiet"
            aria-expanded={all}
            onClick={() => {
              setAll(!all);
            }}
          >
            {all ? t.statements.fewer : t.statements.more(rows.length - FIRST)}
          </button>
        )}
        <p role="status" className="note">
          {said}
        </p>
        {chain !== null && (
          <p className="note faint">
            {t.statements.onChain(
              String(chain.id),
              chain.block?.toLocaleString(language) ?? t.table.none,
            )}
          </p>
        )}
      </div>
    </Panel>
  );
}

interface RowProps {
  statement: Statement;
  /** The community's clock runs faster than life; the chain's never does. */
  fast: boolean;
  say: (word: string) => void;
}

function StatementRow({ statement, fast, say }: RowProps) {
  const { language, t } = useSpeech();
  const copy = () => {
    // The clipboard exists only where the page came over a safe connection.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    Promise.resolve(clipboard?.writeText(statement.hash) ?? Promise.reject(new Error())).then(
      () => {
        say(t.statements.copied);
      },
      () => {
        say(t.statements.copyFailed);
      },
    );
  };
  return (
    <tr role="row">
      <td role="cell" data-label={t.statements.period}>
        <span className="stack">
          <b>{period(statement)}</b>
          <small>
            {dayName(statement.start_s, language)} · {t.statements.number(statement.epoch)}
          </small>
        </span>
      </td>
      <td role="cell" data-label={t.statements.shared} className="amount">
        {kilowattHours(statement.local_wh, language)}
      </td>
      <td role="cell" data-label={t.statements.payouts} className="amount">
        <Money ud={statement.payouts_ud} />
      </td>
      <td role="cell" data-label={t.statements.state}>
        <span className="stack">
          <span className={`badge badge-${statement.state}`}>
            {t.statements.states[statement.state]}
          </span>
          <Withdrawable statement={statement} fast={fast} />
        </span>
      </td>
      <td role="cell" data-label={t.statements.block} className="amount">
        {statement.block?.toLocaleString(language) ?? t.statements.waiting}
      </td>
      <td role="cell" data-label={t.statements.hash}>
        <span className="hash">
          <code title={statement.hash}>{shortHash(statement.hash)}</code>
          <button
            type="button"
            className="icon"
            onClick={copy}
            aria-label={t.statements.copy(shortHash(statement.hash))}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <rect x="5.5" y="5.5" width="8" height="8" rx="1.8" />
              <path d="M10.5 3.2v-.2a1.5 1.5 0 0 0-1.5-1.5H4A1.5 1.5 0 0 0 2.500 3v5A1.5 1.5 0 0 0 4 9.500h.2" />
            </svg>
          </button>
        </span>
      </td>
    </tr>
  );
}

function period({ start_s, end_s }: Statement): string {
  return `${clockTime(start_s)} – ${clockTime(end_s)}`;
}

function Withdrawable({ statement, fast }: Pick<RowProps, "statement" | "fast">) {
  const { language, t } = useSpeech();
  const { state, live_at_s, start_s } = statement;
  if (state === "vetoed") return <small>{t.statements.neverWithdrawable}</small>;
  if (live_at_s === null) return null;
  const day = localDate(live_at_s) === localDate(start_s) ? "" : `${dayName(live_at_s, language)} `;
  const local = day + clockTime(live_at_s);
  const at = fast ? t.statements.chainTime(local) : local;
  return (
    <small>
      {state === "live" ? t.statements.withdrawableSince(at) : t.statements.withdrawableFrom(at)}
    </small>
  );
}
