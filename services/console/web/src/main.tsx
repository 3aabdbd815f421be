import "@fontsource-variable/inter/wght.css";
import "./tokens.css";
import "./base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { fillIn } from "./lib/plain-http";
import { applyTheme } from "./ui/theme";

fillIn();
applyTheme();
const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
