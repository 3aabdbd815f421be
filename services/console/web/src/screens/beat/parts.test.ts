import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { formats } from "../../i18n/formats";
import { translator } from "../../i18n/i18n";
import { en } from "../../i18n/messages";
import { behind } from "./parts";

const said = { t: translator("en", en), format: formats("en", "UTC", "EUR") };
const part = (lag: number | null, outbox_unsent: number, outbox_oldest_seconds: number | null) =>
  ({ lag, outbox_unsent, outbox_oldest_seconds }) as Schemas["ServiceStatus"];

test("how far behind a part is, what it has to send and since when", () => {
  expect(behind(part(3, 12, 75), said)).toBe("lag 3, 12 to send for 75 sec");
  expect(behind(part(0, 0, null), said)).toBe("lag 0, 0 to send");
});

test("a lag that is not known is not said to be none", () => {
  expect(behind(part(null, 0, null), said)).toBe("lag not known yet, 0 to send");
});
