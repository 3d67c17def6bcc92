/** Dollars, exact: the digits beyond the cents are there, only quieter. */
import { dollars } from "../format";
import { useSpeech } from "../text/language";

export function Money({ ud }: { ud: number }) {
  const { language } = useSpeech();
  const whole = dollars(ud, language);
  const mark = language === "fr" ? "," : ".";
  const cents = whole.lastIndexOf(mark) + 3;
  const tail = /^\d*/.exec(whole.slice(cents))?.[0] ?? "";
  return (
    <span className="money">
      {whole.slice(0, cents)}
      {tail !== "" && <span className="fine">{tail}</span>}
      {whole.slice(cents + tail.length)}
    </span>
  );
}
