import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";
import { toasts } from "./ui/toasts";

// A machine that is busy with other tests is no failure.
configure({ asyncUtilTimeout: 10_000 });

// The files of a worker share its modules and its document, whose making would take longer than the tests.
afterEach(() => {
  cleanup();
  toasts.clear();
});
