/** The graph of a chain: nodes that can be pressed over lines that cannot. */

import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useI18n } from "../../i18n/i18n";
import { Given } from "../../ui/pieces";
import { type GraphNode, layout } from "./graph";
import styles from "./trace.module.css";
import { colourOf, kindMessage, kindOf, shortType } from "./words";

const NODE = { width: 208, height: 54 };
const GAP = { x: 72, y: 14 };
const EDGE = 6;

const left = (node: GraphNode) => EDGE + node.layer * (NODE.width + GAP.x);
const top = (node: GraphNode) => EDGE + node.row * (NODE.height + GAP.y);

export function Drawing({
  trace,
  chosen,
  onChoose,
}: {
  trace: Schemas["Trace"];
  chosen: string | undefined;
  onChoose: (id: string) => void;
}) {
  const { t } = useI18n();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const edges = trace.edges.map((edge) => ({ from: edge.from, to: edge.to }));
  const graph = layout(trace.steps, edges, open);
  const width = 2 * EDGE + graph.layers * (NODE.width + GAP.x) - GAP.x;
  const height = 2 * EDGE + graph.rows * (NODE.height + GAP.y) - GAP.y;
  const press = (node: GraphNode) => {
    if (node.steps.length > 1) setOpen((before) => new Set([...before, node.id]));
    onChoose(node.id);
  };
  return (
    <section className={styles.scroll} aria-label={t("trace.graph.label")}>
      <div className={styles.graph} style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          {graph.edges.map(({ from, to }) => {
            const [x1, y1] = [left(from) + NODE.width, top(from) + NODE.height / 2];
            const [x2, y2] = [left(to), top(to) + NODE.height / 2];
            const bend = (x2 - x1) / 2;
            const lit = from.id === chosen || to.id === chosen;
            return (
              <path
                key={`${from.id} ${to.id}`}
                className={styles.edge}
                data-lit={lit}
                d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
              />
            );
          })}
        </svg>
        {graph.nodes.map((node) => (
          <Node
            key={node.id}
            node={node}
            chosen={node.steps.some((step) => step.id === chosen)}
            onPress={() => press(node)}
          />
        ))}
      </div>
    </section>
  );
}

function Node({
  node,
  chosen,
  onPress,
}: {
  node: GraphNode;
  chosen: boolean;
  onPress: () => void;
}) {
  const { t, format } = useI18n();
  const [step] = node.steps;
  if (!step) return null;
  const kind = kindOf(step.type);
  const many = node.steps.length > 1;
  return (
    <button
      type="button"
      className={styles.node}
      data-chosen={chosen}
      aria-pressed={chosen}
      onClick={onPress}
      style={{ ...NODE, insetInlineStart: left(node), top: top(node) }}
    >
      <span className={styles.nodeHead}>
        <span className={styles.lamp} style={{ background: colourOf(kind) }} />
        <b>{many ? `${t(kindMessage(kind))} ×${node.steps.length}` : t(kindMessage(kind))}</b>
        <span className="number">{format.delay(Math.max(...node.steps.map((one) => one.ms)))}</span>
      </span>
      <span className={styles.nodeSays}>
        {shortType(step.type)}
        {!many && (
          <>
            {" "}
            <Given>{step.subject}</Given>
          </>
        )}
      </span>
    </button>
  );
}
