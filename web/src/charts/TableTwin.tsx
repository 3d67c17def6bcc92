/** The same figures as a chart, for those who cannot or would rather not look at one. */
import { useState } from "react";
import { useSpeech } from "../text/language";

interface Props {
  caption: string;
  columns: readonly string[];
  rows: () => readonly (readonly string[])[];
}

/** Rows are made only when opened: the page redraws each second. */
export function TableTwin({ caption, columns, rows }: Props) {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  return (
    <details
      className="twin"
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>{t.table.show}</summary>
      {open && (
        <div className="scroll" tabIndex={0} role="region" aria-label={caption}>
          <table>
            <caption className="hidden">{caption}</caption>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map(([first = "", ...rest]) => (
                <tr key={first}>
                  <th scope="row">{first}</th>
                  {rest.map((cell, position) => (
                    <td key={columns[position + 1]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
