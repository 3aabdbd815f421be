/** Before all tests: the demonstration company is loaded once, and each worker's Takt begins with a copy of its home. */

import { begin, down, forget } from "./takt";

export default async function load(): Promise<() => void> {
  const home = await begin();
  await down();
  process.env.TAKT_LOADED_HOME = home;
  return () => forget(home);
}
