/** What the community makes, uses and exchanges this second. */
import type { Now } from "../api";
import { batteryCharge, gridShare } from "../energy";
import { decimal, kilowatts } from "../format";
import { useSpeech } from "../text/language";
import { FlowDiagram } from "./FlowDiagram";
import { Panel } from "./Panel";

export function CommunityNow({ now }: { now: Now | null }) {
  const { language, t } = useSpeech();
  if (now === null) {
    return (
      <Panel id="now" heading={t.now.heading} layer="community">
        <p className="empty">{t.loading}</p>
      </Panel>
    );
  }
  const { fromGrid, toGrid } = gridShare(now.imported_w, now.exported_w, now.shared_w);
  const figures = [
    ["sun", t.now.produced, now.produced_w],
    ["use", t.now.consumed, now.consumed_w],
    ["share", t.now.shared, now.shared_w],
    ["grid", t.now.fromGrid, fromGrid],
    ["export", t.now.toGrid, toGrid],
  ] as const;
  const charge_w = batteryCharge(now);
  const most = Math.max(1, ...figures.map(([, , power_w]) => power_w));
  const within = Math.min(1, Math.max(0, 1 - fromGrid / Math.max(1, now.consumed_w)));
  const percent = `${decimal(within * 100, 0, language)}${language === "fr" ? "\u00a0" : ""}%`;
  return (
    <Panel id="now" heading={t.now.heading} layer="community">
      <div className="now">
        <FlowDiagram
          flows={{
            produced_w: now.produced_w,
            consumed_w: now.consumed_w,
            shared_w: now.shared_w,
            fromGrid_w: fromGrid,
            toGrid_w: toGrid,
            homes: now.homes,
            reporting: now.homes_reporting,
          }}
        />
        <div className="figures">
          <dl>
            {figures.map(([tone, name, power_w]) => (
              <div key={tone} className={`figure tone-${tone}`}>
                <dt>{name}</dt>
                <dd>{kilowatts(power_w, language)}</dd>
                <span className="bar" aria-hidden="true">
                  <i style={{ width: `${(power_w / most) * 100}%` }} />
                </span>
              </div>
            ))}
          </dl>
          {Math.abs(charge_w) >= 100 && (
            <p className="note">
              {charge_w > 0
                ? t.now.charging(kilowatts(charge_w, language))
                : t.now.discharging(kilowatts(-charge_w, language))}
            </p>
          )}
          <p className="note strong">{t.now.homes(now.homes_reporting, now.homes)}</p>
          <p className="note">
            {now.produced_w < 50 ? t.now.noProduction : t.now.selfShare(percent)}
          </p>
        </div>
      </div>
    </Panel>
  );
}
