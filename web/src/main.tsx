import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/index";
import { App } from "./app/App";

const root = document.getElementById("root");
if (!root) throw new Error("BUG: index.html has no root");
createRoot(root).render(<StrictMode><App /></StrictMode>);
