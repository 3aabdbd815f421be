import { expect, test } from "vitest";
import { layout, type TraceStep } from "./graph";

const step = (id: string, type = "t") => ({ id, type, ms: 0 }) as unknown as TraceStep;

test("an effect stands behind the last of its causes, even where clocks differ", () => {
  const steps = ["c", "b", "a"].map((id) => step(id, id));
  const edges = [
    { from: "a", to: "b" },
    { from: "b", to: "c" },
    { from: "a", to: "c" },
  ];
  const { nodes } = layout(steps, edges, new Set());
  const layers = nodes.map(({ id, layer }) => [id, layer]).sort();
  expect(layers).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 2],
  ]);
});

test("many equal effects of one cause are one node until it is opened", () => {
  const effects = Array.from({ length: 24 }, (_, index) => step(`p${index}`, "plan"));
  const edges = effects.map(({ id }) => ({ from: "d", to: id }));
  const steps = [step("d", "deal"), ...effects];
  const closed = layout(steps, edges, new Set());
  expect(closed.nodes.map((node) => node.steps.length)).toEqual([1, 24]);
  expect(closed.edges).toHaveLength(1);
  const opened = layout(steps, edges, new Set(["p0"]));
  expect(opened.nodes).toHaveLength(25);
  expect(opened.edges).toHaveLength(24);
  expect(opened.rows).toBe(24);
});

test("a ring of causes, which cannot be, does not hang the page", () => {
  const steps = [step("a"), step("b")];
  const ring = [
    { from: "a", to: "b" },
    { from: "b", to: "a" },
  ];
  expect(layout(steps, ring, new Set()).nodes).toHaveLength(2);
});
