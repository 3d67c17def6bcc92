/** Keeps a fault in one place from blanking the page. */
import { Component, type ReactNode } from "react";
import { startLanguage, TEXTS } from "./text/language";

export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <main>
        <div role="alert" className="problem">
          <strong>{TEXTS[startLanguage()].problem.part}</strong> <span>{error.message}</span>
        </div>
      </main>
    );
  }
}
