/** Home: the chain from a deal to the cash, as it happens. */

import { useQuery } from "@tanstack/react-query";
import { pipelinesQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import styles from "./beat.module.css";
import { CashNow } from "./cash-now";
import { ChainList } from "./chain-list";
import { ForecastNow } from "./forecast-now";
import { Move } from "./move";
import { Parts } from "./parts";
import { Purchasing } from "./purchasing";
import { Stages } from "./stages";
import { useBeat } from "./use-beat";

export function Beat() {
  const beat = useBeat();
  const maySell = useMay("deals:read");
  const mayMove = useMay("deals:write") && maySell;
  const pipeline = useQuery({ ...pipelinesQuery, enabled: maySell }).data?.[0];
  return (
    <div className={styles.screen}>
      {mayMove && pipeline && <Move beat={beat} pipeline={pipeline} />}
      <div className={styles.columns}>
        <div className={styles.left}>{pipeline && <Stages pipeline={pipeline} />}</div>
        <div className={styles.middle}>
          <ForecastNow touched={beat.touched} />
        </div>
        <div className={styles.right}>
          <Purchasing beat={beat} />
          <CashNow beat={beat} />
        </div>
      </div>
      <ChainList chains={beat.chains} pipeline={pipeline} />
      <Parts />
    </div>
  );
}
