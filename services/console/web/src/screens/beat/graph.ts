/** The layout of a chain: layers from cause to effect, equal steps of equal causes in one node. */

import type { Schemas } from "../../api/client";

export type TraceStep = Schemas["TraceStep"];

export interface GraphNode {
  /** The step's id, or that of the first of a group. */
  id: string;
  steps: readonly TraceStep[];
  layer: number;
  row: number;
}

export interface Graph {
  nodes: readonly GraphNode[];
  edges: readonly { from: GraphNode; to: GraphNode }[];
  layers: number;
  rows: number;
}

const ALONE = 3;

/**
 * Lay a chain out.
 *
 * @param steps in the order of time.
 * @param edges from a cause to what it caused; both ends are among the steps.
 * @param open ids of nodes whose group is shown step by step.
 */
export function layout(
  steps: readonly TraceStep[],
  edges: readonly { from: string; to: string }[],
  open: ReadonlySet<string>,
): Graph {
  const causes = new Map<string, string[]>();
  for (const { from, to } of edges) causes.set(to, [...(causes.get(to) ?? []), from]);
  const layers = new Map<string, number>();
  // Causes happen before their effects, but clocks differ: go on until nothing moves.
  for (let moved = true, turns = 0; moved && turns <= steps.length; turns += 1) {
    moved = false;
    for (const { id } of steps) {
      const layer = Math.max(
        0,
        ...(causes.get(id) ?? []).map((cause) => (layers.get(cause) ?? 0) + 1),
      );
      moved ||= layers.get(id) !== layer;
      layers.set(id, layer);
    }
  }
  const groups = new Map<string, TraceStep[]>();
  for (const step of steps) {
    const key = `${layers.get(step.id)} ${step.type} ${(causes.get(step.id) ?? []).sort().join()}`;
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  const rows: number[] = [];
  const nodes: GraphNode[] = [];
  const of = new Map<string, GraphNode>();
  for (const group of groups.values()) {
    const [first] = group;
    if (!first) continue;
    const apart = group.length <= ALONE || open.has(first.id);
    for (const members of apart ? group.map((step) => [step]) : [group]) {
      const layer = layers.get(first.id) ?? 0;
      const row = rows[layer] ?? 0;
      rows[layer] = row + 1;
      const node = { id: members[0]?.id ?? first.id, steps: members, layer, row };
      nodes.push(node);
      for (const member of members) of.set(member.id, node);
    }
  }
  const drawn = new Map<string, { from: GraphNode; to: GraphNode }>();
  for (const edge of edges) {
    const [from, to] = [of.get(edge.from), of.get(edge.to)];
    if (from && to && from !== to) drawn.set(`${from.id} ${to.id}`, { from, to });
  }
  return { nodes, edges: [...drawn.values()], layers: rows.length, rows: Math.max(0, ...rows) };
}
