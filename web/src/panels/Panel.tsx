/** A card with a heading and, quietly, the layer of the house that it shows. */
import type { ReactNode } from "react";
import { useSpeech } from "../text/language";

interface Props {
  id: string;
  heading: string;
  layer: "individual" | "community" | "market";
  children: ReactNode;
}

export function Panel({ id, heading, layer, children }: Props) {
  const { t } = useSpeech();
  const [plain, name] = t.layer[layer] ?? ["", ""];
  return (
    <section className={`panel panel-${id}`} aria-labelledby={`${id}-heading`}>
      <header className="panel-head">
        <h2 id={`${id}-heading`}>{heading}</h2>
        <p className="layer">
          <span className="hidden">{t.layerLabel}: </span>
          {plain} <span className="dot">·</span> <span lang="en">{name}</span>
        </p>
      </header>
      {children}
    </section>
  );
}
