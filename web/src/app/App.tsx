import { MantineProvider, localStorageColorSchemeManager } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useMemo } from "react";
import { I18nProvider } from "../shared/i18n/i18n";
import { useToken } from "../shared/api/token";
import { SignInPage } from "../features/session/SignInPage";
import { router } from "./router";
import { theme } from "./theme";

const schemes = localStorageColorSchemeManager({ key: "kiroku.scheme" });
const newClient = () => new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false, staleTime: Infinity } },
});

// Styles are files: nothing is injected at run time, because the content security policy allows no inline style.
export function App() {
  return (
    <MantineProvider theme={theme} colorSchemeManager={schemes} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}
      deduplicateInlineStyles={false}>
      <I18nProvider>
        <Gate />
      </I18nProvider>
    </MantineProvider>
  );
}

/** Gate shows the page at the address to who has signed in. Signing in leads to the address that was asked for. */
function Gate() {
  const token = useToken();
  // Nothing that one person was answered is there for the next.
  const client = useMemo(newClient, [token]);
  return token ? <QueryClientProvider client={client}><RouterProvider router={router} key={token} /></QueryClientProvider> : <SignInPage />;
}
