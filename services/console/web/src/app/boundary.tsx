/** The last resort: a fault of the page itself is said in words, with a way on, instead of a blank page. */

import { Component, type ReactNode } from "react";
import { Failure } from "../ui/pieces";
import styles from "./app.module.css";

export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <main className={styles.entrance}>
        <Failure error={this.state.error} retry={() => this.setState({ error: null })} />
      </main>
    );
  }
}
