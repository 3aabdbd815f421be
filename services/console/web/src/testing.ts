import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// A machine that is busy with other tests is no failure.
configure({ asyncUtilTimeout: 10_000 });

afterEach(cleanup);
