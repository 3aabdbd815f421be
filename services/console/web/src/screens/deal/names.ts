/** The names behind a deal's codes. */

import { useQuery } from "@tanstack/react-query";
import { accountsQuery, ownersQuery, regionsQuery, teamsQuery } from "../../api/queries";
import type { Deal } from "../../deals/api";

export function useNames(deal: Deal) {
  const accounts = useQuery(accountsQuery).data;
  const owners = useQuery(ownersQuery).data;
  const teams = useQuery(teamsQuery).data;
  const regions = useQuery(regionsQuery).data;
  const named = (
    list: readonly { code: string; name: string }[] | undefined,
    code: string | null,
  ) => list?.find((one) => one.code === code)?.name ?? code;
  return {
    account: accounts?.find((one) => one.id === deal.account_id)?.name,
    owner: named(owners, deal.owner),
    team: named(teams, deal.team),
    region: named(regions, deal.region),
  };
}
