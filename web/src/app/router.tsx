import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { ExplorerPage } from "../features/explorer/ExplorerPage";
import { ErrorNotice } from "../shared/ui/ErrorNotice";
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

/** Broken stands where a page failed to draw itself: a fault of ours, said instead of an empty window. */
const Broken = ({ error }: { error: unknown }) => <main className="k-message"><ErrorNotice error={error} /></main>;

export const router = createRouter({ routeTree: root.addChildren([home, explore]), parseSearch, stringifySearch, defaultErrorComponent: Broken });

declare module "@tanstack/react-router" {
  interface Register { router: typeof router }
}
