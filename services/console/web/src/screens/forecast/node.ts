/** A node of the hierarchies of products and regions, and what lies in it. */

import type { Schemas } from "../../api/client";
import { withBelow } from "../pipeline/filters";

export interface Node {
  family?: string | undefined;
  product?: string | undefined;
  region?: string | undefined;
}

type Product = Pick<Schemas["ProductRow"], "code" | "name" | "family" | "unit">;
type Region = Pick<Schemas["RegionRow"], "code" | "name" | "parent">;

export interface Catalog {
  products: readonly Product[];
  regions: readonly Region[];
}

export const NO_CATALOG: Catalog = { products: [], regions: [] };

export const nameOf = (
  rows: readonly { code: string; name: string }[],
  code: string | null | undefined,
): string | undefined => rows.find((row) => row.code === code)?.name ?? code ?? undefined;

export const familiesOf = ({ products }: Catalog): string[] =>
  [...new Set(products.flatMap((product) => product.family ?? []))].sort();

/** Whether the node is one series, which has a model and intervals of its own. */
export const isSeries = ({ product, region }: Node, { regions }: Catalog): boolean =>
  product !== undefined && region !== undefined && !regions.some((one) => one.parent === region);

/** Whether a series lies in the node. */
export function covers(node: Node, catalog: Catalog): (product: string, region: string) => boolean {
  const regions = node.region && new Set(withBelow([node.region], catalog.regions));
  const products =
    node.family &&
    new Set(catalog.products.flatMap((one) => (one.family === node.family ? one.code : [])));
  return (product, region) =>
    (!regions || regions.has(region)) &&
    (node.product ? product === node.product : !products || products.has(product));
}

/** What its products are counted in; `mixed` where that differs or is not known. */
export function unitOf(node: Node, { products }: Catalog): string {
  const units = new Set(
    products
      .filter((one) =>
        node.product ? one.code === node.product : !node.family || one.family === node.family,
      )
      .map((one) => one.unit),
  );
  const [unit] = units;
  return units.size === 1 && unit ? unit : "mixed";
}

export type By = "family" | "product" | "region";

/** Into what a node can be taken apart, the products' hierarchy first. */
export function partsOf(node: Node, catalog: Catalog): By[] {
  const ways: By[] = [];
  if (!node.product) ways.push(node.family ? "product" : "family");
  if (!node.region || catalog.regions.some((one) => one.parent === node.region))
    ways.push("region");
  return ways;
}

interface Sum {
  product: string | null;
  region: string | null;
}

/** Of sums at a level, those just below the node. */
export function childrenOf<S extends Sum>(
  sums: readonly S[],
  node: Node,
  by: By,
  catalog: Catalog,
): S[] {
  if (by !== "region") return sums.filter((one) => one.region === null);
  const parents = new Map(catalog.regions.map((one) => [one.code, one.parent ?? undefined]));
  const given = new Set(sums.map((one) => one.region));
  return sums.filter(({ region }) => {
    if (region === null || region === node.region) return false;
    const parent = parents.get(region);
    return parent === node.region || (node.region === undefined && !given.has(parent ?? null));
  });
}

/** The node that one goes to from a sum below it. */
export function below(node: Node, by: By, sum: Sum): Node | null {
  if (by === "region") return { ...node, region: sum.region ?? undefined };
  // Products without a family are in none, which no address names.
  if (sum.product === null) return null;
  const { region } = node;
  return by === "family" ? { family: sum.product, region } : { product: sum.product, region };
}

interface Reach {
  product?: string | null;
  family?: string | null;
  region?: string | null;
}

/** Whether a signal reaches any series of the node. */
export function reaches(signal: Reach, node: Node, catalog: Catalog): boolean {
  const within = (code: string, of: string) => withBelow([of], catalog.regions).includes(code);
  if (signal.region && node.region) {
    if (!within(signal.region, node.region) && !within(node.region, signal.region)) return false;
  }
  const family = (code: string) => catalog.products.find((one) => one.code === code)?.family;
  const of = node.product ? (family(node.product) ?? undefined) : node.family;
  if (signal.product) {
    if (node.product) return signal.product === node.product;
    return !node.family || family(signal.product) === node.family;
  }
  if (!signal.family) return true;
  return of ? signal.family === of : node.product === undefined;
}
