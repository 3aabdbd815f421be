/** The board's cards: all open deals of a pipeline, as the deals service has them. */

import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, expect, type Schemas } from "../../api/client";

export type Card = Schemas["CardOut"];

export const cardsQuery = (pipeline: string) =>
  queryOptions({
    queryKey: ["cards", pipeline],
    queryFn: () =>
      expect(api.GET("/v1/pipelines/{code}/cards", { params: { path: { code: pipeline } } })),
  });

export function usePipelineCards(pipeline: string) {
  const query = useQuery(cardsQuery(pipeline));
  return { ...query, cards: query.data?.cards ?? [] };
}
