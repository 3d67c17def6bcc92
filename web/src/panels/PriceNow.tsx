/** The local price, where it stands between the grid's two prices, and why. */
import type { Price } from "../api";
import { cents, clockTime } from "../format";
import { ladderPercent, priceReason } from "../price";
import { useSpeech } from "../text/language";
import { Panel } from "./Panel";

interface Props {
  price: Price | null;
  /** Said when there is no price yet. */
  waiting: string;
}

export function PriceNow({ price, waiting }: Props) {
  const { t } = useSpeech();
  return (
    <Panel id="price" heading={t.price.heading} layer="market">
      {price === null ? <p className="empty">{waiting}</p> : <PriceTile price={price} />}
    </Panel>
  );
}

function PriceTile({ price }: { price: Price }) {
  const { language, t } = useSpeech();
  const say = (value: number) => cents(value, language);
  const { local_ud_per_kwh: local, buy_ud_per_kwh: buy, sell_ud_per_kwh: sell } = price;
  const { retail_ud_per_kwh: retail, feed_in_ud_per_kwh: feedIn } = price;
  const shared = local !== null && buy !== null && sell !== null;
  // On mixed tariffs a price may lie outside the span of the one tariff shown here.
  const gains = shared && retail >= buy && sell >= feedIn;
  return (
    <>
      <p className="price-now">
        {local === null ? (
          <span className="price-none">{t.price.none}</span>
        ) : (
          <>
            <span className="price-big">{say(local)}</span> <span>{t.price.perKwh}</span>
          </>
        )}
        {price.period !== null && (
          <span className="chip">{t.period[price.period] ?? price.period}</span>
        )}
      </p>
      <Ladder price={price} />
      {shared && (
        <dl className="pair">
          <div>
            <dt>{t.price.sell}</dt>
            <dd>{say(sell)}</dd>
          </div>
          <div>
            <dt>{t.price.buy}</dt>
            <dd>{say(buy)}</dd>
          </div>
        </dl>
      )}
      <p className="note">
        <Why price={price} />
        {gains && ` ${t.price.gain(say(retail - buy), say(sell - feedIn))}`}
      </p>
      <p className="note faint">{t.price.interval(clockTime(price.interval_start_s))}</p>
    </>
  );
}

function Ladder({ price }: { price: Price }) {
  const { language, t } = useSpeech();
  const { local_ud_per_kwh: local, retail_ud_per_kwh: retail } = price;
  const feedIn = price.feed_in_ud_per_kwh;
  const say = (value: number) => cents(value, language);
  const label = t.price.ladder(
    say(feedIn),
    local === null ? t.table.none : say(local),
    say(retail),
  );
  const ticks = [price.sell_ud_per_kwh, price.buy_ud_per_kwh].filter((value) => value !== null);
  return (
    <div className="ladder" role="img" aria-label={label}>
      <div className={local === null ? "rail unused" : "rail"}>
        {local !== null &&
          ticks.map((value, position) => (
            <i
              key={position}
              className="tick"
              style={{ left: `${ladderPercent(price, value)}%` }}
            />
          ))}
        {local !== null && (
          <i className="knob" style={{ left: `${ladderPercent(price, local)}%` }} />
        )}
      </div>
      <div className="ends">
        <span>
          {t.price.feedIn}
          <b>{say(feedIn)}</b>
        </span>
        <span>
          {t.price.retail}
          <b>{say(retail)}</b>
        </span>
      </div>
    </div>
  );
}

function Why({ price }: { price: Price }) {
  const { language, t } = useSpeech();
  const reason = priceReason(price);
  if (reason.kind === "none") return <>{t.price.whyNone}</>;
  const feedIn = cents(price.feed_in_ud_per_kwh, language);
  const retail = cents(price.retail_ud_per_kwh, language);
  const words =
    reason.kind === "middle" ? t.price.whyMiddle(feedIn, retail) : t.price.whyBetween(feedIn);
  const fee = reason.fee > 0 ? t.price.fee(cents(reason.fee, language)) : "";
  return <>{`${words}${fee}.`}</>;
}
