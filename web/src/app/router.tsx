import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { ExplorerPage } from "../features/explorer/ExplorerPage";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";
import { explorerSearch, parseSearch, stringifySearch } from "./url";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const home = createRoute({ getParentRoute: () => root, path: "/", beforeLoad: () => { throw redirect({ to: "/explore", replace: true }); } });
const explore = createRoute({ getParentRoute: () => root, path: "/explore", validateSearch: explorerSearch, component: Explore });

function Explore() {
  const search = explore.useSearch();
  const navigate = explore.useNavigate();
  return <ExplorerPage search={search} go={(next, replace) => void navigate({ search: next, replace })} />;
}

export const router = createRouter({ routeTree: root.addChildren([home, explore]), parseSearch, stringifySearch });

declare module "@tanstack/react-router" {
  interface Register { router: typeof router }
}
